"""An evaluation is found by the name of what is here; and where a run would be looked for."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from cajajejo import results
from cajajejo.comparison import sources
from cajajejo.comparison.sides import Side
from cajajejo.comparison.sources import NoResultsError, resolve
from cajajejo.errors import TrackingError, UsageError
from cajajejo.results import FailedScenario
from cajajejo.spool import scratch
from tests import builders
from tests.finished import FINISHED_AT, finished, found, items

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.filterwarnings(builders.MLFLOW_WARNINGS)

VERSIONS = {"crfm-helm": "0.5.16", "torch": "2.13.0"}


def written(directory: Path) -> Path:
    """The file of the results that are in `directory` now."""
    results.write(found(), directory)
    return directory / "results.jsonl"


@pytest.mark.parametrize("place", [".", "output", "evaluation/output", "x/output", "x/evaluation/output", "x"])
def test_results_are_found_where_an_evaluation_leaves_them(tmp_path: Path, place: str) -> None:
    file = written(tmp_path / "run" / place)
    assert resolve(str(tmp_path / "run"), None, tmp_path).file.samefile(file)


def test_a_file_of_results_is_taken_as_it_is(tmp_path: Path) -> None:
    file = written(tmp_path / "run")
    means = ("biology/exact_match", "geography/exact_match")
    side = Side(name=str(file), harness="helm", suite="v1", means=means)
    assert resolve(str(file), None, tmp_path) == sources.Found(side, file)


def test_a_file_of_another_name_has_no_summary(tmp_path: Path) -> None:
    file = written(tmp_path / "run").rename(tmp_path / "run" / "last.jsonl")
    assert resolve(str(file), None, tmp_path) == sources.Found(Side(name=str(file)), file)


def test_results_without_a_summary_are_of_an_unknown_harness(tmp_path: Path) -> None:
    file = written(tmp_path / "run")
    file.with_name("summary.json").unlink()
    assert resolve(str(tmp_path / "run"), None, tmp_path) == sources.Found(Side(name=str(tmp_path / "run")), file)


def test_a_directory_tells_what_stands_beside_its_results(tmp_path: Path) -> None:
    failed = (FailedScenario("biology", "no network"),)
    given = replace(found(items("geography", 1, 2), failed=failed), versions=VERSIONS, shots={"geography": 5})
    scratch.write(finished(tmp_path / "run" / "evaluation", "sqlite:///x.db", given))
    assert resolve(str(tmp_path / "run"), None, tmp_path).side == Side(
        name=str(tmp_path / "run"),
        title="merciful-crocodile",
        version="10abfb1bf8",
        finished_at=FINISHED_AT,
        harness="helm",
        suite="v1",
        versions=VERSIONS,
        shots={"geography": 5},
        partial=True,
        failed={"biology": "no network"},
        means=("geography/exact_match",),
    )


def test_an_older_directory_tells_versions_as_facts(tmp_path: Path) -> None:
    scratch.write(finished(tmp_path / "run", "sqlite:///x.db"))
    assert resolve(str(tmp_path / "run"), None, tmp_path).side.versions == {"torch": "2.13.0"}


def test_a_damaged_description_says_nothing(tmp_path: Path) -> None:
    written(tmp_path / "run" / "output")
    (tmp_path / "run" / "finished.json").write_text('{"run_name": ')
    assert resolve(str(tmp_path / "run"), None, tmp_path).side.title == ""


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", '{"suite": 1}', '{"status": "done"}', '{"failed": ["x"]}', '{"shots": {"a": "5"}}', "[" * 100_000],
    ids=["empty", "cut", "list", "suite", "status", "failed", "shots", "deep"],
)
def test_a_damaged_summary_is_told_in_a_sentence(tmp_path: Path, text: str) -> None:
    file = written(tmp_path / "run").with_name("summary.json")
    file.write_text(text)
    with pytest.raises(NoResultsError) as caught:
        resolve(str(tmp_path / "run"), None, tmp_path)
    assert caught.value.message == f"the summary of the results is damaged: {file}"
    assert caught.value.facts["says"]


def test_a_summary_that_is_no_text_is_damaged(tmp_path: Path) -> None:
    written(tmp_path / "run").with_name("summary.json").write_bytes(b'{"suite": "\xff"}')
    with pytest.raises(NoResultsError, match="summary of the results is damaged"):
        resolve(str(tmp_path / "run"), None, tmp_path)


def test_an_empty_directory_says_where_results_are_looked_for(tmp_path: Path) -> None:
    with pytest.raises(NoResultsError) as caught:
        resolve(str(tmp_path), None, tmp_path)
    assert caught.value.lines() == [
        f"Error: there are no results in the directory {tmp_path}",
        "  expected    results.jsonl in it, in its output/ or in its evaluation/output/",
    ]


@pytest.mark.parametrize("count", [2, 7])
def test_a_directory_of_several_evaluations_names_them(tmp_path: Path, count: int) -> None:
    for number in range(count):
        written(tmp_path / "runs" / str(number) / "output")
    with pytest.raises(NoResultsError) as caught:
        resolve(str(tmp_path / "runs"), None, tmp_path)
    shown = [str(tmp_path / "runs" / str(number) / "output") for number in range(min(count, 5))]
    more = ["and 2 more"] if count == 7 else []
    assert caught.value.message == f"there are the results of {count} evaluations in the directory {tmp_path / 'runs'}"
    assert caught.value.facts == {"they are": "\n".join(shown + more)}


def test_two_results_of_one_directory_are_not_chosen_from(tmp_path: Path) -> None:
    written(tmp_path / "run")
    written(tmp_path / "run" / "output")
    with pytest.raises(NoResultsError, match="results of 2 evaluations"):
        resolve(str(tmp_path / "run"), None, tmp_path)


@pytest.mark.parametrize("name", ["", "abc12", "abc12g", "0" * 33, "no/such", "x" * 5_000, "a\0b", "../.."])
def test_what_is_neither_here_nor_an_id_is_told_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "a" / "b")
    with pytest.raises(NoResultsError) as caught:
        resolve(name, "http://127.0.0.1:1", tmp_path)
    if name != "../..":
        assert caught.value.message == f"there is no evaluation called {name or '(nothing)'}"
        assert caught.value.facts == {
            "expected": "a directory or file that is here, or the id of an MLflow run, at least 6 of its hex digits"
        }
    assert sources.is_name(name) is (name == "../..")


def test_a_run_needs_a_tracking_server_that_is_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(TrackingError) as caught:
        resolve("abcdef", None, tmp_path)
    assert caught.value.lines() == [
        "Error: nothing here is called abcdef; as the id of an MLflow run it needs a tracking server",
        f"  looked at   --tracking-uri, MLFLOW_TRACKING_URI, and mlflow.db in {tmp_path}",
        "Run: export MLFLOW_TRACKING_URI=http://…",
    ]


def test_what_is_here_counts_before_a_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    written(tmp_path / "abcdef")
    assert resolve("abcdef", "http://127.0.0.1:1", tmp_path).side.run_id is None


def test_a_store_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(TrackingError, match=rf"^there is no tracking store: {tmp_path}/none\.db$"):
        resolve("abcdef", f"sqlite:///{tmp_path}/none.db", tmp_path)
    assert not list(tmp_path.iterdir())


def test_the_address_that_is_given_counts_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert sources.tracking_uri(None) is None
    builders.copy_empty_store(tmp_path / "mlflow.db")
    assert sources.tracking_uri(None) == "sqlite:///mlflow.db"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "")
    assert sources.tracking_uri(None) == "sqlite:///mlflow.db"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://10.0.0.1:5000")
    assert sources.tracking_uri(None) == "http://10.0.0.1:5000"
    assert sources.tracking_uri("sqlite:///up.db") == "sqlite:///up.db"


@pytest.mark.parametrize("given", ["", "mlruns", "ftp://u:secret@host", "sqlite:///"])
def test_an_address_that_is_none_is_a_usage_error_without_its_login(given: str) -> None:
    with pytest.raises(UsageError) as caught:
        sources.tracking_uri(given)
    assert "secret" not in json.dumps(caught.value.as_json())
    assert caught.value.facts == {"expected": "http://…, https://… or sqlite:///FILE"}
