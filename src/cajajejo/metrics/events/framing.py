"""Where the records of an event file begin and end.

A record is: length of the data (8 bytes), masked CRC-32C of the length (4), the data, masked CRC-32C of the data (4),
all little-endian. One length always has the same twelve bytes of header, so that a header that has been checked once
is known again.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

import numpy as np

from cajajejo.metrics.events import checksums, headers
from cajajejo.metrics.events.checksums import FOOTER, HEADER

if TYPE_CHECKING:
    from cajajejo.metrics.events.arrays import Bytes, Places

_HEADER: Final = struct.Struct("<QI")
_GLANCE: Final = 1 << 17
"""Bytes that are looked at together."""
_MANY: Final = 64
"""Records in a glance that are worth to be known by sight; where they are fewer, each is gone to."""
_KNOWN: Final = 1 << 14
"""Headers that are remembered."""


class Framing:
    """The sizes of records by their headers, learned from what is read."""

    __slots__ = ("_sizes",)

    def __init__(self) -> None:
        self._sizes: dict[bytes, int] = {}

    def size(self, header: bytes) -> int | None:
        """The size of the record with this header, header and footer included; None if it is the header of none."""
        known = self._sizes.get(header)
        if known is not None or len(header) < HEADER:
            return known
        length, checksum = _HEADER.unpack(header)
        if length == 0 or checksums.masked(checksums.crc(header[:8])) != checksum:
            return None
        if len(self._sizes) >= _KNOWN:
            self._sizes.clear()
        size = self._sizes[header] = int(length) + HEADER + FOOTER
        return size

    def walk(self, block: Bytes, start: int, end: int, most: int) -> Places:
        """The beginnings of at most so many whole records from `start` on, and the end of the last.

        Fewer are found where the next one is not whole before `end`, or damaged.
        """
        places = [np.array([start])]
        by_sight = most >= _MANY
        while most:
            glance = block[start : min(end, start + _GLANCE)]
            found = headers.ends(glance) if by_sight else self._ends(glance.tobytes(), end - start, most)
            ends = start + found[: min(most, found.searchsorted(end - start, "right"))]
            if len(ends):
                places.append(ends)
                most -= len(ends)
                start = int(ends[-1])
            elif not by_sight:
                break
            by_sight = by_sight and len(ends) >= _MANY
        return np.concatenate(places)

    def _ends(self, glance: bytes, room: int, most: int) -> Places:
        """Where at most so many records end, gone through one by one; the first begins with `glance`."""
        place = 0
        ends: list[int] = []
        while len(ends) < most:
            header = glance[place : place + HEADER]
            size = self._sizes.get(header) or self.size(header)
            if size is None or place + size > room:
                break
            place += size
            ends.append(place)
        return np.array(ends, np.intp)
