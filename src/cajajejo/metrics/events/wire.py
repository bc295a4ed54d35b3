"""The wire format of protobuf, as far as plain records need it: fields and where they stand, without their meaning.

A key is one byte, the number of the field times eight plus how it is written: 0 a varint, 1 eight bytes, 2 a length and
so many bytes, 5 four bytes. Longer keys, longer numbers and groups are unusual.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

    Data = bytes | memoryview
    Place = tuple[int, int]
    Field = tuple[int, int, int]

LONGEST: Final = 8
"""Bytes of a varint; negative numbers have ten."""
_LONGEST_LENGTH: Final = 5
_MORE: Final = 0x80
_LEAST_KEY: Final = 0b1000
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5


class UnusualError(Exception):
    """What is not plain, or not even protobuf: protobuf itself decides."""


def fields(data: Data, start: int, end: int) -> list[Field]:
    """The fields of the message between two places: of each the key, and the beginning and the end of its value.

    Raises:
        UnusualError: it is not plain.
        IndexError: `data` end before.
    """
    found = []
    while start < end:
        key = data[start]
        start += 1
        kind = key & 7
        if kind == _BYTES:
            length, start = _length(data, start)
            behind = start + length
        elif kind == _FIXED32:
            behind = start + 4
        elif kind == _VARINT:
            behind = behind_varint(data, start)
        elif kind == _FIXED64:
            behind = start + 8
        else:
            raise UnusualError
        if not _LEAST_KEY <= key < _MORE or behind > end:
            raise UnusualError
        found.append((key, start, behind))
        start = behind
    return found


def once(several: Iterable[Field]) -> dict[int, Place]:
    """Where the value of each key stands.

    Raises:
        UnusualError: a key comes twice.
    """
    found = {}
    for key, start, end in several:
        if key in found:
            raise UnusualError
        found[key] = (start, end)
    return found


def number(data: Data, place: Place) -> int:
    """The value of a varint."""
    start, end = place
    return sum((data[here] & 0x7F) << 7 * (here - start) for here in range(start, end))


def text(data: Data, place: Place | None) -> str:
    """The value of a string; of none, it is empty.

    Raises:
        UnusualError: it is no UTF-8.
    """
    try:
        return bytes(data[place[0] : place[1]]).decode() if place else ""
    except UnicodeDecodeError as error:
        raise UnusualError from error


def behind_varint(data: Data, start: int) -> int:
    """The place behind a varint.

    Raises:
        UnusualError: it is longer than is plain.
    """
    place = start
    while data[place] >= _MORE:
        place += 1
    if place - start >= LONGEST:
        raise UnusualError
    return place + 1


def _length(data: Data, start: int) -> Place:
    """The value of a varint that is a length, and the place behind it."""
    if data[start] < _MORE:
        return data[start], start + 1
    behind = behind_varint(data, start)
    if behind - start > _LONGEST_LENGTH:
        raise UnusualError
    return number(data, (start, behind)), behind
