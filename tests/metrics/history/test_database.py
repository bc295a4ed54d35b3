"""The file of a history: which there can be, who may use it at a time, and which version wrote it."""

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
from cajajejo.metrics.baselines import Accepted, Baselines
from cajajejo.metrics.history import History, database
from cajajejo.metrics.history.database import Database
from cajajejo.metrics.points import Point
from cajajejo.metrics.runs import Run

VERSION_1 = """
CREATE TABLE job_history (
    uuid TEXT NOT NULL, test_name TEXT NOT NULL, test_type TEXT, accelerator TEXT, framework_version TEXT,
    job_status TEXT NOT NULL, num_failures INTEGER, job_duration_sec INTEGER, timestamp TEXT NOT NULL,
    stackdriver_logs_link TEXT, msg_publish_time INTEGER, logs_download_command TEXT, kubernetes_workload_link TEXT,
    start_time REAL NOT NULL, stop_time REAL, verdict TEXT NOT NULL, PRIMARY KEY (test_name, uuid)) WITHOUT ROWID;
CREATE TABLE metric_history (
    uuid TEXT NOT NULL, test_name TEXT NOT NULL, timestamp TEXT NOT NULL, metric_name TEXT NOT NULL,
    metric_value REAL NOT NULL, metric_lower_bound REAL, metric_upper_bound REAL,
    inclusive INTEGER NOT NULL, verdict TEXT, out_of_bounds INTEGER NOT NULL,
    PRIMARY KEY (test_name, metric_name, uuid)) WITHOUT ROWID;
CREATE INDEX job_history_by_start ON job_history (test_name, start_time, uuid);
PRAGMA user_version = 1;
INSERT INTO job_history (uuid, test_name, test_type, job_status, num_failures, timestamp, start_time, verdict)
    VALUES ('a', 't', 'convergence', 'success', 0, '2026-11-21 14:00:00.000000', 1.0, 'pass'),
           ('b', 't', NULL, 'timeout', 1, '2026-11-21 15:00:00.000000', 2.0, 'failed');
INSERT INTO metric_history VALUES ('a', 't', '2026-11-21 14:00:00.000000', 'm', 0.25, 0.5, NULL, 0, 'regression', 1);
"""


@pytest.fixture
def history(tmp_path: Path) -> History:
    return History.at(f"sqlite:///{tmp_path}/deep/history.db")


@pytest.fixture
def old(history: History) -> History:
    """A history that version 1 wrote."""
    history.database.path.parent.mkdir()
    with closing(sqlite3.connect(history.database.path)) as connection:
        connection.executescript(VERSION_1)
    return history


def record(history: History, run_id: str, start: float) -> None:
    history.record(Run("t", run_id, start), "pass", [])


