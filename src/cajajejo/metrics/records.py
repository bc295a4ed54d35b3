"""The records of an event file, the damaged ones left out and counted.

A record is: length (8 bytes), its masked CRC-32C (4), the data, their masked CRC-32C (4), all little-endian. Reading
goes on behind damage: a record whose data are damaged is skipped; where a length is damaged, the next place at which
length, data and both checksums agree is looked for.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, BinaryIO, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_HEADER: Final = struct.Struct("<QI")
_FOOTER: Final = struct.Struct("<I")
_AROUND: Final = _HEADER.size + _FOOTER.size
_BLOCK: Final = 1 << 20
_SEARCHED: Final = 64 * _BLOCK


@dataclass(slots=True)
class RecordReader:
    """Iterates over the data of the good records of `path`; afterwards `damaged` and `lost_bytes` tell of the rest.

    Iterating raises OSError where the file cannot be read.
    """

    path: Path
    checksum: Callable[[bytes], int]
    damaged: int = field(default=0, init=False)
    lost_bytes: int = field(default=0, init=False)

    def __iter__(self) -> Iterator[bytes]:
        """The data of each good record, in order of the file."""
        with self.path.open("rb") as file:
            size = file.seek(0, 2)
            position = 0
            while position < size:
                length = self._length(file, position, size)
                data = None if length is None else self._data(file, position, length)
                if data is not None:
                    yield data
                step = self._behind_damage(file, position, size) if length is None else _AROUND + length
                if data is None:
                    self.damaged += 1
                    self.lost_bytes += step
                position += step

    def _length(self, file: BinaryIO, position: int, size: int) -> int | None:
        """The length of the record at `position`, or None where no whole record can begin."""
        file.seek(position)
        header = file.read(_HEADER.size)
        if len(header) < _HEADER.size:
            return None
        return self._length_in(header, size - position - _AROUND)

    def _length_in(self, header: bytes, room: int) -> int | None:
        length, checksum = _HEADER.unpack(header)
        return int(length) if 0 < length <= room and self.checksum(header[:8]) == checksum else None

    def _data(self, file: BinaryIO, position: int, length: int) -> bytes | None:
        file.seek(position + _HEADER.size)
        data, footer = file.read(length), file.read(_FOOTER.size)
        whole = len(data) == length and len(footer) == _FOOTER.size
        return data if whole and self.checksum(data) == _FOOTER.unpack(footer)[0] else None

    def _behind_damage(self, file: BinaryIO, position: int, size: int) -> int:
        """How many bytes lie between `position` and the next good record; the end, if there is none within 64 MiB."""
        start = position + 1
        while start < min(size, position + _SEARCHED):
            file.seek(start)
            block = file.read(_BLOCK + _HEADER.size - 1)
            for offset in range(len(block) - _HEADER.size + 1):
                here = start + offset
                length = self._length_in(block[offset : offset + _HEADER.size], size - here - _AROUND)
                if length is not None and self._data(file, here, length) is not None:
                    return here - position
            start += _BLOCK
        return size - position
