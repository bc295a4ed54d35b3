"""What is printed and written for other programs is what the published schemas say."""

from __future__ import annotations

import json
import math
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import BaseModel

from cajajejo import cli, job_outputs, metric_outputs, outputs, results, schemas
from cajajejo.cli import screen
from cajajejo.errors import Problem
from cajajejo.results import FailedScenario, Item, Results, Score
from cajajejo.status import Advice, Attempt, Progress, Reason, State, Status
from tests import builders
from tests.builders import Evaluation
from tests.documents import fits
from tests.metrics.builders import write_simple

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CONDITION = {"comparison": "greater", "success_threshold": {"fixed_value": 0.4}}
WAITING = {"comparison": "less", "success_threshold": {"stddevs_from_mean": 4}, "wait_for_n_points_of_history": 3}
SETTINGS = {
    "regression_test_config": {
        "metric_success_conditions": {"good_final": CONDITION, "bad_final": CONDITION, "new_final": WAITING},
        "required_metrics": ["missing_final"],
    }
}
ERROR = Problem("c.yml", "unknown field", path="helm.siute", line=3, hint="did you mean suite?")
WARNING = Problem("c.yml", "tag latest", level="warning")
ITEM = Item("v1", "s:a=b", None, "q1", 0, None, "0" * 64, "Paris", None, {"exact_match": 1.0, "bits": math.nan}, "Où?")
VERSIONS = {"crfm-helm": "0.5.16", "torch": "2.13.0"}


@pytest.fixture(autouse=True)
def in_an_empty_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.chdir(tmp_path)
    yield
    screen.configure(trace=False, quiet=False, color="auto", as_json=False)


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[Any, str]:
    """The document that the command prints with ``--json``, and what stands on stderr."""
    cli.run(cli.app, [*map(str, arguments), "--json"], prog_name="cajajejo")
    captured = capsys.readouterr()
    return json.loads(captured.out) if captured.out else None, captured.err


def metrics_config(directory: Path) -> Path:
    path = directory / "m.json"
    path.write_text(json.dumps(SETTINGS))
    return path


@pytest.mark.parametrize("status", ["success", "timeout"])
def test_a_check_is_what_its_schema_says(tmp_path: Path, capsys: pytest.CaptureFixture[str], status: str) -> None:
    write_simple(tmp_path / "logs", {"good": [0.5], "bad": [0.1], "new": [1.0], "free": [math.nan]})
    command = ("metrics", "check", "logs", "--test", "t", "--config", metrics_config(tmp_path), "--job-status", status)
    document, _ = run(capsys, *command)
    found = {metric["verdict"] for metric in document["metrics"]}
    assert found == ({"pass", "regression", "inconclusive", None} if status == "success" else {None})
    assert fits("check", document) == []
    assert metric_outputs.Check.model_validate(document).as_json() == document


