from __future__ import annotations

import math
import os
import struct
import subprocess
import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest
from tensorboard.compat.proto import event_pb2, summary_pb2, types_pb2
from tensorboard.plugins.hparams import summary_v2 as hparams
from tensorboard.util import tensor_util

from cajajejo import event_writer
from cajajejo.errors import CajajejoError
from cajajejo.metrics import events
from cajajejo.metrics.events import Series
from tests.metrics.builders import double_value, scalar_record, tensor_value, write_records, write_simple, write_values

if TYPE_CHECKING:
    from pathlib import Path


def test_points_come_with_steps_and_wall_times(tmp_path: Path) -> None:
    write_simple(tmp_path, {"loss": [1.0, 0.5]}, start=1000.0)
    assert events.read(tmp_path) == events.Events({(".", "loss"): Series((0, 1), (1000.0, 1001.0), (1.0, 0.5))})


def test_every_directory_at_any_depth_is_a_run(tmp_path: Path) -> None:
    for run in (".", "train", "eval/a/b"):
        write_simple(tmp_path / run, {"loss": [1.0]})
    (tmp_path / "notes.txt").write_text("no events")
    assert set(events.read(tmp_path).series) == {(".", "loss"), ("train", "loss"), ("eval/a/b", "loss")}


def test_links_are_followed_and_circles_are_not(tmp_path: Path) -> None:
    write_simple(tmp_path / "elsewhere", {"loss": [1.0]})
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "run").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "logs" / "again").symlink_to(tmp_path / "logs")
    (tmp_path / "logs" / "events.out.tfevents.gone").symlink_to(tmp_path / "nowhere")
    assert list(events.read(tmp_path / "logs").series) == [("run", "loss")]


@pytest.mark.parametrize("count", [11, 10_500])
@pytest.mark.parametrize("kind", ["simple", "tensor"])
def test_no_point_is_sampled_away(tmp_path: Path, kind: str, count: int) -> None:
    values = [
        summary_pb2.Summary.Value(tag="loss", simple_value=step) if kind == "simple" else double_value("loss", step)
        for step in range(count)
    ]
    write_values(tmp_path, [(step, float(step), value) for step, value in enumerate(values)])
    assert events.read(tmp_path).series[(".", "loss")].values == tuple(float(step) for step in range(count))


def test_a_restart_keeps_both_stretches_in_order_of_the_files(tmp_path: Path) -> None:
    write_records(
        tmp_path / "events.out.tfevents.1",
        [scalar_record("loss", value, step=step) for step, value in ((0, 1.0), (1, 2.0))],
    )
    write_records(tmp_path / "events.out.tfevents.2", [scalar_record("loss", 3.0, step=1)])
    assert events.read(tmp_path).series[(".", "loss")] == Series((0, 1, 1), (1000.0,) * 3, (1.0, 2.0, 3.0))


_HALF = struct.unpack("<H", struct.pack("<e", 0.5))[0]


@pytest.mark.parametrize(
    ("tensor", "expected"),
    [
        ({"dtype": types_pb2.DT_FLOAT, "tensor_content": struct.pack("<f", 0.5)}, 0.5),
        ({"dtype": types_pb2.DT_FLOAT, "float_val": [0.5]}, 0.5),
        ({"dtype": types_pb2.DT_FLOAT, "float_val": [0.5], "shape": (1, 1)}, 0.5),
        ({"dtype": types_pb2.DT_FLOAT, "float_val": [0.5], "plugin": ""}, 0.5),
        ({"dtype": types_pb2.DT_DOUBLE, "tensor_content": struct.pack("<d", 0.1)}, 0.1),
        ({"dtype": types_pb2.DT_DOUBLE, "double_val": [0.1]}, 0.1),
        ({"dtype": types_pb2.DT_HALF, "half_val": [_HALF]}, 0.5),
        ({"dtype": types_pb2.DT_HALF, "tensor_content": struct.pack("<e", 0.5)}, 0.5),
        ({"dtype": types_pb2.DT_BFLOAT16, "half_val": [0x3F00]}, 0.5),
        ({"dtype": types_pb2.DT_BFLOAT16, "tensor_content": struct.pack("<H", 0x3F00)}, 0.5),
        ({"dtype": types_pb2.DT_INT32, "int_val": [-7]}, -7.0),
        ({"dtype": types_pb2.DT_INT64, "int64_val": [1 << 40]}, float(1 << 40)),
        ({"dtype": types_pb2.DT_INT64, "tensor_content": struct.pack("<q", 12)}, 12.0),
        ({"dtype": types_pb2.DT_UINT8, "int_val": [7]}, 7.0),
        ({"dtype": types_pb2.DT_UINT32, "uint32_val": [7]}, 7.0),
        ({"dtype": types_pb2.DT_UINT64, "uint64_val": [7]}, 7.0),
        ({"dtype": types_pb2.DT_BOOL, "bool_val": [True]}, 1.0),
        ({"dtype": types_pb2.DT_FLOAT}, 0.0),
    ],
)
def test_a_tensor_of_one_number_is_a_scalar(tmp_path: Path, tensor: dict[str, object], expected: float) -> None:
    write_values(tmp_path, [(0, 1.0, tensor_value("x", **tensor))])  # type: ignore[arg-type]  # a table of fields
    assert events.read(tmp_path).series[(".", "x")].values == (expected,)


