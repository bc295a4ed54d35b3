"""The runs of a history in a database that understands SQL, read."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

from cajajejo.metrics.history.rows import StoredMetric, StoredRun
from cajajejo.metrics.runs import Origin, Run

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cajajejo.metrics.history.database import Connection

_RUN: Final = (
    "SELECT t.name, r.uuid, r.start_time, r.job_status, r.stop_time, r.config_git_sha, r.test_type, r.accelerator,"
    " r.framework_version, r.stackdriver_logs_link, r.logs_download_command, r.kubernetes_workload_link,"
    " r.id, r.verdict, r.num_failures FROM tests t CROSS JOIN runs r WHERE r.test = t.id"
)
_PAGE: Final = " AND t.name = ? AND (r.start_time, r.uuid) > (?, ?) ORDER BY r.start_time, r.uuid LIMIT 1000"
_METRICS: Final = (
    "SELECT s.metric, p.value, p.lower_bound, p.upper_bound, p.inclusive, p.verdict, p.out_of_bounds"
    " FROM points p CROSS JOIN series s WHERE s.id = p.series AND p.run = ? ORDER BY s.metric"
)


def tests(connection: Connection) -> list[str]:
    """The tests that have runs, by name."""
    return [name for (name,) in connection.execute("SELECT name FROM tests ORDER BY name")]


def runs(connection: Connection, test: str) -> list[Run]:
    """Every run of a test, oldest first."""
    found = connection.execute(f"{_RUN} AND t.name = ? ORDER BY r.start_time, r.uuid", (test,))
    return [_run(row) for row in found]


def run(connection: Connection, test: str, run_id: str) -> Run | None:
    """A run as it is stored, or None where it is not."""
    found = connection.execute(f"{_RUN} AND t.name = ? AND r.uuid = ?", (test, run_id)).fetchone()
    return None if found is None else _run(found)


def stored(connection: Connection, test: str | None, since: float | None) -> Iterator[StoredRun]:
    """Every run with its metrics, of one test or of all, by test and order."""
    for name in tests(connection) if test is None else [test]:
        last = (-math.inf, "") if since is None else (since, "")
        while page := connection.execute(f"{_RUN}{_PAGE}", (name, *last)).fetchall():
            for row in page:
                yield StoredRun(_run(row), row[13], _metrics(connection, row[12]), row[14] or 0)
            last = (page[-1][2], page[-1][1])


def _metrics(connection: Connection, run: int) -> tuple[StoredMetric, ...]:
    found = connection.execute(_METRICS, (run,)).fetchall()
    return tuple(
        StoredMetric(name, value, lower, upper, bool(inclusive), verdict, bool(outside))
        for name, value, lower, upper, inclusive, verdict, outside in found
    )


def _run(row: tuple[Any, ...]) -> Run:
    test, run_id, start_time, status, stop_time, commit, *origin = row[:12]
    return Run(test, run_id, start_time, status, stop_time, commit, Origin(*origin))
