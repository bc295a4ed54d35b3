"""Scalars as a TensorBoard event file, written whole or not at all."""

from __future__ import annotations

import io
import struct
from typing import TYPE_CHECKING, Any, Final

from cajajejo import files
from cajajejo.errors import require

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

FILE_NAME: Final = "events.out.tfevents.0000000000.cajajejo"


def write_scalars(directory: Path, values: Mapping[str, float], *, wall_time: float, step: int = 0) -> Path:
    """The event file in `directory` that holds `values` by tag; written again, it is replaced.

    Args:
        directory: made if it is not there.
        values: scalars by tag.
        wall_time: seconds since the epoch, of every scalar.
        step: of every scalar.
    """
    purpose = "writing event files"
    event_pb2 = require("tensorboard.compat.proto.event_pb2", extra="evaluation", purpose=purpose)
    checksum = masked_crc32c(purpose)
    written = io.BytesIO()

    def write(event: Any) -> None:
        data = event.SerializeToString()
        length = struct.pack("<Q", len(data))
        written.write(length + struct.pack("<I", checksum(length)) + data + struct.pack("<I", checksum(data)))

    write(event_pb2.Event(wall_time=wall_time, file_version="brain.Event:2"))
    for tag, value in values.items():
        event = event_pb2.Event(wall_time=wall_time, step=step)
        scalar = event.summary.value.add(tag=tag)
        scalar.metadata.plugin_data.plugin_name = "scalars"
        scalar.metadata.data_class = 1  # DATA_CLASS_SCALAR
        scalar.tensor.dtype = 2  # DT_DOUBLE: simple_value would round to float32
        scalar.tensor.tensor_shape.SetInParent()
        scalar.tensor.double_val.append(value)
        write(event)
    directory.mkdir(parents=True, exist_ok=True)
    files.replace(directory / FILE_NAME, written.getvalue())
    return directory / FILE_NAME


def masked_crc32c(purpose: str) -> Callable[[bytes], int]:
    """What computes the checksum of event files; TensorBoard's own brings half of TensorBoard and boto3 with it."""
    value: Callable[[bytes], int] = require("google_crc32c", extra="evaluation", purpose=purpose).value

    def masked(data: bytes) -> int:
        checksum = value(data)
        return ((checksum >> 15 | checksum << 17) + 0xA282EAD8) & 0xFFFFFFFF

    return masked
