"""The metric history in SQLite: what every run of every test measured, under the run's id.

Two tables, ``job_history`` and ``metric_history``, with the documented columns first and ours behind them. Recording a
run again replaces its rows. Runs are ordered by their start, then by their id.
"""

from __future__ import annotations

import math
import os
import sqlite3
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from cajajejo import local_state
from cajajejo.errors import HistoryError
from cajajejo.metrics import database
from cajajejo.metrics.bounds import Point

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cajajejo.metrics.verdict import JobStatus, MetricVerdict

SCHEMA_VERSION: Final = 1
BUSY_SECONDS: Final = 10.0
_PREFIX: Final = "sqlite:///"
_SCHEMA: Final = (
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
    "CREATE INDEX IF NOT EXISTS job_history_by_start ON job_history (test_name, start_time, uuid)",
)


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a test; times are seconds since the epoch."""

    test: str
    run_id: str
    start_time: float
    status: JobStatus = "success"
    stop_time: float | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """One point as it was stored."""

    run_id: str
    start_time: float
    status: str
    metric: str
    value: float
    lower_bound: float | None
    upper_bound: float | None
    inclusive: bool
    verdict: str | None


@dataclass(frozen=True, slots=True)
class Before:
    """What is known of the runs before one: points of successful runs by metric, oldest first."""

    points: dict[str, list[Point]]
    runs: int = 0
    failures_in_a_row: int = 0


@dataclass(frozen=True, slots=True)
class History:
    """The history at `path`, named as `url`; reading where there is none yet finds nothing and creates nothing."""

    url: str
    path: Path
    busy_seconds: float = BUSY_SECONDS

    @classmethod
    def at(cls, url: str) -> History:
        """The history at ``sqlite:///relative.db`` or ``sqlite:////absolute.db``.

        Raises:
            HistoryError: another kind of URL.
        """
        if not url.startswith(_PREFIX):
            facts = {"known here": "sqlite:///FILE and sqlite:////ABSOLUTE/FILE"}
            raise HistoryError(f"this version keeps the metric history in SQLite only: {url}", facts=facts)
        name = url.removeprefix(_PREFIX)
        if name in {"", ":memory:"} or name.endswith("/"):
            raise HistoryError(
                f"the history URL names no file: {url}", facts={"for example": "sqlite:///.cajajejo/history.db"}
            )
        return cls(url, Path(name).absolute())

    def start_of(self, test: str, run_id: str) -> float | None:
        """The start that is stored for a run, or None where it is not stored."""
        found = self._select("SELECT start_time FROM job_history WHERE test_name = ? AND uuid = ?", (test, run_id))
        return float(found[0][0]) if found else None

    def before(self, run: Run) -> Before:
        """What is known of the runs of the same test before `run`; `run` itself never counts.

        Raises:
            HistoryError: the history cannot be read.
        """
        earlier = "j.test_name = ? AND j.uuid != ? AND (j.start_time, j.uuid) < (?, ?)"
        key = (run.test, run.run_id, run.start_time, run.run_id)
        jobs = self._select(f"SELECT job_status FROM job_history j WHERE {earlier} ORDER BY start_time, uuid", key)  # noqa: S608  # no outside text
        rows = self._select(
            "SELECT m.metric_name, m.uuid, m.metric_value, m.out_of_bounds FROM job_history j JOIN metric_history m"  # noqa: S608
            f" ON m.test_name = j.test_name AND m.uuid = j.uuid WHERE {earlier} AND j.job_status = 'success'"
            " ORDER BY j.start_time, j.uuid",
            key,
        )
        points: dict[str, list[Point]] = {}
        for metric, run_id, value, outside in rows:
            points.setdefault(metric, []).append(Point(run_id, float(value), bool(outside)))
        statuses = [status for (status,) in jobs]
        failures = next(
            (index for index, status in enumerate(reversed(statuses)) if status == "success"), len(statuses)
        )
        return Before(points, len(statuses), failures)

    def record(self, run: Run, verdict: str, metrics: Sequence[MetricVerdict]) -> None:
        """Stores a run with its finite metrics, in place of what was stored under its id.

        Raises:
            HistoryError: the history cannot be written.
        """
        with self._writing() as connection:
            for table in ("metric_history", "job_history"):
                connection.execute(f"DELETE FROM {table} WHERE test_name = ? AND uuid = ?", (run.test, run.run_id))  # noqa: S608
            _insert(connection, "job_history", _job_row(run, verdict))
            for row in filter(None, (_metric_row(run, metric) for metric in metrics)):
                _insert(connection, "metric_history", row)

    def rows(self, test: str, metric: str | None = None, *, limit: int = 0) -> list[Row]:
        """The stored points of a test, newest run first; at most `limit` where that is not 0.

        Raises:
            HistoryError: the history cannot be read.
        """
        found = self._select(
            "SELECT m.uuid, j.start_time, j.job_status, m.metric_name, m.metric_value, m.metric_lower_bound,"
            " m.metric_upper_bound, m.inclusive, m.verdict FROM job_history j JOIN metric_history m"
            " ON m.test_name = j.test_name AND m.uuid = j.uuid"
            " WHERE j.test_name = ? AND (? IS NULL OR m.metric_name = ?)"
            " ORDER BY j.start_time DESC, j.uuid DESC, m.metric_name LIMIT ?",
            (test, metric, metric, limit or -1),
        )
        return [Row(*(*row[:7], bool(row[7]), row[8])) for row in found]

    def names(self, test: str) -> list[str]:
        """The metrics of a test that have points; where there are none, the tests that have some.

        Raises:
            HistoryError: the history cannot be read.
        """
        metrics = self._select(
            "SELECT DISTINCT metric_name FROM metric_history WHERE test_name = ? ORDER BY metric_name", (test,)
        )
        found = metrics or self._select("SELECT DISTINCT test_name FROM metric_history ORDER BY test_name", ())
        return [name for (name,) in found]

    def _select(self, query: str, values: tuple[object, ...]) -> list[tuple[Any, ...]]:
        with database.explained(self.url):
            if not self.path.exists():
                return []
            with closing(sqlite3.connect(self._uri_for_reading(), uri=True, timeout=self.busy_seconds)) as connection:
                if not _version_of(connection, self.url):
                    return []
                return connection.execute(query, values).fetchall()

    def _uri_for_reading(self) -> str:
        """Without a place for SQLite's own files beside it, a history that nobody writes is read as it is."""
        log = Path(f"{self.path}-wal")
        still = not os.access(self.path.parent, os.W_OK) and not log.exists()
        return f"{self.path.as_uri()}?mode=ro{'&immutable=1' * still}"

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with database.explained(self.url):
            local_state.prepare(self.path.parent)
            with closing(sqlite3.connect(self.path, timeout=self.busy_seconds, isolation_level=None)) as connection:
                database.use_write_ahead_log(connection, self.busy_seconds)
                connection.execute("BEGIN IMMEDIATE")
                try:
                    if not _version_of(connection, self.url):
                        for statement in _SCHEMA:
                            connection.execute(statement)
                        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
                    yield connection
                    connection.execute("COMMIT")
                except BaseException:
                    if connection.in_transaction:
                        connection.execute("ROLLBACK")
                    raise


