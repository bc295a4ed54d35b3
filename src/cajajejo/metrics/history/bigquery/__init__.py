"""The metric history in BigQuery: the data set of the old metrics handler, or a new one with the documented tables.

Rows that the old handler wrote count as history. BigQuery has no keys and no locks: a run is written by one
transaction that replaces what was stored under its id, so that writing it twice is as once; programs that write at
the same time make each other begin anew. What is told of a run is decided on what was read before, and written only
where nobody decided anything meanwhile.
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING, Any, Final

from cajajejo.metrics.history import rows
from cajajejo.metrics.history.bigquery import statements, tables, tellings, values, writing
from cajajejo.metrics.history.bigquery.connection import Address, Connection
from cajajejo.metrics.history.store import Measured, Selected

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from cajajejo.metrics.baselines import Baselines, Entry
    from cajajejo.metrics.history.bigquery.tables import Table
    from cajajejo.metrics.history.rows import Row, StoredRun
    from cajajejo.metrics.history.store import Telling
    from cajajejo.metrics.judgement.incidents import Delivery, Incident, Told
    from cajajejo.metrics.runs import Run

_AT_ONCE: Final = 5000
"""So many runs are removed in one transaction."""


def at(url: str) -> BigQueryStore:
    """The history at ``bigquery://PROJECT/DATASET``; nothing is asked of BigQuery yet.

    Raises:
        HistoryError: the URL names no data set.
    """
    return BigQueryStore(Connection(Address.at(url)))


@dataclass(frozen=True, slots=True)
class BigQueryStore:
    """The history in the data set of `connection`; see `Store`."""

    connection: Connection
    _known: dict[str, Mapping[str, str]] = field(default_factory=dict, repr=False, compare=False)

    @property
    def url(self) -> str:
        """Where it is."""
        return self.connection.address.url

    def runs(self, test: str) -> list[Run]:
        """Every run of a test, oldest first."""
        found = self._read(self._jobs("test_name = @test"), test=test)
        return sorted((values.run_of(row) for row in found), key=lambda run: run.order)

    def run(self, test: str, run_id: str) -> Run | None:
        """A run as it is stored, or None where it is not."""
        found = list(self._read(self._jobs("test_name = @test AND uuid = @run"), test=test, run=run_id))
        return values.run_of(found[0]) if found else None

    def points(
        self, test: str, metrics: Collection[str] | None = None, *, before: tuple[float, str] | None = None
    ) -> list[Measured]:
        """What the successful runs of a test measured, of `metrics` or of all, in the order of the runs."""
        return self._series(test, metrics, before, None)

    def recent(
        self,
        test: str,
        count: int,
        metrics: Collection[str] | None = None,
        *,
        before: tuple[float, str] | None = None,
    ) -> dict[str, list[float]]:
        """Of the same points, the values of the last `count` of each metric, oldest first."""
        found: dict[str, list[float]] = {}
        for one in self._series(test, metrics, before, count) if count > 0 else []:
            found.setdefault(one.metric, []).append(one.value)
        return found

    def rows(self, test: str, metric: str | None = None, *, limit: int = 0, since: float | None = None) -> list[Row]:
        """The stored points of a test, newest run first; at most `limit` where that is not 0."""
        where = [
            "TRUE",
            *["metric_name = @metric"] * (metric is not None),
            *["j.started >= @since"] * (since is not None),
        ]
        of_test = "test_name = @test"
        query = self._joined(statements.rows, of_test, of_test, " AND ".join(where), limited=limit > 0)
        asked = {"test": test, "metric": metric, "since": since, "count": limit}
        return [values.row_of(row) for row in self._read(query, **_used(query, asked))]

    def tests(self) -> list[str]:
        """The tests that have runs, by name."""
        return self._names(tables.JOBS, "test_name", "TRUE")

    def metrics(self, test: str) -> list[str]:
        """The metrics of a test that have points, by name."""
        return self._names(tables.METRICS, "metric_name", "test_name = @test", test=test)

    def record(self, runs: Sequence[StoredRun], telling: Telling | None = None) -> Told | None:
        """Stores runs, in place of what was stored under their ids, and what `telling` decides; all or nothing."""
        types = self._prepared(tables.JOBS, tables.METRICS) if runs else {}
        with self.connection.explained():
            written, parameters = writing.of_runs(runs, self._place, types)
        if telling is not None:
            return tellings.tell(self.connection, telling, runs, (written, parameters), self.newest)
        if written:
            self.connection.write(writing.transaction(written), parameters)
        return None

    def newest(self, test: str) -> tuple[float, str] | None:
        """The order of the newest run of a test; None: it has none."""
        query = self._jobs("test_name = @test")
        found = list(self._read(query and f"{query} ORDER BY started DESC, uuid DESC LIMIT 1", test=test))
        return (found[0]["started"], found[0]["uuid"]) if found else None

    def stored(self, test: str | None = None, *, since: float | None = None) -> Iterator[StoredRun]:
        """Every run with its metrics, of one test or of all, by test and order; read as they are asked for."""
        of_test = "TRUE" if test is None else "test_name = @test"
        query = self._joined(statements.stored, of_test, of_test, "TRUE" if since is None else "j.started >= @since")
        found = self._read(query, **_used(query, {"test": test, "since": since}))
        for _, of_run in groupby(found, key=lambda row: (row["test_name"], row["uuid"])):
            yield values.stored_of(of_run)

    def prune(self, test: str | None, *, before: float, keep: int) -> int:
        """Removes runs that started before `before`, but for the newest `keep` of each test; how many they were.

        Runs that open incidents began with stay. Each transaction removes whole runs.
        """
        query = self._jobs("TRUE" if test is None else "test_name = @test")
        newest = "ROW_NUMBER() OVER (PARTITION BY test_name ORDER BY started DESC, uuid DESC)"
        old = query and (
            f"SELECT test_name, uuid FROM ({query}) WHERE TRUE QUALIFY {newest} > @keep AND started < @before"  # noqa: S608  # our own names
        )
        asked = _used(old, {"test": test, "keep": keep, "before": before})
        needed = {(one.test, one.run_id) for one in self.incidents(test)}
        found = [(row["test_name"], row["uuid"]) for row in self._read(old, **asked)]
        gone = [of for of in found if of not in needed]
        script = writing.removal(self._place, told=bool(gone) and self.connection.columns(tables.ALERTS) is not None)
        for start in range(0, len(gone), _AT_ONCE):
            some = gone[start : start + _AT_ONCE]
            parameters = {"tests": tuple({of for of, _ in some}), "runs": tuple(writing.key(*of) for of in some)}
            self.connection.write(script, parameters)
        return len(gone)

    def note(self, entry: Entry) -> None:
        """Takes down an accepted level or a muted metric; one that is noted already changes nothing."""
        with self.connection.explained():
            row = values.text_of([rows.of_entry(entry)])
        self.connection.prepare([tables.BASELINES])
        self.connection.write(writing.noting(self._place(tables.BASELINES)), {"rows": row})

    def noted(self, test: str) -> Baselines:
        """The accepted levels and the muted metrics of a test, in the order in which they were noted."""
        place = self._place(tables.BASELINES)
        query = f"SELECT * FROM {place} WHERE test_name = @test ORDER BY noted_at"  # noqa: S608  # our own names
        return values.noted_of(self._read(query if self._columns(tables.BASELINES) else "", test=test))

    @contextmanager
    def select(self, query: str) -> Iterator[Selected]:
        """What a query of the user's finds; BigQuery says what it is before it is asked, and it can change nothing.

        Where nothing was ever written, even the columns are not known.
        """
        if not self._columns(tables.JOBS):
            yield Selected((), iter(()))
            return
        with self.connection.selected(query) as found:
            yield Selected(tuple(column.name for column in found.schema), (tuple(row.values()) for row in found))

    def incidents(self, test: str | None = None) -> list[Incident]:
        """The incidents that are open, oldest first."""
        return tellings.incidents(self.connection, test)

    def unsent(self, test: str | None = None) -> list[Delivery]:
        """What was neither sent nor given up, to whomever, oldest first."""
        return tellings.unsent(self.connection, test)

    def due(self, sinks: Sequence[str], now: float) -> list[Delivery]:
        """What is still to be sent to `sinks` and nobody else is sending now, oldest first."""
        return tellings.due(self.connection, sinks, now) if sinks else []

    def claim(self, deliveries: Sequence[Delivery], *, now: float, until: float) -> list[Delivery]:
        """Those of `deliveries` that the caller alone may send until then; each counts as one more attempt."""
        return tellings.claim(self.connection, deliveries, now=now, until=until) if deliveries else []

    def settle(self, deliveries: Sequence[Delivery], *, now: float, error: str | None, again: float | None) -> None:
        """Takes down that `deliveries` were sent or, with `error`, were not: to be tried `again` then; None: never."""
        if deliveries:
            tellings.settle(self.connection, deliveries, now=now, error=error, again=again)

    def _place(self, table: Table) -> str:
        return self.connection.address.place(table)

    def _read(self, query: str, **asked: object) -> Iterator[Any]:
        """What a query finds; one without a text finds nothing."""
        return self.connection.rows(query, asked) if query else iter(())

    def _columns(self, table: Table) -> Mapping[str, str]:
        """The columns of a table with their types; none where there is no table. Asked for until it has all of ours."""
        known = self._known.get(table.name)
        if known is None:
            known = self.connection.columns(table) or {}
            if all(column.name in known for column in table.columns):
                self._known[table.name] = known
        return known

    def _prepared(self, *needed: Table) -> Mapping[str, str]:
        """The columns of the first of `needed`, once all are there."""
        self.connection.prepare([table for table in needed if table.name not in self._known])
        columns = [self._columns(table) for table in needed]
        return columns[0]

    def _jobs(self, where: str) -> str:
        known = self._columns(tables.JOBS)
        return statements.jobs(self._place(tables.JOBS), known, where) if known else ""

    def _joined(self, make: Any, of_jobs: str, of_metrics: str, where: str, **how: bool) -> str:
        """A query over runs and their points; none where there are no tables."""
        jobs, known = self._jobs(of_jobs), self._columns(tables.METRICS)
        points = statements.metrics(self._place(tables.METRICS), known, of_metrics) if known else ""
        return make(jobs, points, where, **how) if jobs and points else ""

    def _series(
        self, test: str, metrics: Collection[str] | None, before: tuple[float, str] | None, count: int | None
    ) -> list[Measured]:
        if metrics is not None and not metrics:
            return []
        of_metrics = "test_name = @test" + " AND metric_name IN UNNEST(@metrics)" * (metrics is not None)
        where = "TRUE" if before is None else statements.BEFORE
        query = self._joined(statements.series, "test_name = @test", of_metrics, where, last=count is not None)
        start, run = before or (None, None)
        asked = {"test": test, "metrics": tuple(metrics or ()), "start": start, "run": run, "count": count}
        found = self._read(query, **_used(query, asked))
        return [Measured(row["metric_name"], row["uuid"], row["metric_value"], row["outside"]) for row in found]

    def _names(self, table: Table, column: str, where: str, **asked: object) -> list[str]:
        query = f"SELECT DISTINCT {column} FROM {self._place(table)} WHERE {where} ORDER BY {column}"  # noqa: S608  # our own names
        return [row[column] for row in self._read(query if self._columns(table) else "", **asked)]


def _used(query: str, asked: Mapping[str, object]) -> dict[str, object]:
    """Those parameters that a query has."""
    return {name: value for name, value in asked.items() if re.search(rf"@{name}\b", query)}
