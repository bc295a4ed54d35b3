"""Change points of a whole series: where its level changed, in either direction, from what and to what.

The scan of level shifts goes over the series from its first point on, and takes each new level as its baseline as soon
as that has enough points. Until then a CUSUM waits for a return to the level before, which is a change point as well,
so that a step that lasts a few runs has two.

Then each change point is dated anew, with all points up to the next one: `first` is the place e between its neighbours
with the least::

    cost(e) = Σ min(u², D²) / F of the points before e, in scales from the level before, and of those from e on, in
              scales from the level after

where the levels are medians of the runs between change points, D is their distance in scales (at least 3), and F the
variance inflation by autocorrelation. `suspects` are those with a cost that is at most 3.84 greater, the 95 % point of
chi-squared with one degree of freedom. This looks back: points after a change help to date it, and later points can
move it by some runs. What an alert said when it was sent, episodes tell.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np

from cajajejo.metrics.shifts.levels import CLIP, Level, bounded
from cajajejo.metrics.shifts.returns import returned
from cajajejo.metrics.shifts.scan import SUSPECT, Scan
from cajajejo.metrics.shifts.searches import Search, first_shifts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

_DEFAULT: Final = Scan()
_FARTHEST: Final = 1e6
"""Scales beyond which nothing is farther: squares of it can be added up exactly enough."""
_LITTLE: Final = 1e-3


@dataclass(frozen=True, slots=True)
class Change:
    """A change of level in a series.

    `first` is the place of the first point of the new level, `suspects` are the first and the last place at which it
    may have begun. `before` and `after` are the medians of the points from the change point before it to the one after
    it. `z` is what the scan gave it, and None for a return; `scale` is that of one point.
    """

    first: int
    suspects: tuple[int, int]
    before: float
    after: float
    z: float | None
    scale: float | None


@dataclass(frozen=True, slots=True)
class _Found:
    """A change point as the scan or the CUSUM dates it, and the level that it is measured by."""

    first: int
    level: Level
    z: float | None = None


def change_points(values: NDArray[np.float64], scan: Scan = _DEFAULT) -> tuple[Change, ...]:
    """The change points of a series of finite values, oldest first."""
    points = bounded(values)
    found: list[_Found] = []
    for change in _found(points, scan):
        while found and found[-1].first >= change.first:
            found.pop()  # a return that went beyond the level before it, or a step within a larger one
        found.append(change)
    if not found:
        return ()
    dates, edges = list[tuple[int, int]](), [0, *(change.first for change in found), len(points)]
    for place, change in enumerate(found, 1):
        edges[place], suspects = dated(points, change.level, *edges[place - 1 : place + 2])
        dates.append(suspects)
    medians = [float(np.median(points[begin:end])) for begin, end in pairwise(edges)]
    return tuple(
        Change(first, suspects, before, after, change.z, change.level.scale)
        for first, suspects, (before, after), change in zip(edges[1:-1], dates, pairwise(medians), found, strict=True)
    )


def _found(values: NDArray[np.float64], scan: Scan) -> Iterator[_Found]:
    """The change points in the order in which the series tells them."""
    kept, begin = np.arange(0), 0
    while True:
        places = np.concatenate([kept, np.arange(begin, len(values))])
        (shift,) = first_shifts([Search(values[places], scan, begin=len(kept))])
        if shift is None:
            return
        yield _Found(int(places[shift.first]), shift.before, shift.z)
        points, told = places[shift.first :], shift.opened - shift.first + 1
        kept = points[:told]
        back = returned(values[points[told : scan.min_history + scan.window]].tolist(), shift)
        if back is not None and told + back[0] < scan.min_history:
            back_again = points[told + back[0] : told + back[1] + 1]
            yield _Found(int(back_again[0]), shift.before)
            kept = np.concatenate([places[: shift.first], back_again])
        begin = int(kept[-1]) + 1


def dated(values: NDArray[np.float64], level: Level, begin: int, change: int, end: int) -> tuple[int, tuple[int, int]]:
    """Where the change between `begin` and `end` is likeliest, and the first and last place where it may have been."""
    points = values[begin:end]
    before, after = np.median(values[begin:change]), np.median(values[change:end])
    with np.errstate(over="ignore"):  # what is infinitely far is clipped like the rest
        reach = np.clip(np.abs(after - before) / level.scale, CLIP, _FARTHEST)
        away, back = (np.clip((points - middle) / level.scale, -reach, reach) for middle in (before, after))
    nearer = np.sign(np.abs(points - before) - np.abs(points - after))  # decides for points that are far from both
    cost = np.cumsum((away**2 - back**2) / level.inflation + _LITTLE * nearer)[:-1]
    near = begin + 1 + np.flatnonzero(cost <= cost.min() + SUSPECT)
    return begin + 1 + int(cost.argmin()), (int(near[0]), int(near[-1]))
