"""The first level shift in each of many series, found together.

The points of all series stand end to end in one array, and every step is one of numpy's over all of it: the levels
before each place, the z of each span that ends there, and what the greatest of them tells. A series is looked at some
hundred places ahead at a time, since what lies after a shift is judged anew, against other points.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, TypeVar

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from cajajejo.metrics.shifts.levels import CLIP, Level, Levels, inflation, levels_before
from cajajejo.metrics.shifts.scan import SPANS, SUSPECT, Scan, Shift

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator, Sequence

    from numpy.typing import NDArray

Answer = TypeVar("Answer")

_LONGEST: Final = SPANS[-1]
_AHEAD: Final = 128
"""Places of a series that are judged at a time."""
_TOGETHER: Final = 1 << 17
"""Points that are scanned together, at most: a bound on memory."""


@dataclass(frozen=True, slots=True)
class Earlier:
    """A level from before the points at hand: what changes in the direction of `signs` are compared with at first."""

    level: Level
    signs: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Search:
    """A question: the first shift in one of the directions `signs` that a run at `begin` or after it tells.

    Spans with too few points before them are not looked at or, where there is an `earlier` level, compared with that.
    With `confirm_after`, as many runs in a row have to tell.
    """

    values: NDArray[np.float64]
    scan: Scan
    signs: tuple[int, ...] = (-1, 1)
    begin: int = 0
    confirm_after: int = 1
    earlier: Earlier | None = None


def answered(askers: Iterable[Generator[Search, Shift | None, Answer]]) -> list[Answer]:
    """What each of `askers` returns; the questions that they ask at a time are answered together."""
    asking = list(askers)
    answers: dict[int, Answer] = {}
    replies: dict[int, Shift | None] = dict.fromkeys(range(len(asking)))
    while replies:
        searches: dict[int, Search] = {}
        for who, reply in replies.items():
            try:
                searches[who] = asking[who].send(reply)
            except StopIteration as done:
                answers[who] = done.value
        replies = dict(zip(searches, first_shifts(list(searches.values())), strict=True))
    return [answers[who] for who in range(len(asking))]


def first_shifts(searches: Sequence[Search]) -> list[Shift | None]:
    """The first shift that each search finds."""
    found: list[Shift | None] = [None] * len(searches)
    pending = [_Stretch(which, search, search.begin) for which, search in enumerate(searches)]
    while pending := [
        stretch for stretch in pending if found[stretch.which] is None and stretch.begin < len(stretch.search.values)
    ]:
        for alike in _alike(pending):
            for place, shift in _Scanned.of(alike).first_shifts():
                found[alike[place].which] = shift
        pending = [replace(stretch, begin=stretch.end) for stretch in pending]
    return found


@dataclass(frozen=True, slots=True)
class _Stretch:
    """Places of a search that are judged at a time, from `begin` on."""

    which: int
    search: Search
    begin: int

    @property
    def end(self) -> int:
        return min(len(self.search.values), self.begin + _AHEAD)

    @property
    def confirming(self) -> int:
        """The first place of which z is needed: those before `begin` confirm."""
        return max(self.search.begin, self.begin + 1 - self.search.confirm_after)

    @property
    def low(self) -> int:
        """The place of the first point that is needed."""
        return max(0, self.confirming + 1 - _LONGEST - self.search.scan.window)


def _alike(stretches: Iterable[_Stretch]) -> Iterator[list[_Stretch]]:
    """Stretches that are scanned alike, in portions of bounded size."""
    groups: dict[Scan, list[_Stretch]] = defaultdict(list)
    for stretch in stretches:
        groups[stretch.search.scan].append(stretch)
    for group in groups.values():
        upto = np.cumsum([stretch.end - stretch.low for stretch in group]) // _TOGETHER
        for portion in np.split(np.arange(len(group)), np.flatnonzero(np.diff(upto)) + 1):
            yield [group[which] for which in portion]


@dataclass(frozen=True, slots=True)
class _Joined:
    """The points of stretches of one scan, end to end: `stretch` tells whose a point is, `place` its place there."""

    scan: Scan
    stretches: Sequence[_Stretch]
    values: NDArray[np.float64]
    stretch: NDArray[np.int64]
    place: NDArray[np.int64]

    @classmethod
    def of(cls, stretches: Sequence[_Stretch]) -> _Joined:
        """At least one stretch."""
        bounds = [(stretch.low, stretch.end) for stretch in stretches]
        values = np.concatenate(
            [stretch.search.values[low:end] for stretch, (low, end) in zip(stretches, bounds, strict=True)]
        )
        low, end = np.array(bounds).T
        lengths = end - low
        whose = np.repeat(np.arange(len(stretches)), lengths)
        place = np.arange(len(values)) + (low + lengths - np.cumsum(lengths))[whose]
        return cls(stretches[0].search.scan, stretches, values, whose, place)

    def of_each(self, numbers: Iterable[int]) -> NDArray[np.int64]:
        """One number of each stretch, at each of its points."""
        return np.array(list(numbers))[self.stretch]


@dataclass(frozen=True, slots=True)
class _Scanned:
    """Joined stretches, the level before each of their points, and the z of the spans that end there, a row a span.

    A z is 0 where there are too few points before the span, and where it is in a direction that is not looked for.
    """

    joined: _Joined
    levels: Levels
    scores: NDArray[np.float64]

    @classmethod
    def of(cls, stretches: Sequence[_Stretch]) -> _Scanned:
        """At least one stretch, scanned."""
        joined = _Joined.of(stretches)
        levels, signs = _levels(joined)
        return cls(joined, levels, _scores(joined, levels, signs))

    def first_shifts(self) -> Iterator[tuple[int, Shift]]:
        """The first shift of each stretch that has one, with the place of the stretch."""
        span = np.abs(self.scores).argmax(axis=0)
        z = self.scores[span, np.arange(len(span))]
        at = self._telling(z)
        after = self._medians(at, span[at])
        centre = self.levels.centre[at + 1 - np.array(SPANS)[span[at]]]
        opening = ((after - centre) * np.sign(z[at]) > 0) & self.joined.scan.counts(centre, after)
        stretches, firsts = np.unique(self.joined.stretch[at[opening]], return_index=True)
        for stretch, first in zip(stretches.tolist(), np.flatnonzero(opening)[firsts].tolist(), strict=True):
            yield stretch, self._shift(int(at[first]), int(span[at[first]]), float(after[first]))

    def _telling(self, z: NDArray[np.float64]) -> NDArray[np.int64]:
        """Where z is large enough, for as many runs in a row as it takes."""
        joined = self.joined
        judged = joined.place >= joined.of_each(stretch.confirming for stretch in joined.stretches)
        sign = np.where(judged & (np.abs(z) >= joined.scan.threshold), np.sign(z), 0.0)
        at = np.flatnonzero(sign)
        begin = joined.of_each(stretch.begin for stretch in joined.stretches)
        at = at[joined.place[at] >= begin[at]]
        needed = joined.of_each(stretch.search.confirm_after for stretch in joined.stretches)
        for back in range(1, int(needed.max())):
            before = np.maximum(at - back, 0)
            same = (sign[before] == sign[at]) & (joined.stretch[before] == joined.stretch[at]) & (at >= back)
            at = at[same | (needed[at] <= back)]
        return at

    def _medians(self, at: NDArray[np.int64], span: NDArray[np.int64]) -> NDArray[np.float64]:
        """The medians of the spans that end at the points `at`."""
        medians = np.zeros(len(at))
        for row, m in enumerate(SPANS):
            some = np.flatnonzero(span == row)
            if len(some):
                medians[some] = np.median(sliding_window_view(self.joined.values, m)[at[some] + 1 - m], axis=1)
        return medians

    def _shift(self, at: int, span: int, after: float) -> Shift:
        """The shift that the span tells at the point `at`."""
        opened, scores = int(self.joined.place[at]), self.scores[:, at]
        z = float(scores[span])
        near = (scores**2 >= z**2 - SUSPECT) & (scores * z > 0)
        begins = [opened + 1 - m for m, suspect in zip(SPANS, near.tolist(), strict=True) if suspect]
        level = self.levels.at(at + 1 - SPANS[span])
        first = opened + 1 - SPANS[span]
        return Shift(1 if z > 0 else -1, first, (min(begins), max(begins)), opened, z, level, after)


def _levels(joined: _Joined) -> tuple[Levels, tuple[NDArray[np.bool_], NDArray[np.bool_]]]:
    """The level before each point, n 0 where none is needed; and which directions are looked for against it."""
    scan, stretches, place = joined.scan, joined.stretches, joined.place
    needed = place > joined.of_each(stretch.confirming - _LONGEST for stretch in stretches)
    needed &= place <= joined.of_each(stretch.end - SPANS[0] for stretch in stretches)
    at = np.flatnonzero(needed & (place >= scan.min_history))
    n = np.minimum(place[at], scan.window)
    known = levels_before(joined.values, at, n, scan.kind)
    levels = known.spread(at, len(place))
    down, up = (joined.of_each(sign in stretch.search.signs for stretch in stretches) > 0 for sign in (-1, 1))
    for which, stretch in enumerate(stretches):
        earlier = stretch.search.earlier
        if earlier is not None and stretch.low < scan.min_history:
            young = (joined.stretch == which) & needed & (place < scan.min_history)
            levels.put(young, earlier.level)
            down[young], up[young] = -1 in earlier.signs, 1 in earlier.signs
    return levels, (down, up)


def _scores(joined: _Joined, levels: Levels, signs: tuple[NDArray[np.bool_], NDArray[np.bool_]]) -> NDArray[np.float64]:
    """The z of each span that ends at each point, 0 where there is none."""
    scores = np.zeros((len(SPANS), len(joined.values)))
    at = np.flatnonzero(levels.n)
    room = (joined.of_each(stretch.end for stretch in joined.stretches) - joined.place)[at]
    n, centre, scale, r = (column[at] for column in (levels.n, levels.centre, levels.scale, levels.autocorrelation))
    down, up = (allowed[at] for allowed in signs)
    total = np.zeros(len(at))
    for m in range(1, _LONGEST + 1):
        last = np.minimum(at + m - 1, len(joined.values) - 1)
        with np.errstate(over="ignore"):  # what is infinitely far is clipped like the rest
            total += np.clip((joined.values[last] - centre) / scale, -CLIP, CLIP)
        if m in SPANS:
            z = total / m / np.sqrt((1 / m + 1 / n) * inflation(r, m))
            some = (room >= m) & np.where(z > 0, up, down)
            scores[SPANS.index(m), last[some]] = z[some]
    return scores
