"""What is damaged in an event file: counted, said in a sentence, and stepped over.

Where a header is damaged, nothing says where the next record begins: it is the next place at which a length, its
checksum and the checksum of the data agree.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from cajajejo.metrics.events import checksums
from cajajejo.metrics.events.checksums import FOOTER, HEADER

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from cajajejo.metrics.events.arrays import Bytes

_FIRST: Final = 1 << 8
_AT_ONCE: Final = 1 << 16
"""Places that are looked at together; at first fewer, because most damage is short."""
_PATIENCE: Final = 1 << 26
"""Bytes of data whose checksum is computed for headers that turn out to be none, more than eight times the file."""


class Damage:
    """What is lost of one file, and how many records are good."""

    __slots__ = ("_records", "bytes", "good", "path", "patience")

    def __init__(self, path: str) -> None:
        self.path = path
        self.good = 0
        self.bytes = 0
        self.patience = _PATIENCE
        self._records = 0

    def lose(self, size: int, records: int = 1) -> None:
        """Counts so many bytes as lost; `records` is 0 where they belong to a record that is counted already."""
        self._records += records
        self.bytes += size

    def miss(self, size: int) -> None:
        """Counts a record as lost that was counted as good."""
        self.good -= 1
        self.lose(size)

    @property
    def sentence(self) -> str | None:
        """What is left out; None if nothing is."""
        if not self._records:
            return None
        what = "record" if self._records == 1 else "records"
        lost = f"{self._records} damaged {what} left out ({self.bytes} bytes)"
        return f"{self.path}: {lost}; {self.good} good ones read"


def next_record(block: Bytes, start: int, end: int, room: int, damage: Damage) -> int | None:
    """The first place from `start` on where a record begins; None if there is none.

    A record that goes on behind `end` is taken for one by its header alone.

    Args:
        block: searched.
        start: the first place that is looked at.
        end: how far the block is filled.
        room: bytes from `start` to the end of the file.
        damage: of the file; lends the patience for headers without a record.
    """
    file_end = start + room
    for place in _headers(block, start, end, room - HEADER - FOOTER):
        length = int.from_bytes(block[place : place + 8].tobytes(), "little")
        behind = place + HEADER + length + FOOTER
        if behind > file_end:
            continue
        if behind > end or damage.patience < 0 or checksums.is_whole(block[place:behind]):
            damage.patience += 8 * (place - start)
            return place
        damage.patience -= length
    damage.patience += 8 * (end - start)
    return None


def _headers(block: Bytes, start: int, end: int, longest: int) -> Iterator[int]:
    """Every place at which a right header stands, of 1 to `longest` bytes of data."""
    here, count = start, _FIRST
    while here <= end - HEADER:
        count = min(4 * count, _AT_ONCE, end - HEADER + 1 - here)
        lengths: NDArray[np.uint64] = np.ndarray(count, "<u8", block, here, (1,))
        plausible = np.flatnonzero(lengths - np.uint64(1) < np.uint64(max(0, longest)))
        if len(plausible):
            stored: NDArray[Any] = np.ndarray(count, "<u4", block, here + 8, (1,))
            right = _masked_checksums(block, here + plausible) == stored[plausible]
            yield from (here + plausible[right]).tolist()
        here += count


def _masked_checksums(block: Bytes, places: NDArray[np.int64]) -> NDArray[np.uint32]:
    """The masked checksums of the eight bytes at each place."""
    found = np.full(len(places), checksums.crc(bytes(8)), np.uint32)
    for offset, table in enumerate(_tables()):
        found ^= table.take(block[places + offset])
    return checksums.mask(found)


@functools.cache
def _tables() -> NDArray[np.uint32]:
    """What each value of each of eight bytes changes in their CRC, which is linear: row by place, column by value."""
    nothing = checksums.crc(bytes(8))
    singles = [[bytes([*bytes(place), value, *bytes(7 - place)]) for value in range(256)] for place in range(8)]
    return np.array([[checksums.crc(single) ^ nothing for single in row] for row in singles], np.uint32)
