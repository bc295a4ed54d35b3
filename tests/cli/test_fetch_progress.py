"""A model on its way: a live line on a terminal, a line a minute elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cajajejo.cli import screen
from cajajejo.cli.fetch_progress import FetchProgress
from cajajejo.models.tally import Progress

if TYPE_CHECKING:
    from collections.abc import Iterator

HALF = Progress(done=500_000_000, total=1_000_000_000, files_done=2, files=9, came=400_000_000)


@pytest.fixture(autouse=True)
def clean() -> Iterator[None]:
    yield
    screen.configure(trace=False, quiet=False, color="auto", as_json=False)


def test_where_nothing_may_move_a_line_a_minute_is_enough(capsys: pytest.CaptureFixture[str]) -> None:
    now = [0.0]
    with FetchProgress(lambda: now[0]) as progress:
        for second in range(0, 130, 10):
            now[0] = float(second)
            progress(HALF)
        progress.say("a.bin broke off; trying again")
    lines = capsys.readouterr().err.splitlines()
    assert [line.partition("  ")[2] for line in lines[:2]] == [
        "Model  500 MB of 1.0 GB, 2 of 9 files  6.7 MB/s  1 min 15 s left",
        "Model  500 MB of 1.0 GB, 2 of 9 files  3.3 MB/s  2 min 30 s left",
    ]
    assert lines[2:] == ["a.bin broke off; trying again"]


def test_a_terminal_has_one_line_that_moves(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    monkeypatch.setenv("TERM", "xterm")
    now = [10.0]
    with FetchProgress(lambda: now[0]) as progress:
        progress(HALF)
        now[0] += 10
        progress(Progress(done=0, total=None, files_done=0, files=1, came=0))
    err = capsys.readouterr().err
    assert "500 MB of 1.0 GB, 2 of 9 files" in err
    assert "━" * 15 + " " * 15 in err
    assert "  Model  0 B, 0 of 1 files" in err
    assert err.endswith("\r\x1b[J")
