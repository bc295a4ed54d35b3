from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from cajajejo.errors import HistoryError
from cajajejo.metrics.baselines import Accepted, Baselines, Muted
from cajajejo.metrics.history import Before, History
from cajajejo.metrics.history.rows import Row, StoredMetric
from cajajejo.metrics.history.store import Telling
from cajajejo.metrics.judgement.bounds import Bounds
from cajajejo.metrics.judgement.incidents import Incident, Told
from cajajejo.metrics.judgement.judging import judge
from cajajejo.metrics.judgement.verdict import MetricVerdict, Verdict
from cajajejo.metrics.points import Point
from cajajejo.metrics.runs import JobStatus, Run
from tests.metrics.builders import condition, regression_tests, this_run

JOB_COLUMNS = [
    "uuid",
    "test_name",
    "test_type",
    "accelerator",
    "framework_version",
    "job_status",
    "num_failures",
    "job_duration_sec",
    "timestamp",
    "stackdriver_logs_link",
    "msg_publish_time",
    "logs_download_command",
    "kubernetes_workload_link",
]
METRIC_COLUMNS = [
    "uuid",
    "test_name",
    "timestamp",
    "metric_name",
    "metric_value",
    "metric_lower_bound",
    "metric_upper_bound",
]


@pytest.fixture
def history(tmp_path: Path) -> History:
    return History.at(f"sqlite:///{tmp_path}/deep/history.db")


def judged(value: float, name: str = "m") -> tuple[MetricVerdict, ...]:
    return judge({name: value}, {}, regression_tests({name: condition("greater", fixed_value=0.5)}), this_run())


def record(
    history: History,
    run_id: str,
    start: float,
    value: float = 1.0,
    *,
    status: JobStatus = "success",
    test: str = "t",
    commit: str | None = None,
) -> Run:
    run = Run(test, run_id, start, status, commit=commit)
    history.record(run, "pass", judged(value))
    return run


def path_of(history: History) -> Path:
    return Path(history.url.removeprefix("sqlite:///"))


def select(history: History, query: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path_of(history))) as connection:
        return connection.execute(query).fetchall()


def test_the_tables_have_the_documented_columns_first(history: History) -> None:
    record(history, "r", 1.0)
    for table, columns in (("job_history", JOB_COLUMNS), ("metric_history", METRIC_COLUMNS)):
        found = [name for _, name, *_ in select(history, f"PRAGMA table_info({table})")]
        assert found[: len(columns)] == columns


def test_rows_hold_what_is_known_of_a_run(history: History) -> None:
    history.record(Run("t", "r", 1795269731.0, "success", 1795269791.5), "regression", judged(0.25))
    job = "uuid, test_name, job_status, num_failures, job_duration_sec, timestamp, msg_publish_time, verdict"
    assert select(history, f"SELECT {job} FROM job_history") == [  # noqa: S608
        ("r", "t", "success", 0, 60, "2026-11-21 14:03:11.500000", 1795269731, "regression")
    ]
    assert select(history, f"SELECT {', '.join(METRIC_COLUMNS)}, verdict, out_of_bounds FROM metric_history") == [  # noqa: S608
        ("r", "t", "2026-11-21 14:03:11.500000", "m", 0.25, 0.5, None, "regression", 1)
    ]


def test_a_time_long_ago_is_a_timestamp_like_any_other(history: History) -> None:
    record(history, "r", -60_000_000_000.0)
    assert select(history, "SELECT timestamp, date(timestamp) FROM job_history") == [
        ("0068-09-03 13:20:00.000000", "0068-09-03")
    ]


def test_recording_a_run_again_replaces_its_rows(history: History) -> None:
    record(history, "r", 1.0, 0.7)
    history.record(Run("t", "r", 1.0), "pass", judged(0.9, "other"))
    assert select(history, "SELECT count(*) FROM job_history") == [(1,)]
    assert select(history, "SELECT metric_name, metric_value FROM metric_history") == [("other", 0.9)]


