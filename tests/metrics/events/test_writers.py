"""What the writers that people use leave on the disk is read: every scalar, and nothing of what lies between them.

tensorboardX and TensorBoard's own writers write here. torch is in HELM's environment only: the test marked ``helm``
runs its SummaryWriter there, with the tensorboard of this environment; ``tests/data/events/torch-2.13.0`` holds what it
wrote once. TensorFlow is nowhere here: its files are put together from what its ``write_summary`` is known to write.
"""

from __future__ import annotations

import os
import subprocess
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
import pytest
import tensorboard
import tensorboardX
from tensorboard.compat.proto import event_pb2
from tensorboard.plugins.scalar import summary_v2
from tensorboard.summary import _output, _writer
from tensorboard.summary.writer.event_file_writer import EventFileWriter

from cajajejo.errors import HarnessMissingError
from cajajejo.harness import helm_command
from cajajejo.metrics import events
from tests.builders import ROOT
from tests.hostile import IN_CI
from tests.metrics.events import written

if TYPE_CHECKING:
    from collections.abc import Callable

    Columns = tuple[list[int], list[float], list[float]]

ENVIRON: Final = dict(os.environ)  # looked at before the fixture hides what is ours
STEPS: Final = 50
TORCH: Final = ROOT / "tests" / "data" / "events" / "torch-2.13.0"
TORCH_PROGRAM: Final = """
import sys
sys.path.append(sys.argv[1])
import torch
from torch.utils.tensorboard import SummaryWriter

with SummaryWriter(sys.argv[2]) as writer:
    for step in range(50):
        at = {"global_step": step, "walltime": 1000.0 + step}
        writer.add_scalar("simple", step / 3, **at)
        writer.add_scalar("new style", step / 3, new_style=True, **at)
        writer.add_scalar("double", step / 3, new_style=True, double_precision=True, **at)
        writer.add_scalars("several", {"a": step, "b": -step}, **at)
        if step % 10 == 0:
            writer.add_histogram("histogram", torch.arange(100.0), **at)
            writer.add_image("image", torch.zeros(3, 8, 8), **at)
            writer.add_text("text", "no number", **at)
"""


def points(directory: Path) -> dict[tuple[str, str], Columns]:
    found = events.read(directory)
    assert found.warnings == ()
    return {
        key: (one.steps.tolist(), one.wall_times.tolist(), one.values.tolist()) for key, one in found.series.items()
    }


def columns(value: Callable[[int], float], *, single: bool = True) -> Columns:
    """The points of `STEPS` steps, a second apart; `single`: rounded to a float32."""
    steps = list(range(STEPS))
    values = np.array([value(step) for step in steps], np.float32 if single else np.float64)
    return steps, [1000.0 + step for step in steps], values.tolist()


TORCH_POINTS: Final = {
    (".", "simple"): columns(lambda step: step / 3),
    (".", "new style"): columns(lambda step: step / 3),
    (".", "double"): columns(lambda step: step / 3, single=False),
    ("several_a", "several"): columns(float),
    ("several_b", "several"): columns(lambda step: -float(step)),
}


def test_files_of_torch_are_read() -> None:
    assert points(TORCH) == TORCH_POINTS


@pytest.mark.helm
def test_files_that_torch_writes_now_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    try:
        python = helm_command.PROGRAM.find(ENVIRON).with_name("python")
    except HarnessMissingError as error:
        if IN_CI:
            pytest.fail("CI must have HELM: that we read what torch writes is otherwise untested")
        pytest.skip("\n".join(error.lines()))
    packages = str(Path(tensorboard.__file__).parents[1])
    command = [str(python), "-c", TORCH_PROGRAM, packages, str(tmp_path)]
    told = subprocess.run(command, env=ENVIRON, check=False, capture_output=True, text=True)
    assert told.returncode == 0, told.stderr
    assert points(tmp_path) == TORCH_POINTS


def test_files_of_tensorboardx_are_read(tmp_path: Path) -> None:
    with tensorboardX.SummaryWriter(str(tmp_path)) as writer:
        for step in range(STEPS):
            writer.add_scalar("simple", step / 3, step, walltime=1000.0 + step)
            writer.add_scalar("told", step, step, walltime=1000.0 + step, summary_description="what", display_name="n")
            writer.add_scalars("several", {"a": step, "b": -step}, step, walltime=1000.0 + step)
            writer.add_histogram("histogram", np.arange(10), step)
            writer.add_image("image", np.zeros((3, 8, 8)), step)
            writer.add_text("text", "no number", step)
    assert points(tmp_path) == {
        (".", "simple"): columns(lambda step: step / 3),
        (".", "told"): columns(float),
        ("several/a", "several"): columns(float),
        ("several/b", "several"): columns(lambda step: -float(step)),
    }


def test_files_of_tensorboards_writer_are_read(tmp_path: Path) -> None:
    with closing(_writer.Writer(_output.DirectoryOutput(str(tmp_path)))) as writer:
        for step in range(STEPS):
            writer.add_scalar("loss", step / 3, step, wall_time=1000.0 + step, description="what")
    assert points(tmp_path) == {(".", "loss"): columns(lambda step: step / 3)}


def test_files_of_tensorboards_event_writer_are_read(tmp_path: Path) -> None:
    writer = EventFileWriter(str(tmp_path))
    for step in range(STEPS):
        made = event_pb2.Event(step=step, wall_time=1000.0 + step)
        made.summary.CopyFrom(summary_v2.scalar_pb("loss", step / 3))
        writer.add_event(made)
    writer.close()
    assert points(tmp_path) == {(".", "loss"): columns(lambda step: step / 3)}


def test_files_of_keras_are_read(tmp_path: Path) -> None:
    """Bytes as TensorFlow's event writer makes them: numbers as bytes, the plugin with each, a model in between."""
    for run, tags in (("train", ("epoch_loss", "epoch_accuracy")), ("validation", ("epoch_loss",))):
        first = event_pb2.Event(wall_time=1000.0, file_version="brain.Event:2")
        first.source_metadata.writer = "tensorflow.core.util.events_writer"
        model = summary_v2.scalar_pb("keras", 0.0)
        model.value[0].metadata.plugin_data.plugin_name = "graph_keras_model"
        graph = event_pb2.Event(wall_time=1000.0, graph_def=bytes(5000))
        records = [first, event_pb2.Event(wall_time=1000.0, summary=model), graph]
        for step in range(STEPS):
            for tag in tags:
                made = event_pb2.Event(step=step, wall_time=1000.0 + step)
                made.summary.CopyFrom(summary_v2.scalar_pb(tag, step / 3))
                tensor = made.summary.value[0].tensor
                tensor.ClearField("float_val")
                tensor.tensor_content = np.float32(step / 3).tobytes()
                records.append(made)
        name = "events.out.tfevents.1700000000.machine.1.0.v2"
        written.write(tmp_path / run / name, (bytes(one.SerializeToString()) for one in records))
    assert points(tmp_path) == {
        ("train", "epoch_loss"): columns(lambda step: step / 3),
        ("train", "epoch_accuracy"): columns(lambda step: step / 3),
        ("validation", "epoch_loss"): columns(lambda step: step / 3),
    }
