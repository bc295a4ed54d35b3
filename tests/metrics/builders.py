"""Values that the tests of the metrics begin with: configurations, prior points, real event files."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

from tensorboard.compat.proto import event_pb2, summary_pb2, tensor_pb2, tensor_shape_pb2, types_pb2
from tensorboard.summary.writer.event_file_writer import EventFileWriter
from tensorboard.summary.writer.record_writer import RecordWriter

from cajajejo.metrics.config import MetricsConfig, RegressionTestConfig
from cajajejo.metrics.config.collection import MetricCollectionConfig
from cajajejo.metrics.config.conditions import SuccessCondition
from cajajejo.metrics.config.thresholds import SuccessThreshold
from cajajejo.metrics.points import Point
from cajajejo.metrics.runs import Run

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from cajajejo.metrics.runs import JobStatus

# Worked examples: five and ten prior points, and twenty for shifts.
H5 = (0.812, 0.805, 0.819, 0.808, 0.815)
H10 = (0.912, 0.915, 0.909, 0.918, 0.911, 0.914, 0.910, 0.913, 0.916, 0.907)
H20 = (*H10, 0.912, 0.914, 0.908, 0.915, 0.911, 0.913, 0.917, 0.910, 0.912, 0.914)


def condition(comparison: str = "less", *, wait: int = 0, **fields: Any) -> SuccessCondition:
    """A condition; `fields` are those of the threshold and those that stand beside it."""
    threshold = {name: fields.pop(name) for name in list(fields) if name in SuccessThreshold.model_fields}
    return SuccessCondition.model_validate(
        {"comparison": comparison, "success_threshold": threshold, "wait_for_n_points_of_history": wait, **fields}
    )


def regression_tests(conditions: Mapping[str, SuccessCondition] | None = None, **fields: Any) -> RegressionTestConfig:
    return RegressionTestConfig.model_validate({"metric_success_conditions": dict(conditions or {}), **fields})


def collection(**fields: Any) -> MetricCollectionConfig:
    return MetricCollectionConfig.model_validate({"default_aggregation_strategies": ["final"], **fields})


def settings(conditions: Mapping[str, SuccessCondition] | None = None, **fields: Any) -> MetricsConfig:
    return MetricsConfig(regression_test_config=regression_tests(conditions, **fields))


def points(
    values: Sequence[float], outside: Sequence[int] = (), *, start: float = 0.0, every: float = 1.0
) -> list[Point]:
    """Prior points r0, r1, …, `every` so many seconds; those at the places `outside` were out of bounds."""
    return [Point(f"r{place}", value, place in outside, start + place * every) for place, value in enumerate(values)]


def this_run(status: JobStatus = "success", *, start: float = 1000.0, commit: str | None = None) -> Run:
    """The run under test, called this, after every point that `points` makes."""
    return Run("t", "this", start, status, commit=commit)


def write_simple(directory: Path, series: Mapping[str, Sequence[float]], *, start: float = 1000.0) -> None:
    """Scalars as ``simple_value``, one second apart, through TensorBoard's own writer."""
    values = [
        (step, start + step, summary_pb2.Summary.Value(tag=tag, simple_value=value))
        for tag, numbers in series.items()
        for step, value in enumerate(numbers)
    ]
    write_values(directory, values)


def write_values(directory: Path, values: Sequence[tuple[int, float, summary_pb2.Summary.Value]]) -> None:
    """Summary values with their step and wall time, through TensorBoard's own writer."""
    writer = EventFileWriter(str(directory))
    for step, wall_time, value in values:
        event = event_pb2.Event(step=step, wall_time=wall_time)
        event.summary.value.append(value)
        writer.add_event(event)
    writer.close()


def tensor_value(
    tag: str, *, plugin: str = "scalars", shape: Sequence[int] = (), **tensor: Any
) -> summary_pb2.Summary.Value:
    """A summary value as TensorFlow 2 writes it: a tensor, and the name of the plugin that shows it."""
    dims = [tensor_shape_pb2.TensorShapeProto.Dim(size=size) for size in shape]
    value = summary_pb2.Summary.Value(tag=tag)
    if plugin:
        value.metadata.plugin_data.plugin_name = plugin
    value.tensor.CopyFrom(tensor_pb2.TensorProto(tensor_shape=tensor_shape_pb2.TensorShapeProto(dim=dims), **tensor))
    return value


def double_value(tag: str, number: float) -> summary_pb2.Summary.Value:
    return tensor_value(tag, dtype=types_pb2.DT_DOUBLE, tensor_content=struct.pack("<d", number))


def write_records(path: Path, records: Sequence[bytes]) -> None:
    """Records of any content in the framing of event files."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        writer = RecordWriter(file)
        for record in records:
            writer.write(record)


def scalar_record(tag: str, value: float, *, step: int = 0, wall_time: float = 1000.0) -> bytes:
    event = event_pb2.Event(step=step, wall_time=wall_time)
    event.summary.value.append(double_value(tag, value))
    return bytes(event.SerializeToString())
