"""The return from a shift to the level before it: a CUSUM with the levels as they were when it was told (Page, 1954).

Of each run after the one that told, with the level before (c, s, r), the sign of the shift, and its size in scales::

    w = sign (x - c) / s,  D = min(4, max(1, size)),  F = (1 + r) / (1 - r)
    R = max(0, R + clip(D (D/2 - w) / F, ±2)),  0 at first; returned when R >= 6

D (D/2 - w) is the logarithm of the ratio of likelihoods of the two levels, and F pays for runs that resemble each
other. Three runs are a return, at the least; which run it began with is where R last left 0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cajajejo.metrics.shifts.scan import Shift

_RETURNED: Final = 6.0
_STEP: Final = 2.0


def returned(values: Iterable[float], shift: Shift) -> tuple[int, int] | None:
    """The first and the last of the `values` after `shift` that are its return, by the CUSUM; None: it lasts."""
    level = shift.before
    delta = min(4.0, max(1.0, shift.size))
    total, begin = 0.0, 0
    for place, value in enumerate(values):
        away = shift.sign * (value - level.centre) / level.scale
        total = max(0.0, total + min(max(delta * (delta / 2 - away) / level.inflation, -_STEP), _STEP))
        if total == 0:
            begin = place + 1
        elif total >= _RETURNED:
            return begin, place
    return None
