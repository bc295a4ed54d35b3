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
    """Where the metrics of a test are configured, and where its history is; None: the usual place.

    `stored` is whether the run that is looked at is in that history.
    """

    config: Path | None = None
    history: str | None = None
    stored: bool = True

    @property
    def options(self) -> list[str]:
        """What a command needs to find the same history."""
        return [] if self.history is None else ["--history", self.history]


def after_check(report: Report, place: Place) -> list[str]:
    """What to look at after a regression, and what to do if it is the new normal; nothing where all is well."""
    worst = next((metric for metric in report.worst_first if metric.wrong), None)
    if worst is None:
        return []
    start = _level_begins(worst, report.run_id)
    known = place.stored or start != report.run_id  # no level can begin with a run that the history does not have
    return _steps(report.test, worst.name, start if known else None, place)


def after_shifts(test: str, shifts: Sequence[DatedShift], place: Place) -> list[str]:
    """The same of the first of `shifts` that nobody accepted: it can be, where it is one for the worse."""
    unsettled = next((shift for shift in shifts if shift.accepted is None), None)
    if unsettled is None:
        return []
    return _steps(test, unsettled.metric, unsettled.first.run_id if unsettled.effect == "worse" else None, place)


def _steps(test: str, metric: str, start: str | None, place: Place) -> list[str]:
    """To look at `metric`, and to accept its level from the run `start` on, if there is one."""
    names = [test, metric]
    last = ["--", *names] if any(name.startswith("-") for name in names) else []  # else they are taken for options
    first = [] if last else names
    look = pasted("cajajejo", "metrics", "history", *first, *place.options, *last)
    if start is None or place.config is None:
        return [f"Next: {look}"]
    options = pasted("--from", start, *place.options, "--config", str(place.config))
    return [
        f"Next: {look}",
        "  or, if this is the new normal:",
        f"      {pasted('cajajejo', 'metrics', 'accept', *first)} \\",
        " ".join([f'          {options} --reason "why"', *map(_quoted, last)]),
    ]


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
