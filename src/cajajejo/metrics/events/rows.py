"""Rows of a pattern that are being read: proved, checked, and gathered from many at a time."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Final

import numpy as np

from cajajejo.metrics.events import checksums, columns
from cajajejo.metrics.events.checksums import FOOTER, HEADER
from cajajejo.metrics.events.columns import Points

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from cajajejo.metrics.events.arrays import Bytes
    from cajajejo.metrics.events.gathering import File
    from cajajejo.metrics.events.packing import Slot
    from cajajejo.metrics.events.patterns import Pattern

_FIRST: Final = 16
"""Rows that are tried first; after each success four times as many."""
_MANY: Final = 64
"""Rows that are gathered from at once; fewer wait for others."""
_WAITING: Final = 1 << 22
"""Bytes of rows that wait."""


class Rows:
    """Reads the rows of one pattern in one file.

    Attributes:
        pattern: of the rows.
        records: how many records they had so far.
    """

    __slots__ = ("_attempt", "_count", "_damage", "_gathered", "_waiting", "pattern", "records")

    def __init__(self, pattern: Pattern, file: File) -> None:
        self.pattern = pattern
        self.records = 0
        self._damage = file.damage
        chunks = {tag: file.run.of(tag, plugin) for tag, plugin in pattern.plugins.items()}
        self._gathered = [(chunks[tag], slots) for tag, slots in pattern.series.items()]
        self._waiting: Bytes = np.empty((0, pattern.packing.size), np.uint8)
        self._count = 0
        self._attempt = _FIRST

    def advance(self, block: Bytes, place: int, end: int) -> tuple[int, int | None]:
        """Reads as many rows as are of the pattern.

        Returns:
            the place behind them; and the number of the record in the row there that is not of the pattern, or None
            if there is less than a row.
        """
        while left := (end - place) // self.pattern.size:
            count = min(self._attempt, left)
            rows = block[place : place + count * self.pattern.size].reshape(count, -1)
            if count >= _MANY and not self.pattern.large:
                read, number = self._read(rows)
            else:
                rows = rows[: self._room()]
                read, number = self._keep(rows)
            place += read * self.pattern.size
            self.records += read * len(self.pattern.starts)
            if read < len(rows):
                self._attempt = _FIRST
                return place, number
            self._attempt *= 4
        return place, None

    def finish(self) -> None:
        """Gathers from the rows that wait."""
        waiting, self._count = self._waiting[: self._count], 0
        self._gather(waiting)

    def _read(self, rows: Bytes) -> tuple[int, int]:
        """Gathers from the rows where they are; gives how many there were, and which record of the next is none."""
        agreeing, number = self.pattern.agreeing(rows, rows)
        self.finish()
        self._gather(rows[:agreeing])
        return agreeing, number

    def _keep(self, rows: Bytes) -> tuple[int, int]:
        """The same, for rows that wait."""
        packed = self._waiting[self._count : self._count + len(rows)]
        self.pattern.packing.pack(rows, packed)
        agreeing, number = self.pattern.agreeing(rows, packed)
        if agreeing and self.pattern.large:
            self._damage.good += agreeing * len(self.pattern.large)
            for _, slot in damaged(rows[:agreeing], self.pattern.large):
                self._damage.miss(slot.layout.size)
        self._count += agreeing
        return agreeing, number

    def _room(self) -> int:
        """How many more rows can wait: one at least."""
        if not len(self._waiting):
            size = self.pattern.packing.size
            self._waiting = np.empty((max(1, _WAITING // max(1, size)), size), np.uint8)
        if self._count == len(self._waiting):
            self.finish()
        return len(self._waiting) - self._count

    def _gather(self, packed: Bytes) -> None:
        if not len(packed):
            return
        slots = self.pattern.packing.slots
        bad = [(row, slots[place]) for row, place in self.pattern.packing.faulty(packed)]
        self._damage.good += len(packed) * len(slots) - len(bad)
        for _, slot in bad:
            self._damage.lose(slot.layout.size)
        for chunks, several in self._gathered:
            if chunks is not None:
                found = points(packed, several)
                chunks.append(_without(found, several, bad) if bad else found.each(np.ravel))


def damaged(rows: Bytes, slots: Sequence[Slot]) -> list[tuple[int, Slot]]:
    """The large records that are damaged, each with its row, given those of a row."""
    ends = np.array([slot.start + slot.layout.size - FOOTER for slot in slots])
    words: NDArray[np.uint32] = np.ndarray((len(rows), rows.shape[1] - FOOTER + 1), "<u4", rows, 0, (rows.shape[1], 1))
    right = checksums.unmask(words[:, ends]).tolist()
    places = [(slot, slot.start + HEADER, end) for slot, end in zip(slots, ends.tolist(), strict=True)]
    return [
        (row, slot)
        for row, (data, checks) in enumerate(zip(rows, right, strict=True))
        for (slot, start, end), checksum in zip(places, checks, strict=True)
        if checksums.crc(data[start:end]) != checksum
    ]


def points(packed: Bytes, slots: Sequence[Slot]) -> Points:
    """The points of the slots of one tag: a row of each array for a row of records."""
    found = Points.room(len(packed), len(slots))
    for place, (layout, _, start) in enumerate(slots):
        columns.fill(found.each(operator.itemgetter((..., place))), packed, start, layout)
    return found


def _without(found: Points, slots: Sequence[Slot], bad: Sequence[tuple[int, Slot]]) -> Points:
    """The points, one behind the other, except those of damaged records."""
    good = np.ones(found.steps.shape, np.bool_)
    for row, slot in bad:
        if slot in slots:
            good[row, slots.index(slot)] = False
    return found.each(operator.itemgetter(good))
