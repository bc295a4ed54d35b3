"""The checksums of event files: of one record, and of thousands with one pass over their bytes.

A record carries CRC-32C of its data, masked: rotated by 15 bits, and a constant added. A checksum takes a tenth of a
microsecond to ask for, which is long where a record has 40 bytes; but a CRC is linear, and so one pass proves many.

Write ``crc(m)`` for the CRC-32C of the bytes m. It is affine over GF(2): ``crc(a ^ b) = crc(a) ^ crc(b) ^ crc(0…0)``
for a and b of equal length. Hence, with a header h before n bytes of data d,

    crc(h d) = crc(d) ^ (crc(h 0…0) ^ crc(0…0))        (n zeros each)

where what is in brackets depends on h alone. Besides, ``crc(m w) = 0`` for exactly one word w of four bytes, namely
``w = crc(m) ^ NULL``, where NULL is the word with ``crc(NULL) = 0``; and a CRC of 0 is where the next one begins:
if ``crc(a) = 0`` then ``crc(a b) = crc(b)``. So if the checksum s at the end of each record is replaced by

    s ^ crc(h 0…0) ^ crc(0…0) ^ NULL

then every record whose data have the checksum s has itself the CRC 0, and so have any number of them in a row. One
pass over a block of records gives 0 if all are whole. If one record is damaged, the pass never gives 0: what follows
it multiplies the error by a power of x, which is invertible modulo the polynomial. Several damaged records cancel each
other with a probability of 2**-32, as the damage within one record does, and never if only two or three bits of the
data in the block are wrong: the block is a message of the same code, which has distance 4 up to 2**31 bits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from cajajejo.errors import require

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from cajajejo.metrics.events.arrays import Bytes

_crc32c: Final = require("google_crc32c", extra="evaluation", purpose="reading event files")
crc: Final = _crc32c.value
"""The CRC-32C of bytes, or of an array of bytes that lie behind each other."""
extended: Final = _crc32c.extend
"""The CRC-32C of bytes behind those that have a given one."""

_NULL: Final = 0x9BE09BAB
_ADDED: Final = 0xA282EAD8
_WORD: Final = 0xFFFFFFFF
_15, _17 = np.uint32(15), np.uint32(17)
HEADER: Final = 12
"""Bytes before the data of a record: their length, and its checksum."""
FOOTER: Final = 4
"""Bytes behind the data: their checksum."""


def masked(checksum: int) -> int:
    """As the checksum stands in an event file."""
    return ((checksum >> 15 | checksum << 17) + _ADDED) & _WORD


def mask(checksums: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """The same of an array of them."""
    return (checksums >> _15 | checksums << _17) + np.uint32(_ADDED)


def unmask(stored: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """The checksums of what stands in an event file."""
    rotated = stored - np.uint32(_ADDED)
    return rotated >> _17 | rotated << _15


def is_whole(frame: Bytes) -> bool:
    """Whether the data of one record, given with its header and its footer, have the checksum that they carry."""
    return masked(crc(frame[HEADER:-FOOTER])).to_bytes(FOOTER, "little") == frame[-FOOTER:].tobytes()


def difference(header: bytes, length: int) -> int:
    """What turns the checksum of `length` bytes of data into the word that makes header, data and word have CRC 0."""
    zeros = bytes(length)
    return int(crc(header + zeros) ^ crc(zeros)) ^ _NULL


def faulty(rows: Bytes, frames: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The damaged records among rows of equal shape, as (row, place in the row).

    The footers in `rows` are overwritten; `restore` puts them back.

    Args:
        rows: row by row without gaps, each of them a row of records without gaps.
        frames: of each record in a row its end, and its `difference`.
    """
    for end, different in frames:
        footers = _footers(rows, end)
        footers[:] = unmask(footers) ^ np.uint32(different)
    if crc(rows) == 0:
        return []
    flat = rows.reshape(-1)
    size = rows.shape[1]
    ends = [row * size + end for row in range(len(rows)) for end, _ in frames]
    return [divmod(place, len(frames)) for place in _damaged(flat, [0, *ends], 0, len(ends))]


def restore(rows: Bytes, frames: Sequence[tuple[int, int]]) -> None:
    """Makes the footers what they were before `faulty`."""
    for end, different in frames:
        footers = _footers(rows, end)
        footers[:] = mask(footers ^ np.uint32(different))


def _footers(rows: Bytes, end: int) -> NDArray[np.uint32]:
    return np.ndarray(len(rows), "<u4", rows, end - FOOTER, rows.strides[:1])


def _damaged(flat: Any, ends: list[int], first: int, last: int) -> Iterator[int]:
    """The numbers of the damaged ones among the records `first` to `last`, the latter excluded, by halving."""
    if crc(flat[ends[first] : ends[last]]) == 0:
        return
    if last - first == 1:
        yield first
        return
    middle = (first + last) // 2
    yield from _damaged(flat, ends, first, middle)
    yield from _damaged(flat, ends, middle, last)