def test_two_tests_may_share_a_run_id(history: History) -> None:
    record(history, "r", 1.0, test="a")
    record(history, "r", 1.0, test="b")
    assert select(history, "SELECT test_name FROM job_history ORDER BY test_name") == [("a",), ("b",)]


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_what_is_no_finite_number_is_not_stored_and_its_job_is(history: History, value: float) -> None:
    record(history, "r", 1.0, value)
    assert select(history, "SELECT (SELECT count(*) FROM job_history), (SELECT count(*) FROM metric_history)") == [
        (1, 0)
    ]


def test_before_a_run_are_those_that_started_earlier_in_order_of_start_and_id(history: History) -> None:
    stored = {
        run_id: record(history, run_id, start, value)
        for run_id, start, value in (
            ("late", 30.0, 0.9),
            ("b", 10.0, 0.2),
            ("a", 10.0, 0.7),
            ("this", 20.0, 0.8),
            ("c", 20.0, 0.6),
        )
    }
    points = [
        Point("a", 0.7, start_time=10.0),
        Point("b", 0.2, outside=True, start_time=10.0),
        Point("c", 0.6, start_time=20.0),
    ]
    runs = (stored["a"], stored["b"], stored["c"])
    assert history.before(Run("t", "this", 20.0)) == Before({"m": points}, runs, after=1)


def test_points_of_jobs_that_did_not_succeed_never_count(history: History) -> None:
    stored = [record(history, "a", 1.0), record(history, "b", 2.0, status="failure")]
    stored.append(record(history, "c", 3.0, status="timeout"))
    before = history.before(Run("t", "d", 4.0))
    assert before == Before({"m": [Point("a", 1.0, start_time=1.0)]}, tuple(stored))
    assert before.failures_in_a_row == 2


@pytest.mark.parametrize(
    ("statuses", "count"),
    [
        ([], 0),
        (["success"], 0),
        (["failure"], 1),
        (["failure", "success"], 0),
        (["success", "missed", "timeout"], 2),
    ],
    ids=str,
)
def test_failures_in_a_row_end_at_the_last_success(statuses: list[JobStatus], count: int) -> None:
    runs = tuple(Run("t", str(number), float(number), status) for number, status in enumerate(statuses))
    assert Before({}, runs).failures_in_a_row == count


def test_names_are_exact_and_not_patterns(history: History) -> None:
    record(history, "a", 1.0, test="t_1")
    record(history, "b", 2.0, test="tx1")
    assert [run.run_id for run in history.before(Run("t_1", "c", 3.0)).runs] == ["a"]


def test_a_run_keeps_its_commit_and_hands_it_to_its_points(history: History) -> None:
    run = record(history, "a", 1.0, commit="10abfb1")
    assert history.runs("t") == [run]
    assert history.series("t", "m") == [Point("a", 1.0, start_time=1.0, commit="10abfb1")]


def test_all_runs_and_all_points_of_a_test_stand_in_order(history: History) -> None:
    record(history, "b", 2.0, 0.7)
    record(history, "c", 3.0, status="failure")
    record(history, "a", 1.0, 0.8)
    history.record(Run("t", "d", 4.0), "pass", judged(0.9, "n"))
    assert [(run.run_id, run.status) for run in history.runs("t")] == [
        ("a", "success"), ("b", "success"), ("c", "failure"), ("d", "success"),
    ]  # fmt: skip
    points = {
        "m": [Point("a", 0.8, start_time=1.0), Point("b", 0.7, start_time=2.0)],
        "n": [Point("d", 0.9, start_time=4.0)],
    }
    assert history.points("t") == points
    assert (history.points("t", "n"), history.series("t", "m")) == ({"n": points["n"]}, points["m"])
    assert (history.series("t", "gone"), history.points("gone")) == ([], {})


ACCEPTED = Accepted("t", "m", "r7", "new tokenizer", "jasper", "2026-11-21")
MUTED = Muted("t", "*", "2026-11-28T14:00:00Z", "node pool", "jasper", "2026-11-21")


