from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from cajajejo.metrics.judgement import commits

if TYPE_CHECKING:
    from pathlib import Path

A, B = "10abfb1bf8" * 4, "77e02c53aa" * 4


@pytest.mark.parametrize(
    ("pair", "count", "said"),
    [
        pytest.param((A, B), 3, "3 commits: git log --oneline 10abfb1..77e02c5", id="counted"),
        pytest.param((A, B), 1, "1 commit: git log --oneline 10abfb1..77e02c5", id="one"),
        pytest.param((A, B), None, "git log --oneline 10abfb1..77e02c5", id="not known here"),
        pytest.param((A, f"{B}-dirty"), None, "git log --oneline 10abfb1..77e02c5", id="with changes"),
        pytest.param((A, A), None, "no commit: both ran 10abfb1", id="the same"),
        pytest.param((A, f"{A}-dirty"), None, "no commit: both ran 10abfb1-dirty", id="the same with changes"),
        pytest.param(("v1", "v2"), None, "from v1 to v2", id="no SHA"),
    ],
)
def test_what_lies_between_two_runs(pair: tuple[str, str], count: int | None, said: str) -> None:
    assert commits.since(pair, {pair: count}) == said


def test_commits_are_counted_where_the_repository_here_knows_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def git(*words: str) -> str:
        return subprocess.run(["git", *words], cwd=tmp_path, capture_output=True, text=True, check=True).stdout.strip()

    git("init", "-q")
    for number in range(4):
        git("-c", "user.name=a", "-c", "user.email=a@b", "commit", "-q", "--allow-empty", "-m", str(number))
    last, *_, first = git("log", "--format=%H").splitlines()
    monkeypatch.chdir(tmp_path)
    pairs = [(first, last), (f"{first}-dirty", last), (A, B), ("v1", last)]
    assert commits.counted(pairs) == {pairs[0]: 3, pairs[1]: 3, pairs[2]: None, pairs[3]: None}
    assert commits.counted([]) == {}
