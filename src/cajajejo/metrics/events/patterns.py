"""Rows of records: what repeats in an event file, found once and from then on only compared.

A training loop writes the same tags in the same order at each step, so that the sizes of the records are periodic. One
period is a pattern: its records with their layouts, one behind the other. That the next thousand rows of bytes are of
this pattern is proved by one comparison of all the bytes that do not differ between records of a layout, headers
included; then each field is a column of the rows.

Large records that are no scalars take part in a pattern by what is fixed in them, beside their content. The rows of
all other records, packed without the large ones in between, are what is compared and gathered from.
"""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate
from typing import TYPE_CHECKING, Final

import numpy as np

from cajajejo.metrics.events import kinds
from cajajejo.metrics.events.packing import Packing, Slot
from cajajejo.metrics.events.templates import Template

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cajajejo.metrics.events.arrays import Bytes
    from cajajejo.metrics.events.layouts import Layout

_LARGE: Final = 512
"""Bytes of a record that is checked by itself if it is no scalar."""


class Pattern:
    """A row of records.

    Attributes:
        size: bytes of a row.
        starts: where each record begins.
        tags: of each record.
        plugins: of each tag the plugin that it names first.
        large: the large records.
        packing: of the others.
        series: those of them that are scalars, by tag.
    """

    __slots__ = ("_fixed", "_template", "large", "packing", "plugins", "series", "size", "starts", "tags")

    def __init__(self, row: Bytes, records: Sequence[Layout]) -> None:
        self.size = len(row)
        self.starts = list(accumulate((layout.size for layout in records), initial=0))[:-1]
        self.tags = [layout.tag for layout in records]
        self.plugins: dict[str, str] = {}
        for layout in records:
            if layout.tag is not None:
                self.plugins.setdefault(layout.tag, layout.plugin)
        slots = [
            Slot(layout, number, start) for number, (layout, start) in enumerate(zip(records, self.starts, strict=True))
        ]
        self.large = [slot for slot in slots if _is_large(slot.layout)]
        self.packing = Packing(row, [slot for slot in slots if not _is_large(slot.layout)])
        self.series: dict[str, list[Slot]] = {}
        for slot in self.packing.slots:
            if slot.layout.tag is not None and slot.layout.number is not None:
                self.series.setdefault(slot.layout.tag, []).append(slot)
        masks = [kinds.mask(slot.layout) for slot in self.large]
        fixed = [slot.start + np.flatnonzero(mask) for slot, mask in zip(self.large, masks, strict=True)]
        self._fixed = np.concatenate([np.empty(0, np.intp), *fixed])
        mask = np.concatenate([np.empty(0, np.uint8), *masks])
        self._template = Template(row[self._fixed], mask[mask != 0])

    def pack(self, rows: Bytes) -> Bytes:
        """The rows without large records; themselves, if there are none."""
        if not self.large:
            return rows
        packed = np.empty((len(rows), self.packing.size), np.uint8)
        self.packing.pack(rows, packed)
        return packed

    def agreeing(self, rows: Bytes, packed: Bytes) -> tuple[int, int]:
        """How many of the first rows are of this pattern, and the number of the record that first is not, or 0.

        Args:
            rows: as they are read.
            packed: the same rows, packed.
        """
        row, number = self.packing.agreeing(packed)
        if not self.large:
            return row, number
        fixed = rows[: row + 1].take(self._fixed, axis=1)
        other, place = divmod(self._template.first_difference(fixed.reshape(-1)), len(self._fixed))
        if other == len(fixed):
            return row, number
        return min((row, number), (other, bisect_right(self.starts, self._fixed[place]) - 1))


def _is_large(layout: Layout) -> bool:
    return layout.number is None and layout.size > _LARGE
