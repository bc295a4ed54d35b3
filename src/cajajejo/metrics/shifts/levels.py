"""The level of a metric before a run: a winsorised mean, the scale of one run, and how neighbouring runs resemble.

Of a baseline H of n points with median med::

    MADN = 1.4826 b_n median|H - med|, or 1.2533 mean|H - med| where that is 0
    Hc   = H clipped to med ± 2.5 MADN
    c    = mean(Hc)
    s    = 1.03 sd(Hc) (1 + 2/n), at least half the resolution of the metric and 1e-9 max(1, |c|)
    u    = (H - med) / s, clipped to ±2.5
    r    = Σ u_i u_i+1 / Σ u_i² + 1/n - 1/sqrt(n), between 0 and 0.7

b_n makes the median absolute deviation of few points that of many (Croux and Rousseeuw, 1992), 1.03 (1 + 2/n) does so
for the winsorised deviation, and - 1/sqrt(n) lets the autocorrelation cost nothing where there is none. Deviations are
counted in MADN before they are squared, so that no finite value overflows.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import ArrayLike, NDArray

CLIP: Final = 3.0
"""What one run can count, at most, in scales: with it a spike of any size stays a spike."""
LARGEST: Final = 1e300
"""Values beyond it count as it does; sums of a thousand of them are still finite."""

_WINSOR: Final = 2.5
_SMALL_SAMPLE: Final = {2: 1.196, 3: 1.495, 4: 1.363, 5: 1.206, 6: 1.200, 7: 1.140, 8: 1.129, 9: 1.107}
_AT_ONCE: Final = 1 << 16
"""Numbers in the windows that are worked on together: they stay in the processor's cache."""


@dataclass(frozen=True, slots=True)
class Kind:
    """What kind of numbers a level is of: their least step, whether neighbours may resemble, whether logarithms.

    The `resolution` of logarithms is the least step of the numbers that they are of.
    """

    resolution: float = 0.0
    autocorrelated: bool = True
    logarithms: bool = False

    def least_scale(self, centre: NDArray[np.float64]) -> NDArray[np.float64]:
        """The least scale of one point about each `centre`."""
        least = 1e-9 * np.maximum(1.0, np.abs(centre))
        if not self.resolution:
            return least
        with np.errstate(over="ignore"):
            step = self.resolution * np.exp(-centre) if self.logarithms else np.full_like(centre, self.resolution)
        return np.maximum(least, step / 2)


_USUAL: Final = Kind()


@dataclass(frozen=True, slots=True)
class Level:
    """The level of a baseline of `n` points: winsorised mean, scale of one point, lag-one autocorrelation."""

    n: int
    centre: float
    scale: float
    autocorrelation: float

    @classmethod
    def of(cls, values: ArrayLike, kind: Kind = _USUAL) -> Level:
        """The level of at least one finite value."""
        points = bounded(values)
        all_of_them = np.array([len(points)])
        return levels_before(points, all_of_them, all_of_them, kind).at(0)

    @property
    def inflation(self) -> float:
        """What `inflation` of a mean comes to with ever more points: (1 + r) / (1 - r)."""
        return (1 + self.autocorrelation) / (1 - self.autocorrelation)

    def score(self, last: ArrayLike) -> float:
        """The z of the mean of the `last` points against this level."""
        with np.errstate(over="ignore"):
            away = np.clip((bounded(last) - self.centre) / self.scale, -CLIP, CLIP)
        m = len(away)
        return float(away.mean() / np.sqrt((1 / m + 1 / self.n) * inflation(np.array([self.autocorrelation]), m)[0]))


@dataclass(frozen=True, slots=True)
class Levels:
    """Levels of many baselines, a column each."""

    n: NDArray[np.float64]
    centre: NDArray[np.float64]
    scale: NDArray[np.float64]
    autocorrelation: NDArray[np.float64]

    def at(self, place: int) -> Level:
        """The level in one place."""
        return Level(
            int(self.n[place]),
            float(self.centre[place]),
            float(self.scale[place]),
            float(self.autocorrelation[place]),
        )

    def spread(self, places: NDArray[np.int64], length: int) -> Levels:
        """These levels at `places` of longer columns, with n 0 elsewhere."""
        columns = np.zeros((4, length))
        columns[:, places] = self.n, self.centre, self.scale, self.autocorrelation
        return Levels(*columns)

    def put(self, places: NDArray[np.bool_], level: Level) -> None:
        """Sets the level at `places`."""
        self.n[places], self.centre[places], self.scale[places] = level.n, level.centre, level.scale
        self.autocorrelation[places] = level.autocorrelation


