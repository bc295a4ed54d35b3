"""What a pod tells of its progress: how often, in which words, and the labels of its MLflow run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from cajajejo import config as configs
from cajajejo import tracking
from cajajejo.harness import publishing
from cajajejo.harness.progress import Progress
from cajajejo.harness.publishing import Publisher, Report
from tests import builders

if TYPE_CHECKING:
    from pathlib import Path

ANATOMY = "mmlu:subject=anatomy,model=huggingface_tiny"
BOOLQ = "boolq:model=huggingface_tiny,data_augmentation=canonical"
DONE = "finished before:model=huggingface_tiny"
BEGUN = {"event": "runs", "total": 3, "names": [BOOLQ, ANATOMY, DONE]}


def event(kind: str, run: str, done: int = 0, total: int = 135, **more: Any) -> dict[str, Any]:
    return {"event": kind, "run": run, "done": done, "total": total, **more}


class Watched:
    """A publisher that is told of events at times that the test sets."""

    def __init__(self) -> None:
        self.reports: list[Report] = []
        self.now = 1000.0
        self._progress = Progress()
        self._publisher = Publisher(self.reports.append, clock=lambda: self.now)

    def after(self, seconds: float, *events: dict[str, Any]) -> list[str]:
        """What is said when these events are seen together, `seconds` after what was before."""
        before = len(self.reports)
        self.now += seconds
        for each in events:
            self._progress = self._progress.after(each)
        self._publisher(self._progress)
        return [report.message for report in self.reports[before:]]


def test_a_report_says_how_far_the_scenario_is_and_how_far_all_are() -> None:
    watched = Watched()
    events = (event("progress", BOOLQ, 1000, 1000), event("done", BOOLQ), event("start", ANATOMY))
    watched.after(0, BEGUN, *events)
    watched.after(10, event("progress", ANATOMY, 64))
    assert watched.reports[-1] == Report(
        "mmlu:subject=anatomy: 64 of 135 instances",
        done=64,
        total=135,
        what="mmlu:subject=anatomy",
        scenarios={"done": 1, "total": 3, "failed": 0, "instances_done": 1064, "instances": 1135},
    )
    assert watched.reports[-1].fields() == {
        "progress": {"done": 64, "total": 135, "unit": "instance", "what": "mmlu:subject=anatomy"},
        "scenarios": {"done": 1, "total": 3, "failed": 0, "instances_done": 1064, "instances": 1135},
    }


def test_ten_seconds_lie_between_two_reports() -> None:
    watched = Watched()
    assert watched.after(0, BEGUN) == []
    assert watched.after(0, event("start", ANATOMY)) == ["mmlu:subject=anatomy: 0 of 135 instances"]
    assert watched.after(9.9, event("progress", ANATOMY, 5)) == []
    assert watched.after(0.1) == ["mmlu:subject=anatomy: 5 of 135 instances"]
    assert watched.after(60) == []
    assert watched.after(0, event("progress", ANATOMY, 6)) == ["mmlu:subject=anatomy: 6 of 135 instances"]


def test_the_end_of_each_scenario_is_told_at_once() -> None:
    watched = Watched()
    watched.after(0, BEGUN, event("start", BOOLQ, 0, 1000))
    seen = [event("skipped", DONE), event("progress", BOOLQ, 1000, 1000), event("done", BOOLQ)]
    assert watched.after(1, *seen) == [
        "boolq:data_augmentation=canonical: 1,000 of 1,000 instances, complete; 2 of 3 scenarios over",
        "finished before: complete already; 2 of 3 scenarios over",
    ]
    assert watched.reports[-1].fields() == {"scenarios": watched.reports[-1].scenarios}
    failed = watched.after(1, event("failed", ANATOMY, error="URLError: <urlopen error>"))
    assert failed == ["mmlu:subject=anatomy: failed: URLError: <urlopen error>; 3 of 3 scenarios over, 1 failed"]
    assert [report.severity for report in watched.reports] == ["INFO", "INFO", "INFO", "ERROR"]
    assert watched.after(60) == []


def test_a_harness_that_names_no_runs_is_told_as_well() -> None:
    watched = Watched()
    assert watched.after(0, event("progress", "b", 1, 1), event("done", "b"), event("skipped", "a")) == [
        "a: complete already; 2 of ? scenarios over",
        "b: 1 of 1 instance, complete; 2 of ? scenarios over",
    ]


@pytest.mark.filterwarnings(builders.MLFLOW_WARNINGS)
def test_the_labels_of_a_run_are_what_the_server_knows_of_it(tmp_path: Path) -> None:
    uri = builders.copy_empty_store(tmp_path / "store" / "mlflow.db")
    config = configs.load(builders.write_config(tmp_path, mlflow_config__tracking_uri=uri))
    with tracking.client(uri) as store:
        experiment = tracking.experiment(store, uri, "tests")
        run = store.create_run(experiment, run_name="ten questions", tags={"mlflow.user": "jasper"})
    assert publishing.run_labels(config, run.info.run_id) == {
        "mlflow_run_id": run.info.run_id,
        "mlflow_experiment_name": "tests",
        "mlflow_experiment_id": experiment,
        "mlflow_artifact_uri": run.info.artifact_uri,
        "mlflow_run_name": "ten questions",
        "mlflow_user": run.info.user_id,
    }
    assert publishing.run_labels(config, "none") == {"mlflow_run_id": "none", "mlflow_experiment_name": "tests"}
