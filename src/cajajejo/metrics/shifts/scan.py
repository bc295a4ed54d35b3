"""Level shifts: what a scan of winsorised means over the last runs of a metric looks for, and what it finds.

At each run, for m of 3, 4, 5, 6, 8, 10, 12 and 15, the last m points are compared with the level before them (c, s, n
and r of `levels`), if that has enough points::

    z_m = mean of clip((x - c) / s, ±3) / sqrt((1/m + 1/n) F_m)

where F_m is the variance inflation of a mean of m points with autocorrelation r. The z_m of greatest size tells: there
is a shift where it reaches the threshold, and the median of those m points is as far from c as counts in the unit of
the metric. One point counts 3 at most, so that a spike of any size is none; three clear runs in a row are a shift.

The shift is dated to the first of those m runs; it may have begun at the first run of any other span of which z² is not
more than 3.84 smaller, the 95 % point of chi-squared with one degree of freedom.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from cajajejo.metrics.shifts.levels import Kind, Level, bounded

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from cajajejo.metrics.config.conditions import SuccessCondition

SPANS: Final = (3, 4, 5, 6, 8, 10, 12, 15)
SUSPECT: Final = 3.84

_ANCHOR: Final = 30
_LATEST: Final = 15
_DRIFT: Final = 3.0


@dataclass(frozen=True, slots=True)
class Scan:
    """What makes a shift: the points of a level, the threshold of z, and the least change that counts.

    With `logarithms` the points are logarithms of a metric; `resolution` and the least change, `absolute` or as a share
    of the level, are in the unit of the metric all the same.
    """

    window: int = 100
    min_history: int = 10
    threshold: float = 4.5
    autocorrelated: bool = True
    resolution: float = 0.0
    absolute: float = 0.0
    relative: float = 0.0
    logarithms: bool = False

    @classmethod
    def of(cls, condition: SuccessCondition) -> Scan:
        """The scan of a `level_shift`, or the one in the shadow of another condition."""
        floors = cls(
            resolution=condition.resolution,
            absolute=condition.min_change.absolute,
            relative=condition.min_change.relative,
            logarithms=condition.transform == "log",
        )
        given = condition.success_threshold.level_shift
        if given is None:
            return floors
        return replace(
            floors,
            window=given.window,
            min_history=given.min_history,
            threshold=given.threshold,
            autocorrelated=given.autocorrelation == "auto",
        )

    @property
    def kind(self) -> Kind:
        """What kind of numbers the points are."""
        return Kind(self.resolution, self.autocorrelated, self.logarithms)

    def points(self, values: ArrayLike) -> NDArray[np.float64]:
        """What is looked at of a metric with these `values`."""
        numbers = np.asarray(values, dtype=np.float64)
        return np.log(numbers) if self.logarithms else numbers

    def in_unit(self, point: float) -> float:
        """The value of the metric that is looked at as `point`."""
        return math.exp(point) if self.logarithms else point

    def level(self, values: ArrayLike) -> Level:
        """The level of all of `values`."""
        return Level.of(values, self.kind)

    def counts(self, before: ArrayLike, after: ArrayLike) -> NDArray[np.bool_]:
        """Whether the changes from `before` to `after` are as large as the least that counts."""
        old, new = np.asarray(before), np.asarray(after)
        if not self.logarithms:
            return np.asarray(np.abs(new - old) >= np.maximum(self.absolute, self.relative * np.abs(old)))
        with np.errstate(over="ignore"):
            absolute = self.absolute * np.exp(-old) if self.absolute else 0.0
            return np.asarray(np.abs(np.expm1(new - old)) >= np.maximum(absolute, self.relative))


@dataclass(frozen=True, slots=True)
class Shift:
    """A change of level.

    `first` is the place of its first run, `suspects` are the first and the last place at which it may have begun,
    `opened` is the place of the run that told, and `after` the median from `first` to there.
    """

    sign: int
    first: int
    suspects: tuple[int, int]
    opened: int
    z: float
    before: Level
    after: float

    @property
    def size(self) -> float:
        """How far the new level is from the one before, in scales of that."""
        return abs(self.after - self.before.centre) / self.before.scale

    def moved(self, places: NDArray[np.int64]) -> Shift:
        """The same shift where its points are at `places` of another series."""
        first, opened, *suspects = (int(places[place]) for place in (self.first, self.opened, *self.suspects))
        return replace(self, first=first, opened=opened, suspects=(suspects[0], suspects[1]))


def drift(values: ArrayLike, scan: Scan) -> float | None:
    """How far the last 15 points are from the first 30, where that is more than both could be by chance.

    It tells a change that is too slow for the scan, whose level moves with it. None: no drift, or too few points.
    """
    points = bounded(values)
    if len(points) < _ANCHOR + _LATEST:
        return None
    anchor, latest = scan.level(points[:_ANCHOR]), float(np.median(points[-_LATEST:]))
    change = latest - anchor.centre
    return change if scan.counts(anchor.centre, latest) and abs(change) >= _DRIFT * anchor.scale else None
