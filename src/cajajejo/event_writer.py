"""Scalars as a TensorBoard event file, written whole or not at all."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Final

from cajajejo import files
from cajajejo.errors import require

if TYPE_CHECKING:
    from collections.abc import Mapping
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
    records = require("tensorboard.summary.writer.record_writer", extra="evaluation", purpose=purpose)
    written = io.BytesIO()
    writer = records.RecordWriter(written)
    writer.write(event_pb2.Event(wall_time=wall_time, file_version="brain.Event:2").SerializeToString())
    for tag, value in values.items():
        event = event_pb2.Event(wall_time=wall_time, step=step)
        scalar = event.summary.value.add(tag=tag)
        scalar.metadata.plugin_data.plugin_name = "scalars"
        scalar.metadata.data_class = 1  # DATA_CLASS_SCALAR
        scalar.tensor.dtype = 2  # DT_DOUBLE: simple_value would round to float32
        scalar.tensor.tensor_shape.SetInParent()
        scalar.tensor.double_val.append(value)
        writer.write(event.SerializeToString())
    directory.mkdir(parents=True, exist_ok=True)
    files.replace(directory / FILE_NAME, written.getvalue())
    return directory / FILE_NAME
