"""What a query of the user's finds in a history, and what it may not do."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from cajajejo.errors import HistoryError
from cajajejo.metrics.history import History
from cajajejo.metrics.history.rows import StoredMetric, StoredRun
from cajajejo.metrics.runs import Run
from tests.metrics.history.test_sqlite_database import VERSION_1

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def history(tmp_path: Path) -> History:
    history = History.at(f"sqlite:///{tmp_path}/a b?c#d%e.db")
    runs = [
        StoredRun(Run("t", f"r{number}", float(number)), "pass", (StoredMetric("m", number / 4),))
        for number in range(3)
    ]
    history.store.record(runs)
    return history


def found(history: History, query: str) -> tuple[tuple[str, ...], list[tuple[object, ...]]]:
    with history.store.select(query) as selected:
        return selected.columns, list(selected.rows)


@pytest.mark.parametrize(
    "table",
    [
        "metrics_handler_dataset.metric_history",
        "`metrics_handler_dataset.metric_history`",
        "`my-project.metrics_handler_dataset.metric_history`",
        "`metrics_handler_dataset`.`metric_history`",
        "metric_history",
    ],
)
def test_the_tables_are_found_under_the_name_of_the_data_set_and_under_their_own(history: History, table: str) -> None:
    query = f"SELECT uuid, metric_value FROM {table} WHERE metric_name = 'm' ORDER BY uuid"  # noqa: S608  # a test
    assert found(history, query) == (("uuid", "metric_value"), [("r0", 0.0), ("r1", 0.25), ("r2", 0.5)])


def test_both_tables_are_joined_as_the_documentation_does_it(history: History) -> None:
    query = """WITH newest AS (SELECT uuid FROM metrics_handler_dataset.job_history ORDER BY timestamp DESC LIMIT 1)
        SELECT j.job_status, max(m.metric_value) FROM newest JOIN metrics_handler_dataset.job_history j USING (uuid)
        JOIN metrics_handler_dataset.metric_history m USING (uuid); -- the last one"""
    assert found(history, query)[1] == [("success", 0.5)]


@pytest.mark.parametrize(
    "query",
    [
        "DELETE FROM points",
        "DELETE FROM metrics_handler_dataset.points",
        "DELETE FROM metrics_handler_dataset.job_history",
        "UPDATE runs SET verdict = 'pass'",
        "INSERT INTO tests (name) VALUES ('x') RETURNING id",
        "DROP VIEW metrics_handler_dataset.job_history",
        "CREATE TABLE metrics_handler_dataset.x (y)",
        "CREATE TEMP TABLE x AS SELECT 1",
        "ATTACH '/etc/passwd' AS x",
        "DETACH metrics_handler_dataset",
        "VACUUM metrics_handler_dataset INTO '{folder}/copy.db'",
        "PRAGMA user_version = 7",
        "PRAGMA metrics_handler_dataset.journal_mode = DELETE",
        "PRAGMA writable_schema = 1",
        "BEGIN",
        "SELECT load_extension('x')",
    ],
)
def test_what_does_more_than_read_is_refused(history: History, tmp_path: Path, query: str) -> None:
    files = {path: path.read_bytes() for path in tmp_path.iterdir() if path.suffix == ".db"}
    with pytest.raises(HistoryError) as caught:
        found(history, query.format(folder=tmp_path))
    assert caught.value.message == "a query can only read the history"
    assert {path: path.read_bytes() for path in tmp_path.iterdir() if path.suffix == ".db"} == files


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("SELECT 1; SELECT 2", "one query at a time, please"),
        ("SELECT 1; DROP TABLE points", "one query at a time, please"),
        ("SELEKT 1", "the history has no answer to this query"),
        ("SELECT x FROM job_history", "the history has no answer to this query"),
        ("SELECT * FROM nowhere", "the history has no answer to this query"),
        ("", "this is no query"),
        ("-- nothing", "this is no query"),
    ],
)
def test_what_is_no_query_is_told(history: History, query: str, message: str) -> None:
    with pytest.raises(HistoryError) as caught:
        found(history, query)
    assert caught.value.message == message


@pytest.mark.parametrize("query", ["SELECT x FROM job_history", "SELECT * FROM nowhere"])
def test_who_asks_for_what_is_not_there_is_told_what_is(history: History, query: str) -> None:
    with pytest.raises(HistoryError) as caught:
        found(history, query)
    assert caught.value.facts["do"] == "look at job_history and metric_history: SELECT * FROM job_history LIMIT 1"


def test_an_error_in_a_later_row_is_told(history: History) -> None:
    query = "SELECT CASE uuid WHEN 'r2' THEN abs(-9223372036854775808) ELSE 1 END FROM job_history ORDER BY uuid"
    with pytest.raises(HistoryError) as caught:
        found(history, query)
    assert caught.value.facts == {"says": "integer overflow"}


def test_columns_of_a_table_may_be_asked_for(history: History) -> None:
    columns, rows = found(history, "PRAGMA table_info(job_history)")
    assert (columns[1], [row[1] for row in rows[:2]]) == ("name", ["uuid", "test_name"])


def test_a_history_of_version_1_is_queried_as_if_it_were_new(tmp_path: Path) -> None:
    path = tmp_path / "old.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(VERSION_1)
    before = path.read_bytes()
    old = History.at(f"sqlite:///{path}")
    query = "SELECT j.uuid, config_git_sha, metric_value FROM job_history j LEFT JOIN metric_history m USING (uuid)"
    assert found(old, f"{query} ORDER BY 1")[1] == [("a", None, 0.25), ("b", None, None)]
    assert path.read_bytes() == before


def test_where_there_is_no_history_a_query_finds_nothing_and_creates_nothing(tmp_path: Path) -> None:
    nothing = History.at(f"sqlite:///{tmp_path}/deep/history.db")
    columns, rows = found(nothing, "SELECT * FROM metrics_handler_dataset.job_history")
    assert (columns[:2], rows, list(tmp_path.iterdir())) == (("uuid", "test_name"), [], [])


def test_an_empty_file_has_empty_tables(tmp_path: Path) -> None:
    (tmp_path / "empty.db").touch()
    assert found(History.at(f"sqlite:///{tmp_path}/empty.db"), "SELECT count(*) FROM metric_history")[1] == [(0,)]


FOREVER = """
import sys
from cajajejo.metrics.history import History
with History.at(sys.argv[1]).store.select(
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
) as selected:
    print("begun", flush=True)
    list(selected.rows)
"""


def test_a_query_that_never_ends_is_ended_with_ctrl_c(history: History) -> None:
    program = subprocess.Popen(
        [sys.executable, "-c", f"print('here', flush=True)\n{FOREVER}", history.url],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert program.stdout is not None
    program.stdout.readline()
    time.sleep(1.0)
    program.send_signal(signal.SIGINT)
    _, told = program.communicate(timeout=20)
    assert (program.returncode, told.splitlines()[-1]) == (-signal.SIGINT, "KeyboardInterrupt")
