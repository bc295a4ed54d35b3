"""The scratch directory: what is remembered, for which inputs, and by how many at once."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from cajajejo.config import EvaluationJobConfig
from cajajejo.errors import ScratchBusyError
from cajajejo.harness import scratch
from cajajejo.harness.scratch import Scratch, State
from tests.builders import job_config

HOLD = """
import sys
from pathlib import Path
from cajajejo.harness.scratch import Scratch
with Scratch(Path(sys.argv[1])).lock():
    print("held", flush=True)
    sys.stdin.read()
"""


def key(run_specs: str = "entries: []", **changes: Any) -> str:
    return scratch.key_of(EvaluationJobConfig.model_validate(job_config(**changes)), run_specs)


def test_every_place_is_inside_of_the_root() -> None:
    place = Scratch(Path("/s"))
    assert [str(path) for path in (place.output, place.events, place.log, place.config, place.run_specs)] == [
        "/s/evaluation/output",
        "/s/evaluation/output/events",
        "/s/evaluation/harness.log",
        "/s/evaluation/configs/eval_config.yml",
        "/s/evaluation/configs/run_specs.conf",
    ]


def test_what_is_saved_is_remembered_for_the_same_inputs(tmp_path: Path) -> None:
    place = Scratch(tmp_path / "s")
    saved = place.save(State("k"), model="m", mlflow_run_id="r", finished_at=1.5)
    saved = place.save(saved, tracked=True)
    assert saved == State("k", model="m", mlflow_run_id="r", finished_at=1.5, tracked=True)
    assert place.state("k") == saved


def test_nothing_is_remembered_for_other_inputs_or_at_first(tmp_path: Path) -> None:
    place = Scratch(tmp_path / "s")
    assert place.state("k") == State("k")
    place.save(State("k"), tracked=True)
    assert place.state("other") == State("other")


@pytest.mark.parametrize("content", ["", "{", "[]", "null", '{"key": "k", "finished_at": "soon"}', '{"model": "m"}'])
def test_a_damaged_state_is_no_state(tmp_path: Path, content: str) -> None:
    place = Scratch(tmp_path)
    place.save(State("k"), tracked=True)
    (place.work / "state.json").write_text(content)
    assert place.state("k") == State("k")


def test_a_state_of_another_version_is_read_as_far_as_it_is_known(tmp_path: Path) -> None:
    place = Scratch(tmp_path)
    place.save(State("k"))
    (place.work / "state.json").write_text('{"key": "k", "mlflow_run_id": "r", "of_a_later_version": 1}')
    assert place.state("k") == State("k", mlflow_run_id="r")


def test_clearing_forgets_every_step_and_keeps_the_model(tmp_path: Path) -> None:
    place = Scratch(tmp_path)
    (tmp_path / "model").mkdir()
    place.clear()
    place.save(State("k"), tracked=True)
    place.clear()
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


def test_the_key_changes_with_the_config_and_the_run_specs_and_with_nothing_else() -> None:
    keys = [key(), key("entries: [ ]"), key(helm__suite="v2"), key(image_tag="x"), key(env={"A": "1"})]
    assert len(set(keys)) == len(keys)
    assert key() == keys[0]


def test_the_key_changes_with_the_files_that_the_run_specs_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    run_specs = 'entries: [{description: "questions:path=q/geo.jsonl,model=m"}, {description: "x:path=b.jsonl"}]'
    seen = [key(run_specs)]
    Path("q").mkdir()
    for name, text in (("q/geo.jsonl", "one"), ("q/geo.jsonl", "two"), ("b.jsonl", "three")):
        Path(name).write_text(text)
        seen.append(key(run_specs))
    assert len(set(seen)) == 4


def test_the_config_and_the_run_specs_cannot_be_shifted_into_each_other() -> None:
    assert key("a", image_tag="b") != key("", image_tag="ba")


def test_local_runs_work_in_a_directory_that_git_ignores(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert scratch.default_root("0123456789abcdef") == Path(".cajajejo/scratch/0123456789ab")
    assert Path(".cajajejo/.gitignore").read_text() == "*\n"
    Path(".cajajejo/.gitignore").write_text("mine\n")
    scratch.default_root("0123456789abcdef")
    assert Path(".cajajejo/.gitignore").read_text() == "mine\n"


def test_a_second_evaluation_in_the_same_directory_is_refused_until_the_first_ends(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLD, str(tmp_path / "s")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(ScratchBusyError) as caught, Scratch(tmp_path / "s").lock():
            pytest.fail("it must not be held twice")
        holder.kill()
    assert caught.value.lines() == [
        f"Error: another evaluation works in {tmp_path / 's'}",
        f"  held by     process {holder.pid}",
        "Run: wait for it, or give this one a directory of its own: --scratch DIR",
    ]
    with Scratch(tmp_path / "s").lock() as descriptor:
        assert descriptor > 2


def test_a_child_that_inherits_the_descriptor_holds_the_directory_as_well(tmp_path: Path) -> None:
    place = Scratch(tmp_path)
    with place.lock() as descriptor:
        child = subprocess.Popen(
            [sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE, pass_fds=[descriptor]
        )
    with child:
        with pytest.raises(ScratchBusyError, match="another evaluation works"), place.lock():
            pytest.fail("the child must hold it")
        child.kill()
    with place.lock():
        pass


def test_the_state_is_written_for_people_too(tmp_path: Path) -> None:
    Scratch(tmp_path).save(State("k"), mlflow_run_id="r")
    assert json.loads((tmp_path / "evaluation" / "state.json").read_text()) == {
        "key": "k",
        "model": None,
        "mlflow_run_id": "r",
        "finished_at": None,
        "evaluated": False,
        "tracked": False,
        "job_uid": None,
        "facts": {},
    }
