from __future__ import annotations

import math
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
from cajajejo.metrics import events
from cajajejo.metrics.events import Series
from tests.metrics.builders import double_value, scalar_record, tensor_value, write_records, write_simple, write_values

if TYPE_CHECKING:
    from pathlib import Path


def series(*points: tuple[int, float, float]) -> Series:
    steps, walls, values = zip(*points, strict=True)
    return Series(np.array(steps, np.int64), np.array(walls, np.float64), np.array(values, np.float64))


def values(directory: Path, tag: str = "loss") -> list[float]:
    found: list[float] = events.read(directory).series[".", tag].values.tolist()
    return found


def test_points_come_with_steps_and_wall_times(tmp_path: Path) -> None:
    write_simple(tmp_path, {"loss": [1.0, 0.5]}, start=1000.0)
    assert events.read(tmp_path) == events.Events({(".", "loss"): series((0, 1000.0, 1.0), (1, 1001.0, 0.5))})


def test_every_directory_at_any_depth_is_a_run(tmp_path: Path) -> None:
    for run in (".", "train", "eval/a/b"):
        write_simple(tmp_path / run, {"loss": [1.0]})
    (tmp_path / "notes.txt").write_text("no events")
    assert set(events.read(tmp_path).series) == {(".", "loss"), ("train", "loss"), ("eval/a/b", "loss")}


@pytest.mark.parametrize("count", [11, 10_500])
@pytest.mark.parametrize("kind", ["simple", "tensor"])
def test_no_point_is_sampled_away(tmp_path: Path, kind: str, count: int) -> None:
    written = [
        summary_pb2.Summary.Value(tag="loss", simple_value=step) if kind == "simple" else double_value("loss", step)
        for step in range(count)
    ]
    write_values(tmp_path, [(step, float(step), value) for step, value in enumerate(written)])
    assert values(tmp_path) == list(range(count))


def test_a_restart_keeps_both_stretches_in_order_of_the_files(tmp_path: Path) -> None:
    write_records(
        tmp_path / "events.out.tfevents.1",
        [scalar_record("loss", value, step=step) for step, value in ((0, 1.0), (1, 2.0))],
    )
    write_records(tmp_path / "events.out.tfevents.2", [scalar_record("loss", 3.0, step=1)])
    expected = series((0, 1000.0, 1.0), (1, 1000.0, 2.0), (1, 1000.0, 3.0))
    assert events.read(tmp_path).series[".", "loss"] == expected


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
    assert values(tmp_path, "x") == [expected]


@pytest.mark.parametrize(
    "dtype", [np.float16, np.float32, np.float64, np.int8, np.int16, np.int32, np.int64, np.uint8, np.uint16, np.bool_]
)
def test_tensors_made_by_tensorboard_are_read_as_it_reads_them(tmp_path: Path, dtype: type) -> None:
    proto = tensor_util.make_tensor_proto(np.array(1, dtype=dtype))
    value = summary_pb2.Summary.Value(tag="x", tensor=proto)
    write_values(tmp_path, [(0, 1.0, value)])
    assert values(tmp_path, "x") == [float(tensor_util.make_ndarray(proto))]


