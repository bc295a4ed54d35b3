"""Numbers as a table holds them: as many digits as their difference needs, aligned at the point."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from cajajejo import digits

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cajajejo.comparison.values import Estimate, Interval, MacroAverage

_LARGE: Final = 1e15
_TINY: Final = 1e-6
_MOST_DECIMALS: Final = 12
_ROUNDING: Final = 1e-12
_SMALLEST_P: Final = 1e-4


def decimals(values: Sequence[float], difference: float, interval: Interval | None = None) -> int:
    """How many decimals a row needs: four digits of its values, two of their difference, and no limit that is 0.

    A difference that is 1e-12 of the values is one of rounding, and needs none.
    """
    scale = max(map(abs, filter(math.isfinite, values)), default=0.0)
    needed = digits.places(scale)
    if math.isfinite(difference) and abs(difference) > _ROUNDING * scale:
        needed = max(needed, 1 - digits.magnitude(difference))
    for limit in () if interval is None else (interval.lower, interval.upper):
        if math.isfinite(limit):
            needed = max(needed, min(-digits.magnitude(limit), needed + 2))
    return min(needed, _MOST_DECIMALS)


def value(number: float, places: int) -> str:
    """`number` with so many decimals; very large and very small ones with a power of ten."""
    if abs(number) >= _LARGE or (0 < abs(number) < _TINY and places >= _MOST_DECIMALS):
        return f"{number:.4g}"
    return f"{number:z.{places}f}"


def signed(number: float, places: int) -> str:
    """`number` with its sign in front; what is shown as 0 has none."""
    text = value(number, places)
    return text if text.startswith("-") or not number > 0 or _is_zero(text) else f"+{text}"


def limits(interval: Interval, places: int) -> str:
    """``[-0.153, +0.005]``; a limit that is 0 keeps the place of the sign."""
    shown = (signed(limit, places) for limit in (interval.lower, interval.upper))
    return f"[{', '.join(text if text[0] in '+-' else f' {text}' for text in shown)}]"


def row(found: Estimate | MacroAverage, p: float | None, dash: str) -> list[str]:
    """A, B, their difference, its interval and the p-value `p` as the cells of a row; `dash` is what is not defined."""
    places = decimals((found.a, found.b), found.difference, found.interval)
    return [
        value(found.a, places),
        value(found.b, places),
        signed(found.difference, places),
        dash if found.interval is None else limits(found.interval, places),
        dash if p is None else p_value(p),
    ]


def p_value(number: float) -> str:
    """A p-value with two digits; below 0.0001 that alone is told."""
    return f"<{_SMALLEST_P:g}" if number < _SMALLEST_P else f"{number:.2g}"


def count(number: int) -> str:
    """``1200``, ``12,345``."""
    return f"{number:,}" if number >= 10_000 else str(number)  # noqa: PLR2004  # four digits are read at once


def percent(share: float) -> str:
    """``95 %``."""
    return f"{100 * share:.10g} %"


def aligned(cells: Sequence[str]) -> list[str]:
    """`cells` so padded that their decimal points stand below each other."""
    parts = [cell.partition(".") for cell in cells]
    before = max((len(whole) for whole, _, _ in parts), default=0)
    after = max((len(point + rest) for _, point, rest in parts), default=0)
    return [whole.rjust(before) + (point + rest).ljust(after) for whole, point, rest in parts]


def _is_zero(text: str) -> bool:
    return not text.strip("0.")