@pytest.mark.parametrize(
    "dtype", [np.float16, np.float32, np.float64, np.int8, np.int16, np.int32, np.int64, np.uint8, np.uint16, np.bool_]
)
def test_tensors_made_by_tensorboard_are_read_as_it_reads_them(tmp_path: Path, dtype: type) -> None:
    proto = tensor_util.make_tensor_proto(np.array(1, dtype=dtype))
    value = summary_pb2.Summary.Value(tag="x", tensor=proto)
    write_values(tmp_path, [(0, 1.0, value)])
    assert events.read(tmp_path).series[(".", "x")].values == (float(tensor_util.make_ndarray(proto)),)


def test_what_is_no_scalar_is_skipped(tmp_path: Path) -> None:
    histogram = summary_pb2.HistogramProto(min=0, max=1, num=2, sum=1, bucket_limit=[0.5, 1.0], bucket=[1, 1])
    image = summary_pb2.Summary.Image(height=1, width=1, encoded_image_string=b"png")
    values = [
        summary_pb2.Summary.Value(tag="old histogram", histo=histogram),
        summary_pb2.Summary.Value(tag="old image", image=image),
        summary_pb2.Summary.Value(tag="nothing"),
        tensor_value("histogram", plugin="histograms", dtype=types_pb2.DT_DOUBLE, double_val=[0.0] * 9, shape=(3, 3)),
        tensor_value("bare histogram", plugin="", dtype=types_pb2.DT_DOUBLE, double_val=[0.0] * 9, shape=(3, 3)),
        tensor_value("bare text", plugin="", dtype=types_pb2.DT_STRING, string_val=[b"hello"], shape=(1,)),
        tensor_value("complex", plugin="", dtype=types_pb2.DT_COMPLEX64, scomplex_val=[1.0, 2.0]),
        tensor_value("empty", plugin="histograms", dtype=types_pb2.DT_DOUBLE, shape=(0, 3)),
        tensor_value("text", plugin="text", dtype=types_pb2.DT_STRING, string_val=[b"hello"]),
        tensor_value("image", plugin="images", dtype=types_pb2.DT_STRING, string_val=[b"1", b"1", b"png"], shape=(3,)),
        tensor_value("torn", dtype=types_pb2.DT_FLOAT, tensor_content=b"abc"),
        tensor_value("hparams", plugin="hparams", dtype=types_pb2.DT_FLOAT, float_val=[0.0], shape=(1,)),
        hparams.hparams_pb({"rate": 0.1}).value[0],
        double_value("loss", 0.5),
    ]
    write_values(tmp_path, [(0, 1.0, value) for value in values])
    assert events.read(tmp_path) == events.Events({(".", "loss"): Series((0,), (1.0,), (0.5,))})


def test_a_tag_keeps_the_plugin_that_its_first_value_names(tmp_path: Path) -> None:
    values = [
        tensor_value("x", plugin=plugin, dtype=types_pb2.DT_FLOAT, float_val=[1.0]) for plugin in ("pr_curves", "")
    ]
    write_values(tmp_path, [(0, 1.0, value) for value in values])
    assert events.read(tmp_path).series == {}


