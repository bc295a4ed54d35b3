"""Level shifts worked out in another way: examples with their numbers, and the definition run by run, slowly."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import fmean, median
from typing import TYPE_CHECKING

import numpy as np

from cajajejo.metrics.shifts.episodes import Course, Track, Watch, replay
from cajajejo.metrics.shifts.scan import Scan

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

H10 = (0.912, 0.915, 0.909, 0.918, 0.911, 0.914, 0.910, 0.913, 0.916, 0.907)
H20 = (*H10, 0.912, 0.914, 0.908, 0.915, 0.911, 0.913, 0.917, 0.910, 0.912, 0.914)
SHIFTED = (0.903, 0.901, 0.900)
BACK = (0.913, 0.912, 0.911)

LOWER_IS_WORSE = Watch(Scan(), bad=(-1,), ratchet=True)
SHADOW = Watch(Scan(), bad=(-1,), guarded=True)

SPANS = (3, 4, 5, 6, 8, 10, 12, 15)
SMALL_SAMPLE = {2: 1.196, 3: 1.495, 4: 1.363, 5: 1.206, 6: 1.200, 7: 1.140, 8: 1.129, 9: 1.107}


def track(values: Sequence[float], *, outside: Collection[int] = (), start: int = 0) -> Track:
    return Track(np.array(values, dtype=float), np.array([place in outside for place in range(len(values))]), start)


def course(
    values: Sequence[float], watch: Watch = LOWER_IS_WORSE, *, outside: Collection[int] = (), start: int = 0
) -> Course:
    (found,) = replay([track(values, outside=outside, start=start)], [watch])
    return found


def clip(value: float, size: float) -> float:
    return min(max(value, -size), size)


@dataclass(frozen=True)
class SlowLevel:
    """c, s, n and r of a baseline, as they are written down."""

    n: int
    centre: float
    scale: float
    r: float

    @classmethod
    def of(cls, values: Sequence[float], scan: Scan) -> SlowLevel:
        n, middle = len(values), median(values)
        distances = [abs(value - middle) for value in values]
        madn = 1.4826 * SMALL_SAMPLE.get(n, n / (n - 0.8)) * median(distances)
        if madn == 0:
            madn = 1.2533 * fmean(distances)
        kept = [min(max(value, middle - 2.5 * madn), middle + 2.5 * madn) for value in values]
        centre = fmean(kept)
        variance = sum((value - centre) ** 2 for value in kept) / max(1, n - 1)
        scale = 1.03 * math.sqrt(variance) * (1 + 2 / n)
        scale = max(scale, scan.resolution / 2, 1e-9 * max(1.0, abs(centre)))
        scores = [clip((value - middle) / scale, 2.5) for value in values]
        squares = sum(score * score for score in scores)
        r = 0.0
        if scan.autocorrelated and squares > 0:
            products = sum(one * other for one, other in pairwise(scores))
            r = min(max(products / squares + 1 / n - 1 / math.sqrt(n), 0.0), 0.7)
        return cls(n, centre, scale, r)

    def score(self, last: Sequence[float]) -> float:
        m, r = len(last), self.r
        factor = max(1.0, (1 + r) / (1 - r) - 2 * r * (1 - r**m) / (m * (1 - r) ** 2))
        away = fmean(clip((value - self.centre) / self.scale, 3.0) for value in last)
        return away / math.sqrt((1 / m + 1 / self.n) * factor)


@dataclass(frozen=True)
class SlowShift:
    sign: int
    first: int
    suspects: tuple[int, int]
    opened: int
    z: float
    before: SlowLevel
    after: float


@dataclass
class SlowScan:
    """The scan over one series that grows by a point at a time; places are those of the replay."""

    watch: Watch
    values: Sequence[float]
    signs: tuple[int, ...]
    places: list[int]
    earlier: SlowLevel | None = None
    told: list[int] = field(default_factory=list)

    def see(self, place: int) -> SlowShift | None:
        """The shift that the point at `place`, the next one, tells."""
        self.places.append(place)
        scored = self.scored()
        if not scored:
            self.told.append(0)
            return None
        z, m, level = max(scored, key=lambda one: abs(one[0]))
        sign = 1 if z > 0 else -1
        self.told.append(sign if abs(z) >= self.watch.scan.threshold else 0)
        after = median(self.values[one] for one in self.places[-m:])
        change, floor = after - level.centre, self.watch.scan
        needed = self.watch.confirm_after
        if self.told[-needed:] != [sign] * needed or change * sign <= 0:
            return None
        if abs(change) < max(floor.absolute, floor.relative * abs(level.centre)):
            return None
        near = [other for one, other, _ in scored if one * z > 0 and one**2 >= z**2 - 3.84]
        suspects = self.places[-max(near)], self.places[-min(near)]
        return SlowShift(sign, self.places[-m], suspects, place, z, level, after)

    def scored(self) -> list[tuple[float, int, SlowLevel]]:
        found, scan = [], self.watch.scan
        for m in SPANS:
            first = len(self.places) - m
            if first >= scan.min_history:
                before = self.places[max(0, first - scan.window) : first]
                level, signs = SlowLevel.of([self.values[place] for place in before], scan), self.signs
            elif first >= 0 and self.earlier is not None:
                level, signs = self.earlier, self.watch.bad
            else:
                continue
            z = level.score([self.values[place] for place in self.places[first:]])
            if (1 if z > 0 else -1) in signs and z != 0:
                found.append((z, m, level))
        return found


@dataclass
class SlowReplay:
    """What happens, run by run: a line for each event, so that two accounts can be compared."""

    values: Sequence[float]
    outside: Collection[int]
    watch: Watch
    said: list[tuple[object, ...]] = field(default_factory=list)
    places: list[int] = field(default_factory=list)
    old: list[int] = field(default_factory=list)
    earlier: SlowLevel | None = None
    recovered: tuple[int, int] | None = None
    open: SlowShift | None = None

    def run(self, start: int) -> SlowReplay:
        self.quiet([])
        for place in range(start, len(self.values)):
            if self.open is None:
                self.see_quiet(place)
            else:
                self.see_open(place, self.open)
        return self

    def quiet(self, places: list[int]) -> None:
        """From now on the next points are compared with those at `places`."""
        self.places, self.open, self.quiet_from = places, None, len(places)
        signs = (-1, 1) if self.watch.ratchet else self.watch.bad
        self.scan = SlowScan(self.watch, self.values, signs, list(places), self.earlier)

    def see_quiet(self, place: int) -> None:
        shift, cause = self.scan.see(place), "scan"
        self.places.append(place)
        if shift is None and self.watch.guarded:
            shift, cause = self.guard(), "bounds"
        if shift is None:
            return
        at = self.places.index(shift.first)
        if shift.sign not in self.watch.bad:
            self.say("improvement", shift, cause, resumed=False)
            self.earlier, self.old, self.recovered = shift.before, self.places[:at], None
            self.quiet(self.places[at:])
            return
        ended = self.recovered
        resumed = ended is not None and ended[0] == shift.sign and place - ended[1] <= 15
        self.say("opened", shift, cause, resumed=resumed)
        self.open, self.own, self.places = shift, self.places[at:], self.places[:at]
        self.total, self.back = 0.0, list[int]()
        self.further([])
        for one in self.own:
            self.inner.places.append(one)

    def further(self, places: list[int]) -> None:
        """From now on an escalation is looked for among the points from `places` on."""
        assert self.open is not None
        self.inner = SlowScan(self.watch, self.values, (self.open.sign,), list(places))

    def see_open(self, place: int, shift: SlowShift) -> None:
        level = shift.before
        delta = min(4.0, max(1.0, abs(shift.after - level.centre) / level.scale))
        away = shift.sign * (self.values[place] - level.centre) / level.scale
        step = delta * (delta / 2 - away) / ((1 + level.r) / (1 - level.r))
        self.total = max(0.0, self.total + clip(step, 2.0))
        self.own.append(place)
        self.back = [*self.back, place] if self.total > 0 else []
        if self.total >= 6:
            self.said.append(("recovered", place))
            self.recovered = (shift.sign, place)
            self.quiet([*self.places, *self.back])
            return
        if self.watch.absorb_after is not None and len(self.inner.places) + 1 >= self.watch.absorb_after:
            self.said.append(("absorbed", place))
            self.recovered, self.earlier, self.old = None, None, []
            self.quiet([*self.inner.places, place])
            return
        further = self.inner.see(place)
        if further is not None:
            self.said.append(("escalated", place))
            self.further(self.inner.places[self.inner.places.index(further.first) :])

    def guard(self) -> SlowShift | None:
        """Five in a row, or eight of the last fifteen, out of bounds on one side."""
        last = len(self.places)
        begin = max(1, self.quiet_from, last - 15)
        marked = [place for place in range(begin, last) if self.places[place] in self.outside]
        if not marked:
            return None
        inside = [place for place in self.places[: marked[0]] if place not in self.outside][-self.watch.scan.window :]
        middle = median(self.values[place] for place in inside or self.places[: marked[0]])
        for sign in self.watch.bad:
            beyond = [place for place in marked if sign * (self.values[self.places[place]] - middle) > 0]
            if beyond[-5:] == list(range(last - 5, last)):
                return self.guarded(beyond[-5], sign)
            if len(beyond) >= 8:
                return self.guarded(beyond[0], sign)
        return None

    def guarded(self, first: int, sign: int) -> SlowShift:
        numbers = [self.values[place] for place in self.places]
        level = SlowLevel.of(numbers[max(0, first - self.watch.scan.window) : first], self.watch.scan)
        place, after = self.places[first], median(numbers[first:])
        return SlowShift(sign, place, (place, place), self.places[-1], level.score(numbers[first:]), level, after)

    def say(self, what: str, shift: SlowShift, cause: str, *, resumed: bool) -> None:
        level = shift.before
        self.said.append((what, shift.opened, shift.sign, shift.first, shift.suspects, cause, resumed))
        self.said.append((shift.z, shift.after, level.n, level.centre, level.scale, level.r))

    def baseline(self) -> tuple[int, ...]:
        return tuple(self.places if len(self.places) >= self.watch.scan.min_history or not self.old else self.old)


def events(found: Course) -> list[tuple[object, ...]]:
    """A course as the plain replay says it."""
    said: list[tuple[object, ...]] = []
    for episode in found.episodes:
        shift, level = episode.shift, episode.shift.before
        what = "opened" if episode.bad else "improvement"
        said.append((what, shift.opened, shift.sign, shift.first, shift.suspects, episode.cause, episode.resumed))
        said.append((shift.z, shift.after, level.n, level.centre, level.scale, level.autocorrelation))
        said += [("escalated", place) for place in episode.escalated]
        if episode.bad and episode.closed is not None:
            said.append((episode.ending, episode.closed))
    return said
