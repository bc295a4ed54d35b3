"""The metric history: what every run of every test measured, under the run's id.

Three tables: ``job_history`` and ``metric_history``, with the documented columns first and ours behind them, and
``baselines``, the levels that were accepted and the metrics that are muted. Recording a run again replaces its rows.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final

from cajajejo.metrics.baselines import Accepted, Baselines, Muted
from cajajejo.metrics.history import rows
from cajajejo.metrics.history.database import Database
from cajajejo.metrics.history.rows import Row
from cajajejo.metrics.points import Point
from cajajejo.metrics.runs import Run

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Mapping, Sequence

    from cajajejo.metrics.baselines import Entry
    from cajajejo.metrics.judgement.verdict import MetricVerdict

_RUN: Final = (
    "SELECT test_name, uuid, start_time, job_status, stop_time, config_git_sha FROM job_history WHERE test_name = ?"
)
_POINTS: Final = (  # in the order in which the table is kept: sorting is left to who knows the order of the runs
    "SELECT metric_name, uuid, metric_value, out_of_bounds FROM metric_history"
    " WHERE test_name = ? AND (? IS NULL OR metric_name = ?) ORDER BY metric_name"
)
_NOTED: Final = (
    "SELECT kind, test_name, metric_name, run_id, until, reason, author, noted_on FROM baselines"
    " WHERE test_name = ? ORDER BY rowid"
)
_ROWS: Final = (
    "SELECT m.uuid, j.start_time, j.job_status, m.metric_name, m.metric_value, m.metric_lower_bound,"
    " m.metric_upper_bound, m.inclusive, m.verdict FROM job_history j JOIN metric_history m"
    " ON m.test_name = j.test_name AND m.uuid = j.uuid"
    " WHERE j.test_name = ? AND (? IS NULL OR m.metric_name = ?)"
    " ORDER BY j.start_time DESC, j.uuid DESC, m.metric_name LIMIT ?"
)


@dataclass(frozen=True, slots=True)
class Before:
    """What is known before a run: the earlier runs, and the points of those that succeeded by metric, oldest first."""

    points: Mapping[str, Sequence[Point]] = field(default_factory=dict)
    runs: tuple[Run, ...] = ()

    @property
    def failures_in_a_row(self) -> int:
        """How many of the last runs in a row did not succeed."""
        return next((back for back, run in enumerate(reversed(self.runs)) if run.status == "success"), len(self.runs))


@dataclass(frozen=True, slots=True)
class History:
    """The history in a database; reading where there is none yet finds nothing and creates nothing."""

    database: Database

    @classmethod
    def at(cls, url: str) -> History:
        """The history at ``sqlite:///relative.db`` or ``sqlite:////absolute.db``.

        Raises:
            HistoryError: another kind of URL.
        """
        return cls(Database.at(url))

    @property
    def url(self) -> str:
        """Where the history is."""
        return self.database.url

    def run(self, test: str, run_id: str) -> Run | None:
        """A run as it is stored, or None where it is not.

        Raises:
            HistoryError: the history cannot be read.
        """
        found = self._select(f"{_RUN} AND uuid = ?", test, run_id)
        return Run(*found[0]) if found else None

    def before(self, run: Run) -> Before:
        """What is known of the runs of the same test before `run`; `run` itself never counts.

        Raises:
            HistoryError: the history cannot be read.
        """
        with self.database.reading() as connection:
            if connection is None:
                return Before()
            runs = [one for one in _runs(connection, run.test) if one.order < run.order and one.run_id != run.run_id]
            return Before(_points(connection, run.test, runs), tuple(runs))

    def runs(self, test: str) -> list[Run]:
        """Every run of a test, oldest first.

        Raises:
            HistoryError: the history cannot be read.
        """
        with self.database.reading() as connection:
            return [] if connection is None else _runs(connection, test)

    def points(self, test: str, metric: str | None = None) -> dict[str, list[Point]]:
        """The points of successful runs by metric, of one or of all, oldest first.

        Raises:
            HistoryError: the history cannot be read.
        """
        with self.database.reading() as connection:
            return {} if connection is None else _points(connection, test, _runs(connection, test), metric)

    def series(self, test: str, metric: str) -> list[Point]:
        """The points of one metric in successful runs, oldest first.

        Raises:
            HistoryError: the history cannot be read.
        """
        return self.points(test, metric).get(metric, [])

    def record(self, run: Run, verdict: str, metrics: Sequence[MetricVerdict]) -> None:
        """Stores a run with its finite metrics, in place of what was stored under its id.

        Raises:
            HistoryError: the history cannot be written.
        """
        of_metrics = [row for row in (rows.of_metric(run, metric) for metric in metrics) if row is not None]
        with self.database.writing() as connection:
            key = (run.test, run.run_id)
            if connection.execute("DELETE FROM job_history WHERE test_name = ? AND uuid = ?", key).rowcount:
                connection.execute("DELETE FROM metric_history WHERE test_name = ? AND uuid = ?", key)
            _insert(connection, "job_history", [rows.of_job(run, verdict)])
            _insert(connection, "metric_history", of_metrics)

    def rows(self, test: str, metric: str | None = None, *, limit: int = 0) -> list[Row]:
        """The stored points of a test, newest run first; at most `limit` where that is not 0.

        Raises:
            HistoryError: the history cannot be read.
        """
        found = self._select(_ROWS, test, metric, metric, limit or -1)
        return [Row(*(*row[:7], bool(row[7]), row[8])) for row in found]

    def names(self, test: str) -> list[str]:
        """The metrics of a test that have points; where there are none, the tests that have some.

        Raises:
            HistoryError: the history cannot be read.
        """
        metrics = self._select(
            "SELECT DISTINCT metric_name FROM metric_history WHERE test_name = ? ORDER BY metric_name", test
        )
        found = metrics or self._select("SELECT DISTINCT test_name FROM metric_history ORDER BY test_name")
        return [name for (name,) in found]

    def note(self, entry: Entry) -> None:
        """Takes down an accepted level or a muted metric; one that is noted already changes nothing.

        Raises:
            HistoryError: the history cannot be written.
        """
        row = rows.of_entry(entry)
        known = " AND ".join(f"{column} IS ?" for column in row)
        with self.database.writing() as connection:
            if not connection.execute(f"SELECT 1 FROM baselines WHERE {known}", tuple(row.values())).fetchone():  # noqa: S608  # our own names
                _insert(connection, "baselines", [row])

    def noted(self, test: str) -> Baselines:
        """The accepted levels and the muted metrics of a test, in the order in which they were noted.

        Raises:
            HistoryError: the history cannot be read.
        """
        found = self._select(_NOTED, test)
        accepted = (Accepted(*(*row[1:3], row[3], *row[5:])) for row in found if row[0] == "accepted")
        muted = (Muted(*(*row[1:3], row[4], *row[5:])) for row in found if row[0] == "muted")
        return Baselines(tuple(accepted), tuple(muted))

    def _select(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        with self.database.reading() as connection:
            return [] if connection is None else connection.execute(query, values).fetchall()


def _runs(connection: sqlite3.Connection, test: str) -> list[Run]:
    return [Run(*row) for row in connection.execute(f"{_RUN} ORDER BY start_time, uuid", (test,))]


def _points(
    connection: sqlite3.Connection, test: str, runs: Sequence[Run], metric: str | None = None
) -> dict[str, list[Point]]:
    """The points of those of `runs` that succeeded, in the order of `runs`."""
    places = {run.run_id: place for place, run in enumerate(runs) if run.status == "success"}
    found = connection.execute(_POINTS, (test, metric, metric)).fetchall()
    series = {name: _ordered(group, places, runs) for name, group in groupby(found, key=itemgetter(0))}
    return {name: points for name, points in series.items() if points}


def _ordered(
    found: Iterable[tuple[str, str, float, int]], places: Mapping[str, int], runs: Sequence[Run]
) -> list[Point]:
    known = sorted((places[run_id], value, outside) for _, run_id, value, outside in found if run_id in places)
    return [
        Point(runs[place].run_id, value, outside == 1, runs[place].start_time, runs[place].commit)
        for place, value, outside in known
    ]


def _insert(connection: sqlite3.Connection, table: str, rows: Sequence[Mapping[str, object]]) -> None:
    """Adds rows that all have the same columns."""
    if rows:
        columns, marks = ", ".join(rows[0]), ", ".join("?" * len(rows[0]))
        statement = f"INSERT INTO {table} ({columns}) VALUES ({marks})"  # noqa: S608  # our own names
        connection.executemany(statement, [tuple(row.values()) for row in rows])
