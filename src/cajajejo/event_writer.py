"""Scalars as a TensorBoard event file, written whole or not at all."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

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
    summary_pb2 = require("tensorboard.compat.proto.summary_pb2", extra="evaluation", purpose=purpose)
    records = require("tensorboard.summary.writer.record_writer", extra="evaluation", purpose=purpose)
    directory.mkdir(parents=True, exist_ok=True)
    temporary = directory / f".{FILE_NAME}.{os.getpid()}"
    with temporary.open("wb") as file:
        writer = records.RecordWriter(file)
        writer.write(event_pb2.Event(wall_time=wall_time, file_version="brain.Event:2").SerializeToString())
        for tag, value in values.items():
            summary = summary_pb2.Summary(value=[summary_pb2.Summary.Value(tag=tag, simple_value=value)])
            writer.write(event_pb2.Event(wall_time=wall_time, step=step, summary=summary).SerializeToString())
        writer.flush()
    return temporary.replace(directory / FILE_NAME)