def bounded(values: ArrayLike) -> NDArray[np.float64]:
    """`values` as numbers that can be added up without overflow."""
    return np.clip(np.asarray(values, dtype=np.float64), -LARGEST, LARGEST)


def inflation(r: NDArray[np.float64], m: int) -> NDArray[np.float64]:
    """F_m = max(1, (1 + r) / (1 - r) - 2 r (1 - r^m) / (m (1 - r)²)), the variance inflation of a mean of m points."""
    factor = np.ones_like(r)
    some = r > 0
    r = r[some]
    factor[some] = np.maximum(1.0, (1 + r) / (1 - r) - 2 * r * (1 - r**m) / (m * (1 - r) ** 2))
    return factor


def levels_before(
    values: NDArray[np.float64],
    ends: NDArray[np.int64],
    counts: NDArray[np.int64],
    kind: Kind = _USUAL,
) -> Levels:
    """The levels of the last `counts` values before each of `ends`; values may hold several series, end to end."""
    levels = Levels(counts.astype(np.float64), *(np.zeros(len(ends)) for _ in range(3)))
    for some, n in _of_equal_length(counts):
        windows = sliding_window_view(values, n)[ends[some] - n]
        centre, scale, distances = _winsorised(windows)
        scale = np.maximum(scale, kind.least_scale(centre))
        levels.centre[some], levels.scale[some] = centre, scale
        if kind.autocorrelated:
            levels.autocorrelation[some] = _autocorrelation(distances, scale)
    return levels


def _of_equal_length(counts: NDArray[np.int64]) -> Iterator[tuple[NDArray[np.int64], int]]:
    """Places of windows that are equally long, and how long, in portions that fit the cache."""
    order = np.argsort(counts, kind="stable")
    lengths, times = np.unique(counts, return_counts=True)
    for n, alike in zip(lengths.tolist(), np.split(order, np.cumsum(times)[:-1]), strict=False):
        rows = max(1, _AT_ONCE // n)
        yield from ((alike[row : row + rows], n) for row in range(0, len(alike), rows))


def _winsorised(
    windows: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Of each row: its winsorised mean, its winsorised deviation, and how far each point is from the median."""
    n = windows.shape[1]
    median = _middle(windows)
    distances = windows - median[:, None]
    spread = _spread(np.abs(distances))
    kept = _in_units(distances, np.where(spread > 0, spread, 1.0))
    middle = kept.sum(axis=1) / n
    kept -= middle[:, None]
    deviation = np.sqrt(np.einsum("ij,ij->i", kept, kept) / max(1, n - 1))
    return median + spread * middle, 1.03 * spread * deviation * (1 + 2 / n), distances


def _middle(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """The median of each row."""
    n = rows.shape[1]
    ordered = np.sort(rows, axis=1)
    middle: NDArray[np.float64] = (ordered[:, (n - 1) // 2] + ordered[:, n // 2]) / 2
    return middle


def _spread(sizes: NDArray[np.float64]) -> NDArray[np.float64]:
    """MADN of each row of absolute deviations."""
    n = sizes.shape[1]
    spread = _middle(sizes)
    spread *= 1.4826 * _SMALL_SAMPLE.get(n, n / (n - 0.8))
    none = spread == 0
    if none.any():
        spread[none] = 1.2533 * sizes[none].mean(axis=1)
    return spread


def _in_units(distances: NDArray[np.float64], units: NDArray[np.float64]) -> NDArray[np.float64]:
    """Distances in the unit of their row, winsorised."""
    with np.errstate(over="ignore"):  # what is infinitely far is clipped like the rest
        scores: NDArray[np.float64] = distances / units[:, None]
    np.clip(scores, -_WINSOR, _WINSOR, out=scores)
    return scores


def _autocorrelation(distances: NDArray[np.float64], scale: NDArray[np.float64]) -> NDArray[np.float64]:
    """Lag-one autocorrelation of each row, shrunk, between 0 and 0.7."""
    n = distances.shape[1]
    scores = _in_units(distances, scale)
    squares = np.einsum("ij,ij->i", scores, scores)
    products = np.einsum("ij,ij->i", scores[:, 1:], scores[:, :-1])
    some = squares > 0
    raw = np.zeros(len(scores))
    raw[some] = np.clip(products[some] / squares[some] + 1 / n - 1 / math.sqrt(n), 0.0, 0.7)
    return raw
