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
from cajajejo.metrics.baselines import Accepted, Baselines, Muted
from cajajejo.metrics.history import History, sqlite_schema
from cajajejo.metrics.history.rows import StoredMetric, StoredRun
from cajajejo.metrics.history.sql_store import SqlStore
from cajajejo.metrics.history.sqlite_database import SqliteDatabase
from cajajejo.metrics.history.store import Telling
from cajajejo.metrics.judgement.incidents import Event, Incident, Told
from cajajejo.metrics.judgement.verdict import MetricVerdict
from cajajejo.metrics.points import Point
from cajajejo.metrics.runs import Origin, Run

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
    database(history).path.parent.mkdir()
    with closing(sqlite3.connect(database(history).path)) as connection:
        connection.executescript(VERSION_1)
    return history


def database(history: History) -> SqliteDatabase:
    assert isinstance(history.store, SqlStore)
    assert isinstance(history.store.database, SqliteDatabase)
    return history.store.database


def record(history: History, run_id: str, start: float) -> None:
    history.record(Run("t", run_id, start), "pass", [])


def dump(path: Path, table: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(f"SELECT * FROM {table} ORDER BY 1").fetchall()  # noqa: S608  # our own names


def version(history: History) -> int:
    with closing(sqlite3.connect(database(history).path)) as connection:
        return int(connection.execute("PRAGMA user_version").fetchone()[0])


RUNS = [Run("t", "a", 1.0, origin=Origin("convergence")), Run("t", "b", 2.0, "timeout")]
POINTS = [Point("a", 0.25, outside=True, start_time=1.0)]


def test_a_file_of_version_1_is_read_as_it_is(old: History) -> None:
    before = database(old).path.read_bytes()
    assert (old.runs("t"), old.series("t", "m"), old.noted("t")) == (RUNS, POINTS, Baselines())
    assert [(row.run_id, row.lower_bound, row.verdict) for row in old.rows("t")] == [("a", 0.5, "regression")]
    assert database(old).path.read_bytes() == before


def test_the_first_write_brings_a_file_of_version_1_to_version_3_without_a_loss(old: History) -> None:
    jobs, metrics = (dump(database(old).path, table) for table in ("job_history", "metric_history"))
    old.record(Run("t", "c", 3.0, commit="10abfb1"), "pass", [])
    assert (version(old), old.runs("t")) == (3, [*RUNS, Run("t", "c", 3.0, commit="10abfb1")])
    assert dump(database(old).path, "job_history")[:2] == [(*row, None) for row in jobs]
    assert dump(database(old).path, "metric_history") == metrics
    assert old.series("t", "m") == POINTS


def test_a_note_brings_a_file_to_version_3_as_well(old: History) -> None:
    entry = Accepted("t", "m", "a", "new data", "ann", "2026-11-21")
    old.note(entry)
    assert (version(old), old.noted("t"), old.runs("t")) == (3, Baselines((entry,)), RUNS)


def test_a_new_file_has_the_columns_of_one_that_was_brought_to_its_version(tmp_path: Path, old: History) -> None:
    new = History.at(f"sqlite:///{tmp_path}/new.db")
    for each in (old, new):
        record(each, "c", 3.0)
    columns = "SELECT m.name, p.* FROM sqlite_master m JOIN pragma_table_info(m.name) p WHERE m.type = 'table'"
    found = []
    for each in (old, new):
        with closing(sqlite3.connect(database(each).path)) as connection:
            found.append(connection.execute(f"{columns} ORDER BY m.name, p.cid").fetchall())
    assert found[0] == found[1]


def test_a_write_that_fails_leaves_an_old_file_as_old_as_it_was(old: History) -> None:
    with pytest.raises(RuntimeError, match="no"), database(old).writing():
        raise RuntimeError("no")
    assert (version(old), old.runs("t")) == (1, RUNS)


def test_two_programs_bring_one_file_to_the_newest_version_at_once(old: History) -> None:
    programs = [subprocess.Popen([sys.executable, "-c", WRITER, old.url, str(number)]) for number in range(4)]
    assert [program.wait() for program in programs] == [0] * 4
    assert (version(old), len(old.runs("t")), old.series("t", "m")) == (3, 82, POINTS)


def test_a_reader_sees_one_moment_while_another_writes(history: History) -> None:
    record(history, "a", 1.0)
    with database(history).reading() as connection:
        assert connection is not None
        query = "SELECT count(*) FROM job_history"
        assert connection.execute(query).fetchall() == [(1,)]
        record(history, "b", 2.0)
        assert connection.execute(query).fetchall() == [(1,)]
    assert len(history.runs("t")) == 2


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("history.db", "no URL of a metric history: history.db"),
        ("mysql://host/db", "no URL of a metric history: mysql://host/db"),
        ("sqlite://", "the history URL names no file: sqlite://"),
        ("sqlite:///", "the history URL names no file: sqlite:///"),
        ("sqlite:///:memory:", "the history URL names no file: sqlite:///:memory:"),
        ("sqlite:///dir/", "the history URL names no file: sqlite:///dir/"),
        ("postgresq://bob:s3cret@host/db", "no URL of a metric history: postgresq:…"),
        ("postgresql:/bob:s3cret@host/db", "no URL of a metric history: postgresql:…"),
        ("mysql://host/db?password=s3cret", "no URL of a metric history: mysql:…"),
        ("sqlite://bob:s3cret@host/db", "the history URL names no file: sqlite:…"),
        ("bigquery://bob:s3cret@host/db", "the history URL names no data set of BigQuery"),
        ("sqlite:///a\0b", "the history URL names no file: sqlite:///a\0b"),
    ],
)
def test_a_url_of_no_history_is_refused(url: str, message: str) -> None:
    with pytest.raises(HistoryError) as caught:
        History.at(url)
    assert caught.value.message == message


