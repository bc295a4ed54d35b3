"""The numbers in a record, as protobuf understands it: what the reader by hand leaves over, and what it is held to.

Whatever this module says of a record is right by definition. It takes a hundred times as long as a glance at a known
layout, and loading protobuf takes as long as reading half a million scalars.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from cajajejo.errors import require

if TYPE_CHECKING:
    from collections.abc import Mapping

TENSOR_TYPES: Final[Mapping[int, tuple[str, str]]] = {  # number of the type: layout of one element, field of values
    1: ("<f", "float_val"),
    2: ("<d", "double_val"),
    3: ("<i", "int_val"),
    4: ("<B", "int_val"),
    5: ("<h", "int_val"),
    6: ("<b", "int_val"),
    9: ("<q", "int64_val"),
    10: ("<?", "bool_val"),
    14: ("<H", "half_val"),
    17: ("<H", "int_val"),
    19: ("<e", "half_val"),
    22: ("<I", "uint32_val"),
    23: ("<Q", "uint64_val"),
}
_BFLOAT16: Final = 14
_HALF: Final = 19


class Value(NamedTuple):
    """A value of a summary: its tag, the plugin that it names, and its number if it is a scalar."""

    tag: str
    plugin: str
    number: float | None


class Message(NamedTuple):
    """An event: its step, its time, and the values of its summary."""

    step: int
    wall_time: float
    values: tuple[Value, ...]


def read(record: bytes) -> Message | None:
    """What stands in the data of a record; None if they are no event.

    Raises:
        MissingExtraError: TensorBoard is not installed.
    """
    protos = require("tensorboard.compat.proto.event_pb2", extra="evaluation", purpose="reading event files")
    message = require("google.protobuf.message", extra="evaluation", purpose="reading event files")
    try:
        event = protos.Event.FromString(record)
    except message.DecodeError:
        return None
    values = [Value(value.tag, value.metadata.plugin_data.plugin_name, _number(value)) for value in event.summary.value]
    return Message(event.step, event.wall_time, tuple(values))


def _number(value: Any) -> float | None:
    """The number in a summary value, or None where it holds no scalar."""
    kind = value.WhichOneof("value")
    if kind == "simple_value":
        return float(value.simple_value)
    return _scalar_of(value.tensor) if kind == "tensor" else None


def _scalar_of(tensor: Any) -> float | None:
    """The element of a numeric tensor that has exactly one; a tensor without values is zero, as in TensorFlow."""
    if tensor.dtype not in TENSOR_TYPES or any(dimension.size != 1 for dimension in tensor.tensor_shape.dim):
        return None
    layout, name = TENSOR_TYPES[tensor.dtype]
    content, listed = tensor.tensor_content, getattr(tensor, name)
    if content:
        if len(content) != struct.calcsize(layout):
            return None
        number = struct.unpack(layout, content)[0]
        return _from_bfloat16(number) if tensor.dtype == _BFLOAT16 else float(number)
    if not listed:
        return 0.0
    if tensor.dtype == _BFLOAT16:
        return _from_bfloat16(listed[0])
    return _from_half(listed[0]) if tensor.dtype == _HALF else float(listed[0])


def _from_bfloat16(bits: int) -> float:
    """A bfloat16 is the upper half of a float32."""
    return float(struct.unpack("<f", struct.pack("<I", (bits & 0xFFFF) << 16))[0])


def _from_half(bits: int) -> float:
    return float(struct.unpack("<e", struct.pack("<H", bits & 0xFFFF))[0])
