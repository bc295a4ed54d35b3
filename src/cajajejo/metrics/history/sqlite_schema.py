"""The tables of the history in SQLite, and how a file of an earlier version is brought to the newest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cajajejo.errors import HistoryError

if TYPE_CHECKING:
    import sqlite3

_VERSION_1: Final = (
    """CREATE TABLE IF NOT EXISTS job_history (
    uuid TEXT NOT NULL, test_name TEXT NOT NULL, test_type TEXT, accelerator TEXT, framework_version TEXT,
    job_status TEXT NOT NULL, num_failures INTEGER, job_duration_sec INTEGER, timestamp TEXT NOT NULL,
    stackdriver_logs_link TEXT, msg_publish_time INTEGER, logs_download_command TEXT, kubernetes_workload_link TEXT,
    start_time REAL NOT NULL, stop_time REAL, verdict TEXT NOT NULL, PRIMARY KEY (test_name, uuid)) WITHOUT ROWID""",
    """CREATE TABLE IF NOT EXISTS metric_history (
    uuid TEXT NOT NULL, test_name TEXT NOT NULL, timestamp TEXT NOT NULL, metric_name TEXT NOT NULL,
    metric_value REAL NOT NULL, metric_lower_bound REAL, metric_upper_bound REAL,
    inclusive INTEGER NOT NULL, verdict TEXT, out_of_bounds INTEGER NOT NULL,
    PRIMARY KEY (test_name, metric_name, uuid)) WITHOUT ROWID""",
)
_VERSION_2: Final = (
    "ALTER TABLE job_history ADD COLUMN config_git_sha TEXT",
    """CREATE TABLE baselines (
    kind TEXT NOT NULL, test_name TEXT NOT NULL, metric_name TEXT NOT NULL, run_id TEXT, until TEXT,
    reason TEXT NOT NULL, author TEXT NOT NULL, noted_on TEXT NOT NULL)""",
)
_RUN: Final = (
    "uuid, test_type, accelerator, framework_version, job_status, num_failures, job_duration_sec, timestamp,"
    " stackdriver_logs_link, msg_publish_time, logs_download_command, kubernetes_workload_link, start_time, stop_time,"
    " verdict, config_git_sha"
)
_ENTRY: Final = "kind, test_name, metric_name, run_id, until, reason, author, noted_on"
_TABLES: Final = (
    "CREATE TABLE tests (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE)",
    """CREATE TABLE series (
    id INTEGER PRIMARY KEY, test INTEGER NOT NULL, metric TEXT NOT NULL, since REAL NOT NULL, UNIQUE (test, metric))""",
    """CREATE TABLE runs (
    id INTEGER PRIMARY KEY, test INTEGER NOT NULL,
    uuid TEXT NOT NULL, test_type TEXT, accelerator TEXT, framework_version TEXT,
    job_status TEXT NOT NULL, num_failures INTEGER, job_duration_sec INTEGER, timestamp TEXT NOT NULL,
    stackdriver_logs_link TEXT, msg_publish_time INTEGER, logs_download_command TEXT, kubernetes_workload_link TEXT,
    start_time REAL NOT NULL, stop_time REAL, verdict TEXT NOT NULL, config_git_sha TEXT, UNIQUE (test, uuid))""",
    "CREATE INDEX runs_by_start ON runs (test, start_time, uuid)",
    """CREATE TABLE points (
    run INTEGER NOT NULL, series INTEGER NOT NULL, value REAL NOT NULL, lower_bound REAL, upper_bound REAL,
    inclusive INTEGER NOT NULL, verdict TEXT, out_of_bounds INTEGER NOT NULL,
    PRIMARY KEY (run, series)) WITHOUT ROWID""",
    """CREATE TABLE incidents (
    test_name TEXT NOT NULL, kind TEXT NOT NULL, metric_name TEXT, run_id TEXT NOT NULL, start_time REAL NOT NULL,
    message TEXT NOT NULL, accepted TEXT, UNIQUE (test_name, kind, metric_name))""",
    """CREATE TABLE alerts (
    number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, test_name TEXT NOT NULL, kind TEXT NOT NULL, metric_name TEXT,
    happening TEXT NOT NULL, message TEXT NOT NULL, uuid TEXT NOT NULL, start_time REAL NOT NULL, since REAL NOT NULL,
    incident TEXT NOT NULL, run TEXT NOT NULL)""",
    """CREATE TABLE deliveries (
    alert TEXT NOT NULL, sink TEXT NOT NULL, attempts INTEGER NOT NULL, due REAL, claimed_until REAL, sent_at REAL,
    error TEXT, PRIMARY KEY (alert, sink)) WITHOUT ROWID""",
)
_MOVE_TESTS: Final = "INSERT INTO tests (name) SELECT DISTINCT test_name FROM old_job_history"
_MOVE_RUNS: Final = (
    f"INSERT INTO runs (test, {_RUN}) SELECT t.id, {_RUN}"  # noqa: S608  # our own names
    " FROM old_job_history o JOIN tests t ON t.name = o.test_name ORDER BY o.start_time, o.uuid"
)
_MOVE_SERIES: Final = (
    "INSERT INTO series (test, metric, since) SELECT r.test, o.metric_name, min(r.start_time) FROM old_metric_history o"
    " JOIN tests t ON t.name = o.test_name JOIN runs r ON r.test = t.id AND r.uuid = o.uuid GROUP BY 1, 2"
)
_MOVE_POINTS: Final = (
    "INSERT INTO points SELECT r.id, s.id, o.metric_value, o.metric_lower_bound, o.metric_upper_bound, o.inclusive,"
    " o.verdict, o.out_of_bounds FROM old_metric_history o JOIN tests t ON t.name = o.test_name"
    " JOIN runs r ON r.test = t.id AND r.uuid = o.uuid JOIN series s ON s.test = t.id AND s.metric = o.metric_name"
    " ORDER BY 1, 2"
)
_MOVES: Final = (
    *(_MOVE_TESTS, _MOVE_RUNS, _MOVE_SERIES, _MOVE_POINTS),
    *("DROP TABLE old_job_history", "DROP TABLE old_metric_history"),
    "ALTER TABLE baselines RENAME TO old_baselines",
    """CREATE TABLE baselines (
    kind TEXT NOT NULL, test_name TEXT NOT NULL, metric_name TEXT NOT NULL, run_id TEXT, until TEXT,
    reason TEXT NOT NULL, author TEXT NOT NULL, noted_on TEXT NOT NULL, id INTEGER PRIMARY KEY)""",
    f"INSERT INTO baselines ({_ENTRY}) SELECT {_ENTRY} FROM old_baselines ORDER BY rowid",  # noqa: S608  # as above
    "DROP TABLE old_baselines",
)
VIEWS: Final = (
    """CREATE VIEW job_history AS SELECT r.uuid, t.name AS test_name, r.test_type, r.accelerator, r.framework_version,
    r.job_status, r.num_failures, r.job_duration_sec, r.timestamp, r.stackdriver_logs_link, r.msg_publish_time,
    r.logs_download_command, r.kubernetes_workload_link, r.start_time, r.stop_time, r.verdict, r.config_git_sha
    FROM runs r JOIN tests t ON t.id = r.test""",
    """CREATE VIEW metric_history AS SELECT r.uuid, t.name AS test_name, r.timestamp, s.metric AS metric_name,
    p.value AS metric_value, p.lower_bound AS metric_lower_bound, p.upper_bound AS metric_upper_bound, p.inclusive,
    p.verdict, p.out_of_bounds
    FROM points p JOIN runs r ON r.id = p.run JOIN series s ON s.id = p.series JOIN tests t ON t.id = r.test""",
)
"""The documented columns first, ours behind them; they are the same in PostgreSQL."""
_VERSION_3: Final = (
    "ALTER TABLE job_history RENAME TO old_job_history",
    "ALTER TABLE metric_history RENAME TO old_metric_history",
    *_TABLES,
    *_MOVES,
    *VIEWS,
)
STEPS: Final = (_VERSION_1, _VERSION_2, _VERSION_3)
"""The statements that lead from each version to the next; a new file takes them all."""
VERSION: Final = len(STEPS)


def version(connection: sqlite3.Connection, url: str) -> int:
    """The version of the tables; 0 where there are none.

    Raises:
        HistoryError: they are newer than this program.
    """
    found = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if found > VERSION:
        do = "update cajajejo, or name another file with --history"
        facts = {"version": f"{found}; this program knows {VERSION}", "do": do}
        message = f"the metric history was written by a newer cajajejo, or by another program: {url}"
        raise HistoryError(message, facts=facts)
    return found


def bring_to_newest(connection: sqlite3.Connection, url: str) -> None:
    """Brings the tables to the newest version, inside of the transaction that `connection` is in.

    Raises:
        HistoryError: they are newer than this program.
    """
    found = version(connection, url)
    if found < VERSION:
        for statement in (statement for step in STEPS[found:] for statement in step):
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {VERSION}")
