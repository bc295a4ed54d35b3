"""Jobs that go on, on the screen: a line for each phase, below them what moves, or JSON lines, or nothing."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from cajajejo.cli import phases, screen
from cajajejo.cli.job_screen import ROLES
from cajajejo.cli.live import LiveRegion
from cajajejo.logs.lines import Line
from cajajejo.status import Progress, State
from cajajejo.terminal import cut

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cajajejo.logs.lines import Gap
    from cajajejo.status import Status

_QUIET_SECONDS: Final = 60.0
_INDENT: Final = " " * 10
_ROWS: Final = 4
_LOG_ROWS: Final = 10
_LONGEST_LINE: Final = 16_000
_NANOSECONDS: Final = 1_000_000_000


@dataclass(slots=True)
class Watched:
    """What is known of one job while it is watched."""

    status: Status
    shown: tuple[State, str]
    progress: Progress | None = None
    pace: phases.Pace = field(default_factory=phases.Pace)


class View:
    """What is known of the jobs; shows nothing.

    Args:
        names: whether there are several jobs, so that each line needs a name.
        clock: seconds that only grow.
    """

    moves = False
    """Whether it is drawn again and again."""

    def __init__(self, *, names: bool = False, clock: Callable[[], float] = time.monotonic) -> None:
        self._names = names
        self._clock = clock
        self._jobs: dict[str, Watched] = {}

    @property
    def statuses(self) -> list[Status]:
        """How each job stands."""
        return [job.status for job in self._jobs.values()]

    def status(self, status: Status) -> None:
        """A job stands like this now."""
        phase = (status.state, phases.phase(status))
        before = self._jobs.get(status.name)
        if before is None or before.shown != phase:
            self._jobs[status.name] = job = Watched(status, phase)
            if before is not None and before.status.state is status.state:
                job.progress, job.pace = before.progress, before.pace
            self._phase(job)
        self._jobs[status.name].status = status
        if status.progress is not None:
            self._advance(status.name, status.progress)

    def said(self, name: str, line: Line | Gap) -> None:
        """A job printed this line."""
        progress = _progress(line)
        if progress is not None and name in self._jobs:
            self._advance(name, progress)

    def end(self, status: Status, remarks: Sequence[str]) -> None:  # noqa: ARG002  # those that show something do
        """A job has ended like this; `remarks` are what is to be known beside."""
        self._jobs[status.name] = Watched(status, (status.state, phases.phase(status)))

    def tick(self) -> None:
        """Time has passed."""

    def warn(self, message: str) -> None:
        """Shows a warning."""
        screen.warn(message)

    def close(self) -> None:
        """Nothing more comes."""

    def _phase(self, job: Watched) -> None:
        """A job has come into another phase."""

    def _advance(self, name: str, progress: Progress) -> None:
        job = self._jobs[name]
        job.progress = progress
        job.pace.see(progress, self._clock())


class JsonView(View):
    """One JSON line for each change, on stdout."""

    def status(self, status: Status) -> None:
        """Prints it."""
        super().status(status)
        self._print(status)

    def end(self, status: Status, remarks: Sequence[str]) -> None:
        """Prints it."""
        super().end(status, remarks)
        self._print(status)

    def _print(self, status: Status) -> None:
        from cajajejo.job_outputs import JobChange

        screen.result_json(JobChange.of(status, datetime.now(UTC)).as_json())


class PlainView(View):
    """A line for each phase, and one a minute while nothing is to be told; between them what the jobs print.

    Args:
        names: whether there are several jobs.
        clock: seconds that only grow.
        result: whether the last line of a job is the result of the command, on stdout.
        logs: whether lines of the logs are shown, and not only what they tell of progress.
    """

    def __init__(
        self,
        *,
        names: bool = False,
        clock: Callable[[], float] = time.monotonic,
        result: bool = False,
        logs: bool = True,
    ) -> None:
        super().__init__(names=names, clock=clock)
        self._result = result
        self._logs = logs
        self._told_at = clock()

    def said(self, name: str, line: Line | Gap) -> None:
        """Shows the line behind the name of its container; what tells only of progress waits for its minute."""
        super().said(name, line)
        if self._logs and _progress(line) is None:
            head = f"{name}  " if self._names else ""
            self._say(head + _log_line(line, ""))

    def end(self, status: Status, remarks: Sequence[str]) -> None:
        """Shows why it failed and what to do, what is to be known beside, and then how it ended."""
        super().end(status, remarks)
        self._say(*(f"{_INDENT}{line}" for line in [*_reasons(status), *remarks]))
        line = f"{_time()}  {phases.line(status, phases.phase(status), name=self._names)}"
        if self._result:
            self._clear()
            style, word = screen.out_style(), str(status.state)
            screen.result(style.plain(line).replace(word, style.paint(word, ROLES[status.state]), 1))
        else:
            self._say(line)

    def tick(self) -> None:
        """Tells once a minute how it stands."""
        if self._clock() - self._told_at < _QUIET_SECONDS or not self._jobs:
            return
        if self._names:
            self._say(f"{_time()}  {phases.summary(self.statuses)}")
            return
        (job,) = self._jobs.values()
        self._say(f"{_time()}  {phases.line(job.status, phases.still(job.status, datetime.now(UTC), job.progress))}")

    def _phase(self, job: Watched) -> None:
        self._say(f"{_time()}  {phases.line(job.status, job.shown[1], name=self._names)}")

    def _say(self, *lines: str) -> None:
        self._told_at = self._clock()
        screen.say(*lines)

    def _clear(self) -> None:
        """Makes room for a line on stdout."""


class LiveView(PlainView):
    """A line for each phase, and below them progress and the last lines of the log, which are drawn again and again.

    Args:
        names: whether there are several jobs.
        clock: seconds that only grow.
        result: whether the last line of a job is the result of the command, on stdout.
        log_rows: how many lines of the log are shown.
    """

    moves = True

    def __init__(
        self,
        *,
        names: bool = False,
        clock: Callable[[], float] = time.monotonic,
        result: bool = False,
        log_rows: int = 1,
    ) -> None:
        super().__init__(names=names, clock=clock, result=result)
        self._region = LiveRegion(clock)
        self._log: deque[str] = deque(maxlen=log_rows)

    def said(self, name: str, line: Line | Gap) -> None:
        """Keeps the line for the region."""
        View.said(self, name, line)
        head = f"{name} " if self._names else ""
        self._log.append(f"{_bar()} {_log_time(line)}{head}{_log_line(line, ' ')}")
        self.tick()

    def tick(self) -> None:
        """Draws the region."""
        self._region.show([f"{_INDENT}{line}" for line in (*self._progress_lines(), *self._log)])

    def close(self) -> None:
        """Takes the region away."""
        self._region.clear()

    def _phase(self, job: Watched) -> None:
        if job.status.state is not State.RUNNING:
            self._log.clear()
        super()._phase(job)

    def _say(self, *lines: str) -> None:
        self._told_at = self._clock()
        self._region.above(*lines)

    def _clear(self) -> None:
        self._region.clear()

    def _progress_lines(self) -> list[str]:
        now, style = self._clock(), screen.err_style()
        lines = []
        for name, job in self._jobs.items():
            if job.progress is not None and job.status.state is State.RUNNING:
                label = name if self._names else ""
                lines.append(phases.progress_line(job.progress, job.pace.text(now), style, name=label))
        if self._names:
            return [phases.summary(self.statuses), *lines[: _ROWS - 1 - len(self._log)]]
        return lines or [phases.lasting(job.status, datetime.now(UTC)) for job in self._jobs.values()]


def _reasons(status: Status) -> list[str]:
    """Why a job failed, what to do about it, and what it said last."""
    if status.state is State.SUCCEEDED:
        return []
    lines = [f"reason      {status.message}"] if status.message and status.state is State.FAILED else []
    if status.advice:
        lines.append(f"do          {status.advice}")
    last = status.last_lines
    if last is not None and last.lines:
        lines.append(f"last lines of {last.container}, attempt {last.attempt}")
        lines += [f"{_bar()} {cut(line, _LONGEST_LINE, screen.err_style())}" for line in last.lines[-_LOG_ROWS:]]
    return lines


def _progress(line: Line | Gap) -> Progress | None:
    """The progress that a line tells."""
    found = line.payload.get("progress") if isinstance(line, Line) and line.payload else None
    if not isinstance(found, dict) or not all(_is_count(found.get(key)) for key in ("done", "total")):
        return None
    unit, what = (found.get(key) if isinstance(found.get(key), str) else "" for key in ("unit", "what"))
    return Progress(found["done"], found["total"], str(unit), str(what))


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _log_line(line: Line | Gap, separator: str) -> str:
    if not isinstance(line, Line):
        return f"({line.why})"
    message = line.payload.get("message") if line.payload else None
    text = message if isinstance(message, str) else line.text
    shown = cut(" ".join(text.splitlines()), _LONGEST_LINE, screen.err_style())
    return f"{line.container}{separator or f' {_bar()}'} {shown}"


def _log_time(line: Line | Gap) -> str:
    at = line.at if isinstance(line, Line) else None
    return "" if at is None else f"{datetime.fromtimestamp(at // _NANOSECONDS, UTC).astimezone():%H:%M:%S} "


def _bar() -> str:
    return "│" if screen.err_style().unicode else "|"


def _time() -> str:
    return time.strftime("%H:%M:%S")
