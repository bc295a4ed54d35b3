"""A few numbers as a row of bars."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

_BARS: Final = "▁▂▃▄▅▆▇█"


def bars(values: Sequence[float]) -> str:
    """One bar a value, from the least to the greatest."""
    low, high = min(values), max(values)
    if low / 2 == high / 2:  # also of two of the least numbers that there are
        return _BARS[0] * len(values)
    return "".join(
        _BARS[min(int((value / 2 - low / 2) / (high / 2 - low / 2) * len(_BARS)), len(_BARS) - 1)] for value in values
    )