def test_what_is_no_scalar_is_skipped(tmp_path: Path) -> None:
    histogram = summary_pb2.HistogramProto(min=0, max=1, num=2, sum=1, bucket_limit=[0.5, 1.0], bucket=[1, 1])
    image = summary_pb2.Summary.Image(height=1, width=1, encoded_image_string=b"png")
    written = [
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
    write_values(tmp_path, [(0, 1.0, value) for value in written])
    assert events.read(tmp_path) == events.Events({(".", "loss"): series((0, 1.0, 0.5))})


def test_a_tag_keeps_the_plugin_that_its_first_value_names(tmp_path: Path) -> None:
    written = [
        tensor_value("x", plugin=plugin, dtype=types_pb2.DT_FLOAT, float_val=[1.0]) for plugin in ("pr_curves", "")
    ]
    write_values(tmp_path, [(0, 1.0, value) for value in written])
    assert dict(events.read(tmp_path).series) == {}


def test_nan_and_infinity_are_kept(tmp_path: Path) -> None:
    write_simple(tmp_path, {"loss": [math.nan, math.inf, -math.inf]})
    first, *others = values(tmp_path)
    assert (math.isnan(first), others) == (True, [math.inf, -math.inf])


def test_a_torn_file_gives_its_good_records_and_a_warning(tmp_path: Path) -> None:
    path = tmp_path / "events.out.tfevents.1"
    write_records(path, [scalar_record("loss", value) for value in (1.0, 2.0)])
    path.write_bytes(path.read_bytes()[:-5])
    found = events.read(tmp_path)
    assert found.series[".", "loss"].values.tolist() == [1.0]
    size = path.stat().st_size // 2 - 2
    assert found.warnings == (f"{path}: 1 damaged record left out ({size} bytes); 1 good ones read",)


def test_a_good_record_that_is_no_event_is_damage(tmp_path: Path) -> None:
    path = tmp_path / "events.out.tfevents.1"
    write_records(path, [b"\xff\xff", b"\xff\xfe\xfd", scalar_record("loss", 1.0)])
    found = events.read(tmp_path)
    assert found.series[".", "loss"].values.tolist() == [1.0]
    assert found.warnings == (f"{path}: 2 damaged records left out (5 bytes); 1 good ones read",)


def test_an_empty_event_file_holds_nothing(tmp_path: Path) -> None:
    (tmp_path / "events.out.tfevents.1").touch()
    assert events.read(tmp_path) == events.Events()


def test_a_digest_is_that_of_the_points_wherever_they_lie(tmp_path: Path) -> None:
    for name, value in (("a", 1.0), ("b", 1.0), ("c", 2.0)):
        write_simple(tmp_path / name, {"loss": [value]})
    first, second, third = (events.read(tmp_path / name).digest() for name in "abc")
    assert (len(first), first == second, first == third) == (16, True, False)


def test_what_an_evaluation_writes_is_read(tmp_path: Path) -> None:
    event_writer.write_scalars(tmp_path / "run", {"geography/exact_match": 0.5, "n": 20}, step=3, wall_time=5.0)
    expected = {("run", tag): series((3, 5.0, value)) for tag, value in (("geography/exact_match", 0.5), ("n", 20.0))}
    assert dict(events.read(tmp_path).series) == expected


def test_a_file_that_is_being_written_is_not_read(tmp_path: Path) -> None:
    write_records(tmp_path / ".events.out.tfevents.1.partial", [scalar_record("loss", 1.0)])
    assert events.read(tmp_path) == events.Events()


def test_a_session_log_is_no_scalar(tmp_path: Path) -> None:
    started = event_pb2.Event(session_log=event_pb2.SessionLog(status=event_pb2.SessionLog.START))
    write_records(tmp_path / "events.out.tfevents.1", [started.SerializeToString()])
    assert events.read(tmp_path) == events.Events()


@pytest.mark.parametrize(
    ("ignore", "kept"),
    [
        pytest.param([], {(".", "loss"), ("eval", "loss"), ("eval", "x[0]")}, id="nothing"),
        pytest.param(["loss"], {("eval", "x[0]")}, id="a tag"),
        pytest.param(["eval/*"], {(".", "loss")}, id="the name of the run before the tag"),
        pytest.param(["x[0]"], {(".", "loss"), ("eval", "loss")}, id="a tag that looks like a glob"),
        pytest.param(["LOSS", "los"], {(".", "loss"), ("eval", "loss"), ("eval", "x[0]")}, id="others"),
    ],
)
def test_tags_are_ignored_by_globs(tmp_path: Path, ignore: list[str], kept: set[tuple[str, str]]) -> None:
    write_simple(tmp_path, {"loss": [1.0]})
    write_simple(tmp_path / "eval", {"loss": [1.0], "x[0]": [1.0]})
    assert set(events.read(tmp_path, ignore=ignore).series) == kept


def test_ignored_tags_are_ignored_in_files_of_one_layout(tmp_path: Path) -> None:
    for run in range(6):
        write_simple(tmp_path / f"run{run}", {"loss": [1.0], "time": [2.0]})
    found = events.read(tmp_path, ignore=["run3/*", "time"]).series
    assert sorted(found) == [(f"run{run}", "loss") for run in (0, 1, 2, 4, 5)]


@pytest.mark.parametrize("missing", ["numpy", "google_crc32c"])
def test_without_the_extra_it_is_named(missing: str) -> None:
    program = f"""
import sys
sys.modules[{missing!r}] = None
try:
    import cajajejo.metrics.events
except Exception as error:
    print(error)
"""
    out = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert out == f"reading event files needs the package {missing}, which is not installed\n"


def test_plain_logs_are_read_without_protobuf(tmp_path: Path) -> None:
    write_simple(tmp_path, {"loss": [1.0], "accuracy": [2.0]})
    program = f"""
import sys
from cajajejo.metrics import events
assert len(events.read({str(tmp_path)!r}).series) == 2
print(sorted({{"google.protobuf", "tensorboard", "pydantic", "fsspec", "pathlib", "hashlib"}} & set(sys.modules)))
"""
    out = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert out == "[]\n"
