"""One number of a series: the strategies of a collection.

NaN means one thing everywhere: whatever looks at a value that is NaN is NaN. `max`, `min`, `average`, `median` and the
percentiles look at all values of a series, `final` at the last point alone and `last_n_average` at the last few.

The last points are those with the greatest wall times; of equal ones the later recorded is the later. A wall time that
is NaN is before all others.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np

from cajajejo.metrics.events import Series

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from cajajejo.metrics.config.collection import Strategy

_EXACTLY: Final = 1000
"""So many numbers are added exactly; more of them first in pairs, with what each addition rounds off."""
_HUGE: Final = 2.0**960
_SMALLER: Final = 2.0**-64
"""Numbers beyond the first are made smaller by the second before they are added, lest the sum is infinite."""


def number(series: Series, strategy: Strategy, *, last_n: int) -> float:
    """What `strategy` makes of a series of at least one point; `last_n` is how many `last_n_average` looks at."""
    if strategy == "final":
        return final(series)
    if strategy == "last_n_average":
        return mean(series.values[_latest(_moments(series), last_n)])
    return _OF_ALL[strategy](series.values)


def final(series: Series) -> float:
    """The value with the greatest wall time; of equal ones the one recorded last."""
    return float(series.values[::-1][np.argmax(_moments(series)[::-1])])


def finite(series: Series) -> Series:
    """The points of `series` whose values are finite numbers, in their order."""
    taken = np.isfinite(series.values)
    return Series(series.steps[taken], series.wall_times[taken], series.values[taken])


def mean(values: NDArray[np.float64]) -> float:
    """The arithmetic mean, never beyond the least and the greatest value; infinite or NaN as IEEE 754 has it."""
    if not np.isfinite(values).all():
        odd = values[~np.isfinite(values)]
        return float(odd[0]) if (odd == odd[0]).all() else math.nan
    least, greatest = float(values.min()), float(values.max())
    if max(-least, greatest) > _HUGE:
        middle = total(values * _SMALLER) / len(values) / _SMALLER
    else:
        middle = total(values) / len(values)
    return min(max(middle, least), greatest)


def total(values: NDArray[np.float64]) -> float:
    """The sum of finite values, as good as in twice the precision: exactly rounded up to a thousand of them.

    Numbers are added in pairs, and what each addition rounds off (Knuth, TAOCP 2, 4.2.2, theorem B) in the end.
    """
    rounded_off = []
    while len(values) > _EXACTLY:
        half = len(values) // 2
        left, right = values[:half], values[half : 2 * half]
        added = left + right
        of_right = added - left
        rounded_off.append(float(((left - (added - of_right)) + (right - of_right)).sum()))
        values = np.concatenate([added, values[2 * half :]])
    return math.fsum([*values.tolist(), *rounded_off])


def quantile(values: NDArray[np.float64], share: float) -> float:
    """The value below which this share of them is; between two, on the line through them.

    This is type 7 of Hyndman and Fan (Sample quantiles in statistical packages, 1996), the default of NumPy. Between
    equal infinities it is infinite, between opposite ones NaN.
    """
    if np.isnan(values).any():
        return math.nan
    place = (len(values) - 1) * share
    ends = [math.floor(place), math.ceil(place)]
    below, above = np.partition(values, ends)[ends].tolist()
    if below == above:
        return float(below)
    between = (ends[1] - place) * below + (place - ends[0]) * above
    return float(between if math.isinf(below) or math.isinf(above) else min(max(between, below), above))


def _latest(moments: NDArray[np.float64], count: int) -> NDArray[np.intp]:
    """The places of the `count` greatest moments; of equal ones the later recorded."""
    if count >= len(moments):
        return np.arange(len(moments))
    edge = np.partition(moments, -count)[-count]
    after, at_once = np.flatnonzero(moments > edge), np.flatnonzero(moments == edge)
    return np.concatenate([after, at_once[len(after) - count :]])


def _moments(series: Series) -> NDArray[np.float64]:
    return np.where(np.isnan(series.wall_times), -np.inf, series.wall_times)


_OF_ALL: Final[Mapping[Strategy, Callable[[NDArray[np.float64]], float]]] = {
    "max": lambda values: float(values.max()),  # NaN where any value is
    "min": lambda values: float(values.min()),
    "average": mean,
    "median": lambda values: quantile(values, 0.5),
    "p50": lambda values: quantile(values, 0.5),
    "p90": lambda values: quantile(values, 0.9),
    "p99": lambda values: quantile(values, 0.99),
}
