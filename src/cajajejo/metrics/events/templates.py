"""Bytes that repeat but for some bits, and where they cease to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from cajajejo.metrics.events.arrays import Bytes

_TILE: Final = 1 << 10
"""Bytes that are compared in one stroke at least: short periods are repeated."""
_AT_ONCE: Final = 1 << 18
"""Bytes that are compared before the result is looked at: what the second cache of a processor holds."""


class Template:
    """A period of bytes, and which bits of it are the same each time."""

    __slots__ = ("_mask", "_tile", "period")

    def __init__(self, period: Bytes, mask: Bytes) -> None:
        self.period = len(period)
        times = -(-_TILE // self.period) if self.period else 1
        self._tile = np.tile(period, times)
        self._mask = np.tile(mask, times)

    def first_difference(self, flat: Bytes) -> int:
        """The place of the first byte that is not as it should be; the size of `flat` if there is none."""
        size = len(self._tile)
        whole = len(flat) // size * size if size else 0
        strokes = max(1, _AT_ONCE // size) * size if size else 1
        for start in range(0, whole, strokes):
            tiles = flat[start : min(whole, start + strokes)].reshape(-1, size)
            differs = tiles ^ self._tile
            differs &= self._mask
            if differs.max():
                return start + int((differs.reshape(-1) != 0).argmax())
        rest = flat[whole:]
        different = np.flatnonzero((rest ^ self._tile[: len(rest)]) & self._mask[: len(rest)])
        return whole + int(different[0]) if len(different) else len(flat)
