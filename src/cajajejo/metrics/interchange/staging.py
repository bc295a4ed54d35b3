"""Where rows in any order come together by run: a database in a temporary file, which is gone afterwards."""

from __future__ import annotations

import sqlite3
import tempfile
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from itertools import groupby
from operator import attrgetter, itemgetter
from typing import TYPE_CHECKING, Any, Final

from cajajejo.errors import CajajejoError
from cajajejo.metrics.history.rows import StoredMetric, StoredRun
from cajajejo.metrics.judgement.verdict import Verdict
from cajajejo.metrics.runs import Origin, Run

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from cajajejo.metrics.interchange.decoding import Job

WAITING: Final = 5_000
CACHE_KIB: Final = 65_536
_ORIGIN: Final = ("test_type", "accelerator", "framework_version", "logs_link", "logs_command", "workload_link")
_ORIGIN_OF: Final = attrgetter(*_ORIGIN)
_VALUES_OF: Final = attrgetter("name", "value", "lower_bound", "upper_bound", "inclusive", "verdict", "outside")
_KEPT: Final = ("start", "stop", "status", "sha", "failures", "verdict", *_ORIGIN, "told")
_TABLES: Final = f"""
CREATE TABLE runs (test, uuid, {", ".join(_KEPT)}, conflicts DEFAULT 0, known DEFAULT 0, PRIMARY KEY (test, uuid))
    WITHOUT ROWID;
CREATE TABLE metrics (test, uuid, name, value, lower, upper, inclusive, verdict, outside);
"""
_DIFFER: Final = " OR ".join(f"runs.{column} IS NOT excluded.{column}" for column in _KEPT)
_ADD_RUN: Final = f"""
INSERT INTO runs (test, uuid, {", ".join(_KEPT)}) VALUES (?, ?, {", ".join("?" * len(_KEPT))})
ON CONFLICT (test, uuid) DO UPDATE SET conflicts = runs.conflicts + (runs.told AND excluded.told),
    start = CASE WHEN excluded.told THEN excluded.start ELSE min(runs.start, excluded.start) END,
    {", ".join(f"{column} = excluded.{column}" for column in _KEPT[1:])}
WHERE excluded.told >= runs.told AND ({_DIFFER})
"""  # noqa: S608  # our own names
_ADD_METRIC: Final = f"INSERT INTO metrics VALUES ({', '.join('?' * 9)})"  # noqa: S608  # as above
_RUN: Final = f"SELECT test, uuid, {', '.join(_KEPT)} FROM runs"  # noqa: S608  # as above
_METRICS: Final = (
    "SELECT name, value, lower, upper, inclusive, verdict, outside FROM metrics"
    " WHERE test = ? AND uuid = ? ORDER BY name, rowid"
)


@dataclass(slots=True)
class Staging:
    """Runs and their metrics, added in any order, read by test and order."""

    connection: sqlite3.Connection
    repeated: int = 0
    """Metrics that were there twice with the same values."""
    overruled: int = 0
    """Metrics that were there with other values before."""
    _runs: list[tuple[Any, ...]] = field(default_factory=list)
    _metrics: list[tuple[Any, ...]] = field(default_factory=list)
    _last: Job | None = None

    def add(self, job: Job, metric: StoredMetric | None) -> None:
        """Takes one row; of several that say different things of one run or metric, the last counts."""
        run = job.run
        if job is not self._last:
            self._last = job
            known = (run.start_time, run.stop_time, run.status, run.commit, job.failures, job.verdict)
            self._runs.append((run.test, run.run_id, *known, *_ORIGIN_OF(run.origin), job.told))
        if metric is not None:
            self._metrics.append((run.test, run.run_id, *_VALUES_OF(metric)))
        if len(self._runs) + len(self._metrics) >= WAITING:
            self._send()

    def _send(self) -> None:
        self.connection.executemany(_ADD_RUN, self._runs)
        self.connection.executemany(_ADD_METRIC, self._metrics)
        self._runs.clear()
        self._metrics.clear()

    def complete(self) -> None:
        """All rows are there; before that nothing can be read."""
        self._send()
        self.connection.execute("CREATE INDEX metrics_by_run ON metrics (test, uuid, name)")

    def counts(self) -> tuple[int, int, int]:
        """How many runs there are, how many only a metric told of, and how often a row overruled one about the run."""
        found = self.connection.execute("SELECT count(*), count(*) - sum(told), sum(conflicts) FROM runs").fetchone()
        return (int(found[0]), int(found[1] or 0), int(found[2] or 0))

    def tests(self) -> list[tuple[str, float]]:
        """The tests that there are runs of, and when the first of them started."""
        return self.connection.execute("SELECT test, min(start) FROM runs GROUP BY test").fetchall()

    def run(self, test: str, run_id: str) -> StoredRun | None:
        """One run, as it is to be stored."""
        found = self.connection.execute(f"{_RUN} WHERE test = ? AND uuid = ?", (test, run_id)).fetchone()
        return None if found is None else self._stored(found)

    def known(self, run: Run) -> None:
        """The history has this very run already, so that it need not be stored."""
        key = (run.test, run.run_id)
        self.connection.execute("UPDATE runs SET known = 1 WHERE test = ? AND uuid = ?", key)

    def new(self) -> Iterator[StoredRun]:
        """The runs that the history does not know, by test and order."""
        for found in self.connection.execute(f"{_RUN} WHERE NOT known ORDER BY test, start, uuid"):
            yield self._stored(found)

    def _stored(self, row: tuple[Any, ...]) -> StoredRun:
        test, uuid, start, stop, status, sha, failures, verdict, *origin, _ = row
        metrics = tuple(self._merged(self.connection.execute(_METRICS, (test, uuid))))
        run = Run(test, uuid, start, status, stop, sha, Origin(*origin))
        return StoredRun(run, verdict or _verdict(run, metrics), metrics, failures)

    def _merged(self, rows: Iterable[tuple[Any, ...]]) -> Iterator[StoredMetric]:
        for _, group in groupby(rows, key=itemgetter(0)):
            first, *others = group
            for other in others:
                self.repeated += other == first
                self.overruled += other != first
                first = other
            name, value, lower, upper, inclusive, verdict, outside = first
            yield StoredMetric(name, value, lower, upper, bool(inclusive), verdict, bool(outside))


def _verdict(run: Run, metrics: Iterable[StoredMetric]) -> str:
    """The verdict of a run that was stored without one."""
    if run.status != "success":
        return str(Verdict.FAILED)
    return str(Verdict.REGRESSION if any(metric.outside for metric in metrics) else Verdict.PASS)


@contextmanager
def staging() -> Iterator[Staging]:
    """An empty place for rows.

    Raises:
        CajajejoError: there is no room for it.
    """
    try:
        directory = tempfile.TemporaryDirectory(prefix="cajajejo-import-")
    except OSError as error:
        raise _no_room(error) from error
    with directory as place, closing(sqlite3.connect(f"{place}/rows.db", isolation_level=None)) as connection:
        try:
            for setting in ("journal_mode = OFF", "synchronous = OFF", f"cache_size = -{CACHE_KIB}"):
                connection.execute(f"PRAGMA {setting}")
            connection.executescript(_TABLES)
            connection.execute("BEGIN")
            yield Staging(connection)
        except sqlite3.OperationalError as error:
            raise _no_room(error) from error


def _no_room(error: Exception) -> CajajejoError:
    facts = {"says": str(error), "do": "free some space, or name another directory in the variable TMPDIR"}
    return CajajejoError("there is no room for a temporary file with the rows", facts=facts)
