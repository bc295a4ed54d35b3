from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from cajajejo.errors import HistoryError
from cajajejo.metrics import database
from cajajejo.metrics import history as module
from cajajejo.metrics.bounds import Point
from cajajejo.metrics.history import Before, History, Row, Run
from cajajejo.metrics.verdict import JobStatus, MetricVerdict, judge
from tests.metrics.builders import condition, regression_tests

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
    return judge({name: value}, {}, regression_tests({name: condition("greater", fixed_value=0.5)}), "success")


def record(
    history: History, run_id: str, start: float, value: float = 1.0, *, status: JobStatus = "success", test: str = "t"
) -> None:
    history.record(Run(test, run_id, start, status), "pass", judged(value))


def select(history: History, query: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(history.path)) as connection:
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
    for run_id, start, value in (
        ("late", 30.0, 0.9),
        ("b", 10.0, 0.2),
        ("a", 10.0, 0.7),
        ("this", 20.0, 0.8),
        ("c", 20.0, 0.6),
    ):
        record(history, run_id, start, value)
    expected = {"m": [Point("a", 0.7), Point("b", 0.2, outside=True), Point("c", 0.6)]}
    assert history.before(Run("t", "this", 20.0)) == Before(expected, 3)


def test_points_of_jobs_that_did_not_succeed_never_count(history: History) -> None:
    record(history, "a", 1.0)
    record(history, "b", 2.0, status="failure")
    record(history, "c", 3.0, status="timeout")
    assert history.before(Run("t", "d", 4.0)) == Before({"m": [Point("a", 1.0)]}, 3, 2)


def test_names_are_exact_and_not_patterns(history: History) -> None:
    record(history, "a", 1.0, test="t_1")
    record(history, "b", 2.0, test="tx1")
    assert history.before(Run("t_1", "c", 3.0)).runs == 1


def test_a_start_is_remembered(history: History) -> None:
    assert history.start_of("t", "r") is None
    record(history, "r", 12.5)
    assert (history.start_of("t", "r"), history.start_of("other", "r")) == (12.5, None)


def test_reading_where_nothing_is_finds_nothing_and_creates_nothing(history: History) -> None:
    assert (history.before(Run("t", "r", 1.0)), history.rows("t")) == (Before({}), [])
    assert not history.path.parent.exists()


def test_an_empty_file_is_an_empty_history(history: History) -> None:
    history.path.parent.mkdir()
    history.path.touch()
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


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("postgresql://host/db", "this version keeps the metric history in SQLite only: postgresql://host/db"),
        ("bigquery://project/data", "this version keeps the metric history in SQLite only: bigquery://project/data"),
        ("history.db", "this version keeps the metric history in SQLite only: history.db"),
        ("sqlite://", "this version keeps the metric history in SQLite only: sqlite://"),
        ("sqlite:///", "the history URL names no file: sqlite:///"),
        ("sqlite:///:memory:", "the history URL names no file: sqlite:///:memory:"),
        ("sqlite:///dir/", "the history URL names no file: sqlite:///dir/"),
    ],
)
def test_a_url_that_is_no_sqlite_file_is_refused(url: str, message: str) -> None:
    with pytest.raises(HistoryError) as caught:
        History.at(url)
    assert caught.value.message == message


