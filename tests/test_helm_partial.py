"""HELM ended before its time, or left files that hold nothing: what is missing is named, never passed over."""

from __future__ import annotations

import json
import signal
import sys
from pathlib import Path
from typing import Any

import pytest

from cajajejo import config as configs
from cajajejo.errors import HarnessError
from cajajejo.harness import helm_command, helm_output, process
from cajajejo.harness.adapter import Task
from cajajejo.harness.helm import Helm
from cajajejo.harness.scratch import Scratch
from cajajejo.models.model import Model
from cajajejo.results import FailedScenario, Results

EXAMPLE = Path(__file__).parents[1] / "examples/cpu-gs-uri/job_config.yml"
STATS: list[dict[str, Any]] = [{"name": {"name": "exact_match", "split": "test"}, "mean": 1.0}]
STATE = {"instance": {"id": "q", "input": {"text": "?"}}, "train_trial_index": 0, "request": {"prompt": "?"}}
HELM = """#!{python}
import json, os, pathlib, signal, sys
names = {names}
pathlib.Path(os.environ["CAJAJEJO_PROGRESS"]).write_text(json.dumps({{"event": "runs", "total": 3, **names}}) + "\\n")
run = pathlib.Path(sys.argv[sys.argv.index("--output-path") + 1], "runs", {suite!r}, "geo:model=m")
run.mkdir(parents=True, exist_ok=True)
(run / "scenario_state.json").write_text({states!r})
(run / "per_instance_stats.json").write_text({stats!r})
{end}
"""
NAMES = {"names": ["geo:model=m", "bio:model=m", "ari:model=m"]}


def stats_of(given: object) -> str:
    return json.dumps([{"instance_id": "q", "train_trial_index": 0, "stats": given}])


def run(directory: Path, *, names: dict[str, list[str]], end: str, stats: str = stats_of(STATS)) -> Results:
    config = configs.load(EXAMPLE)
    states = json.dumps({"request_states": [STATE]})
    program = directory / "helm-run"
    text = HELM.format(
        python=sys.executable, names=names, suite=helm_command.asked(config).suite, states=states, stats=stats, end=end
    )
    program.write_text(text)
    program.chmod(0o755)
    (directory / "model").mkdir()
    place = Scratch(directory / "scratch")
    place.run_specs.parent.mkdir(parents=True)
    place.run_specs.write_text("entries: []")
    model = Model(directory / "model", str(directory / "model"))
    environ = {"CAJAJEJO_HELM_RUN": str(program)}
    helm = Helm()
    task = Task(config, model, place, environ)
    with place.lock() as descriptor:
        ended = process.run(
            helm.program(task),
            log=place.log,
            watch=lambda _: None,
            said=lambda _: None,
            hide=str,
            keep_open=descriptor,
        )
    return helm.results(task, ended)


KILLED = f"os.kill(os.getpid(), {int(signal.SIGKILL)})"


@pytest.mark.parametrize(
    ("end", "how"), [(KILLED, "signal SIGKILL, often for memory"), ("sys.exit(1)", "exit code 1"), ("", "exit code 0")]
)
def test_scenarios_that_never_began_are_missing_by_name(end: str, how: str, tmp_path: Path) -> None:
    found = run(tmp_path, names=NAMES, end=end)
    assert [score.name for score in found.scores] == ["geo/exact_match"]
    why = f"HELM ended before it began ({how})"
    assert found.failed == (FailedScenario("bio", why), FailedScenario("ari", why))


def test_a_helm_that_was_killed_before_it_told_its_plan_leaves_a_partial_result(tmp_path: Path) -> None:
    found = run(tmp_path, names={}, end=KILLED)
    assert found.failed == (FailedScenario("others", "HELM ended before it began (signal SIGKILL, often for memory)"),)


def test_all_there_is_complete_however_helm_ended(tmp_path: Path) -> None:
    assert not run(tmp_path, names={"names": NAMES["names"][:1]}, end="sys.exit(1)").partial


def test_why_nothing_could_be_read_is_told(tmp_path: Path) -> None:
    with pytest.raises(HarnessError) as raised:
        run(tmp_path, names=NAMES, end="", stats="[]")
    assert raised.value.facts["scenario 1"] == "geo: its files are not complete: they hold no answer to any question"


@pytest.mark.parametrize("stats", ["[]", "{}", stats_of([{"name": "x"}]), stats_of(["x"]), "[7]", "null"])
@pytest.mark.parametrize("states", [json.dumps({"request_states": [STATE]})])
def test_files_of_another_shape_are_a_failed_scenario(stats: str, states: str, tmp_path: Path) -> None:
    (tmp_path / "geo").mkdir()
    (tmp_path / "geo" / "per_instance_stats.json").write_text(stats)
    (tmp_path / "geo" / "scenario_state.json").write_text(states)
    found = helm_output.read(tmp_path, "v1", {})
    assert (found.scores, [failure.scenario for failure in found.failed]) == ((), ["geo"])


@pytest.mark.parametrize("states", ["[]", "{}", "null", json.dumps({"request_states": ["x"]})])
def test_states_of_another_shape_are_a_failed_scenario(states: str, tmp_path: Path) -> None:
    test_files_of_another_shape_are_a_failed_scenario(stats_of(STATS), states, tmp_path)
