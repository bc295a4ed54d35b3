"""Rows of small records, packed: without the large records that stand between them in the file."""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from cajajejo.metrics.events import checksums, kinds
from cajajejo.metrics.events.checksums import FOOTER, HEADER
from cajajejo.metrics.events.templates import Template

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cajajejo.metrics.events.arrays import Bytes
    from cajajejo.metrics.events.layouts import Layout


class Slot(NamedTuple):
    """A record of a row: its layout, its number in the row, and where it begins there."""

    layout: Layout
    number: int
    start: int


class Packing:
    """How the small records of a row are packed.

    Attributes:
        size: bytes of a packed row.
        slots: its records; they begin where they do in a packed row.
    """

    __slots__ = ("_frames", "_spans", "_starts", "_template", "size", "slots")

    def __init__(self, row: Bytes, slots: Sequence[Slot]) -> None:
        sizes = [slot.layout.size for slot in slots]
        self.size = sum(sizes)
        self._starts = list(accumulate(sizes, initial=0))[:-1]
        self.slots = [slot._replace(start=start) for slot, start in zip(slots, self._starts, strict=True)]
        self._spans = _spans(slots)
        self._frames = [
            (slot.start + slot.layout.size, _difference(row, before))
            for slot, before in zip(self.slots, slots, strict=True)
        ]
        packed = np.empty((1, self.size), np.uint8)
        self.pack(row.reshape(1, -1), packed)
        masks = [kinds.mask(slot.layout) for slot in slots]
        self._template = Template(packed[0], np.concatenate([np.empty(0, np.uint8), *masks]))

    def pack(self, rows: Bytes, packed: Bytes) -> None:
        """Copies the small records of rows into packed rows."""
        if self._spans:
            np.concatenate([rows[:, start:end] for start, end in self._spans], axis=1, out=packed)

    def agreeing(self, packed: Bytes) -> tuple[int, int]:
        """How many of the first rows are as they should be, and the number of the record that first is not, or 0."""
        if not self.size:
            return len(packed), 0
        row, place = divmod(self._template.first_difference(packed.reshape(-1)), self.size)
        return row, self.slots[bisect_right(self._starts, place) - 1].number if row < len(packed) else 0

    def faulty(self, packed: Bytes) -> list[tuple[int, int]]:
        """Row and place of each damaged record; see `checksums.faulty`."""
        return checksums.faulty(packed, self._frames) if self.slots else []

    def restore(self, packed: Bytes) -> None:
        """Undoes what `faulty` does to the rows."""
        checksums.restore(packed, self._frames)


def _spans(slots: Sequence[Slot]) -> list[tuple[int, int]]:
    """Beginning and end of what is packed, neighbours joined."""
    spans: list[tuple[int, int]] = []
    for layout, _, start in slots:
        if spans and spans[-1][1] == start:
            spans[-1] = (spans[-1][0], start + layout.size)
        else:
            spans.append((start, start + layout.size))
    return spans


def _difference(row: Bytes, slot: Slot) -> int:
    header = row[slot.start : slot.start + HEADER].tobytes()
    return checksums.difference(header, slot.layout.size - HEADER - FOOTER)
