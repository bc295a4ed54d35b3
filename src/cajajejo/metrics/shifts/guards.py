"""Runs out of bounds that are too many to be chance, where the scan for level shifts sees nothing.

Five in a row, or eight of the last fifteen, on one side of the level are said to be a shift that began with the first
of them. Without this a bound whose history leaves out what was out of bounds could fail every run, for ever, with no
word that the level had changed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from cajajejo.metrics.shifts.scan import Scan, Shift

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

_IN_A_ROW: Final = 5
_MANY: Final = 8
_OF_LAST: Final = 15


def out_of_bounds(
    values: NDArray[np.float64], outside: NDArray[np.bool_], begin: int, *, scan: Scan, signs: tuple[int, ...]
) -> Shift | None:
    """The first shift in the direction of `signs` that runs from `begin` on tell by being `outside`, if any does."""
    first = max(begin, 1)  # there is no level before the very first point
    for last in _candidates(outside, first):
        low = max(first, last + 1 - _OF_LAST)
        marked = low + np.flatnonzero(outside[low : last + 1])
        away = values[marked] - _middle(values[: marked[0]], outside[: marked[0]], scan.window)
        for sign in signs:
            beyond = marked[sign * away > 0]
            if len(beyond) >= _IN_A_ROW and beyond[-_IN_A_ROW] == last + 1 - _IN_A_ROW:
                return _shift(values[: last + 1], int(beyond[-_IN_A_ROW]), sign, scan)
            if len(beyond) >= _MANY:
                return _shift(values[: last + 1], int(beyond[0]), sign, scan)
    return None


def _candidates(outside: NDArray[np.bool_], begin: int) -> Iterator[int]:
    """Places where enough of the runs from `begin` on are out of bounds, on whichever side."""
    upto = np.concatenate([np.zeros(begin + 1, dtype=np.int64), np.cumsum(outside[begin:])])
    last = np.arange(begin, len(outside))
    in_a_row = upto[last + 1] - upto[np.maximum(last + 1 - _IN_A_ROW, 0)] >= _IN_A_ROW
    many = upto[last + 1] - upto[np.maximum(last + 1 - _OF_LAST, 0)] >= _MANY
    yield from last[in_a_row | many].tolist()


def _middle(values: NDArray[np.float64], outside: NDArray[np.bool_], window: int) -> float:
    """The median of the latest values within bounds or, where there are none, of all."""
    inside = values[~outside][-window:]
    return float(np.median(inside if len(inside) else values))


def _shift(values: NDArray[np.float64], first: int, sign: int, scan: Scan) -> Shift:
    """The shift that begins at `first` and is told by the last value."""
    level, after = scan.level(values[max(0, first - scan.window) : first]), float(np.median(values[first:]))
    return Shift(sign, first, (first, first), len(values) - 1, level.score(values[first:]), level, after)
