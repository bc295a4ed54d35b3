from __future__ import annotations

from pathlib import Path

import pytest

from cajajejo import local_state


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_git_ignores_all_of_our_directory_and_what_stands_there_is_kept() -> None:
    assert local_state.prepare() == Path(".cajajejo")
    ignore = Path(".cajajejo/.gitignore")
    assert ignore.read_text() == "*\n"
    ignore.write_text("scratch/\n")
    local_state.prepare()
    assert ignore.read_text() == "scratch/\n"


def test_another_directory_is_only_made() -> None:
    assert list(local_state.prepare(Path("deep/down")).iterdir()) == []