def dump(path: Path, table: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(f"SELECT * FROM {table} ORDER BY 1").fetchall()  # noqa: S608  # our own names


def version(history: History) -> int:
    with closing(sqlite3.connect(history.database.path)) as connection:
        return int(connection.execute("PRAGMA user_version").fetchone()[0])


RUNS = [Run("t", "a", 1.0), Run("t", "b", 2.0, "timeout")]
POINTS = [Point("a", 0.25, outside=True, start_time=1.0)]


def test_a_file_of_version_1_is_read_as_it_is(old: History) -> None:
    before = old.database.path.read_bytes()
    assert (old.runs("t"), old.series("t", "m"), old.noted("t")) == (RUNS, POINTS, Baselines())
    assert [(row.run_id, row.lower_bound, row.verdict) for row in old.rows("t")] == [("a", 0.5, "regression")]
    assert old.database.path.read_bytes() == before


def test_the_first_write_brings_a_file_of_version_1_to_version_2_without_a_loss(old: History) -> None:
    jobs, metrics = (dump(old.database.path, table) for table in ("job_history", "metric_history"))
    old.record(Run("t", "c", 3.0, commit="10abfb1"), "pass", [])
    assert (version(old), old.runs("t")) == (2, [*RUNS, Run("t", "c", 3.0, commit="10abfb1")])
    assert dump(old.database.path, "job_history")[:2] == [(*row, None) for row in jobs]
    assert dump(old.database.path, "metric_history") == metrics
    assert old.series("t", "m") == POINTS


def test_a_note_brings_a_file_to_version_2_as_well(old: History) -> None:
    entry = Accepted("t", "m", "a", "new data", "ann", "2026-11-21")
    old.note(entry)
    assert (version(old), old.noted("t"), old.runs("t")) == (2, Baselines((entry,)), RUNS)


def test_a_new_file_has_the_columns_of_one_that_was_brought_to_its_version(tmp_path: Path, old: History) -> None:
    new = History.at(f"sqlite:///{tmp_path}/new.db")
    for each in (old, new):
        record(each, "c", 3.0)
    columns = "SELECT m.name, p.* FROM sqlite_master m JOIN pragma_table_info(m.name) p WHERE m.type = 'table'"
    found = []
    for each in (old, new):
        with closing(sqlite3.connect(each.database.path)) as connection:
            found.append(connection.execute(f"{columns} ORDER BY m.name, p.cid").fetchall())
    assert found[0] == found[1]


def test_a_write_that_fails_leaves_an_old_file_as_old_as_it_was(old: History) -> None:
    with pytest.raises(RuntimeError, match="no"), old.database.writing():
        raise RuntimeError("no")
    assert (version(old), old.runs("t")) == (1, RUNS)


def test_two_programs_bring_one_file_to_the_newest_version_at_once(old: History) -> None:
    programs = [subprocess.Popen([sys.executable, "-c", WRITER, old.url, str(number)]) for number in range(4)]
    assert [program.wait() for program in programs] == [0] * 4
    assert (version(old), len(old.runs("t")), old.series("t", "m")) == (2, 82, POINTS)


def test_a_reader_sees_one_moment_while_another_writes(history: History) -> None:
    record(history, "a", 1.0)
    with history.database.reading() as connection:
        assert connection is not None
        query = "SELECT count(*) FROM job_history"
        assert connection.execute(query).fetchall() == [(1,)]
        record(history, "b", 2.0)
        assert connection.execute(query).fetchall() == [(1,)]
    assert len(history.runs("t")) == 2


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
        ("sqlite:///a\0b", "the history URL names no file: sqlite:///a\0b"),
    ],
)
def test_a_url_that_is_no_sqlite_file_is_refused(url: str, message: str) -> None:
    with pytest.raises(HistoryError) as caught:
        Database.at(url)
    assert caught.value.message == message


