"""Rows on their way: a live line on a terminal, a line a minute elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cajajejo.cli import screen
from cajajejo.cli.table_progress import TableProgress

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def clean() -> Iterator[None]:
    yield
    screen.configure(trace=False, quiet=False, color="auto", as_json=False)


def test_where_nothing_may_move_a_line_a_minute_is_enough(capsys: pytest.CaptureFixture[str]) -> None:
    now = [0.0]
    with TableProgress(lambda: now[0]) as progress:
        for second in range(0, 130, 10):
            now[0] = float(second)
            progress("rows read", second * 1000, None)
        now[0] = 200.0
        progress("runs stored", 0, 400)
        now[0] = 300.0
        progress("runs stored", 100, 400)
    assert [line.partition("  ")[2] for line in capsys.readouterr().err.splitlines()] == [
        "60,000 rows read  1,000/s",
        "120,000 rows read  1,000/s",
        "0/400 runs stored",
        "100/400 runs stored  1/s  5 min 0 s left",
    ]


def test_a_terminal_has_one_line_that_moves(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    monkeypatch.setenv("TERM", "xterm")
    now = [10.0]
    with TableProgress(lambda: now[0]) as progress:
        progress("rows read", 1000, None)
        now[0] += 10
        progress("runs stored", 200, 400)
    err = capsys.readouterr().err
    assert "  1,000 rows read" in err
    assert "━" * 15 + " " * 15 + "  200/400 runs stored" in err
    assert err.endswith("\r\x1b[J")


@pytest.mark.parametrize("switch", ["quiet", "as_json"])
def test_who_wants_to_hear_nothing_hears_nothing(capsys: pytest.CaptureFixture[str], switch: str) -> None:
    screen.configure(quiet=switch == "quiet", as_json=switch == "as_json")
    now = [0.0]
    with TableProgress(lambda: now[0]) as progress:
        now[0] = 100.0
        progress("rows read", 1000, None)
    assert capsys.readouterr().err == ""
