"""Experiments of a real MLflow server become runs of a history."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pytest

from cajajejo import tracking
from cajajejo.errors import TrackingAwayError, TrackingError
from cajajejo.metrics.history.rows import StoredMetric, StoredRun
from cajajejo.metrics.interchange import experiments
from cajajejo.metrics.runs import Origin, Run
from tests import builders
from tests.fakes import mlflow_server
from tests.metrics.interchange.stored import imported, runs_of, store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cajajejo.metrics.history.store import Store
    from cajajejo.metrics.runs import JobStatus

pytestmark = pytest.mark.filterwarnings(builders.MLFLOW_WARNINGS)
TAGS = {"config_git_sha": "10abfb1bf8", "accelerator": "None"}


@pytest.fixture(scope="module")
def uri(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server with an experiment whose runs ended well, failed, were killed, and go on."""
    with mlflow_server.running(tmp_path_factory.mktemp("server")) as server:
        with tracking.client(server.uri) as mlflow:
            inside = mlflow.create_experiment("nightly")
            for number, status in enumerate(("FINISHED", "FAILED", "KILLED", "RUNNING")):
                run = mlflow.create_run(inside, start_time=1_795_269_700_125 + number * 1000, tags=TAGS)
                for step in range(3):
                    mlflow.log_metric(run.info.run_id, "acc", number + step / 4, step=step)
                mlflow.log_metric(run.info.run_id, "loss", [0.5, math.nan, math.inf, 0.5][number])
                if status != "RUNNING":
                    mlflow.set_terminated(run.info.run_id, status, end_time=1_795_269_760_250 + number * 1000)
            gone = mlflow.create_run(inside)
            mlflow.set_terminated(gone.info.run_id)
            mlflow.delete_run(gone.info.run_id)
            mlflow.create_experiment("many")
            mlflow.delete_experiment(mlflow.create_experiment("deleted"))
        yield server.uri


@pytest.fixture
def into(tmp_path: Path) -> Store:
    return store(tmp_path / "history.db")


def expected(number: int, found: StoredRun, test: str = "nightly") -> StoredRun:
    """The run `number` of the experiment, whose id only the server knows."""
    status: JobStatus = "success" if number == 0 else "failure"
    run = Run(
        test, found.run.run_id, 1_795_269_700.125 + number, status, 1_795_269_760.25 + number, "10abfb1bf8", Origin()
    )
    metrics = (StoredMetric("acc", number + 0.5), *([StoredMetric("loss", 0.5)] if number == 0 else []))
    return StoredRun(run, "pass" if number == 0 else "failed", metrics, int(number > 0))


def test_runs_that_have_ended_come_with_the_last_values_of_their_metrics(uri: str, into: Store) -> None:
    found = imported(into, "mlflow:nightly", tracking_uri=uri)
    runs = runs_of(into)
    assert runs == [expected(number, run) for number, run in enumerate(runs)]
    assert (found.stored, found.metrics) == (3, 4)
    assert found.warnings == [
        "mlflow:nightly: 1 run left out: not ended",
        "mlflow:nightly: 2 values left out: NaN or infinite",
    ]
    assert imported(into, "mlflow:nightly", tracking_uri=uri).unchanged == 3


def test_a_test_of_another_name_and_only_some_metrics(uri: str, into: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(experiments.URI_VARIABLE, uri)
    imported(into, "mlflow:nightly", test="pythia", metrics=["lo*"])
    runs = runs_of(into)
    assert {stored.run.test for stored in runs} == {"pythia"}
    assert [[metric.name for metric in stored.metrics] for stored in runs] == [["loss"], [], []]


def test_every_page_of_an_experiment_is_read(uri: str, into: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    with tracking.client(uri) as mlflow:
        inside = mlflow.get_experiment_by_name("many").experiment_id
        for number in range(7):
            mlflow.set_terminated(mlflow.create_run(inside, start_time=1000 + 1000 * number).info.run_id)
    monkeypatch.setattr(experiments, "PAGE", 3)
    assert imported(into, "mlflow:many", tracking_uri=uri).stored == 7
    assert [stored.run.start_time for stored in runs_of(into)] == [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0]


def test_an_experiment_that_is_not_there_is_told_with_the_closest_name(uri: str, into: Store) -> None:
    with pytest.raises(TrackingError, match="there is no experiment 'nigthly'") as refused:
        imported(into, "mlflow:nigthly", tracking_uri=uri)
    assert refused.value.facts["closest"] == "nightly"


def test_an_experiment_that_was_deleted_is_told_with_the_way_back(uri: str, into: Store) -> None:
    with pytest.raises(TrackingError, match="the experiment was deleted: deleted") as refused:
        imported(into, "mlflow:deleted", tracking_uri=uri)
    assert refused.value.run[0].startswith("mlflow experiments restore --experiment-id ")


def test_where_nobody_answers_nothing_is_stored(into: Store) -> None:
    with mlflow_server.no_server() as away, pytest.raises(TrackingAwayError, match="does not answer"):
        imported(into, "mlflow:nightly", tracking_uri=away)
    assert runs_of(into) == []


def test_where_no_server_is_named_the_store_in_this_directory_is_asked(
    tmp_path: Path, into: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(TrackingError, match="it is not known where the experiment is: nightly"):
        imported(into, "mlflow:nightly")
    uri = builders.copy_empty_store(tmp_path / "mlflow.db")
    with tracking.client(uri) as mlflow:
        run = mlflow.create_run(mlflow.create_experiment("nightly"))
        mlflow.set_terminated(run.info.run_id)
    assert imported(into, "mlflow:nightly").stored == 1
