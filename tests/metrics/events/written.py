"""Event files with any content, as protobuf and the framing of records make them."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from tensorboard.compat.proto import event_pb2, summary_pb2, tensor_pb2, tensor_shape_pb2
from tensorboard.util import tensor_util

from cajajejo.event_writer import masked_crc32c

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

FILE: Final = "events.out.tfevents.1700000000.machine.1.0"
_checksum: Final = masked_crc32c("writing event files")


def framed(data: bytes) -> bytes:
    """A record with right checksums."""
    length = struct.pack("<Q", len(data))
    return length + struct.pack("<I", _checksum(length)) + data + struct.pack("<I", _checksum(data))


def event(step: int, wall_time: float, *values: summary_pb2.Summary.Value) -> bytes:
    """The bytes of an event."""
    made = event_pb2.Event(step=step, wall_time=wall_time, summary=summary_pb2.Summary(value=values))
    return bytes(made.SerializeToString())


def head() -> bytes:
    """The first event of a file."""
    return bytes(event_pb2.Event(wall_time=1.0, file_version="brain.Event:2").SerializeToString())


def write(path: Path, events: Iterable[bytes]) -> bytes:
    """Writes records, with their directory, and returns the bytes of the file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    data = b"".join(map(framed, events))
    path.write_bytes(data)
    return data


def simple(tag: str, number: float) -> summary_pb2.Summary.Value:
    """A ``simple_value``, in which a number is a float32."""
    return summary_pb2.Summary.Value(tag=tag, simple_value=np.float32(number))


def listed(
    tag: str, number: NDArray[Any], *, shape: Sequence[int] = (), plugin: str = "scalars"
) -> summary_pb2.Summary.Value:
    """A tensor with its number in the field for its type."""
    return _tensor(tag, tensor_util.make_tensor_proto(number.reshape(shape)), plugin)


def packed(
    tag: str, number: NDArray[Any], *, shape: Sequence[int] = (), plugin: str = "scalars"
) -> summary_pb2.Summary.Value:
    """A tensor with its number as bytes, as TensorFlow writes it."""
    made = tensor_pb2.TensorProto(
        dtype=tensor_util.make_tensor_proto(number).dtype,
        tensor_shape=tensor_shape_pb2.TensorShapeProto(dim=[{"size": size} for size in shape]),
        tensor_content=number.tobytes(),
    )
    return _tensor(tag, made, plugin)


def _tensor(tag: str, tensor: tensor_pb2.TensorProto, plugin: str) -> summary_pb2.Summary.Value:
    value = summary_pb2.Summary.Value(tag=tag, tensor=tensor)
    if plugin:
        value.metadata.plugin_data.plugin_name = plugin
    return value


def histogram(tag: str) -> summary_pb2.Summary.Value:
    """A histogram as torch writes it."""
    proto = summary_pb2.HistogramProto(min=0, max=1, num=2, sum=1, bucket_limit=[0.5, 1.0], bucket=[1, 1])
    return summary_pb2.Summary.Value(tag=tag, histo=proto)


def image(tag: str, size: int = 100) -> summary_pb2.Summary.Value:
    """An image of so many bytes."""
    picture = summary_pb2.Summary.Image(height=1, width=1, encoded_image_string=bytes(size))
    return summary_pb2.Summary.Value(tag=tag, image=picture)