def test_a_url_is_relative_or_absolute(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    assert Database.at("sqlite:///a/b.db").path == tmp_path / "a/b.db"
    assert Database.at("sqlite:////a/b c?.db").path == Path("/a/b c?.db")


def test_a_path_may_hold_any_character(tmp_path: Path) -> None:
    history = History.at(f"sqlite:///{tmp_path}/a b?c#d%e.db")
    record(history, "r", 1.0)
    assert len(history.runs("t")) == 1


def message_of(action: object, *arguments: object) -> str:
    with pytest.raises(HistoryError) as caught:
        action(*arguments)  # type: ignore[operator]  # a method
    assert caught.value.facts["do"]
    return caught.value.message.partition(": sqlite")[0]


def test_a_file_that_is_no_database_is_refused(history: History) -> None:
    history.database.path.parent.mkdir()
    history.database.path.write_text("this is no database, it is a letter, and a long one at that" * 20)
    assert message_of(history.runs, "t") == "this file is not a metric history"
    assert message_of(record, history, "r", 1.0) == "this file is not a metric history"


def test_a_database_of_something_else_is_refused(history: History) -> None:
    history.database.path.parent.mkdir()
    with closing(sqlite3.connect(history.database.path)) as connection:
        connection.execute("PRAGMA user_version = 1")
        connection.commit()
    assert message_of(history.runs, "t") == "this SQLite database holds something else"


def test_a_newer_history_is_refused(history: History) -> None:
    record(history, "r", 1.0)
    with closing(sqlite3.connect(history.database.path)) as connection:
        connection.execute(f"PRAGMA user_version = {database.VERSION + 1}")
        connection.commit()
    for action in ((history.runs, "t"), (record, history, "r", 1.0)):
        assert message_of(*action) == "the metric history was written by a newer cajajejo, or by another program"


def test_a_history_in_use_for_too_long_is_told(history: History) -> None:
    record(history, "r", 1.0)
    impatient = History(replace(history.database, busy_seconds=0.05))
    with closing(sqlite3.connect(history.database.path, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        assert message_of(record, impatient, "s", 2.0) == "the metric history is in use by another program"
        assert len(history.runs("t")) == 1


def test_a_history_being_created_by_another_is_waited_for(history: History) -> None:
    history.database.path.parent.mkdir()
    impatient = History(replace(history.database, busy_seconds=0.05))
    with closing(sqlite3.connect(history.database.path, isolation_level=None)) as connection:
        connection.execute("BEGIN EXCLUSIVE")
        connection.execute("CREATE TABLE x (y)")
        assert message_of(record, impatient, "s", 2.0) == "the metric history is in use by another program"


@pytest.mark.parametrize(
    ("code", "message"),
    [("full", "there is no space left for the metric history"), ("what?", "the metric history cannot be used")],
)
def test_what_sqlite_says_becomes_a_sentence(history: History, code: str, message: str) -> None:
    with pytest.raises(HistoryError) as caught, history.database.reading():
        raise sqlite3.OperationalError(f"database or disk is {code}")
    assert caught.value.message == f"{message}: {history.url}"


def test_a_file_that_is_a_directory_is_told(tmp_path: Path) -> None:
    history = History.at(f"sqlite:///{tmp_path}")
    assert message_of(history.runs, "t") == "the metric history cannot be read or written"


def test_a_name_that_is_no_text_is_told(history: History) -> None:
    record(history, "r", 1.0)
    for read in (history.runs, history.points, history.names, history.noted):
        assert message_of(read, "\udcff") == "no metric history holds such a name: \udcff"


def test_a_directory_that_is_a_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert (
        message_of(record, History.at(f"sqlite:///{tmp_path}/file/h.db"), "r", 1.0)
        == "the metric history cannot be used"
    )


AS_NOBODY = """
import os, sys
from cajajejo.errors import HistoryError
from cajajejo.metrics.history import History
from cajajejo.metrics.runs import Run
import cajajejo.metrics.judgement.verdict, tempfile, urllib.parse  # a nobody may not read the standard library
os.setuid(65534)
history = History.at(sys.argv[1])
try:
    print(len(history.runs("t")))
    history.record(Run("t", "x", 9.0), "pass", [])
except HistoryError as error:
    print(error.message.partition(": sqlite")[0])
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become another user")
def test_a_history_that_may_only_be_read_is_read_and_says_so(history: History) -> None:
    record(history, "r", 1.0)
    for folder in history.database.path.parents:
        if Path(tempfile.gettempdir()) in folder.parents:
            folder.chmod(0o755)
    done = subprocess.run([sys.executable, "-c", AS_NOBODY, history.url], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("1\nthe metric history cannot be written\n", "")


WRITER = """
import dataclasses
import sys
from cajajejo.metrics.history.database import Database
from cajajejo.metrics.history import History
from cajajejo.metrics.runs import Run
for number in range(20):
    history = History(dataclasses.replace(Database.at(sys.argv[1]), busy_seconds=120.0))
    history.record(Run("t", f"{sys.argv[2]}-{number}", float(number)), "pass", [])
"""


def test_several_programs_write_one_history_from_the_first_moment_on(history: History) -> None:
    programs = [subprocess.Popen([sys.executable, "-c", WRITER, history.url, str(number)]) for number in range(4)]
    assert [program.wait() for program in programs] == [0] * 4
    assert len(history.runs("t")) == 80