def _job_row(run: Run, verdict: str) -> dict[str, object]:
    seconds = None if run.stop_time is None or run.stop_time < run.start_time else round(run.stop_time - run.start_time)
    return {
        "uuid": run.run_id,
        "test_name": run.test,
        "job_status": run.status,
        "num_failures": int(run.status in {"failure", "timeout"}),
        "job_duration_sec": seconds,
        "timestamp": _timestamp(run),
        "msg_publish_time": int(run.start_time),
        "start_time": run.start_time,
        "stop_time": run.stop_time,
        "verdict": verdict,
    }


def _metric_row(run: Run, metric: MetricVerdict) -> dict[str, object] | None:
    if metric.value is None or not math.isfinite(metric.value):
        return None
    return {
        "uuid": run.run_id,
        "test_name": run.test,
        "timestamp": _timestamp(run),
        "metric_name": metric.name,
        "metric_value": metric.value,
        "metric_lower_bound": metric.bounds.lower if metric.bounds else None,
        "metric_upper_bound": metric.bounds.upper if metric.bounds else None,
        "inclusive": bool(metric.bounds and metric.bounds.inclusive),
        "verdict": metric.verdict,
        "out_of_bounds": metric.outside,
    }


def _timestamp(run: Run) -> str:
    """The end of a run, or its start where the end is not known, in UTC as SQLite's own date functions read it."""
    moment = run.start_time if run.stop_time is None else run.stop_time
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d %H:%M:%S.%f")


def _insert(connection: sqlite3.Connection, table: str, row: dict[str, object]) -> None:
    marks = ", ".join("?" * len(row))
    connection.execute(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({marks})", tuple(row.values()))  # noqa: S608  # our own names


def _version_of(connection: sqlite3.Connection, url: str) -> int:
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if version > SCHEMA_VERSION:
        do = "update cajajejo, or name another file with --history"
        facts = {"version": f"{version}; this program knows {SCHEMA_VERSION}", "do": do}
        message = f"the metric history was written by a newer cajajejo, or by another program: {url}"
        raise HistoryError(message, facts=facts)
    return version
