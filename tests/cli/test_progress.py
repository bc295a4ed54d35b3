"""A harness at work on the screen: a line per change where nothing may move, one live line on a terminal."""

from __future__ import annotations

import io
import re
import sys
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from cajajejo.cli import progress as shown
from cajajejo.cli import screen
from cajajejo.cli.progress import HarnessProgress
from cajajejo.harness.command import Command
from cajajejo.harness.progress import Progress

if TYPE_CHECKING:
    from collections.abc import Iterator

GEO, BIO = "geography:model=huggingface_m", "biology:model=huggingface_m"
BEGUN = Progress(scenarios=2, current=GEO, done={GEO: 5}, totals={GEO: 20})
SECOND = Progress(
    scenarios=2, current=BIO, done={GEO: 20, BIO: 10}, totals={GEO: 20, BIO: 20}, finished=frozenset({GEO})
)
OVER = replace(SECOND, failed={BIO: "no network"})


class Screen(io.TextIOWrapper):
    """A terminal, or a pipe, in memory."""

    def __init__(self, *, tty: bool, encoding: str = "utf-8") -> None:
        super().__init__(io.BytesIO(), encoding=encoding, write_through=True)
        self._tty = tty

    def isatty(self) -> bool:
        return self._tty

    def text(self) -> str:
        assert isinstance(self.buffer, io.BytesIO)
        return self.buffer.getvalue().decode(self.encoding)

    def told(self) -> list[str]:
        """The lines, with the clock time replaced."""
        return [re.sub(r"^\d\d:\d\d:\d\d", "HH:MM:SS", line) for line in self.text().splitlines()]


@pytest.fixture(autouse=True)
def default_switches() -> Iterator[None]:
    screen.configure(trace=False, quiet=False, color="auto", as_json=False)
    yield
    screen.configure(trace=False, quiet=False, color="auto", as_json=False)


def in_a_pipe(monkeypatch: pytest.MonkeyPatch, encoding: str = "utf-8") -> Screen:
    """What stderr is from now on."""
    stream = Screen(tty=False, encoding=encoding)
    monkeypatch.setattr(sys, "stderr", stream)
    return stream


def on_a_terminal(monkeypatch: pytest.MonkeyPatch, columns: int = 100) -> Screen:
    """What stderr is from now on."""
    stream = Screen(tty=True)
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", str(columns))
    return stream


def test_in_a_pipe_there_is_a_line_for_every_change_of_state(monkeypatch: pytest.MonkeyPatch) -> None:
    pipe = in_a_pipe(monkeypatch)
    with HarnessProgress() as show:
        for progress in (Progress(), Progress(scenarios=2), BEGUN, BEGUN, SECOND, OVER, OVER):
            show(progress)
    *lines, last = pipe.told()
    assert lines == [
        "HH:MM:SS  HELM  0/0 questions, 0 of 2 scenarios, 0 failed",
        "HH:MM:SS  HELM  30/40 questions, 1 of 2 scenarios, 0 failed",
        "HH:MM:SS  HELM  30/40 questions, 2 of 2 scenarios, 1 failed",
    ]
    assert re.fullmatch(r"  HELM  ━{22} {8}  30/40 questions  2 scenarios  1 failed +\d+(\.\d)? s", last)


def test_in_a_pipe_there_is_a_line_a_minute_while_nothing_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    pipe = in_a_pipe(monkeypatch)
    show = HarnessProgress()
    show(BEGUN)
    now = time.monotonic()
    for seconds in (1, 59, 61, 62, 120, 122):
        show._tell(BEGUN, now + seconds)
    assert pipe.told() == ["HH:MM:SS  HELM  5/20 questions, 0 of 2 scenarios, 0 failed"] * 2


