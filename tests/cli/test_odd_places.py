"""Commands in a directory that is gone, and a bug whose text is none."""

from __future__ import annotations

from pathlib import Path

import pytest

from cajajejo import cli, evaluation
from tests import sending


@pytest.fixture
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()


@pytest.mark.usefixtures("nowhere")
def test_a_working_directory_that_is_gone_is_an_expected_failure(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["jobs", "evaluation", "validate", "c.yml", "r.conf"]
    assert cli.run(cli.app, arguments, prog_name="cajajejo") == 1
    assert capsys.readouterr().err == "Error: the working directory is gone\nRun: cd ~\n"


@pytest.mark.usefixtures("nowhere")
def test_files_that_are_named_in_full_need_no_working_directory() -> None:
    arguments = ["jobs", "evaluation", "validate", str(sending.CONFIG), str(sending.RUN_SPECS)]
    assert cli.run(cli.app, arguments, prog_name="cajajejo") == 0


def test_a_bug_with_text_that_is_none_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("a\udcff")

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(evaluation, "render_all", fail)
    arguments = ["jobs", "evaluation", "validate", str(sending.CONFIG)]
    assert cli.run(cli.app, arguments, prog_name="cajajejo") == 3
    assert "RuntimeError: a\\udcff" in capsys.readouterr().err
    (crash,) = Path(".cajajejo").glob("crash-*.txt")
    assert "RuntimeError: a\\udcff" in crash.read_text("utf-8")
