"""Runs are found by their tags and by the first digits of their ids, in a store of MLflow."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from cajajejo import tracking
from cajajejo.tracking import search, sqlite_file
from tests import builders
from tests.comparison.tracked import copies, run

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

pytestmark = pytest.mark.filterwarnings(builders.MLFLOW_WARNINGS)


@pytest.fixture
def uri(tmp_path: Path) -> str:
    """An empty SQLite store."""
    return builders.copy_empty_store(tmp_path / "tracking" / "mlflow.db")


def newest(uri: str, wanted: Mapping[str, str], *, but: str = "", before: int | None = None) -> str | None:
    with tracking.client(uri) as store:
        inside = tracking.experiment(store, uri, "tests")
        found = search.newest(store, [inside], wanted, but=but, before=before)
    return None if found is None else search.run_id(found)


def beginning(uri: str, digits: str, *, deleted: bool = False) -> list[str]:
    with tracking.client(uri) as store:
        return [search.run_id(found) for found in search.beginning(store, digits, deleted=deleted)]


@pytest.mark.parametrize("key", ["release", "a b", "team.name", "a-b", "a:b", "a/b", "my.team-name x", "é"])
def test_a_tag_may_have_any_key_that_mlflow_takes(uri: str, key: str) -> None:
    wanted = run(uri, tags={key: "v"})
    run(uri, tags={key: "w"}, ended=2_000)
    assert newest(uri, {key: "v"}) == wanted
    with tracking.client(uri) as store:
        assert [search.run_id(each) for each in search.runs(store, ["1"], {key: "v"})] == [wanted]


@pytest.mark.parametrize("key", ["a`b", "a=b", "", "a'b", "x` = 'v' OR tags.`y"])
def test_a_key_that_mlflow_does_not_take_is_on_no_run(uri: str, key: str) -> None:
    run(uri, tags={"a": "v"})
    assert newest(uri, {key: "v"}) is None
    with tracking.client(uri) as store:
        assert search.runs(store, ["1"], {key: "v"}) == []


@pytest.mark.parametrize(
    "value",
    ["it's", 'say "x"', 'it\'s "both"', "C:\\", "100%", "_", "", "a\nb", "x' AND tags.y = 'z", "😀", "-- c", "a=b"],
)
def test_a_tag_may_have_any_value(uri: str, value: str) -> None:
    wanted = run(uri, tags={"k": value})
    run(uri, tags={"k": f"{value} "}, ended=2_000)
    assert newest(uri, {"k": value}) == wanted


def test_the_run_that_ended_last_is_the_newest_whenever_it_began(uri: str) -> None:
    run(uri, tags={"k": "v"}, ended=2_000)
    last = run(uri, tags={"k": "v"}, ended=3_000)
    run(uri, tags={"k": "v"}, ended=1_000)
    run(uri, tags={"k": "v"}, ended=None)
    assert newest(uri, {"k": "v"}) == last


def test_a_run_that_is_left_out_or_ended_too_late_does_not_count(uri: str) -> None:
    first = run(uri, tags={"k": "v"}, ended=1_000)
    second = run(uri, tags={"k": "v"}, ended=2_000)
    third = run(uri, tags={"k": "v"}, ended=3_000)
    assert newest(uri, {"k": "v"}, but=third) == second
    assert newest(uri, {"k": "v"}, before=3_000) == second
    assert newest(uri, {"k": "v"}, before=2_000) == first
    assert newest(uri, {}, before=1_000) is None


def test_a_run_behind_a_page_of_others_that_only_seem_to_fit_is_found(uri: str) -> None:
    wanted = run(uri, tags={"k": 'it\'s "both"'}, ended=1_000)
    for number in range(55):
        run(uri, tags={"k": 'itxs "both"'}, ended=2_000 + number)
    assert newest(uri, {"k": 'it\'s "both"'}) == wanted


def test_deleted_runs_and_those_of_other_experiments_are_not_found(uri: str) -> None:
    gone = run(uri, tags={"k": "v"})
    run(uri, tags={"k": "v"}, experiment="others")
    with tracking.client(uri) as store:
        store.delete_run(gone)
    assert newest(uri, {"k": "v"}) is None


def test_runs_of_all_experiments_are_found_by_their_first_digits(uri: str) -> None:
    of = [run(uri), run(uri, experiment="others")]
    copies(uri, of[0], ["abcdef" + "0" * 26, "abcdf0" + "0" * 26])
    copies(uri, of[1], ["abcdef" + "1" * 26])
    assert beginning(uri, "abcdef") == ["abcdef" + "0" * 26, "abcdef" + "1" * 26]
    assert beginning(uri, "abcdef1") == ["abcdef" + "1" * 26]
    assert beginning(uri, "abcdee") == []


def test_only_deleted_runs_are_found_where_they_are_asked_for(uri: str) -> None:
    kept, gone, of_gone = run(uri), run(uri), run(uri, experiment="others")
    with tracking.client(uri) as store:
        store.delete_run(gone)
        store.delete_experiment(tracking.experiment(store, uri, "others"))
    assert beginning(uri, "", deleted=True) == sorted([gone, of_gone])
    assert beginning(uri, "") == [kept]


def test_more_runs_and_experiments_than_fit_on_one_page_are_found(uri: str) -> None:
    one = run(uri)
    copies(uri, one, [f"abcdef{number:026x}" for number in range(1_100)])
    with closing(sqlite3.connect(sqlite_file(uri))) as store, store:
        store.executemany(
            "INSERT INTO experiments (experiment_id, name, lifecycle_stage, last_update_time)"
            " VALUES (?, ?, 'active', 0)",
            [(number, f"e-{number}") for number in range(10, 1_110)],
        )
        for row, experiment in ((3, 1_109), (4, 600)):
            store.execute("UPDATE runs SET experiment_id = ? WHERE run_uuid = ?", (experiment, f"abcdef{row:026x}"))
    assert beginning(uri, "abcdef") == [f"abcdef{number:026x}" for number in range(1_100)]
