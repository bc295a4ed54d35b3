"""Numbers as people read them: as many digits as they need beside each other, and no more."""

from __future__ import annotations

import math
from typing import Final

_LARGE: Final = 1e15
_TINY: Final = 1e-6
_MOST_DECIMALS: Final = 17
_MOST_DIGITS: Final = 17
"""Digits that tell any two floats apart."""


def number(value: float, beside: float | None = None) -> str:
    """`value` with so many decimals that it can be told from what stands `beside` it: 0.001 is not 0.00."""
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else f"{value:g}"
    return fixed(value, decimals(value, beside))


def written(value: float) -> str:
    """A number that somebody wrote: all its digits, two decimals at least where it has any."""
    texts = (f"{value:.{count}g}" for count in range(15, _MOST_DIGITS))
    text = next((text for text in texts if float(text) == value), f"{value:.{_MOST_DIGITS}g}")
    whole, point, fraction = text.partition(".")
    return f"{whole}.{fraction}0" if point and len(fraction) == 1 else text


def fixed(value: float, places: int) -> str:
    """`value` with so many decimals, and no minus before zero; a very large or small one with a power of ten."""
    if abs(value) >= _LARGE or 0 < abs(value) < _TINY:
        return f"{value:.{min(max(4, places + magnitude(value) + 1), _MOST_DIGITS)}g}"
    return f"{value + 0.0:.{max(places, 0)}f}"


def decimals(value: float, beside: float | None = None) -> int:
    """How many decimals `value` needs: four digits, or three decimals, and more to be told from what is `beside` it.

    Of a very large value it is less than none: the digits before the point that it does without.
    """
    needed = 3 - magnitude(value) if abs(value) >= _LARGE else places(value)
    if beside is not None and value != beside and math.isfinite(value - beside):
        needed = max(needed, -magnitude(value - beside))
    return min(needed, max(_MOST_DECIMALS, _MOST_DIGITS - 1 - magnitude(value)))


def places(value: float) -> int:
    """How many decimals `value` needs alone: four digits of what is 1 or more, two digits or three decimals of less."""
    power = magnitude(value)
    return max(3 - power, 0) if power >= 0 else max(3, 1 - power)


def magnitude(value: float) -> int:
    """The power of ten of the first digit; that of 1 for zero."""
    return math.floor(math.log10(abs(value))) if value else 0
