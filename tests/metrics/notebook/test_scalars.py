"""Event files as arrays, in a notebook."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

import cajajejo
from cajajejo.errors import CajajejoError, FileProblemsError
from tests.metrics.builders import scalar_record, write_records, write_simple

if TYPE_CHECKING:
    from pathlib import Path

    from cajajejo.metrics.notebook.scalars import Scalars


@pytest.fixture
def read(tmp_path: Path) -> Scalars:
    write_simple(tmp_path / "train", {"loss": [3.0, 2.0, 1.0], "acc": [0.5]})
    write_simple(tmp_path / "test", {"acc": [0.25]})
    return cajajejo.read_events(tmp_path)


def test_each_tag_of_each_run_has_its_points_as_arrays(read: Scalars) -> None:
    assert list(read) == [("test", "acc"), ("train", "acc"), ("train", "loss")]
    loss = read["train", "loss"]
    assert loss.steps.tolist() == [0, 1, 2]
    assert loss.wall_times.tolist() == [1000.0, 1001.0, 1002.0]
    assert loss.values.tolist() == [3.0, 2.0, 1.0]
    assert [array.dtype.name for array in (loss.steps, loss.values)] == ["int64", "float64"]


def test_a_tag_of_one_run_needs_no_run(read: Scalars) -> None:
    assert read["loss"] == read["train", "loss"]
    with pytest.raises(KeyError, match="acc is in 2 runs: test, train; give the run as well"):
        read["acc"]
    with pytest.raises(KeyError, match="no tag is called los; there are acc, loss"):
        read["los"]


def test_the_metrics_are_those_of_the_command(tmp_path: Path, read: Scalars) -> None:
    path = tmp_path / "demo.metrics.json"
    collection = {"default_aggregation_strategies": ["min", "max"], "use_run_name_prefix": True}
    path.write_text(json.dumps({"metric_collection_config": collection}))
    assert read.metrics(path)["train/loss_min"] == 1.0
    assert read.metrics(str(path))["train/loss_max"] == 3.0
    assert read.metrics()["loss_final"] == 1.0
    path.write_text("{")
    with pytest.raises(FileProblemsError):
        read.metrics(path)


def test_the_points_make_a_long_data_frame(read: Scalars) -> None:
    frame = read.to_frame()
    assert frame.to_dict("list") == {
        "run": ["test", "train", "train", "train", "train"],
        "tag": ["acc", "acc", "loss", "loss", "loss"],
        "step": [0, 0, 0, 1, 2],
        "wall_time": [1000.0, 1000.0, 1000.0, 1001.0, 1002.0],
        "value": [0.25, 0.5, 3.0, 2.0, 1.0],
    }


def test_a_prompt_shows_a_line_for_each_series(read: Scalars) -> None:
    assert repr(read).splitlines() == [
        "  run    tag   points  steps   last",
        "  test   acc        1   0..0  0.250",
        "  train  acc        1   0..0  0.500",
        "  train  loss       3   0..2  1.000",
    ]


def test_a_prompt_shows_what_is_damaged_and_not_too_much(tmp_path: Path) -> None:
    records = [scalar_record(f"tag{number:03}", 1.0) for number in range(60)]
    write_records(tmp_path / "events.out.tfevents.1", records)
    with (tmp_path / "events.out.tfevents.1").open("ab") as file:
        file.write(b"garbage that is no record at all")
    lines = repr(cajajejo.read_events(str(tmp_path))).splitlines()
    assert lines[0].startswith("Warning: ")
    assert len(lines) == 1 + 1 + 50 + 1
    assert lines[-1] == "  and 10 more"


def test_a_directory_without_event_files_is_empty(tmp_path: Path) -> None:
    found = cajajejo.read_events(tmp_path)
    assert (repr(found), len(found), found.metrics()) == ("no scalars", 0, {})
    assert list(found.to_frame().columns) == ["run", "tag", "step", "wall_time", "value"]


def test_a_directory_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(CajajejoError, match="no such directory"):
        cajajejo.read_events(tmp_path / "gone")


def test_runs_are_read_judged_and_searched_in_five_lines(tmp_path: Path) -> None:
    for number in range(30):
        write_simple(tmp_path / f"{number:02}", {"loss": [2.0, 1.0 + number % 3 / 100 + (number >= 25)]})
    runs = [cajajejo.read_events(logdir).metrics() for logdir in sorted(tmp_path.iterdir())]
    assert cajajejo.judge(runs, comparison="less").verdict == "regression"
    (shift,) = cajajejo.shifts(runs)
    assert (shift.metric, shift.first.run_id) == ("loss_final", "25")
