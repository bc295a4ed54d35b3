"""Where a metric turned: the last good run before a regression, and the first bad one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cajajejo.metrics.judgement.bounds import Bounds
    from cajajejo.metrics.points import Point


@dataclass(frozen=True, slots=True)
class Turn:
    """The last good run, and the first run that is bad for certain; between them lies what made the difference."""

    good: Point
    bad: Point

    @property
    def commits(self) -> tuple[str, str] | None:
        """What the configurations of the two came from, where both are known."""
        if self.good.commit is None or self.bad.commit is None:
            return None
        return self.good.commit, self.bad.commit


def of_bounds(points: Sequence[Point], bounds: Bounds) -> Turn | None:
    """The turn in `points`, oldest first, whose last one is out of `bounds`; None where no run before it was good.

    Good is a run that was not out of its own bounds then, and is in these now.
    """
    for place in range(len(points) - 2, -1, -1):
        if not points[place].outside and bounds.contains(points[place].value):
            return Turn(points[place], points[place + 1])
    return None


def of_shift(points: Sequence[Point], suspects: tuple[int, int]) -> Turn | None:
    """The turn to a level that may have begun at any place from the first of `suspects` to the last."""
    first, last = suspects
    return Turn(points[first - 1], points[last]) if first else None
