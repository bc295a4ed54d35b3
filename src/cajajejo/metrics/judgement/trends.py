"""Whether a metric moves steadily from run to run, so that bounds about its mean do not fit; pure maths.

Of the least squares line through the values, one run apart::

    slope = sum((i - mean i) (x_i - mean x)) / sum((i - mean i)²)
    t     = slope / sqrt(sum of squared residuals / (n - 2) / sum((i - mean i)²))

The line is told, and nothing is extrapolated from it: where it will bend is not known.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

FEWEST: Final = 10
STEADY: Final = 4.0
_FEWEST_OF_A_SLOPE: Final = 3


@dataclass(frozen=True, slots=True)
class Trend:
    """The slope of a series, in the unit of the metric a run, and its Student t; infinite on a perfect line."""

    slope: float
    t: float


def trend(values: Sequence[float]) -> Trend:
    """The trend of finite `values`, oldest first; none of them, fewer than three, or equal ones have slope and t 0."""
    n = len(values)
    if n < _FEWEST_OF_A_SLOPE or min(values) == max(values):
        return Trend(0.0, 0.0)
    steps = [place - (n - 1) / 2 for place in range(n)]
    power = math.frexp(max(map(abs, values)))[1]
    heights = [math.ldexp(value, -power) for value in values]  # squares of the values themselves might overflow
    mean = math.fsum(heights) / n
    squares = n * (n * n - 1) / 12
    slope = math.fsum(step * (height - mean) for step, height in zip(steps, heights, strict=True)) / squares
    residuals = math.hypot(*(height - mean - slope * step for step, height in zip(steps, heights, strict=True)))
    error = residuals / math.sqrt((n - 2) * squares)
    t = slope / error if error else math.copysign(math.inf, slope)
    return Trend(math.ldexp(slope, power), t)


def trending(values: Sequence[float]) -> bool:
    """Whether there are at least ten `values`, oldest first, and the t of their slope is beyond 4."""
    return len(values) >= FEWEST and abs(trend(values).t) > STEADY
