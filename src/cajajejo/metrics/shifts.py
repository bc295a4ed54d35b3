"""Level shifts: a scan of winsorised means over a series, and the episodes that it opens and closes; pure maths.

At each run, for m of `SPANS` and the last `WINDOW` points before the last m as baseline (at least `MIN_HISTORY`)::

    madn = 1.4826 b_n median|H - med|       or, where that is 0, 1.2533 mean|H - med|
    Hc   = H clipped to med ± 2.5 madn
    c, s = mean(Hc), 1.03 sd(Hc) (1 + 2/n)
    z_m  = mean of the last m of clip((x - c) / s, ±3) / sqrt((1/m + 1/n) F_m)

F_m is the variance inflation of a mean of m points with lag-one autocorrelation r. A shift is the z_m of greatest size
at `THRESHOLD` or more: one spike can never reach it, three clear runs in a row can. The episode begins at the first of
those m runs, keeps c, s and r, and is closed by a CUSUM for the return to c.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING, Final

from cajajejo.metrics.aggregate import deviation, mean

if TYPE_CHECKING:
    from collections.abc import Sequence

WINDOW: Final = 100
MIN_HISTORY: Final = 10
SPANS: Final = (3, 4, 5, 6, 8, 10, 12, 15)
THRESHOLD: Final = 4.5
CLIP: Final = 3.0
WINSOR: Final = 2.5
CLOSE: Final = 6.0
STEP: Final = 2.0
REOPEN_WITHIN: Final = 15
GUARD_IN_A_ROW: Final = 5
GUARD_OF_LAST: Final = (8, 15)
_SMALL_SAMPLE: Final = {2: 1.196, 3: 1.495, 4: 1.363, 5: 1.206, 6: 1.200, 7: 1.140, 8: 1.129, 9: 1.107}


@dataclass(frozen=True, slots=True)
class Level:
    """The level of a baseline of `n` points: winsorised mean, scale of one point, lag-one autocorrelation."""

    n: int
    centre: float
    scale: float
    autocorrelation: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Level:
        """The level of at least one finite value."""
        n, middle = len(values), median(values)
        distances = [abs(value - middle) for value in values]
        spread = 1.4826 * _small_sample(n) * median(distances) or 1.2533 * mean(distances)
        kept = [_clip(value, middle - WINSOR * spread, middle + WINSOR * spread) for value in values]
        centre = mean(kept)
        scale = 1.03 * deviation(kept, centre) * (1 + 2 / n)
        scale = max(scale, 1e-9 * max(1.0, abs(centre)))
        return cls(n, centre, scale, _autocorrelation([(value - middle) / scale for value in values]))

    def score(self, last: Sequence[float]) -> float:
        """The z of the mean of the `last` points against this level."""
        m = len(last)
        clipped = math.fsum(_clip((value - self.centre) / self.scale, -CLIP, CLIP) for value in last) / m
        return clipped / math.sqrt((1 / m + 1 / self.n) * inflation(self.autocorrelation, m))


@dataclass(frozen=True, slots=True)
class Shift:
    """A change of level: its sign, the place of its first run, its z, the level before it and its size in scales."""

    sign: int
    first: int
    z: float
    before: Level
    size: float


@dataclass(slots=True)
class Levels:
    """The levels before each place of one series, computed once; `values` only grows."""

    values: list[float]
    _known: dict[int, Level] = field(default_factory=dict)

    def before(self, end: int) -> Level:
        """The level of the last `WINDOW` points before the place `end`."""
        if end not in self._known:
            self._known[end] = Level.of(self.values[max(0, end - WINDOW) : end])
        return self._known[end]


def scan(levels: Levels) -> Shift | None:
    """The score of greatest size at the end of a series, whether or not it reaches the threshold; None if too short."""
    values, best = levels.values, None
    for m in SPANS:
        first = len(values) - m
        if first < MIN_HISTORY:
            break
        level = levels.before(first)
        z = level.score(values[first:])
        if best is None or abs(z) > abs(best[0]):
            best = (z, first, level)
    if best is None:
        return None
    z, first, level = best
    return _shift(values, 1 if z > 0 else -1, z, first, level)


def opens(shift: Shift | None, sign: int) -> bool:
    """Whether `shift` is one in the direction of `sign`, and its median agrees."""
    return shift is not None and shift.sign == sign and abs(shift.z) >= THRESHOLD and shift.size > 0


def inflation(r: float, m: int) -> float:
    """F_m = max(1, (1 + r) / (1 - r) - 2 r (1 - r^m) / (m (1 - r)²)), the variance inflation of a mean of m points."""
    return max(1.0, (1 + r) / (1 - r) - 2 * r * (1 - r**m) / (m * (1 - r) ** 2))


def shift_at(values: Sequence[float], first: int, sign: int) -> Shift:
    """The shift in the direction of `sign` that is said to begin at the place `first` (at least 1)."""
    level = Level.of(values[max(0, first - WINDOW) : first])
    return _shift(values, sign, level.score(values[first:]), first, level)


@dataclass(slots=True)
class Return:
    """The CUSUM for the return to the level before `shift`; closed when `total` reaches 6."""

    shift: Shift
    total: float = 0.0

    def add(self, value: float) -> bool:
        """Takes one more run; tells whether the episode is closed by it."""
        level = self.shift.before
        delta = min(4.0, max(1.0, self.shift.size))
        factor = (1 + level.autocorrelation) / (1 - level.autocorrelation)
        away = self.shift.sign * (value - level.centre) / level.scale
        self.total = max(0.0, self.total + _clip(delta * (delta / 2 - away) / factor, -STEP, STEP))
        return self.total >= CLOSE


def _shift(values: Sequence[float], sign: int, z: float, first: int, level: Level) -> Shift:
    return Shift(sign, first, z, level, sign * (median(values[first:]) - level.centre) / level.scale)


def _autocorrelation(scores: Sequence[float]) -> float:
    """Lag-one autocorrelation, shrunk so that it costs nothing on white noise, between 0 and 0.7."""
    clipped = [_clip(score, -WINSOR, WINSOR) for score in scores]
    squares = math.fsum(score * score for score in clipped)
    if squares == 0:
        return 0.0
    products = math.fsum(one * other for one, other in pairwise(clipped))
    return _clip(products / squares + 1 / len(scores) - 1 / math.sqrt(len(scores)), 0.0, 0.7)


def _small_sample(n: int) -> float:
    return 1.0 if n == 1 else _SMALL_SAMPLE.get(n, n / (n - 0.8))


def _clip(value: float, low: float, high: float) -> float:
    return min(max(value, low), high)