def test_nan_and_infinity_are_kept(tmp_path: Path) -> None:
    write_simple(tmp_path, {"loss": [math.nan, math.inf, -math.inf]})
    values = events.read(tmp_path).series[(".", "loss")].values
    assert (math.isnan(values[0]), values[1:]) == (True, (math.inf, -math.inf))


def test_a_torn_file_gives_its_good_records_and_a_warning(tmp_path: Path) -> None:
    path = tmp_path / "events.out.tfevents.1"
    write_records(path, [scalar_record("loss", value) for value in (1.0, 2.0)])
    path.write_bytes(path.read_bytes()[:-5])
    found = events.read(tmp_path)
    assert found.series[(".", "loss")].values == (1.0,)
    size = path.stat().st_size // 2 - 2
    assert found.warnings == (f"{path}: 1 damaged record left out ({size} bytes); 1 good ones read",)


def test_a_good_record_that_is_no_event_is_damage(tmp_path: Path) -> None:
    path = tmp_path / "events.out.tfevents.1"
    write_records(path, [b"\xff\xff", b"\xff\xfe\xfd", scalar_record("loss", 1.0)])
    found = events.read(tmp_path)
    assert found.series[(".", "loss")].values == (1.0,)
    assert found.warnings == (f"{path}: 2 damaged records left out (5 bytes); 1 good ones read",)


def test_an_empty_event_file_holds_nothing(tmp_path: Path) -> None:
    (tmp_path / "events.out.tfevents.1").touch()
    assert events.read(tmp_path) == events.Events()


@pytest.mark.parametrize(("name", "message"), [("gone", "no such directory"), ("file", "not a directory")])
def test_a_log_directory_must_be_there(tmp_path: Path, name: str, message: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(CajajejoError, match=f"{message}: "):
        events.read(tmp_path / name)


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become another user")
def test_what_may_not_be_read_is_an_error_and_no_gap(tmp_path: Path) -> None:
    program = (
        "import os, sys; from pathlib import Path; from cajajejo.metrics import events\n"
        "import google_crc32c, tensorboard.compat.proto.event_pb2\n"
        "os.setuid(65534)\n"
        "try: events.read(Path(sys.argv[1]))\n"
        "except Exception as error: print(error, error.facts['says'])"
    )
    logs = tmp_path / "logs"
    write_simple(logs / "run", {"loss": [1.0]})
    for folder in (tmp_path, *tmp_path.parents[:3]):
        folder.chmod(0o755)
    for locked, said in ((logs / "run", "a directory with events"), (next((logs / "run").iterdir()), "an event file")):
        mode = locked.stat().st_mode
        locked.chmod(0)
        out = subprocess.run(
            [sys.executable, "-c", program, str(logs)], capture_output=True, text=True, check=True
        ).stdout
        locked.chmod(mode)
        assert out == f"{said} cannot be read: {locked} Permission denied\n"


def test_a_digest_is_that_of_the_points_wherever_they_lie(tmp_path: Path) -> None:
    for name, value in (("a", 1.0), ("b", 1.0), ("c", 2.0)):
        write_simple(tmp_path / name, {"loss": [value]})
    first, second, third = (events.read(tmp_path / name).digest() for name in "abc")
    assert (len(first), first == second, first == third) == (16, True, False)


def test_what_an_evaluation_writes_is_read(tmp_path: Path) -> None:
    event_writer.write_scalars(tmp_path / "run", {"geography/exact_match": 0.5, "n": 20}, step=3, wall_time=5.0)
    expected = {
        ("run", tag): Series((3,), (5.0,), (value,)) for tag, value in (("geography/exact_match", 0.5), ("n", 20.0))
    }
    assert events.read(tmp_path).series == expected


def test_a_file_that_is_being_written_is_not_read(tmp_path: Path) -> None:
    write_records(tmp_path / ".events.out.tfevents.1.partial", [scalar_record("loss", 1.0)])
    assert events.read(tmp_path) == events.Events()


def test_a_session_log_is_no_scalar(tmp_path: Path) -> None:
    started = event_pb2.Event(session_log=event_pb2.SessionLog(status=event_pb2.SessionLog.START))
    write_records(tmp_path / "events.out.tfevents.1", [started.SerializeToString()])
    assert events.read(tmp_path) == events.Events()