def test_a_url_is_relative_or_absolute(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    assert History.at("sqlite:///a/b.db").path == tmp_path / "a/b.db"
    assert History.at("sqlite:////a/b c?.db").path == Path("/a/b c?.db")


def test_a_path_may_hold_any_character(tmp_path: Path) -> None:
    history = History.at(f"sqlite:///{tmp_path}/a b?c#d%e.db")
    record(history, "r", 1.0)
    assert len(history.rows("t")) == 1


def message_of(action: object, *arguments: object) -> str:
    with pytest.raises(HistoryError) as caught:
        action(*arguments)  # type: ignore[operator]  # a method
    assert caught.value.facts["do"]
    return caught.value.message.partition(": sqlite")[0]


def test_a_file_that_is_no_database_is_refused(history: History) -> None:
    history.path.parent.mkdir()
    history.path.write_text("this is no database, it is a letter, and a long one at that" * 20)
    assert message_of(history.rows, "t") == "this file is not a metric history"
    assert message_of(record, history, "r", 1.0) == "this file is not a metric history"


def test_a_database_of_something_else_is_refused(history: History) -> None:
    history.path.parent.mkdir()
    with closing(sqlite3.connect(history.path)) as connection:
        connection.execute("PRAGMA user_version = 1")
        connection.commit()
    assert message_of(history.rows, "t") == "this SQLite database holds something else"


def test_a_newer_history_is_refused(history: History) -> None:
    record(history, "r", 1.0)
    with closing(sqlite3.connect(history.path)) as connection:
        connection.execute(f"PRAGMA user_version = {module.SCHEMA_VERSION + 1}")
        connection.commit()
    for action in ((history.rows, "t"), (record, history, "r", 1.0)):
        assert message_of(*action) == "the metric history was written by a newer cajajejo, or by another program"


def test_a_history_in_use_for_too_long_is_told(history: History) -> None:
    record(history, "r", 1.0)
    impatient = replace(history, busy_seconds=0.05)
    with closing(sqlite3.connect(history.path, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        assert message_of(record, impatient, "s", 2.0) == "the metric history is in use by another program"
        assert len(history.rows("t")) == 1


def test_a_history_being_created_by_another_is_waited_for(history: History) -> None:
    history.path.parent.mkdir()
    impatient = replace(history, busy_seconds=0.05)
    with closing(sqlite3.connect(history.path, isolation_level=None)) as connection:
        connection.execute("BEGIN EXCLUSIVE")
        connection.execute("CREATE TABLE x (y)")
        assert message_of(record, impatient, "s", 2.0) == "the metric history is in use by another program"


@pytest.mark.parametrize(
    ("code", "message"),
    [("full", "there is no space left for the metric history"), ("what?", "the metric history cannot be used")],
)
def test_what_sqlite_says_becomes_a_sentence(history: History, code: str, message: str) -> None:
    with pytest.raises(HistoryError) as caught, database.explained(history.url):
        raise sqlite3.OperationalError(f"database or disk is {code}")
    assert caught.value.message == f"{message}: {history.url}"


def test_a_directory_that_is_a_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert (
        message_of(record, History.at(f"sqlite:///{tmp_path}/file/h.db"), "r", 1.0)
        == "the metric history cannot be used"
    )


AS_NOBODY = """
import os, sys
from cajajejo.errors import HistoryError
from cajajejo.metrics.history import History, Run
import cajajejo.metrics.verdict, tempfile, urllib.parse  # a nobody may not read the standard library
os.setuid(65534)
history = History.at(sys.argv[1])
try:
    print(len(history.rows("t")))
    history.record(Run("t", "x", 9.0), "pass", [])
except HistoryError as error:
    print(error.message.partition(": sqlite")[0])
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become another user")
def test_a_history_that_may_only_be_read_is_read_and_says_so(history: History) -> None:
    record(history, "r", 1.0)
    for folder in history.path.parents:
        if Path(tempfile.gettempdir()) in folder.parents:
            folder.chmod(0o755)
    done = subprocess.run([sys.executable, "-c", AS_NOBODY, history.url], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("1\nthe metric history cannot be written\n", "")


WRITER = """
import dataclasses
import sys
from cajajejo.metrics.history import History, Run
for number in range(20):
    history = dataclasses.replace(History.at(sys.argv[1]), busy_seconds=120.0)
    history.record(Run("t", f"{sys.argv[2]}-{number}", float(number)), "pass", [])
"""


def test_several_programs_write_one_history_from_the_first_moment_on(history: History) -> None:
    programs = [subprocess.Popen([sys.executable, "-c", WRITER, history.url, str(number)]) for number in range(4)]
    assert [program.wait() for program in programs] == [0] * 4
    assert select(history, "SELECT count(*) FROM job_history") == [(80,)]
