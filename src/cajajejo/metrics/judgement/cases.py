"""One metric of a run under test: its value, the condition it must fulfil, and the points it is judged by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cajajejo.metrics.judgement.bounds import invalid
from cajajejo.metrics.points import Point
from cajajejo.metrics.shifts.episodes import Track, Watch
from cajajejo.metrics.shifts.scan import Scan

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cajajejo.metrics.config.conditions import SuccessCondition
    from cajajejo.metrics.runs import Run


@dataclass(frozen=True, slots=True)
class Cut:
    """The run that an accepted level begins with.

    What started before the moment `accepted` was judged by the level before: that it was out of bounds then says
    nothing about the new level.
    """

    run_id: str
    start_time: float
    accepted: float

    def apply(self, points: Sequence[Point]) -> list[Point]:
        """Those of `points` that belong to the accepted level."""
        return [
            point._replace(outside=point.outside and point.start_time >= self.accepted)
            for point in points
            if (point.start_time, point.run_id) >= (self.start_time, self.run_id)
        ]


@dataclass(frozen=True, slots=True)
class Case:
    """A metric with a finite value; `points` are the earlier ones that count, oldest first.

    `confirm_after` is how many failures in a row make a regression, `cut` the accepted level that the points belong to.
    """

    name: str
    value: float
    condition: SuccessCondition
    points: Sequence[Point]
    run: Run
    confirm_after: int = 1
    cut: Cut | None = None

    @classmethod
    def of(
        cls,
        metric: tuple[str, float],
        condition: SuccessCondition,
        points: Sequence[Point],
        run: Run,
        *,
        confirm_after: int = 1,
        cut: Cut | None = None,
    ) -> Case:
        """The case of a metric, given by name and value; of `points` it takes those that the condition can judge."""
        used = cut if cut is not None and (cut.start_time, cut.run_id) <= run.order else None
        points = points if used is None else used.apply(points)
        if condition.transform == "log":
            points = [point for point in points if invalid(condition, point.value) is None]
        return cls(*metric, condition, points, run, condition.confirm_after or confirm_after, used)

    @property
    def with_this(self) -> list[Point]:
        """The points, and after them the value under test."""
        this = Point(self.run.run_id, self.value, outside=False, start_time=self.run.start_time, commit=self.run.commit)
        return [*self.points, this]

    @property
    def waiting(self) -> str:
        """What the number of points that are still missing is counted from: ``so far``."""
        return "so far" if self.cut is None else f"since the level was accepted at run {self.cut.run_id}"

    def track(self) -> Track:
        """The points as the watch for shifts sees them; by a level, the value under test is one of them."""
        points = self.with_this if self.condition.by_level else self.points
        outside = np.array([point.outside for point in points], dtype=np.bool_)
        return Track(Scan.of(self.condition).points([point.value for point in points]), outside)

    def watch(self) -> Watch:
        """What is watched for: shifts by the condition, or in the shadow of its bounds."""
        return Watch.of(self.condition, self.confirm_after)
