"""Points read from a database that understands SQL: of which runs, and how many."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cajajejo.metrics.history import History, sql_points
from cajajejo.metrics.history.rows import Row, StoredMetric, StoredRun
from cajajejo.metrics.history.store import Measured
from cajajejo.metrics.runs import JobStatus, Run

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cajajejo.metrics.history.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return History.at(f"sqlite:///{tmp_path}/history.db").store


def run(run_id: str, start: float, values: Mapping[str, float], status: JobStatus = "success") -> StoredRun:
    metrics = tuple(StoredMetric(name, value) for name, value in values.items())
    return StoredRun(Run("t", run_id, start, status), "pass", metrics)


def test_the_last_values_are_those_of_successful_runs_in_their_order(store: Store) -> None:
    store.record(
        [
            run("late", 9.0, {"m": 9.0}),
            run("b", 2.0, {"m": 2.5, "n": 0.5}),
            run("a", 2.0, {"m": 2.0}),
            run("failed", 3.0, {"m": 3.0}, "failure"),
            run("c", 4.0, {"m": 4.0}),
        ]
    )
    assert store.recent("t", 3) == {"m": [2.5, 4.0, 9.0], "n": [0.5]}
    assert store.recent("t", 3, before=(9.0, "late")) == {"m": [2.0, 2.5, 4.0], "n": [0.5]}
    assert store.recent("t", 1, ["n", "gone"]) == {"n": [0.5]}
    assert (store.recent("t", 0), store.recent("gone", 3), store.recent("t", 3, [])) == ({}, {}, {})


def test_a_run_that_is_judged_again_with_a_later_start_never_counts(store: Store) -> None:
    store.record([run(f"r{number}", float(number), {"m": float(number)}) for number in range(5)])
    assert store.recent("t", 2, before=(9.0, "r4")) == {"m": [2.0, 3.0]}
    assert [one.run_id for one in store.points("t", before=(9.0, "r1"))] == ["r0", "r2", "r3", "r4"]


def test_a_metric_that_few_runs_have_is_sought_in_older_runs(store: Store) -> None:
    rare = {3, 50, 51, 97}
    store.record(
        [
            run(f"r{one:02}", float(one), {"m": 0.0, **({"rare": float(one)} if one in rare else {})})
            for one in range(99)
        ]
    )
    assert store.recent("t", 2, ["rare"]) == {"rare": [51.0, 97.0]}
    assert store.recent("t", 9)["rare"] == [3.0, 50.0, 51.0, 97.0]
    assert store.recent("t", 9, ["rare"], before=(97.0, "r97")) == {"rare": [3.0, 50.0, 51.0]}


def test_a_metric_that_an_older_run_brings_later_is_found_there(store: Store) -> None:
    store.record([run(f"r{one}", 10.0 + one, {"m": 1.0}) for one in range(9)])
    store.record([run("new", 50.0, {"m": 1.0, "n": 2.0})])
    store.record([run("old", 1.0, {"n": 1.0})])
    assert store.recent("t", 3, ["n"]) == {"n": [1.0, 2.0]}


@settings(max_examples=25)
@given(
    st.lists(st.dictionaries(st.sampled_from("abcdefgh"), st.integers(0, 9), max_size=8), max_size=12),
    st.integers(1, 5),
    st.sets(st.sampled_from("abcdefgh")),
)
def test_the_last_values_are_the_ends_of_all_points(
    tmp_path_factory: pytest.TempPathFactory, runs: list[dict[str, int]], count: int, metrics: set[str]
) -> None:
    store = History.at(f"sqlite:///{tmp_path_factory.mktemp('given')}/history.db").store
    store.record([run(f"r{place:02}", float(place // 2), values) for place, values in enumerate(runs)])
    points = store.points("t", metrics)
    assert points == [
        Measured(name, f"r{place:02}", value, outside=False)
        for place, values in enumerate(runs)
        for name, value in sorted(values.items(), key=lambda item: store_place(store, item[0]))
        if name in metrics
    ]
    ends = {name: [one.value for one in points if one.metric == name][-count:] for name in metrics}
    assert store.recent("t", count, metrics) == {name: values for name, values in ends.items() if values}


def store_place(store: Store, metric: str) -> int:
    """The number that a metric has in the file."""
    with closing(sqlite3.connect(Path(store.url.removeprefix("sqlite:///")))) as connection:
        return int(connection.execute("SELECT id FROM series WHERE metric = ?", (metric,)).fetchone()[0])


def test_what_is_read_for_the_last_values_does_not_grow_with_the_history(store: Store, tmp_path: Path) -> None:
    def steps() -> int:
        """How far SQLite's machine goes, in thousands."""
        looks = []
        with closing(sqlite3.connect(tmp_path / "history.db")) as connection:
            connection.set_progress_handler(lambda: looks.append(1), 100)
            sql_points.recent(connection, "t", 10, None, None)
        return len(looks)

    values = {f"m{number}": 1.0 for number in range(100)}
    store.record([run(f"r{number:04}", float(number), values) for number in range(20)])
    short = steps()
    store.record([run(f"r{number:04}", float(number), values) for number in range(20, 400)])
    assert steps() < 1.5 * short


def test_rows_are_those_from_a_moment_on(store: Store) -> None:
    store.record([run(f"r{number}", float(number), {"m": 0.25}) for number in range(4)])
    assert [row.run_id for row in store.rows("t", since=2.0)] == ["r3", "r2"]
    assert [row.run_id for row in store.rows("t", "m", limit=1, since=2.0)] == ["r3"]
    assert store.rows("t", limit=1) == [Row("r3", 3.0, "success", "m", 0.25, None, None, inclusive=False, verdict=None)]
