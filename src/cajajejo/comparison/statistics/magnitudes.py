"""Numbers of any size made moderate, so that their squares and sums neither overflow nor vanish."""

from __future__ import annotations

import math
import sys
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from cajajejo.comparison.paired import Floats


ROUNDING: Final = 8 * sys.float_info.epsilon
"""A sum that is no more than this share of the sum of sizes is 0: only how its terms were rounded is left of it."""


def scaled(values: Floats) -> tuple[Floats, int]:
    """`values` over 2^e, the largest of them between ½ and 1 in size, and e; exact, since only exponents change."""
    largest = max(-float(values.min()), float(values.max())) if values.size else 0.0
    exponent = math.frexp(largest)[1]
    return np.ldexp(values, -exponent), exponent


def restored(value: float, exponent: int) -> float:
    """`value` times 2^exponent; infinite where that is too large."""
    try:
        return math.ldexp(value, exponent)
    except OverflowError:
        return math.copysign(math.inf, value)


def mean(values: Floats) -> float:
    """The mean of at least one finite number; of equal numbers that number.

    Their sum over n may differ from it in the last digit, and they would seem to vary. Of numbers that cancel each
    other it is 0.
    """
    first = float(values[0])
    if bool((values == first).all()):
        return first
    small, exponent = scaled(values)
    found = float(small.mean())
    if abs(found) < ROUNDING and abs(found) <= ROUNDING * float(np.abs(small).mean()):
        return 0.0
    return restored(found, exponent)
