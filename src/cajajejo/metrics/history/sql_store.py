"""The history in a database that understands SQL: SQLite and PostgreSQL are told the same statements."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cajajejo.metrics.baselines import Accepted, Baselines, Muted
from cajajejo.metrics.history import rows, sql_points, sql_pruning, sql_recording, sql_runs, sql_telling

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from contextlib import AbstractContextManager

    from cajajejo.metrics.baselines import Entry
    from cajajejo.metrics.history.database import Database
    from cajajejo.metrics.history.rows import Row, StoredRun
    from cajajejo.metrics.history.store import Measured, Selected, Telling
    from cajajejo.metrics.judgement.incidents import Delivery, Incident, Told
    from cajajejo.metrics.runs import Run


@dataclass(frozen=True, slots=True)
class SqlStore:
    """The history in `database`; see `Store`."""

    database: Database

    @property
    def url(self) -> str:
        """Where it is, without a password."""
        return self.database.url

    def runs(self, test: str) -> list[Run]:
        """Every run of a test, oldest first."""
        with self.database.reading() as connection:
            return [] if connection is None else sql_runs.runs(connection, test)

    def run(self, test: str, run_id: str) -> Run | None:
        """A run as it is stored, or None where it is not."""
        with self.database.reading() as connection:
            return None if connection is None else sql_runs.run(connection, test, run_id)

    def points(
        self, test: str, metrics: Collection[str] | None = None, *, before: tuple[float, str] | None = None
    ) -> list[Measured]:
        """What the successful runs of a test measured, of `metrics` or of all, in the order of the runs."""
        with self.database.reading() as connection:
            return [] if connection is None else sql_points.points(connection, test, metrics, before)

    def recent(
        self,
        test: str,
        count: int,
        metrics: Collection[str] | None = None,
        *,
        before: tuple[float, str] | None = None,
    ) -> dict[str, list[float]]:
        """The last `count` values of each metric among the same points, oldest first."""
        with self.database.reading() as connection:
            return {} if connection is None else sql_points.recent(connection, test, count, metrics, before)

    def rows(self, test: str, metric: str | None = None, *, limit: int = 0, since: float | None = None) -> list[Row]:
        """The stored points of a test, newest run first; at most `limit` where that is not 0."""
        with self.database.reading() as connection:
            return [] if connection is None else sql_points.rows(connection, test, metric, limit=limit, since=since)

    def tests(self) -> list[str]:
        """The tests that have runs, by name."""
        with self.database.reading() as connection:
            return [] if connection is None else sql_runs.tests(connection)

    def metrics(self, test: str) -> list[str]:
        """The metrics of a test that have points, by name."""
        with self.database.reading() as connection:
            return [] if connection is None else sql_points.metrics(connection, test)

    def record(self, runs: Sequence[StoredRun], telling: Telling | None = None) -> Told | None:
        """Stores runs, in place of what was stored under their ids, and what `telling` decides; all or nothing."""
        with self.database.writing() as connection:
            for run in runs:
                sql_recording.record(connection, run)
            return None if telling is None else sql_telling.tell(connection, telling)

    def stored(self, test: str | None = None, *, since: float | None = None) -> Iterator[StoredRun]:
        """Every run with its metrics, of one test or of all, by test and order; read as they are asked for."""
        with self.database.reading() as connection:
            if connection is not None:
                yield from sql_runs.stored(connection, test, since)

    def prune(self, test: str | None, *, before: float, keep: int) -> int:
        """Removes runs that started before `before`, but for the newest `keep` of each test; how many they were.

        They go a few at a time, so that others need not wait; whoever stops half-way has removed whole runs.
        """
        with self.database.reading() as connection:
            if connection is None:
                return 0
            tests = sql_runs.tests(connection) if test is None else [test]
        removed = sum(sql_pruning.prune(self.database, each, before=before, keep=keep) for each in tests)
        if removed:
            self.database.give_back()
        return removed

    def note(self, entry: Entry) -> None:
        """Takes down an accepted level or a muted metric; one that is noted already changes nothing."""
        row = rows.of_entry(entry)
        given = {column: value for column, value in row.items() if value is not None}
        known = " AND ".join(f"{column} = ?" if column in given else f"{column} IS NULL" for column in row)
        with self.database.writing() as connection:
            if connection.execute(f"SELECT 1 FROM baselines WHERE {known}", tuple(given.values())).fetchone() is None:  # noqa: S608  # our own names
                connection.execute(rows.insert("baselines", row), tuple(row.values()))

    def noted(self, test: str) -> Baselines:
        """The accepted levels and the muted metrics of a test, in the order in which they were noted."""
        query = (
            "SELECT kind, test_name, metric_name, run_id, until, reason, author, noted_on FROM baselines"
            " WHERE test_name = ? ORDER BY id"
        )
        with self.database.reading() as connection:
            found = [] if connection is None else connection.execute(query, (test,)).fetchall()
        accepted = (Accepted(*(*row[1:3], row[3], *row[5:])) for row in found if row[0] == "accepted")
        muted = (Muted(*(*row[1:3], row[4], *row[5:])) for row in found if row[0] == "muted")
        return Baselines(tuple(accepted), tuple(muted))

    def select(self, query: str) -> AbstractContextManager[Selected]:
        """What a query of the user's finds; it can change nothing. The tables are in `metrics_handler_dataset`."""
        return self.database.selecting(query)

    def incidents(self, test: str | None = None) -> list[Incident]:
        """The incidents that are open, oldest first."""
        with self.database.reading() as connection:
            return [] if connection is None else sql_telling.incidents(connection, test)

    def unsent(self, test: str | None = None) -> list[Delivery]:
        """What was neither sent nor given up, to whomever, oldest first."""
        with self.database.reading() as connection:
            return [] if connection is None else sql_telling.unsent(connection, test)

    def due(self, sinks: Sequence[str], now: float) -> list[Delivery]:
        """What is still to be sent to `sinks` and nobody else is sending now, oldest first."""
        with self.database.reading() as connection:
            return [] if connection is None or not sinks else sql_telling.due(connection, sinks, now)

    def claim(self, deliveries: Sequence[Delivery], *, now: float, until: float) -> list[Delivery]:
        """Those of `deliveries` that the caller alone may send until then; each counts as one more attempt."""
        if not deliveries:
            return []
        with self.database.writing() as connection:
            return sql_telling.claim(connection, deliveries, now=now, until=until)

    def settle(self, deliveries: Sequence[Delivery], *, now: float, error: str | None, again: float | None) -> None:
        """Takes down that `deliveries` were sent or, with `error`, were not: to be tried `again` then; None: never."""
        if deliveries:
            with self.database.writing() as connection:
                sql_telling.settle(connection, deliveries, now=now, error=error, again=again)
