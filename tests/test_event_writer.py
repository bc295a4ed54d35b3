"""Event files, read back as TensorBoard reads them."""

from __future__ import annotations

import math
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from cajajejo import event_writer

if TYPE_CHECKING:
    from pathlib import Path


def scalars(path: Path) -> list[tuple[str, int, float, float]]:
    """Tag, step, time and value of every scalar in the file, in its order; the head is checked on the way."""
    from tensorboard.backend.event_processing.event_file_loader import LegacyEventFileLoader

    first, *rest = LegacyEventFileLoader(str(path)).Load()
    assert first.file_version == "brain.Event:2"
    values: list[tuple[Any, Any]] = [(event, value) for event in rest for value in event.summary.value]
    return [(value.tag, event.step, event.wall_time, value.tensor.double_val[0]) for event, value in values]


def test_tensorboard_reads_every_scalar_with_its_step_and_time(tmp_path: Path) -> None:
    values = {"geo/exact_match": 0.55, "bio/f1": -1.5, "ключ/😀": 0.0}
    path = event_writer.write_scalars(tmp_path / "deep" / "events", values, wall_time=1795302763.5, step=7)
    assert path == tmp_path / "deep" / "events" / "events.out.tfevents.0000000000.cajajejo"
    assert scalars(path) == [
        ("geo/exact_match", 7, 1795302763.5, 0.55),
        ("bio/f1", 7, 1795302763.5, -1.5),
        ("ключ/😀", 7, 1795302763.5, 0.0),
    ]


def test_not_a_number_and_infinity_come_back(tmp_path: Path) -> None:
    path = event_writer.write_scalars(tmp_path, {"a": math.nan, "b": math.inf}, wall_time=1.0)
    assert scalars(path) == [("a", 0, 1.0, pytest.approx(math.nan, nan_ok=True)), ("b", 0, 1.0, math.inf)]


def test_written_twice_replaces_and_leaves_nothing_else(tmp_path: Path) -> None:
    event_writer.write_scalars(tmp_path, {"a": 1.0, "b": 2.0}, wall_time=1.0)
    path = event_writer.write_scalars(tmp_path, {"a": 3.0}, wall_time=2.0)
    assert scalars(path) == [("a", 0, 2.0, 3.0)]
    assert list(tmp_path.iterdir()) == [path]


def test_written_again_with_the_same_values_is_the_same_file(tmp_path: Path) -> None:
    first = event_writer.write_scalars(tmp_path / "1", {"a": 1.0}, wall_time=1.0).read_bytes()
    assert event_writer.write_scalars(tmp_path / "2", {"a": 1.0}, wall_time=1.0).read_bytes() == first


def test_no_scalars_are_a_file_with_a_head_only(tmp_path: Path) -> None:
    assert scalars(event_writer.write_scalars(tmp_path, {}, wall_time=1.0)) == []


def test_writing_needs_little_of_tensorboard_and_nothing_of_what_it_brings(tmp_path: Path) -> None:
    code = "import sys; from pathlib import Path; from cajajejo import event_writer\n"
    code += "event_writer.write_scalars(Path(sys.argv[1]), {'a': 1.0}, wall_time=1.0); print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True)
    assert not {"boto3", "tensorboard.summary", "tensorboard.compat.tensorflow_stub"} & set(run.stdout.split())
