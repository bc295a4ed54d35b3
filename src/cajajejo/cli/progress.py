"""A harness at work, on stderr: one live line on a terminal, a line per scenario where nothing may move."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Final

from cajajejo.cli import screen
from cajajejo.harness.helm_output import title_of
from cajajejo.moments import duration
from cajajejo.terminal import bar

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType
    from typing import Self

    from cajajejo.batches import Attempt
    from cajajejo.harness.adapter import Adapter
    from cajajejo.harness.progress import Progress

_REDRAW_SECONDS: Final = 0.1
_QUIET_SECONDS: Final = 60.0
_RATE_SECONDS: Final = 5.0
_RETRY_SECONDS: Final = 0.25
"""Shorter than the shortest wait between two attempts of one request."""


_SAID: Final = {"instance": "question"}
"""What people call what a harness counts."""


class HarnessProgress:
    """Shows the progress that it is called with; leaves one final line.

    Args:
        clock: seconds that only grow.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._name, self._units = "HELM", "questions"
        self._style = screen.err_style()
        self._live = self._style.live and not (screen.options().quiet or screen.options().json)
        self._began = self._drawn = self._told = self._ended = self._clock()
        self._first: tuple[float, int] | None = None
        self._last: Progress | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._last is None:
            return
        self._clear()
        if kind is None:
            screen.say(self.final_line(self._last, self._ended - self._began))

    def begins(self, adapter: Adapter) -> None:
        """Takes the name of the harness, and what it counts; its time is counted from here on."""
        self._began = self._told = self._clock()
        self._name = adapter.title
        self._units = f"{_SAID.get(adapter.unit, adapter.unit)}s"

    def __call__(self, progress: Progress) -> None:
        """Shows `progress`, unless it was shown a moment ago."""
        self._ended = now = self._clock()
        if self._live:
            if now - self._drawn >= _REDRAW_SECONDS:
                self._draw(progress, now)
        else:
            self._tell(progress, now)
        self._last = progress

    def final_line(self, progress: Progress, seconds: float) -> str:
        """What stays on the screen: questions, scenarios, failures, time."""
        if not (progress.scenarios or progress.totals):  # it told nothing of how far it was
            return f"  {self._name}  ended  {duration(seconds):>14}"
        scenarios = progress.scenarios or len(progress.finished | progress.failed.keys())
        counted = f"{progress.questions_done}/{progress.questions} {self._units}  {scenarios} scenarios"
        failed = f"{len(progress.failed)} failed"
        drawn = bar(progress.questions_done, progress.questions, self._style)
        return f"  {self._name}  {drawn}  {counted}  {failed}  {duration(seconds):>14}"

    def _draw(self, progress: Progress, now: float) -> None:
        self._drawn = now
        if progress.current is None:
            line = f"  {self._name}  starting ({duration(now - self._began)})"
        else:
            done, total = progress.done[progress.current], progress.totals[progress.current]
            over = len(progress.finished) + len(progress.failed)
            number = f"scenario {min(over + 1, progress.scenarios or 1)} of {progress.scenarios}"
            scenario = title_of(progress.current)
            drawn = bar(done, total, self._style)
            line = f"  {self._name}  {drawn}  {done}/{total}  {scenario}  {number}{self._rate(progress, now)}"
        width = (self._style.width or 80) - 1
        sys.stderr.write("\r\x1b[2K" + line[:width])
        sys.stderr.flush()

    def _rate(self, progress: Progress, now: float) -> str:
        """Questions a second and the time left, once there is something to go by."""
        if self._first is None:
            if progress.questions_done:
                self._first = (now, progress.questions_done)
            return ""
        seconds, done = now - self._first[0], progress.questions_done - self._first[1]
        if seconds < _RATE_SECONDS or done == 0:
            return ""
        left = (progress.questions - progress.questions_done) * seconds / done
        return f"  {done / seconds:.1f}/s  {duration(left)} left"

    def _tell(self, progress: Progress, now: float) -> None:
        before = self._last
        changed = before is not None and (
            progress.finished != before.finished
            or progress.failed != before.failed
            or progress.scenarios != before.scenarios
        )
        if not changed and now - self._told < _QUIET_SECONDS:
            return
        self._told = now
        over = len(progress.finished) + len(progress.failed)
        counted = f"{progress.questions_done}/{progress.questions} {self._units}"
        scenarios = f"{over} of {progress.scenarios or '?'} scenarios, {len(progress.failed)} failed"
        screen.say(f"{time.strftime('%H:%M:%S')}  {self._name}  {counted}, {scenarios}")

    def _clear(self) -> None:
        if self._live:
            sys.stderr.write("\r\x1b[2K")
            sys.stderr.flush()


class RetryNotes:
    """Says what a connection waits for; what many threads meet at the same time, once."""

    def __init__(self) -> None:
        self._last = ""
        self._said = 0.0

    def __call__(self, sentence: str) -> None:
        """Says `sentence`, unless the same trouble was told a moment ago."""
        trouble, now = sentence.partition(", trying again")[0], time.monotonic()
        if trouble != self._last or now - self._said >= _RETRY_SECONDS:
            self._last, self._said = trouble, now
            screen.say(sentence)


class JobProgress:
    """Counts jobs as they are sent; nothing for a single one."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._style = screen.err_style()
        self._live = self._style.live and not (screen.options().quiet or screen.options().json)
        self._began = self._told = time.monotonic()
        self._drawn = 0.0
        self._done = self._failed = 0
        self.seconds = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.seconds = time.monotonic() - self._began
        if self._live and self._drawn:
            sys.stderr.write("\r\x1b[2K")
            sys.stderr.flush()

    def __call__(self, attempt: Attempt) -> None:
        """Counts one job that was sent, or was not."""
        self._done += 1
        self._failed += attempt.error is not None
        now = time.monotonic()
        if self._live and now - self._drawn >= _REDRAW_SECONDS:
            self._drawn = now
            drawn = bar(self._done, self._total, self._style)
            line = f"  Jobs  {drawn}  {self._counted()}"
            sys.stderr.write("\r\x1b[2K" + line[: (self._style.width or 80) - 1])
            sys.stderr.flush()
        elif not self._live and now - self._told >= _QUIET_SECONDS:
            self._told = now
            screen.say(f"{time.strftime('%H:%M:%S')}  Jobs  {self._counted()}")

    def _counted(self) -> str:
        failed = f", {self._failed} failed" if self._failed else ""
        return f"{self._done}/{self._total}{failed}"
