"""Every change of level in the history of a test, with the runs and commits between which it happened; pure."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from cajajejo.metrics.judgement import last_good
from cajajejo.metrics.judgement.bounds import invalid
from cajajejo.metrics.runs import meant
from cajajejo.metrics.shifts import engines
from cajajejo.metrics.shifts.scan import Scan

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cajajejo.metrics.baselines import Accepted, Baselines
    from cajajejo.metrics.config import RegressionTestConfig
    from cajajejo.metrics.config.conditions import SuccessCondition
    from cajajejo.metrics.judgement.last_good import Turn
    from cajajejo.metrics.points import Point
    from cajajejo.metrics.shifts.changes import Change
    from cajajejo.metrics.shifts.engines import Engine

Effect = Literal["better", "worse"]
Direction = Literal["up", "down"]

_SAME: Final = 2e-9
"""A scale of no more than this share of the level is the least that there is: that of runs that do not differ."""


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a metric beside its points: its condition, and the line that accepts one of its levels."""

    condition: SuccessCondition | None = None
    accepted: Accepted | None = None


@dataclass(frozen=True, slots=True)
class DatedShift:
    """A change of level of `metric`, from `before` to `after`.

    `turn` holds the last run before it may have begun and the first that is of the new level for certain, `first` is
    the run that it most likely began with. `deviations` is its size in standard deviations of one run, None where runs
    did not differ; `z` is what our own scan gave it. `effect` is None where no condition says what is bad. `accepted`
    is the line by which this level, or one after it, was taken as good.
    """

    metric: str
    before: float
    after: float
    turn: Turn
    first: Point
    deviations: float | None = None
    z: float | None = None
    effect: Effect | None = None
    accepted: Accepted | None = None

    @property
    def direction(self) -> Direction:
        """Where the level went."""
        return "up" if self.after > self.before else "down"

    @property
    def relative(self) -> float | None:
        """The change as a share of the level before; None where that was zero."""
        share = (self.after - self.before) / abs(self.before) if self.before else math.inf
        return share if math.isfinite(share) else None


@dataclass(frozen=True, slots=True)
class Looked:
    """What was looked at in one metric, and what was found: so many `runs`, of which `fewest` can show a shift."""

    metric: str
    runs: int
    fewest: int
    shifts: tuple[DatedShift, ...] = ()


@dataclass(frozen=True, slots=True)
class Search:
    """What an engine found in the metrics of a test."""

    test: str
    engine: Engine
    looked: tuple[Looked, ...]

    @property
    def newest_first(self) -> list[DatedShift]:
        """The shifts of all metrics, the latest at the top."""
        found = (shift for one in self.looked for shift in reversed(one.shifts))
        return sorted(found, key=lambda shift: -shift.first.start_time)


def search(
    test: str,
    points: Mapping[str, Sequence[Point]],
    engine: Engine = "builtin",
    *,
    tests: RegressionTestConfig | None = None,
    lines: Baselines | None = None,
) -> Search:
    """The shifts in each metric of `points`, which are in order, oldest first.

    Args:
        test: the test that `points` are of.
        points: the points of successful runs by metric.
        engine: who looks for shifts.
        tests: the conditions of the metrics.
        lines: which levels are accepted.

    Raises:
        MissingExtraError: the engine is not installed.
    """
    known = {
        metric: Known(
            None if tests is None else tests.condition_for(metric),
            None if lines is None else lines.accepted_from(test, metric),
        )
        for metric in points
    }
    return Search(test, engine, tuple(look(metric, points[metric], engine, known[metric]) for metric in sorted(points)))


def look(metric: str, points: Sequence[Point], engine: Engine = "builtin", known: Known | None = None) -> Looked:
    """The shifts that `engine` finds in all of `points`, oldest first.

    With a condition they are found as it judges: among logarithms where it does, without changes that count as none.

    Raises:
        MissingExtraError: the engine is not installed.
    """
    known = Known() if known is None else known
    condition = known.condition
    scan = Scan() if condition is None else Scan.of(condition)
    points = [point for point in points if condition is None or invalid(condition, point.value) is None]
    changes = engines.change_points(scan.points([point.value for point in points]), engine, scan)
    found = (_dated(metric, points, change, scan, known) for change in changes)
    return Looked(metric, len(points), engines.fewest_runs(engine, scan), tuple(filter(None, found)))


def _dated(metric: str, points: Sequence[Point], change: Change, scan: Scan, known: Known) -> DatedShift | None:
    turn = last_good.of_shift(points, change.suspects)
    if turn is None:
        return None
    before, after = change.before, change.after
    alike = change.scale is None or change.scale <= _SAME * max(1.0, abs(before))
    return DatedShift(
        metric=metric,
        before=scan.in_unit(before),
        after=scan.in_unit(after),
        turn=turn,
        first=points[change.first],
        deviations=None if alike or change.scale is None else (after - before) / change.scale,
        z=change.z,
        effect=_effect(before, after, known.condition),
        accepted=known.accepted if _is_settled(points, change, known.accepted) else None,
    )


def _effect(before: float, after: float, condition: SuccessCondition | None) -> Effect | None:
    if condition is None:
        return None
    return "worse" if (1 if after > before else -1) in condition.bad else "better"


def _is_settled(points: Sequence[Point], change: Change, line: Accepted | None) -> bool:
    """Whether the accepted level is that of `change`, or one after it."""
    if line is None:
        return False
    run_ids = [point.run_id for point in points]
    found = meant(line.start, run_ids)
    return len(found) == 1 and run_ids.index(found[0]) >= change.suspects[0]