def test_collected_metrics_and_the_history_are_what_their_schemas_say(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_simple(tmp_path / "logs", {"good": [0.5], "free": [math.nan]})
    collected, _ = run(capsys, "metrics", "collect", "logs")
    assert (collected["free_final"], fits("collect", collected)) == (None, [])
    run(capsys, "metrics", "check", "logs", "--test", "t", "--config", metrics_config(tmp_path))
    history, _ = run(capsys, "metrics", "history", "t")
    assert (len(history["points"]) > 0, fits("history", history)) == (True, [])
    assert metric_outputs.History.model_validate(history).as_json() == history


def test_the_files_of_an_evaluation_are_what_their_schemas_say(tmp_path: Path) -> None:
    score = Score("s:a=b", "exact_match", math.nan, None, 1)
    results.write(
        Results("v1", "helm", (score,), (ITEM,), (FailedScenario("other", "no"),), VERSIONS, {"s": 5}), tmp_path
    )
    summary = json.loads((tmp_path / results.SUMMARY_FILE).read_text())
    (line,) = (tmp_path / results.RESULTS_FILE).read_text().splitlines()
    assert fits("summary", summary) == []
    assert fits("results-line", json.loads(line)) == []
    assert outputs.Summary.model_validate(summary).as_json() == summary
    assert outputs.ResultsLine.model_validate_json(line).as_json() == json.loads(line)


def test_older_files_of_an_evaluation_are_what_their_schemas_say(tmp_path: Path) -> None:
    results.write(Results("v1", "helm", (), (ITEM,)), tmp_path)
    summary = json.loads((tmp_path / results.SUMMARY_FILE).read_text())
    line = json.loads((tmp_path / results.RESULTS_FILE).read_text())
    for name in ("versions", "shots"):
        assert summary.pop(name) == {}
    assert line.pop("prompt") == "Où?"
    assert (fits("summary", summary), fits("results-line", line)) == ([], [])


@pytest.mark.filterwarnings(builders.MLFLOW_WARNINGS)
def test_an_evaluation_that_ran_here_is_what_its_schema_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    evaluation = Evaluation(tmp_path)
    monkeypatch.setenv("CAJAJEJO_HELM_RUN", str(evaluation.helm))
    command = ("jobs", "evaluation", "run", evaluation.config, evaluation.run_specs, "--local", "--scratch", "scratch")
    document, _ = run(capsys, *command)
    evaluation.close()
    assert (document["status"], fits("run", document)) == ("complete", [])
    lines = next((tmp_path / "scratch").rglob(results.RESULTS_FILE)).read_text().splitlines()
    assert [fits("results-line", json.loads(line)) for line in lines] == [[]] * 40


@pytest.mark.parametrize(
    ("command", "kind"),
    [
        (("metrics", "check", "logs", "--test", "t", "--config", "absent.yml"), "FileProblemsError"),
        (("metrics", "history", "t", "--limit", "many"), "UsageError"),
        (("schema", "evalution"), "UsageError"),
        (("jobs", "evaluation", "run", "c.yml", "c.conf", "--local"), "FileProblemsError"),
    ],
)
def test_an_error_is_what_its_schema_says(
    command: tuple[str, ...], kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    out, err = run(capsys, *command)
    document = json.loads(err)
    assert (out, document["error"]["kind"], fits("error", document)) == (None, kind, [])


def test_a_validation_holds_every_problem_and_is_valid_without_an_error() -> None:
    document = outputs.Validation.of([ERROR, WARNING]).as_json()
    assert document == {
        "valid": False,
        "problems": [
            {
                "file": "c.yml",
                "line": 3,
                "path": "helm.siute",
                "message": "unknown field",
                "hint": "did you mean suite?",
                "level": "error",
            },
            {"file": "c.yml", "line": None, "path": "", "message": "tag latest", "hint": None, "level": "warning"},
        ],
    }
    assert fits("validate", document) == []
    assert outputs.Validation.of([WARNING]).valid
    assert outputs.Validation.of([]).as_json() == {"valid": True, "problems": []}


def test_a_validation_by_the_command_is_what_its_schema_says(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = builders.write_config(tmp_path, compute_config__memory="16GB", helm__siute="v1")
    document, _ = run(capsys, "jobs", "evaluation", "validate", config)
    assert (document["valid"], len(document["problems"]), fits("validate", document)) == (False, 2, [])


def test_a_submission_names_the_jobs_and_their_objects() -> None:
    name = "eval-neurips-merciful-crocodile-3f2a9c1d"
    configs = outputs.SubmittedObject(kind="ConfigMap", name=name, outcome="created")
    job = outputs.SubmittedJob(
        name=name, namespace="default", context="kind", outcome="created", config_version="10abfb1", objects=(configs,)
    )
    document = outputs.Submission(jobs=(job,)).as_json()
    assert document == {
        "jobs": [
            {
                "name": name,
                "namespace": "default",
                "context": "kind",
                "outcome": "created",
                "config_version": "10abfb1",
                "objects": [{"kind": "ConfigMap", "name": name, "outcome": "created"}],
            }
        ]
    }
    assert fits("submit-job", document) == []


@pytest.mark.parametrize("state", State)
def test_a_job_is_told_with_exactly_the_documented_fields(state: State) -> None:
    at = datetime(2026, 11, 21, 15, 2, 11, 999, tzinfo=timezone(timedelta(hours=1)))
    attempt = Attempt(1, "eval-a-w4b5m", State.FAILED, "node-1", at, at, 137, "OOMKilled", "went over", counted=True)
    status = Status(
        "eval-a",
        "default",
        state,
        uid="u",
        reason=Reason.OOM_KILLED,
        message="too much",
        do=Advice("give it more memory", "compute_config.memory"),
        exit_code=137,
        submitted_at=at,
        started_at=at,
        finished_at=at,
        attempts=(attempt,),
        progress=Progress(64, 135, "instance", "boolq"),
        config_version="10abfb1",
        config_path="a.yml",
        mlflow_run_id="7be1",
    )
    document = job_outputs.Job.of(status).as_json()
    moment = "2026-11-21T14:02:11Z"
    assert document == {
        "name": "eval-a",
        "namespace": "default",
        "kind": "evaluation",
        "state": str(state),
        "reason": "OOMKilled",
        "message": "too much",
        "do": "give it more memory, in a.yml: compute_config.memory",
        "exit_code": 137,
        "submitted_at": moment,
        "started_at": moment,
        "finished_at": moment,
        "attempts": [
            {
                "pod": "eval-a-w4b5m",
                "node": "node-1",
                "started_at": moment,
                "finished_at": moment,
                "exit_code": 137,
                "reason": "OOMKilled",
            }
        ],
        "progress": {"done": 64, "total": 135, "unit": "instance"},
        "mlflow_run_id": "7be1",
        "config_version": "10abfb1",
    }
    assert fits("job", document) == []


def test_what_is_not_known_of_a_job_is_null() -> None:
    document = job_outputs.Job.of(Status("eval-a", "default", State.PENDING)).as_json()
    known = {"name": "eval-a", "namespace": "default", "kind": "evaluation", "state": "Pending", "message": ""}
    assert document == {**dict.fromkeys(document), **known, "attempts": []}
    assert fits("job", document) == []
    assert fits("jobs", {"jobs": [document]}) == []
    assert fits("job-change", {"time": "2026-11-21T14:02:11Z", "job": document}) == []
    assert fits("job", {**document, "state": "Done"}) != []


@pytest.mark.parametrize("name", [name for name in schemas.PUBLISHED if name not in {"evaluation", "metrics"}])
def test_no_schema_of_an_output_takes_another_document(name: str) -> None:
    assert fits(name, {"unknown": {"field": 1}}) != []
    assert fits(name, []) != []


def test_every_model_of_an_output_is_published() -> None:
    inner = {part["title"] for name in schemas.PUBLISHED for part in schemas.document(name).get("$defs", {}).values()}
    roots = {published.model.__name__ for published in schemas.PUBLISHED.values()}
    ours = {
        name
        for module in (outputs, job_outputs)
        for name, value in vars(module).items()
        if isinstance(value, type) and issubclass(value, BaseModel) and value.__module__ == module.__name__
    }
    assert {name for name in ours - inner - roots if "[" not in name} == {"Output", "LogEntry"}