def test_before_the_harness_says_how_many_scenarios_there_are_their_number_is_open(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pipe = in_a_pipe(monkeypatch)
    HarnessProgress()._tell(Progress(), time.monotonic() + 61)
    assert pipe.told() == ["HH:MM:SS  HELM  0/0 questions, 0 of ? scenarios, 0 failed"]


def test_on_a_terminal_one_line_is_drawn_over_itself_and_gone_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = on_a_terminal(monkeypatch)
    with HarnessProgress() as show:
        now = time.monotonic()
        show._draw(Progress(), now)
        show._draw(BEGUN, now)
        show(OVER)
    drawn = terminal.text().split("\r\x1b[2K")
    assert drawn[:3] == [
        "",
        "  HELM  starting (0.0 s)",
        f"  HELM  {'━' * 7}{' ' * 23}  5/20  geography  scenario 1 of 2",
    ]
    assert re.fullmatch(r"  HELM  ━{22} {8}  30/40 questions  2 scenarios  1 failed +\d+(\.\d)? s\n", drawn[-1])
    assert "\n" not in "".join(drawn[:-1])


def test_a_line_is_never_wider_than_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = on_a_terminal(monkeypatch, columns=40)
    HarnessProgress()._draw(BEGUN, time.monotonic())
    assert len(terminal.text().removeprefix("\r\x1b[2K")) == 39


def test_a_scenario_is_called_as_in_the_log(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = on_a_terminal(monkeypatch)
    run = "mmlu:subject=anatomy,model=huggingface_m"
    HarnessProgress()._draw(replace(BEGUN, current=run, done={run: 5}, totals={run: 20}), time.monotonic())
    assert terminal.text().endswith("  5/20  mmlu:subject=anatomy  scenario 1 of 2")


def test_a_terminal_is_drawn_at_most_ten_times_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = on_a_terminal(monkeypatch)
    show = HarnessProgress()
    for _ in range(100):
        show(BEGUN)
    elapsed = time.monotonic() - show._began
    assert terminal.text().count("\r") <= elapsed / shown._REDRAW_SECONDS
    show._drawn -= shown._REDRAW_SECONDS
    show(SECOND)
    assert terminal.text().endswith("10/20  biology  scenario 2 of 2")


def test_the_rate_and_the_time_left_are_shown_after_five_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = on_a_terminal(monkeypatch)
    show = HarnessProgress()
    later = replace(SECOND, done={GEO: 20, BIO: 15})
    loading = replace(BEGUN, done={GEO: 0})
    for progress, seconds in ((loading, 0.0), (BEGUN, 1.0), (SECOND, 5.0), (SECOND, 11.0), (later, 16.0)):
        show._draw(progress, show._began + seconds)
    rates = [line.partition("of 2")[2] for line in terminal.text().split("\r\x1b[2K")[2:]]
    # 25 more questions in 10 s, 10 are left; then 30 more in 15 s, 5 are left
    assert rates == ["", "", "  2.5/s  4.0 s left", "  2.0/s  2.5 s left"]


def test_a_run_that_stands_still_has_no_rate(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = on_a_terminal(monkeypatch)
    show = HarnessProgress()
    show._draw(BEGUN, show._began)
    show._draw(BEGUN, show._began + 30)
    assert "left" not in terminal.text()


@pytest.mark.parametrize("variable", [("TERM", "dumb"), ("CI", "true")])
def test_nothing_moves_on_a_dumb_terminal_or_in_ci(monkeypatch: pytest.MonkeyPatch, variable: tuple[str, str]) -> None:
    terminal = on_a_terminal(monkeypatch)
    monkeypatch.setenv(*variable)
    with HarnessProgress() as show:
        show(Progress())
        show(BEGUN)
    assert "\r" not in terminal.text()
    assert terminal.told()[0] == "HH:MM:SS  HELM  5/20 questions, 0 of 2 scenarios, 0 failed"


@pytest.mark.parametrize("tty", [True, False])
@pytest.mark.parametrize("switch", [{"quiet": True}, {"as_json": True}], ids=["quiet", "json"])
def test_quiet_and_json_show_nothing(
    monkeypatch: pytest.MonkeyPatch,
    tty: bool,  # noqa: FBT001  # a column of the table
    switch: dict[str, Any],
) -> None:
    stream = on_a_terminal(monkeypatch) if tty else in_a_pipe(monkeypatch)
    screen.configure(**switch)
    with HarnessProgress() as show:
        for progress in (Progress(), BEGUN, SECOND, OVER):
            show(progress)
    assert stream.text() == ""


def test_the_time_of_the_final_line_is_that_of_the_harness_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    pipe = in_a_pipe(monkeypatch)
    now = [0.0]
    with HarnessProgress(lambda: now[0]) as show:
        now[0] = 100.0  # the checks, the model
        show.begins(Command())
        now[0] = 107.0
        show(Progress())
        now[0] = 200.0  # tracking
    assert pipe.told() == ["  the command  ended           7.0 s"]


def test_a_harness_that_never_began_leaves_no_line(monkeypatch: pytest.MonkeyPatch) -> None:
    pipe = in_a_pipe(monkeypatch)
    with HarnessProgress():
        pass
    assert pipe.text() == ""


def test_an_error_clears_the_live_line_and_leaves_no_final_one(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = on_a_terminal(monkeypatch)
    show = HarnessProgress()
    show(BEGUN)
    show.__exit__(RuntimeError, RuntimeError(), None)
    assert terminal.text() == "\r\x1b[2K"


def test_without_unicode_everything_is_ascii(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = in_a_pipe(monkeypatch, encoding="ascii")
    with HarnessProgress() as show:
        show(BEGUN)
        show(OVER)
    assert stream.told()[-1].startswith(f"  HELM  {'=' * 22}{' ' * 8}  30/40 questions")