def test_a_url_is_relative_or_absolute(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    assert SqliteDatabase.at("sqlite:///a/b.db").path == tmp_path / "a/b.db"
    assert SqliteDatabase.at("sqlite:////a/b c?.db").path == Path("/a/b c?.db")


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
    database(history).path.parent.mkdir()
    database(history).path.write_text("this is no database, it is a letter, and a long one at that" * 20)
    assert message_of(history.runs, "t") == "this file is not a metric history"
    assert message_of(record, history, "r", 1.0) == "this file is not a metric history"


def test_a_database_of_something_else_is_refused(history: History) -> None:
    database(history).path.parent.mkdir()
    with closing(sqlite3.connect(database(history).path)) as connection:
        connection.execute("PRAGMA user_version = 1")
        connection.commit()
    assert message_of(history.runs, "t") == "this SQLite database holds something else"


def test_a_newer_history_is_refused(history: History) -> None:
    record(history, "r", 1.0)
    with closing(sqlite3.connect(database(history).path)) as connection:
        connection.execute(f"PRAGMA user_version = {sqlite_schema.VERSION + 1}")
        connection.commit()
    for action in ((history.runs, "t"), (record, history, "r", 1.0)):
        assert message_of(*action) == "the metric history was written by a newer cajajejo, or by another program"


def test_a_history_in_use_for_too_long_is_told(history: History) -> None:
    record(history, "r", 1.0)
    impatient = History(SqlStore(replace(database(history), patience=0.05)))
    with closing(sqlite3.connect(database(history).path, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        assert message_of(record, impatient, "s", 2.0) == "the metric history is in use by another program"
        assert len(history.runs("t")) == 1


def test_a_history_being_created_by_another_is_waited_for(history: History) -> None:
    database(history).path.parent.mkdir()
    impatient = History(SqlStore(replace(database(history), patience=0.05)))
    with closing(sqlite3.connect(database(history).path, isolation_level=None)) as connection:
        connection.execute("BEGIN EXCLUSIVE")
        connection.execute("CREATE TABLE x (y)")
        assert message_of(record, impatient, "s", 2.0) == "the metric history is in use by another program"


@pytest.mark.parametrize(
    ("code", "message"),
    [("full", "there is no space left for the metric history"), ("what?", "the metric history cannot be used")],
)
def test_what_sqlite_says_becomes_a_sentence(history: History, code: str, message: str) -> None:
    with pytest.raises(HistoryError) as caught, database(history).reading():
        raise sqlite3.OperationalError(f"database or disk is {code}")
    assert caught.value.message == f"{message}: {history.url}"


def test_a_file_that_is_a_directory_is_told(tmp_path: Path) -> None:
    history = History.at(f"sqlite:///{tmp_path}")
    assert message_of(history.runs, "t") == "the metric history is no file"


def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    history = History.at(f"sqlite:///{tmp_path}/pipe")
    for work in (lambda: history.runs("t"), lambda: record(history, "r", 1.0)):
        assert message_of(work) == "the metric history is no file"


def test_links_in_a_circle_are_told(tmp_path: Path) -> None:
    (tmp_path / "circle").symlink_to(tmp_path / "circle")
    history = History.at(f"sqlite:///{tmp_path}/circle")
    assert history.runs("t") == []
    assert message_of(record, history, "r", 1.0) == "the metric history cannot be opened"


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
    for folder in database(history).path.parents:
        if Path(tempfile.gettempdir()) in folder.parents:
            folder.chmod(0o755)
    done = subprocess.run([sys.executable, "-c", AS_NOBODY, history.url], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("1\nthe metric history cannot be written\n", "")


WRITER = """
import sys
from cajajejo.metrics.history import History
from cajajejo.metrics.history.store import Telling
from cajajejo.metrics.judgement.incidents import Event, Incident, Told
from cajajejo.metrics.judgement.verdict import MetricVerdict
from cajajejo.metrics.runs import Run

history = History.at(sys.argv[1])
for number in range(20):
    run = Run("t", f"{sys.argv[2]}-{number}", float(number))
    incident = Incident("t", "failed", sys.argv[2], run.run_id, run.start_time, "it failed")
    told = Told((Event(incident, "opened", run, "it failed"),), (incident,))
    telling = Telling("t", ("somebody", "somebody else"), lambda *_: told, 1.0)
    metrics = [MetricVerdict(f"m{one}", number / 8, "") for one in range(20)]
    assert history.record(run, "pass", metrics, telling=telling) == told
"""


def test_eight_programs_write_one_history_from_the_first_moment_on(history: History) -> None:
    programs = [
        subprocess.Popen([sys.executable, "-c", WRITER, history.url, str(number)], stderr=subprocess.PIPE, text=True)
        for number in range(8)
    ]
    assert [program.communicate()[1] for program in programs] == [""] * 8
    stored = list(history.store.stored("t"))
    assert {(run.run.run_id, len(run.metrics)) for run in stored} == {
        (f"{writer}-{number}", 20) for writer in range(8) for number in range(20)
    }
    assert (len(stored), len(history.store.unsent()), len(history.store.incidents())) == (160, 320, 1)


@pytest.fixture
def old_2(old: History) -> History:
    """A history that version 2 wrote, with notes."""
    notes = [
        ("accepted", "t", "m", "a", None, "new data", "ann", "2026-11-21"),
        ("muted", "t", "*", None, "2026-11-28", "node pool", "jasper", "2026-11-20"),
        ("accepted", "t", "m", "b", None, "newer data", "ann", "2026-11-21"),
    ]
    with closing(sqlite3.connect(database(old).path)) as connection:
        for statement in sqlite_schema.STEPS[1]:
            connection.execute(statement)
        connection.execute("UPDATE job_history SET config_git_sha = '10abfb1', stackdriver_logs_link = 'https://logs'")
        connection.executemany("INSERT INTO baselines VALUES (?, ?, ?, ?, ?, ?, ?, ?)", notes)
        connection.execute("PRAGMA user_version = 2")
        connection.commit()
    return old


NOTED = Baselines(
    (
        Accepted("t", "m", "a", "new data", "ann", "2026-11-21"),
        Accepted("t", "m", "b", "newer data", "ann", "2026-11-21"),
    ),
    (Muted("t", "*", "2026-11-28", "node pool", "jasper", "2026-11-20"),),
)


def test_a_file_of_version_2_is_read_as_if_it_were_new_and_then_brought_to_version_3(old_2: History) -> None:
    path, tables = database(old_2).path, ("job_history", "metric_history")
    before, rows = path.read_bytes(), [dump(path, table) for table in tables]
    origin = replace(RUNS[0].origin, logs_link="https://logs")
    first = replace(RUNS[0], commit="10abfb1", origin=origin)
    assert (old_2.runs("t")[0], old_2.noted("t"), version(old_2)) == (first, NOTED, 2)
    assert path.read_bytes() == before
    record(old_2, "c", 3.0)
    assert (old_2.runs("t")[0], old_2.noted("t"), version(old_2)) == (first, NOTED, 3)
    record_of_c = dump(path, "job_history")[2:]
    assert [dump(path, table) for table in tables] == [[*rows[0], *record_of_c], rows[1]]


FULL = """
import sys
from cajajejo.errors import HistoryError
from cajajejo.metrics.history import History
from cajajejo.metrics.judgement.verdict import MetricVerdict
from cajajejo.metrics.runs import Run
history = History.at(sys.argv[1])
try:
    for number in range(1000):
        metrics = [MetricVerdict(f"m{one}", 1 / 3, "") for one in range(99)]
        history.record(Run("t", f"r{number}", float(number)), "pass", metrics)
        print(".", end="")
except HistoryError as error:
    print(error.message.partition(": sqlite")[0])
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to mount a small disk")
def test_a_full_disk_is_one_sentence_and_what_was_stored_is_there(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=512k", "none", disk], check=False).returncode != 0:
        pytest.skip("this machine lets nobody mount")
    try:
        history = History.at(f"sqlite:///{disk}/history.db")
        told = subprocess.run([sys.executable, "-c", FULL, history.url], capture_output=True, text=True, check=False)
        done, _, sentence = told.stdout.rpartition(".")
        assert (sentence, told.stderr) == ("there is no space left for the metric history\n", "")
        assert [len(stored.metrics) for stored in history.store.stored("t")] == [99] * len(f"{done}.")
    finally:
        subprocess.run(["umount", disk], check=True)


def test_pruning_gives_the_space_back(history: History) -> None:
    metrics = tuple(StoredMetric(f"m{number}", 1 / 3) for number in range(500))
    history.store.record([StoredRun(Run("t", f"r{number}", float(number)), "pass", metrics) for number in range(120)])
    before = database(history).path.stat().st_size
    assert history.store.prune(None, before=200.0, keep=10) == 110
    assert database(history).path.stat().st_size < before / 5
    assert [run.run_id for run in history.runs("t")] == [f"r{number}" for number in range(110, 120)]


def test_pruning_leaves_runs_that_open_incidents_began_with_and_nothing_of_those_that_went(history: History) -> None:
    incident = Incident("t", "regression", "m", "r1", 1.0, "it is worse")
    event = Event(incident, "opened", Run("t", "r1", 1.0), "it is worse")
    metrics = [MetricVerdict("m", 1.0, "")]
    for number in range(4):
        telling = Telling("t", ("somebody",), lambda *_: Told((event,), (incident,)), 1.0)
        history.record(Run("t", f"r{number}", float(number)), "pass", metrics, telling=telling)
    history.record(Run("gone", "r", 1.0), "pass", [MetricVerdict("n", 1.0, "")])
    assert history.store.prune(None, before=3.0, keep=0) == 3
    assert ([run.run_id for run in history.runs("t")], history.store.tests()) == (["r1", "r3"], ["t"])
    assert [dump(database(history).path, table) for table in ("tests", "series")] == [[(1, "t")], [(1, 1, "m", 0.0)]]
    history.record(Run("t", "r9", 9.0), "pass", [], telling=Telling("t", (), lambda *_: Told(), 9.0))
    assert history.store.prune("t", before=9.0, keep=0) == 2
    assert (history.store.metrics("t"), len(history.store.unsent())) == ([], 1)
    history.store.settle(history.store.unsent(), now=9.0, error=None, again=None)
    assert history.store.prune("t", before=10.0, keep=0) == 1
    assert [dump(database(history).path, table) for table in ("alerts", "deliveries", "tests")] == [[], [], []]


def test_a_file_whose_names_are_damaged_is_told(history: History) -> None:
    record(history, "r", 1.0)
    with closing(sqlite3.connect(database(history).path)) as connection:
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute(
            "UPDATE sqlite_schema SET name = CAST(x'ff' AS TEXT), sql = 'CREATE T' WHERE name = 'alerts'"
        )
        connection.commit()
    assert message_of(history.store.tests) == "the metric history is damaged"
