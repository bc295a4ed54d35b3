"""An evaluation on a tracking store is found by the id of its run, and its results are fetched."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from cajajejo import results, tracking
from cajajejo.comparison.sides import Side
from cajajejo.comparison.sources import NoResultsError, resolve
from cajajejo.errors import TrackingError
from cajajejo.results import FailedScenario
from tests import builders
from tests.comparison.tracked import copies, run, with_results
from tests.finished import begun, found, items

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.filterwarnings(builders.MLFLOW_WARNINGS)

VERSIONS = {"crfm-helm": "0.5.16", "torch": "2.13.0"}


@pytest.fixture
def uri(tmp_path: Path) -> str:
    """An empty SQLite store."""
    return builders.copy_empty_store(tmp_path / "tracking" / "mlflow.db")


def written(directory: Path) -> Path:
    """The file of the results that are in `directory` now."""
    results.write(found(), directory)
    return directory / "results.jsonl"


@pytest.mark.parametrize("digits", [32, 8, 6], ids=["all", "eight", "six"])
def test_a_run_is_found_by_its_id_or_its_first_digits(uri: str, tmp_path: Path, digits: int) -> None:
    run_id = with_results(uri, tags={"config_git_sha": "10abfb1", "system.lm-eval": "0.4.9", "system.gpu": "L4"})
    said: list[str] = []
    there = resolve(run_id[:digits].upper(), uri, tmp_path / "fetched", said.append)
    assert there.side == Side(
        name=run_id,
        run_id=run_id,
        title="merciful-crocodile",
        version="10abfb1",
        finished_at=1.0,
        harness="helm",
        suite="v1",
        versions={"lm-eval": "0.4.9"},
        means=("biology/exact_match", "geography/exact_match"),
    )
    assert there.file.is_relative_to(tmp_path / "fetched")
    assert there.file.read_bytes() == written(tmp_path / "same").read_bytes()
    assert said == [f"fetching the results of run {run_id[:8]} from {uri}"]


def test_what_a_summary_tells_counts_before_the_tags(uri: str, tmp_path: Path) -> None:
    failed = (FailedScenario("biology", "no network"),)
    given = replace(found(items("geography", 1, 2), failed=failed), versions=VERSIONS, shots={"geography": 5})
    run_id = run(uri, given=given, tags={"system.torch": "1.0", "config_git_sha": "unset"}, ended=None)
    side = resolve(run_id, uri, tmp_path).side
    assert (side.versions, side.shots, side.version) == (VERSIONS, {"geography": 5}, "")
    assert (side.partial, side.failed, side.finished_at) == (True, {"biology": "no network"}, None)


def test_a_run_that_is_fetched_twice_is_fetched_once(uri: str, tmp_path: Path) -> None:
    run_id = with_results(uri)
    first = resolve(run_id, uri, tmp_path)
    before = first.file.stat().st_ino, first.file.stat().st_mtime_ns
    assert resolve(run_id, uri, tmp_path) == first
    assert (first.file.stat().st_ino, first.file.stat().st_mtime_ns) == before


def test_a_damaged_summary_of_a_run_is_told_in_a_sentence(uri: str, tmp_path: Path) -> None:
    run_id = run(uri)
    for name, text in {"results.jsonl": "", "summary.json": "{"}.items():
        (tmp_path / name).write_text(text)
        with tracking.client(uri) as store:
            store.log_artifact(run_id, str(tmp_path / name), "output")
    with pytest.raises(NoResultsError, match="the summary of the results is damaged"):
        resolve(run_id, uri, tmp_path / "fetched")


@pytest.mark.parametrize(("count", "more"), [(2, []), (7, ["and 2 more"])])
def test_several_runs_that_begin_alike_are_named(uri: str, tmp_path: Path, count: int, more: list[str]) -> None:
    ids = [f"abcdef{number:026x}" for number in range(count)]
    copies(uri, run(uri), ids)
    with pytest.raises(TrackingError) as caught:
        resolve("abcdef", uri, tmp_path)
    they = [f"{each}  merciful-crocodile" for each in ids[:5]]
    assert caught.value.message == f"the ids of {count} MLflow runs begin with abcdef"
    assert caught.value.facts == {"they are": "\n".join([*they, *more])}
    assert caught.value.run == ("more digits of the one that is meant",)


@pytest.mark.parametrize("digits", [32, 8])
def test_a_deleted_run_is_told_to_be_deleted(uri: str, tmp_path: Path, digits: int) -> None:
    run_id = with_results(uri)
    with tracking.client(uri) as store:
        store.delete_run(run_id)
    with pytest.raises(TrackingError) as caught:
        resolve(run_id[:digits], uri, tmp_path)
    assert caught.value.lines() == [
        f"Error: the MLflow run was deleted: {run_id}",
        f"  looked in   {uri}, all experiments",
        f"Run: mlflow runs restore --run-id {run_id}",
    ]


@pytest.mark.parametrize(
    ("digits", "message"),
    [("0" * 32, f"there is no MLflow run {'0' * 32}"), ("000000", "the id of no MLflow run begins with 000000")],
)
def test_a_run_that_is_not_there_is_told_with_where_was_looked(
    uri: str, tmp_path: Path, digits: str, message: str
) -> None:
    with pytest.raises(TrackingError) as caught:
        resolve(digits, uri, tmp_path)
    assert caught.value.message == message
    assert caught.value.facts == {"looked in": f"{uri}, all experiments"}
    assert caught.value.run == ("--tracking-uri URI     looks in another store",)


def test_a_run_that_has_not_ended_has_no_results_yet(uri: str, tmp_path: Path) -> None:
    run_id = begun(uri)
    with pytest.raises(TrackingError) as caught:
        resolve(run_id, uri, tmp_path)
    assert caught.value.lines() == [
        f"Error: the MLflow run {run_id} has no results yet: it is RUNNING",
        "  expected    output/results.jsonl and output/summary.json among its artifacts",
    ]


def test_the_job_of_a_run_that_has_not_ended_can_be_waited_for(uri: str, tmp_path: Path) -> None:
    run_id = run(uri, ended=None, tags={"job_uid": "0f1c", "job_name": "eval-neurips-sloth-3f2a"})
    with pytest.raises(TrackingError) as caught:
        resolve(run_id, uri, tmp_path)
    assert caught.value.run == ("cajajejo jobs wait eval-neurips-sloth-3f2a",)


@pytest.mark.parametrize("status", ["FAILED", "KILLED", "FINISHED"])
def test_a_run_without_results_is_told_with_how_it_ended(uri: str, tmp_path: Path, status: str) -> None:
    run_id = run(uri, status=status)
    with pytest.raises(TrackingError) as caught:
        resolve(run_id, uri, tmp_path)
    assert caught.value.message == f"the MLflow run {run_id} has no results: it is {status}"
    assert caught.value.run == (f"mlflow artifacts list -r {run_id}",)


def test_a_run_with_half_of_its_results_has_none(uri: str, tmp_path: Path) -> None:
    run_id = run(uri)
    with tracking.client(uri) as store:
        store.log_artifact(run_id, str(written(tmp_path)), "output")
    with pytest.raises(TrackingError, match="has no results: it is FINISHED"):
        resolve(run_id, uri, tmp_path / "fetched")