def test_what_was_noted_comes_back_as_it_was_and_in_order(history: History) -> None:
    later = Accepted("t", "m", "r9", "new data", "ann", "2026-11-22")
    for entry in (ACCEPTED, MUTED, later, ACCEPTED, MUTED, Muted("other", "*", "2026-11-28", "x", "y", "2026-11-21")):
        history.note(entry)
    assert history.noted("t") == Baselines((ACCEPTED, later), (MUTED,))
    assert select(history, "SELECT count(*) FROM baselines") == [(4,)]


def test_where_nothing_was_noted_there_is_nothing(history: History) -> None:
    assert history.noted("t") == Baselines()
    record(history, "r", 1.0)
    assert history.noted("t") == Baselines()


def test_a_run_is_remembered(history: History) -> None:
    assert history.run("t", "r") is None
    run = record(history, "r", 12.5, commit="10abfb1")
    assert (history.run("t", "r"), history.run("other", "r")) == (run, None)


def test_reading_where_nothing_is_finds_nothing_and_creates_nothing(history: History) -> None:
    assert (history.before(Run("t", "r", 1.0)), history.rows("t"), history.runs("t")) == (Before(), [], [])
    assert not path_of(history).parent.exists()


def test_an_empty_file_is_an_empty_history(history: History) -> None:
    path_of(history).parent.mkdir()
    path_of(history).touch()
    assert history.rows("t") == []
    record(history, "r", 1.0)
    assert len(history.rows("t")) == 1


def test_rows_come_newest_first_up_to_the_limit(history: History) -> None:
    for number in range(3):
        record(history, f"r{number}", float(number), 0.25)
    row = Row("r2", 2.0, "success", "m", 0.25, 0.5, None, inclusive=False, verdict="regression")
    assert history.rows("t", limit=1) == [row]
    assert [found.run_id for found in history.rows("t", "m")] == ["r2", "r1", "r0"]
    assert history.rows("t", "n") == []


def test_a_write_that_fails_leaves_everything_as_it_was(history: History) -> None:
    record(history, "r", 1.0, 0.7)
    with pytest.raises(HistoryError):
        history.record(Run("t", "r", 1.0), "pass", [*judged(0.8), *judged(0.9)])
    assert select(history, "SELECT metric_value FROM metric_history") == [(0.7,)]


def test_a_run_that_is_not_kept_leaves_nothing_but_what_was_told(history: History) -> None:
    told = Told(open=(Incident("t", "failed", None, "r", 1.0, "it failed"),))
    telling = Telling("t", ("somebody",), lambda *_: told, 1.0)
    assert history.record(Run("t", "r", 1.0), "failed", [], telling=telling, keep=False) == told
    assert (history.runs("t"), history.store.tests(), history.store.incidents("t")) == ([], [], list(told.open))


def test_the_last_values_are_read_of_metrics_that_need_no_more(history: History) -> None:
    for number in range(20):
        values = {"m": float(number), "n": float(-number), "other": 0.0}
        metrics = [MetricVerdict(name, value, "") for name, value in values.items()]
        history.record(Run("t", f"r{number:02}", float(number)), "pass", metrics)
    before = history.before(Run("t", "r15", 15.0), ["m"], ["n"])
    assert [point.run_id for point in before.points["m"]] == [f"r{number:02}" for number in range(15)]
    assert [point.value for point in before.points["n"]] == [float(-number) for number in range(5, 15)]
    assert (set(before.points), len(before.runs), before.after) == ({"m", "n"}, 15, 4)


def test_bounds_that_are_infinite_and_failures_that_are_known_are_stored_as_such(history: History) -> None:
    metric = MetricVerdict("m", 1.0, "", Verdict.PASS, Bounds(lower=0.5, upper=float("inf"), inclusive=True))
    history.record(Run("t", "r", 1.0, "success"), "pass", [metric], failures=2)
    (stored,) = history.store.stored("t")
    assert (stored.failures, stored.metrics) == (
        2,
        (StoredMetric("m", 1.0, 0.5, None, inclusive=True, verdict="pass"),),
    )
