"""A run written into a database that understands SQL."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cajajejo.metrics.history import rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from cajajejo.metrics.history.database import Connection
    from cajajejo.metrics.history.rows import StoredMetric, StoredRun

_POINT: Final = (
    "INSERT INTO points (run, series, value, lower_bound, upper_bound, inclusive, verdict, out_of_bounds)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
)
_SERIES: Final = "SELECT metric, id, since FROM series WHERE test = ?"
_HAS_POINTS: Final = (
    "SELECT 1 FROM runs r CROSS JOIN points p WHERE p.run = r.id AND r.test = ? AND p.series = ? LIMIT 1"
)


def record(connection: Connection, stored: StoredRun) -> None:
    """Writes a run with its metrics, in place of what was there under its id."""
    run = stored.run
    connection.execute("INSERT INTO tests (name) VALUES (?) ON CONFLICT DO NOTHING", (run.test,))
    (test,) = connection.execute("SELECT id FROM tests WHERE name = ?", (run.test,)).fetchone()
    before = _removed(connection, test, run.run_id)
    row = {"test": test, **rows.of_run(stored)}
    connection.execute(rows.insert("runs", row), tuple(row.values()))
    number = _run(connection, test, run.run_id)
    series = _series(connection, test, stored.metrics, run.start_time)
    connection.executemany(_POINT, [_point(number, series[one.name], one) for one in stored.metrics])
    remove_unused(connection, test, before.difference(series.values()))


def remove_unused(connection: Connection, test: int, series: Iterable[int]) -> None:
    """Removes those of `series` that have no points any more."""
    gone = [(one,) for one in series if connection.execute(_HAS_POINTS, (test, one)).fetchone() is None]
    connection.executemany("DELETE FROM series WHERE id = ?", gone)


def _removed(connection: Connection, test: int, run_id: str) -> set[int]:
    """Removes a run where it is there; the series that it had points of."""
    number = _run(connection, test, run_id)
    if number is None:
        return set()
    found = {series for (series,) in connection.execute("SELECT series FROM points WHERE run = ?", (number,))}
    connection.execute("DELETE FROM points WHERE run = ?", (number,))
    connection.execute("DELETE FROM runs WHERE id = ?", (number,))
    return found


def _run(connection: Connection, test: int, run_id: str) -> int | None:
    found = connection.execute("SELECT id FROM runs WHERE test = ? AND uuid = ?", (test, run_id)).fetchone()
    return None if found is None else int(found[0])


def _series(connection: Connection, test: int, metrics: Iterable[StoredMetric], start_time: float) -> Mapping[str, int]:
    """The numbers of the series of `metrics`, which begin at `start_time` where they were not there before then."""
    names = {one.name for one in metrics}
    if not names:
        return {}
    known = {metric: (number, since) for metric, number, since in connection.execute(_SERIES, (test,))}
    new = [(test, name, start_time) for name in sorted(names - known.keys())]
    late = [(start_time, *known[name][:1]) for name in names & known.keys() if start_time < known[name][1]]
    connection.executemany("INSERT INTO series (test, metric, since) VALUES (?, ?, ?)", new)
    connection.executemany("UPDATE series SET since = ? WHERE id = ?", late)
    found = connection.execute(_SERIES, (test,)) if new else ((name, *known[name]) for name in names)
    return {metric: number for metric, number, _ in found if metric in names}


def _point(run: int | None, series: int, metric: StoredMetric) -> tuple[object, ...]:
    return (
        run,
        series,
        metric.value,
        metric.lower_bound,
        metric.upper_bound,
        int(metric.inclusive),
        metric.verdict,
        int(metric.outside),
    )
