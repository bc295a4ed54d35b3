"""Tensors of one number, in the wire format: where the number stands, and how it is written.

It is either the whole of `tensor_content`, little-endian, or the only element of the list for its type.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from cajajejo.metrics.events import wire
from cajajejo.metrics.events.wire import UnusualError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cajajejo.metrics.events.wire import Data, Field, Place

_DTYPE, _SHAPE, _VERSION, _CONTENT = 0x08, 0x12, 0x18, 0x22  # as fields of a TensorProto
_DIM, _SIZE = 0x12, 0x08
_LISTS: Final = frozenset({0x2A, 0x2D, 0x32, 0x31, 0x3A, 0x38, 0x42, 0x52, 0x50, 0x5A, 0x58, 0x6A, 0x68})
"""Keys of lists, packed or element by element."""


class Number(NamedTuple):
    """Where a number stands, and what it is.

    Attributes:
        start: its first byte.
        size: its bytes.
        varint: whether it is written as one; otherwise as it stands in memory.
        type: a type of numpy, or bfloat16.
    """

    start: int
    size: int
    varint: bool
    type: str


class _Type(NamedTuple):
    """A type of numbers: its name, the bytes of one, and the key of its list, packed."""

    name: str
    size: int
    key: int


_TYPES: Final[Mapping[int, _Type]] = {
    1: _Type("<f4", 4, 0x2A),
    2: _Type("<f8", 8, 0x32),
    3: _Type("<i4", 4, 0x3A),
    4: _Type("u1", 1, 0x3A),
    5: _Type("<i2", 2, 0x3A),
    6: _Type("i1", 1, 0x3A),
    9: _Type("<i8", 8, 0x52),
    10: _Type("bool", 1, 0x5A),
    14: _Type("bfloat16", 2, 0x6A),
    17: _Type("<u2", 2, 0x3A),
    19: _Type("<f2", 2, 0x6A),
    22: _Type("<u4", 4, 0),
    23: _Type("<u8", 8, 0),
}
"""By their numbers. The keys of the last two lists have two bytes."""
_IN_LISTS: Final = {0x2A: "<f4", 0x32: "<f8", 0x3A: "<i4", 0x52: "<i8", 0x5A: "bool"}
"""How the numbers of a list are understood, if not as their type says."""
_UNPACKED: Final = {0x2D: 0x2A, 0x31: 0x32, 0x38: 0x3A, 0x50: 0x52, 0x58: 0x5A, 0x68: 0x6A}
_FLOATS: Final = frozenset({0x2A, 0x32})


def number(data: Data, place: Place) -> tuple[Number | None, tuple[Place, ...]]:
    """Where the number of a tensor stands, or None if it is no scalar; and what differs between tensors like it.

    Raises:
        UnusualError: it is not plain.
    """
    fields = wire.fields(data, *place)
    values = [field for field in fields if field[0] == _CONTENT or field[0] in _LISTS]
    described = wire.once(field for field in fields if field not in values)
    dtype = described.pop(_DTYPE, (0, 0))
    shape = described.pop(_SHAPE, None)
    described.pop(_VERSION, None)
    if described or dtype[1] - dtype[0] != 1:
        raise UnusualError
    kind = _TYPES.get(data[dtype[0]])
    if kind is None or not _is_single(data, shape):
        return None, tuple((start, end) for key, start, end in values if key & 7)
    if len(values) != 1:
        raise UnusualError
    return _element(data, kind, values[0]), (values[0][1:],)


def _element(data: Data, kind: _Type, field: Field) -> Number | None:
    """The only number of a tensor, which stands in this field; None if there is another number of them."""
    key, start, end = field
    if key == _CONTENT and start != end:
        return Number(start, kind.size, varint=False, type=kind.name) if end - start == kind.size else None
    key = _UNPACKED.get(key, key)
    if key != kind.key:
        raise UnusualError
    size = end - start
    varint = key not in _FLOATS
    if size != (wire.behind_varint(data, start) - start if varint else kind.size):
        raise UnusualError
    return Number(start, size, varint=varint, type=_IN_LISTS.get(key, kind.name))


def _is_single(data: Data, shape: Place | None) -> bool:
    """Whether a tensor of this shape has one element."""
    single = True
    for key, start, end in wire.fields(data, *shape) if shape else ():
        if key != _DIM:
            raise UnusualError
        dim = wire.once(wire.fields(data, start, end))
        size = dim.pop(_SIZE, (0, 0))
        if dim:
            raise UnusualError
        single = single and wire.number(data, size) == 1
    return single
