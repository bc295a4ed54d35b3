"""Where the records of an event file begin and end.

A record is: length of the data (8 bytes), masked CRC-32C of the length (4), the data, masked CRC-32C of the data (4),
all little-endian. One length always has the same twelve bytes of header, so that a header that has been checked once
is known by sight.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from cajajejo.metrics.events import checksums
from cajajejo.metrics.events.checksums import FOOTER, HEADER

if TYPE_CHECKING:
    from cajajejo.metrics.events.arrays import Bytes

_HEADER: Final = struct.Struct("<QI")
_GLANCE: Final = 1 << 16
"""Bytes that are copied to be walked through."""
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

    def walk(self, block: Bytes, start: int, end: int, most: int) -> list[int]:
        """The beginnings of at most so many whole records from `start` on, and the end of the last.

        Fewer are found where the next one is not whole before `end`, or damaged.
        """
        places = [start]
        while len(places) <= most:
            glance = block[start : min(end, start + _GLANCE)].tobytes()
            self._walk(glance, places, end, most)
            if places[-1] == start and self._learn(glance, start, end) is None:
                break
            start = places[-1]
        return places

    def _walk(self, glance: bytes, places: list[int], end: int, most: int) -> None:
        """Adds to `places` as long as headers are known."""
        sizes = self._sizes
        origin = place = places[-1]
        try:
            for _ in range(most + 1 - len(places)):
                here = place - origin
                place += sizes[glance[here : here + HEADER]]
                if place > end:
                    return
                places.append(place)
        except KeyError:
            return

    def _learn(self, glance: bytes, start: int, end: int) -> int | None:
        """The size of the whole record at the beginning; None if there is none."""
        size = self.size(glance[:HEADER])
        return size if size is not None and start + size <= end else None
