"""The life of a job as lines: one for each phase, the last with how it ended. Pure."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from cajajejo import moments
from cajajejo.errors import ExitCode
from cajajejo.status import Reason, State, exits
from cajajejo.terminal import bar, cut

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from cajajejo.status import Attempt, Progress, Status
    from cajajejo.terminal import Style

_WIDTH: Final = 10  # of a state, and of what submit-job did
_NO_RESULT: Final = (ExitCode.BUG, ExitCode.FAILED)
_DOUBTS: Final = (ExitCode.REGRESSION, ExitCode.INCONCLUSIVE, ExitCode.DONE)
_INTERRUPTED: Final = {Reason.PREEMPTED: "preempted", Reason.EVICTED: "evicted"}
_BAR: Final = 30
_NARROW: Final = 10
_LONGEST_NAME: Final = 40
_RATE_SECONDS: Final = 5.0


def phase(status: Status) -> str:
    """What the job is doing or waiting for, or how it ended."""
    if status.state in {State.SUCCEEDED, State.FAILED}:
        return _ended(status)
    if status.message or status.state is not State.RUNNING or not status.attempts:
        return status.message
    attempt = status.attempts[-1]
    return f"attempt {attempt.number}" + (f" on {attempt.node}" if attempt.node else "")


def line(status: Status, text: str, *, name: bool = False) -> str:
    """A phase as it stands behind the clock time; with `name` where there are several jobs."""
    head = f"{status.name}  " if name else ""
    return f"{head}{status.state:<{_WIDTH}}  {text}".rstrip()


def still(status: Status, now: datetime, progress: Progress | None) -> str:
    """The same phase a while later: how long it has lasted, and how far it is."""
    for_so_long = moments.ago((now - status.since).total_seconds()) if status.since else ""
    far = f"{counted(progress)} {progress.unit}s" + (f", {progress.what}" * bool(progress.what)) if progress else ""
    return ": ".join(filter(None, (for_so_long, far or phase(status))))


def lasting(status: Status, now: datetime) -> str:
    """How long this phase has lasted: a sign of life where nothing else moves."""
    return f"for {_span(status.since, now)}" if status.since else ""


def meaning(status: Status) -> str:
    """What the exit code of a failed job says; empty where it says nothing."""
    if status.reason is Reason.OOM_KILLED:
        return "killed: out of memory"
    ours = status.config_version is not None  # the program in the pod, so that its exit codes are those of our table
    return "" if status.exit_code is None else exits.meaning(status.exit_code, ours=ours)


def exit_code(status: Status) -> int:
    """The exit code that stands for a job that has ended: its own, and 1 where a job without success has none."""
    if status.state is State.SUCCEEDED:
        return ExitCode.DONE
    return (status.exit_code if status.state is State.FAILED else None) or ExitCode.FAILED


def worst(codes: Iterable[int]) -> int:
    """The exit code that stands for several jobs: 3, 1, any other, 4, 5 and then 0; of two others the greater one."""
    return min(codes, key=_rank, default=ExitCode.DONE)


def summary(statuses: Sequence[Status]) -> str:
    """How several jobs stand: ``5 jobs: 3 Succeeded, 1 Failed, 1 Running``."""
    found = Counter(status.state for status in statuses)
    told = ", ".join(f"{found[state]} {state}" for state in reversed(State) if found[state])
    return f"{len(statuses)} jobs: {told}"


def counted(progress: Progress) -> str:
    """``64/135``; only what is done where nobody knows of how many."""
    return f"{progress.done:,}/{progress.total:,}" if progress.total > 0 else f"{progress.done:,}"


def progress_line(progress: Progress, pace: str, style: Style, *, name: str = "") -> str:
    """A bar with what is at work, how much of it is done, how fast it goes and how long it takes yet."""
    width = min(style.width or 80, 100)
    label = cut("  ".join(filter(None, (name, progress.what))), _LONGEST_NAME, style)
    far = counted(progress) if progress.total > 0 else f"{counted(progress)} {progress.unit}"
    told = "   ".join(filter(None, (far, pace)))
    cells = min(_BAR, width - 10 - len(label) - len(told) - 8)
    drawn = bar(progress.done, progress.total, style, cells) if cells >= _NARROW and progress.total > 0 else ""
    return "   ".join(filter(None, (label, drawn, told)))


class Pace:
    """How fast one job gets on, from the progress that was seen of it.

    All times are seconds that only grow.
    """

    def __init__(self) -> None:
        self._part: tuple[str, int] | None = None
        self._first = self._last = (0.0, 0)

    def see(self, progress: Progress, now: float) -> None:
        """Takes note of `progress`; where another part is at work, it begins anew."""
        if self._part != (progress.what, progress.total) or progress.done < self._last[1]:
            self._part, self._first = (progress.what, progress.total), (now, progress.done)
        self._last = (now, progress.done)

    def text(self, now: float) -> str:
        """``6.3/s   11 s left``, once there is something to go by; never within the first five seconds."""
        seconds, done = now - self._first[0], self._last[1] - self._first[1]
        if self._part is None or seconds < _RATE_SECONDS or done <= 0:
            return ""
        left = (self._part[1] - self._last[1]) * seconds / done
        remaining = f"   {moments.ago(max(1, round(left)))} left" if left > 0 else ""
        return f"{_rate(done / seconds)}{remaining}"


def _rate(per_second: float) -> str:
    for seconds, unit in ((1, "s"), (60, "min")):
        if per_second * seconds >= 0.95:  # noqa: PLR2004  # what one decimal can still tell
            return f"{per_second * seconds:.1f}/{unit}"
    return f"{per_second * 3_600:.1f}/h"


def _rank(code: int) -> tuple[int, int]:
    for place, known in ((0, _NO_RESULT), (2, _DOUBTS)):
        if code in known:
            return place, known.index(ExitCode(code))
    return 1, -code


def _ended(status: Status) -> str:
    """``after 19 min 26 s: 3 min 28 s waiting, 2 attempts, 1 preempted``; of a failed job its exit code, too."""
    parts = []
    if status.submitted_at and status.started_at:
        parts.append(f"{_span(status.submitted_at, status.started_at)} waiting")
    if len(status.attempts) > 1:
        parts += [f"{len(status.attempts)} attempts", *_interrupted(status.attempts)]
    if status.state is State.FAILED and status.exit_code is not None:
        told = meaning(status)
        parts.append(f"exit code {status.exit_code}" + (f" ({told})" if told else ""))
    took = ""
    if status.submitted_at and status.finished_at:
        took = f"after {_span(status.submitted_at, status.finished_at)}"
    return ": ".join(filter(None, (took, ", ".join(parts)))) or status.message


def _interrupted(attempts: Sequence[Attempt]) -> list[str]:
    found = Counter(_INTERRUPTED[reason] for attempt in attempts for reason in _INTERRUPTED if attempt.reason == reason)
    return [f"{number} {word}" for word, number in found.items()]


def _span(begin: datetime, end: datetime) -> str:
    return moments.span((end - begin).total_seconds())
