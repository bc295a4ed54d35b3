"""Finished evaluations, as the harness leaves them: what the tests of tracking and of the spool arrange with."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from cajajejo import results, tracking
from cajajejo.results import Item, Results
from cajajejo.tracking.finished import Finished

if TYPE_CHECKING:
    from pathlib import Path

FINISHED_AT = 1795302763.3897693
TAGS = {"creator": "pytest", "model": "Pythia-70m", "config_git_sha": "10abfb1bf8", "model_gs_uri": "None"}
ROOT = ["eval_config.yml", "output", "run_specs.conf"]
"""The three artifacts."""


def items(scenario: str, right: int, of: int, **changes: Any) -> list[Item]:
    """So many answered questions of a scenario, the first ones right."""
    fields: dict[str, Any] = {"subject": None, "repeat": 0, "group": None, "reference": "Paris", **changes}
    return [
        Item(
            suite="v1",
            scenario=scenario,
            id=f"q-{n}",
            prompt_sha256=hashlib.sha256(f"{scenario} {n}".encode()).hexdigest(),
            prediction="Paris 😀" if n < right else "Rome",
            scores={"exact_match": float(n < right)},
            **{"prompt": f"Which is the capital of {n}?", **fields},
        )
        for n in range(of)
    ]


def found(*scenarios: list[Item], failed: tuple[results.FailedScenario, ...] = ()) -> Results:
    """The results of these questions; of two scenarios, where none is given."""
    asked = [
        item for scenario in scenarios or (items("geography", 11, 20), items("biology", 8, 20)) for item in scenario
    ]
    return Results("v1", "helm", results.scores_of(asked), tuple(asked), failed)


def finished(
    directory: Path, uri: str, given: Results | None = None, *, experiment: str = "tests", **changes: Any
) -> Finished:
    """An evaluation that finished in `directory`, with all its files."""
    given = given or found()
    results.write(given, directory / "output")
    for name, text in {
        "output/events/events.out": "\0",
        "output/runs/v1/geography:model=m/stats.json": "[]",
        "configs/eval_config.yml": "version: v4\n",
        "configs/run_specs.conf": "entries: []\n",
        "harness.log": "loading the model\n",
    }.items():
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        (directory / name).write_text(text)
    fields: dict[str, Any] = {
        "new": tracking.NewRun(uri, experiment, "merciful-crocodile", "A test.", TAGS),
        "run_id": None,
        "job_uid": None,
        "results": given,
        "finished_at": FINISHED_AT,
        "facts": {"gpu": "NVIDIA L4", "torch": "2.13.0", "memory_peak_bytes": "123456789"},
        "spool_uri": None,
        "name": "eval-neurips-merciful-crocodile-3f2a9c1d",
    }
    return Finished(directory, **{**fields, **changes})


def begun(uri: str, experiment: str = "tests") -> str:
    """The id of a run that was begun, and is not ended."""
    return tracking.start_run(tracking.NewRun(uri, experiment, "merciful-crocodile", "A test.", TAGS), run_id=None)


def runs(uri: str, experiment: str = "tests") -> list[Any]:
    """Every run of an experiment that was not deleted, with its inputs."""
    with tracking.client(uri) as store:
        known = store.get_experiment_by_name(experiment)
        listed = [] if known is None else store.search_runs([known.experiment_id])
        return [store.get_run(run.info.run_id) for run in listed]


def artifacts(uri: str, run_id: str, path: str | None = None) -> list[str]:
    """The path of every file among the artifacts of a run."""
    with tracking.client(uri) as store:
        entries = store.list_artifacts(run_id, path)
    return sorted(
        name for entry in entries for name in (artifacts(uri, run_id, entry.path) if entry.is_dir else [entry.path])
    )


def everything(uri: str, given: Finished) -> str:
    """The id of the one run of the store, which has all of `given`, once."""
    (run,) = runs(uri, given.new.experiment)
    scores = given.results.scores
    wanted = {score.name: score.value for score in scores}
    wanted |= {f"{score.name}_std_err": score.std_err for score in scores if score.std_err is not None}
    assert run.data.metrics == {**wanted, "vm_memory_usage_bytes": 123456789.0}
    assert (run.info.status, run.info.end_time) == ("FINISHED", int(FINISHED_AT * 1000))
    assert run.data.tags["evaluation_status"] == ("partial" if given.results.partial else "complete")
    assert {name: run.data.tags[name] for name in TAGS} == TAGS
    assert (run.data.tags["system.gpu"], run.data.tags["system.torch"]) == ("NVIDIA L4", "2.13.0")
    asked = sorted({item.scenario for item in given.results.items})
    assert sorted(given.dataset.name for given in run.inputs.dataset_inputs) == asked
    assert len(run.inputs.model_inputs) == 1
    with tracking.client(uri) as store:
        histories = [store.get_metric_history(run.info.run_id, name) for name in wanted]
        models = store.search_logged_models([run.info.experiment_id], f"source_run_id = '{run.info.run_id}'")
        root = sorted(entry.path for entry in store.list_artifacts(run.info.run_id))
    assert [len(history) for history in histories] == [1] * len(wanted)
    assert [(model.source_run_id, model.status) for model in models] == [(run.info.run_id, "READY")]
    assert {(one.key, one.value) for one in models[0].metrics} == set(wanted.items())
    assert len(models[0].metrics) == len(wanted)
    assert root == ROOT
    expected = {*_files(given.directory / "output", "output"), "output/harness.log", "output/results_table.json"}
    assert set(artifacts(uri, run.info.run_id)) == {*expected, *ROOT} - {"output"}
    return str(run.info.run_id)


def _files(directory: Path, below: str) -> list[str]:
    return [f"{below}/{file.relative_to(directory).as_posix()}" for file in directory.rglob("*") if file.is_file()]
