"""What to run after a regression or a shift: commands that can be pasted."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from cajajejo.metrics.judgement.verdict import MetricVerdict
    from cajajejo.metrics.reports.dated_shifts import DatedShift
    from cajajejo.metrics.reports.report import Report


@dataclass(frozen=True, slots=True)
class Place:
    """Where the metrics of a test are configured, and where its history is, without a password; None: the usual place.

    `stored` is whether the run that is looked at is in that history.
    """

    config: Path | None = None
    history: str | None = None
    stored: bool = True

    @property
    def options(self) -> list[str]:
        """What a command needs to find the same history."""
        return [] if self.history is None else ["--history", self.history]


@dataclass(frozen=True, slots=True)
class Steps:
    """What to run next about one metric, as commands that can be pasted.

    `accept` is in two parts, None where no level can be accepted; `others` is how many more metrics it goes for.
    """

    look: str
    accept: tuple[str, str] | None = None
    others: int = 0

    @property
    def lines(self) -> list[str]:
        """The steps as they stand on the screen."""
        more = f"  and so for {self.others} more metric{'s' * (self.others != 1)} that got worse"
        shown = [f"Next: {self.look}", *([more] if self.others else [])]
        if self.accept is None:
            return shown
        first, last = self.accept
        return [*shown, "  or, if this is the new normal:", f"      {first} \\", f"          {last}"]


def after_check(report: Report, place: Place) -> list[str]:
    """What to look at after a regression, and what to do if it is the new normal; nothing where all is well."""
    steps = of_check(report, place)
    return [] if steps is None else steps.lines


def of_check(report: Report, place: Place) -> Steps | None:
    """The steps about the worst metric; None where all is well, or no history knows of the run."""
    wrong = [metric for metric in report.worst_first if metric.wrong]
    if not wrong or not (place.stored or report.runs_before):
        return None
    start = _level_begins(wrong[0], report.run_id)
    known = place.stored or start != report.run_id  # no level can begin with a run that the history does not have
    return _steps(report.test, wrong[0].name, start if known else None, place, len(wrong) - 1)


def after_shifts(test: str, shifts: Sequence[DatedShift], place: Place) -> list[str]:
    """The same of the first of `shifts` that nobody accepted: it can be, where it is one for the worse."""
    unsettled = next((shift for shift in shifts if shift.accepted is None), None)
    if unsettled is None:
        return []
    return _steps(test, unsettled.metric, unsettled.first.run_id if unsettled.effect == "worse" else None, place).lines


def _steps(test: str, metric: str, start: str | None, place: Place, others: int = 0) -> Steps:
    """To look at `metric`, and to accept its level from the run `start` on, if there is one."""
    names = [test, metric]
    last = ["--", *names] if any(name.startswith("-") for name in names) else []  # else they are taken for options
    first = [] if last else names
    look = pasted("cajajejo", "metrics", "history", *first, *place.options, *last)
    if start is None or place.config is None:
        return Steps(look, None, others)
    options = pasted("--from", start, *place.options, "--config", str(place.config))
    rest = " ".join([f'{options} --reason "why"', *map(_quoted, last)])
    return Steps(look, (pasted("cajajejo", "metrics", "accept", *first), rest), others)


def pasted(*words: str) -> str:
    """The command of these words as a shell reads it; what a terminal would not show is written as escapes."""
    return " ".join(map(_quoted, words))


def _level_begins(metric: MetricVerdict, run_id: str) -> str | None:
    """The run that a new level of `metric` would be accepted from; None where its bounds do not rest on history."""
    if metric.condition is None or not metric.condition.from_history:
        return None
    return run_id if metric.episode is None else metric.episode.run


def _quoted(word: str) -> str:
    if word.isprintable():
        return shlex.quote(word)
    return "$'" + "".join(map(_escaped, word)) + "'"


def _escaped(character: str) -> str:
    if character.isprintable():
        return f"\\{character}" if character in "'\\" else character
    return f"\\U{ord(character):08x}"
