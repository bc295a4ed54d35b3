"""Which accepted levels count for a run: the lines about its test, and where the runs begin that they name; pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from cajajejo.metrics.baselines import moment
from cajajejo.metrics.judgement.cases import Cut
from cajajejo.metrics.runs import meant

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cajajejo.metrics.baselines import Accepted, Baselines
    from cajajejo.metrics.runs import Run

_DAY: Final = 86_400.0
_DATE: Final = len("2026-11-21")


@dataclass(frozen=True, slots=True)
class Acceptance:
    """Where the history of each metric with an accepted level begins; a sentence for each line that does nothing.

    `lines` are those that do: the one that accepts the level of each metric in `cuts`.
    """

    cuts: Mapping[str, Cut] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    lines: Mapping[str, Accepted] = field(default_factory=dict)


def of(lines: Baselines, run: Run, before: Sequence[Run]) -> Acceptance:
    """What `lines` accept for `run`, whose earlier runs are `before`, oldest first."""
    metrics = dict.fromkeys(line.metric for line in lines.accepted if line.test == run.test)
    latest = [line for metric in metrics if (line := lines.accepted_from(run.test, metric)) is not None]
    known = [(line, _named(line.start, [*before, run])) for line in latest]
    cuts = {line.metric: Cut(start.run_id, start.start_time, _written(line)) for line, start in known if start}
    unknown = tuple(
        f"{line.metric}: the level accepted at run {line.start} is not used: no such run before this one"
        for line, start in known
        if start is None
    )
    return Acceptance(cuts, unknown, {line.metric: line for line, start in known if start})


def _named(name: str, runs: Sequence[Run]) -> Run | None:
    """The run of that id, or the only one whose id begins so."""
    known = {run.run_id: run for run in runs}
    found = meant(name, known)
    return known[found[0]] if len(found) == 1 else None


def _written(line: Accepted) -> float:
    """When `line` was written, in seconds since the epoch; of a date the end."""
    return moment(line.date).timestamp() + _DAY * (len(line.date) == _DATE)
