"""The history that a bound rests on: prior points without lasting shifts and without isolated outliers; pure.

Shifts in the bad direction are watched in the shadow of every bound that comes from history. While an episode is open,
its points stay out of the history, so that the bound stays where it was and the shift keeps being reported; when the
metric has returned, the runs since its return join the points from before the shift. A point that was out of bounds
and in no episode stays out for k of at least 2.5; for a smaller k leaving points out would shrink the bounds without
end. Five runs in a row out of bounds, or eight of the last fifteen, are an episode even where the scan sees none.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from cajajejo.metrics import shifts
from cajajejo.metrics.shifts import Levels, Return

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cajajejo.metrics.bounds import Point
    from cajajejo.metrics.config import SuccessCondition

EXCLUDING_K: Final = 2.5


@dataclass(frozen=True, slots=True)
class Baseline:
    """The values that a bound is computed from, and the first run of the shift that is open, if one is."""

    values: tuple[float, ...]
    shifted_since: str | None = None

    @property
    def note(self) -> str:
        """What a reason says of the shift, with a separator in front."""
        return "" if self.shifted_since is None else f"; level shift since run {self.shifted_since}"


def baseline(points: Sequence[Point], condition: SuccessCondition, *, without_last: int = 0) -> Baseline:
    """The baseline that `points`, oldest first, give to the next run; the last few can be left out of its values."""
    k = condition.success_threshold.stddevs_from_mean
    places = list(range(len(points)))
    since = None
    if k is not None:
        watch = _Watch(points, 1 if condition.comparison.startswith("less") else -1)
        for place in places:
            watch.see(place)
        outliers = {place for place in watch.places if k >= EXCLUDING_K and points[place].outside}
        places = [place for place in watch.places if place not in outliers]
        since = None if watch.returning is None else watch.named
    end = len(points) - without_last
    return Baseline(tuple(points[place].value for place in places if place < end), since)


@dataclass(slots=True)
class _Watch:
    """Replays the points of one metric; `places` are those in the current baseline, by their place in `points`."""

    points: Sequence[Point]
    sign: int
    places: list[int] = field(default_factory=list)
    returning: Return | None = None
    named: str = ""
    _levels: Levels = field(default_factory=lambda: Levels([]))
    _back: list[int] = field(default_factory=list)
    _quiet_from: int = 0
    _closed_at: int | None = None

    def see(self, place: int) -> None:
        """Takes the point at `place`, the next one."""
        value = self.points[place].value
        if self.returning is not None:
            self._while_open(place, value)
            return
        self.places.append(place)
        self._levels.values.append(value)
        shift = shifts.scan(self._levels)
        if shift is None or not shifts.opens(shift, self.sign):
            first = self._guarded()
            shift = None if first is None else shifts.shift_at(self._levels.values, first, self.sign)
        if shift is not None:
            self._open(shift, place)

    def _open(self, shift: shifts.Shift, place: int) -> None:
        resumed = self._closed_at is not None and place - self._closed_at <= shifts.REOPEN_WITHIN
        if not resumed:
            self.named = self.points[self.places[shift.first]].run_id
        self.returning = Return(shift)
        self._rebuild(self.places[: shift.first])

    def _while_open(self, place: int, value: float) -> None:
        assert self.returning is not None  # noqa: S101  # the caller looked
        closed = self.returning.add(value)
        self._back = [*self._back, place] if self.returning.total > 0 else []
        if closed:
            self._rebuild([*self.places, *self._back])
            self._quiet_from, self._closed_at = len(self.places), place
            self.returning, self._back = None, []

    def _rebuild(self, places: list[int]) -> None:
        self.places = places
        self._levels = Levels([self.points[place].value for place in places])

    def _guarded(self) -> int | None:
        """Where, among `places`, a series of points out of bounds begins that is an episode by itself."""
        many, last = shifts.GUARD_OF_LAST
        begin = max(self._quiet_from, len(self.places) - last, 1)
        outside = [index for index in range(begin, len(self.places)) if self.points[self.places[index]].outside]
        in_a_row = outside[-shifts.GUARD_IN_A_ROW :]
        if len(in_a_row) == shifts.GUARD_IN_A_ROW and in_a_row[0] == len(self.places) - shifts.GUARD_IN_A_ROW:
            return in_a_row[0]
        return outside[0] if len(outside) >= many else None
