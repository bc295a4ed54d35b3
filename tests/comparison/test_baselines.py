"""The baseline of a candidate: named, tagged, or the newest that passed."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

import pytest

from cajajejo import tracking
from cajajejo.comparison.baselines import Named, NewestPassing, Tagged, find, parse
from cajajejo.comparison.sides import Side
from cajajejo.errors import TrackingError, UsageError
from tests import builders
from tests.comparison.tracked import COMPLETE, PASSED, run

if TYPE_CHECKING:
    from pathlib import Path

    from cajajejo.comparison import baselines

pytestmark = pytest.mark.filterwarnings(builders.MLFLOW_WARNINGS)


@pytest.fixture
def uri(tmp_path: Path) -> str:
    """An empty SQLite store."""
    return builders.copy_empty_store(tmp_path / "tracking" / "mlflow.db")


def side(run_id: str) -> Side:
    return Side(name=run_id, run_id=run_id)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("newest-passing", NewestPassing()),
        ("tag:release=2026.11", Tagged("release", "2026.11")),
        ("tag:release=", Tagged("release", "")),
        ("tag:a b=c=d, 'e' \"f\"", Tagged("a b", "c=d, 'e' \"f\"")),
        ("7be1c2a0", Named("7be1c2a0")),
        ("7BE1C2A0", Named("7BE1C2A0")),
        (".", Named(".")),
    ],
)
def test_a_baseline_is_a_tag_the_newest_that_passed_or_a_name(text: str, wanted: baselines.Baseline) -> None:
    assert parse(text) == wanted


@pytest.mark.parametrize("text", ["", "tag:", "tag:release", "tag:=2026", "newest", "newest-pasing", "no/such"])
def test_what_is_no_baseline_is_a_usage_error(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse(text)
    assert caught.value.message == f"--baseline {text or '(nothing)'}: not a baseline"
    expected = "tag:KEY=VALUE, newest-passing, the id of an MLflow run, or a directory that is here"
    assert caught.value.facts == {"expected": expected}


def test_a_name_is_not_looked_up() -> None:
    assert find("7be1c2a0", Side(name="here"), None) == "7be1c2a0"


@pytest.mark.parametrize("text", ["newest-passing", "tag:release=1"])
@pytest.mark.parametrize("candidate", [Side(name="results/x"), Side(name="0" * 32, run_id="0" * 32)])
def test_a_run_is_asked_for_beside_a_run_only(text: str, candidate: Side) -> None:
    with pytest.raises(UsageError) as caught:
        find(text, candidate, None)
    assert caught.value.message == f"--baseline {text} goes with a candidate that is an MLflow run"
    assert caught.value.facts["the candidate"] == candidate.name


def test_the_newest_complete_run_with_the_tag_is_the_baseline(uri: str) -> None:
    tag = {"team release": "it's 1"}
    run(uri, tags={**COMPLETE, **tag}, ended=2_000)
    wanted = run(uri, tags={**COMPLETE, **tag}, ended=3_000)
    candidate = run(uri, tags={**COMPLETE, **tag}, ended=4_000)
    run(uri, tags={"evaluation_status": "partial", **tag}, ended=5_000)
    run(uri, tags=tag, ended=5_001)
    run(uri, tags={**COMPLETE, "team release": "it's 11"}, ended=5_002)
    run(uri, tags={**COMPLETE, **tag}, ended=5_003, experiment="others")
    assert find("tag:team release=it's 1", side(candidate), uri) == wanted


def test_a_tagged_run_may_be_newer_than_the_candidate(uri: str) -> None:
    candidate = run(uri, tags=COMPLETE, ended=1_000)
    wanted = run(uri, tags={**COMPLETE, "release": "1"}, ended=2_000)
    assert find("tag:release=1", side(candidate), uri) == wanted


def test_a_tag_that_no_run_has_is_told_with_where_was_looked_and_how_to_give_it(uri: str) -> None:
    candidate = run(uri, tags={**COMPLETE, "release": 'a "b"'})
    with pytest.raises(TrackingError) as caught:
        find('tag:release=a "b"', side(candidate), uri)
    error = caught.value
    assert error.message == 'no complete run beside the candidate has the tag release=a "b"'
    assert error.facts == {"candidate": candidate, "looked in": f"the experiment tests of {uri}"}
    program = shlex.split(error.run[0])[2]
    assert program == f'import mlflow; mlflow.MlflowClient("{uri}").set_tag("RUN_ID", "release", "a \\"b\\"")'
    compile(program, "given", "exec")


def test_a_tag_that_only_a_partial_run_has_is_told_so(uri: str) -> None:
    candidate = run(uri, tags=COMPLETE)
    partial = run(uri, tags={"evaluation_status": "partial", "release": "1"})
    with pytest.raises(TrackingError) as caught:
        find("tag:release=1", side(candidate), uri)
    assert caught.value.facts["has it"] == f"{partial}, which is not complete"


def test_the_newest_run_that_passed_before_the_candidate_is_the_baseline(uri: str) -> None:
    run(uri, tags=PASSED, ended=1_000)
    wanted = run(uri, tags=PASSED, ended=2_000)
    for tags in ({**PASSED, "comparison.outcome": "fail"}, {**PASSED, "comparison.outcome": "inconclusive"}, COMPLETE):
        run(uri, tags=tags, ended=2_500)
    run(uri, tags={"comparison.outcome": "pass", "evaluation_status": "partial"}, ended=2_600)
    run(uri, tags=PASSED, ended=2_700, experiment="others")
    candidate = run(uri, tags=PASSED, ended=3_000)
    run(uri, tags=PASSED, ended=4_000)
    assert find("newest-passing", side(candidate), uri) == wanted


def test_a_candidate_that_has_not_ended_comes_after_all_that_have(uri: str) -> None:
    wanted = run(uri, tags=PASSED, ended=2_000)
    candidate = run(uri, tags=PASSED, ended=None)
    assert find("newest-passing", side(candidate), uri) == wanted


def test_a_deleted_run_is_no_baseline(uri: str) -> None:
    gone, candidate = run(uri, tags={**PASSED, "release": "1"}), run(uri, tags=COMPLETE, ended=3_000)
    with tracking.client(uri) as store:
        store.delete_run(gone)
    for text in ("newest-passing", "tag:release=1"):
        with pytest.raises(TrackingError):
            find(text, side(candidate), uri)


def test_where_none_has_passed_the_way_to_begin_is_told(uri: str) -> None:
    candidate = run(uri, tags=PASSED)
    with pytest.raises(TrackingError) as caught:
        find("newest-passing", side(candidate), uri)
    command = f"cajajejo jobs evaluation compare RUN_A {candidate} --max-drop X"
    begins = "begins with a run of your choice (or with --policy FILE); the run itself, where there is no other"
    assert caught.value.lines() == [
        "Error: no run that finished before the candidate has passed a comparison",
        f"  candidate   {candidate}",
        f"  looked in   the experiment tests of {uri}",
        f"Run: {command}     {begins}",
    ]
