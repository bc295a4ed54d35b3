"""The points of a history in a database that understands SQL, read.

They are kept run by run: what a run measured lies together. The last points of all metrics are those of the newest
runs, so that reading them costs the same however long the history is.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, NamedTuple

from cajajejo.cycles import no_search_for_cycles
from cajajejo.metrics.history.rows import Row
from cajajejo.metrics.history.store import Measured

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from cajajejo.metrics.history.database import Connection, Cursor

_SUCCESSFUL: Final = "r.test = ? AND r.job_status = 'success' AND (r.start_time, r.uuid) < (?, ?) AND r.uuid <> ?"
_RUN_IDS: Final = f"SELECT r.id, r.uuid FROM runs r WHERE {_SUCCESSFUL}"  # noqa: S608  # our own words
_NEWEST: Final = (
    f"SELECT r.start_time, r.uuid FROM runs r WHERE {_SUCCESSFUL} ORDER BY r.start_time DESC, r.uuid DESC LIMIT ?"  # noqa: S608  # as above
)
_POINTS: Final = (
    "SELECT {columns} FROM runs r CROSS JOIN points p"  # noqa: S608  # our own words
    f" WHERE p.run = r.id AND {_SUCCESSFUL} AND (r.start_time, r.uuid) >= (?, ?)"
    "{only} ORDER BY r.start_time {direction}, r.uuid {direction}"
)
_ROWS: Final = (
    "SELECT r.uuid, r.start_time, r.job_status, s.metric, p.value, p.lower_bound, p.upper_bound, p.inclusive,"
    " p.verdict FROM runs r CROSS JOIN points p CROSS JOIN series s"
    " WHERE p.run = r.id AND s.id = p.series AND r.test = ? AND r.start_time >= ?"
)
_EVER: Final = (math.inf, "")
_FIRST: Final = (-math.inf, "")
_FEW: Final = 4
"""Where one of so many series is wanted, or fewer, each is sought; else all that a run measured is read."""


class _Series(NamedTuple):
    metric: str
    since: float


class _Asked(NamedTuple):
    """What is asked for: points of the series `wanted`, in successful runs before `before`, but for the run `but`."""

    test: int
    before: tuple[float, str]
    but: str
    wanted: Mapping[int, _Series]
    every: Mapping[int, _Series]

    @classmethod
    def of(
        cls, connection: Connection, test: str, metrics: Collection[str] | None, before: tuple[float, str] | None
    ) -> _Asked | None:
        """What is asked for; None where there is no such test."""
        number = _number(connection, test)
        if number is None:
            return None
        every = _every(connection, number)
        before = before or _EVER
        return cls(number, before, before[1], _wanted(every, metrics), every)


def metrics(connection: Connection, test: str) -> list[str]:
    """The metrics of a test that have points, by name."""
    query = "SELECT s.metric FROM series s JOIN tests t ON t.id = s.test WHERE t.name = ? ORDER BY s.metric"
    return [name for (name,) in connection.execute(query, (test,))]


def points(
    connection: Connection, test: str, metrics: Collection[str] | None, before: tuple[float, str] | None
) -> list[Measured]:
    """What the successful runs of a test measured before `before`, of `metrics` or of all, in the order of the runs."""
    asked = _Asked.of(connection, test, metrics, before)
    if asked is None or not asked.wanted:
        return []
    names = {number: one.metric for number, one in asked.wanted.items()}
    run_ids = dict(connection.execute(_RUN_IDS, _bounds(asked)).fetchall())
    found = _found(connection, asked, "p.series, p.run, p.value, p.out_of_bounds", _FIRST)
    with no_search_for_cycles():
        return [
            Measured(names[series], run_ids[run], value, outside == 1)
            for series, run, value, outside in found
            if series in names
        ]


def recent(
    connection: Connection, test: str, count: int, metrics: Collection[str] | None, before: tuple[float, str] | None
) -> dict[str, list[float]]:
    """The last `count` values of each metric among the same points, oldest first.

    They are sought in the newest runs. Only where a metric has fewer points there are older runs looked at, twice as
    many each time, but none before the first that has it.
    """
    asked = _Asked.of(connection, test, metrics, before)
    if asked is None or count < 1:
        return {}
    values: dict[int, list[float]] = {number: [] for number in asked.wanted}
    missing, size = asked, count
    while missing.wanted and (newest := connection.execute(_NEWEST, (*_bounds(missing), size)).fetchall()):
        oldest = newest[-1]
        _collect(connection, missing, oldest, values, count)
        short = {
            number: one
            for number, one in missing.wanted.items()
            if len(values[number]) < count and one.since <= oldest[0]
        }
        missing, size = missing._replace(before=oldest, wanted=short), size * 2
    return {asked.wanted[number].metric: found[::-1] for number, found in values.items() if found}


def rows(connection: Connection, test: str, metric: str | None, *, limit: int, since: float | None) -> list[Row]:
    """The stored points of a test, newest run first; at most `limit` where that is not 0."""
    number = _number(connection, test)
    chosen = {} if number is None else _wanted(_every(connection, number), None if metric is None else [metric])
    if number is None or not chosen:
        return []
    one = "" if metric is None else f" AND p.series = {next(iter(chosen))}"
    query = f"{_ROWS}{one} ORDER BY r.start_time DESC, r.uuid DESC, s.metric{f' LIMIT {limit}' * (limit > 0)}"
    found = connection.execute(query, (number, -math.inf if since is None else since)).fetchall()
    return [Row(*(*row[:7], bool(row[7]), row[8])) for row in found]


def _number(connection: Connection, test: str) -> int | None:
    found = connection.execute("SELECT id FROM tests WHERE name = ?", (test,)).fetchone()
    return None if found is None else int(found[0])


def _every(connection: Connection, test: int) -> dict[int, _Series]:
    found = connection.execute("SELECT id, metric, since FROM series WHERE test = ?", (test,))
    return {number: _Series(metric, since) for number, metric, since in found}


def _wanted(every: Mapping[int, _Series], metrics: Collection[str] | None) -> dict[int, _Series]:
    if metrics is None:
        return dict(every)
    names = set(metrics)
    return {number: one for number, one in every.items() if one.metric in names}


def _bounds(asked: _Asked) -> tuple[object, ...]:
    """The values of the question marks of `_SUCCESSFUL`."""
    return (asked.test, *asked.before, asked.but)


def _found(
    connection: Connection, asked: _Asked, columns: str, start: tuple[float, str], direction: str = "ASC"
) -> Cursor:
    """What is asked for, of runs from `start` on, in their order; where much is asked for, other series as well."""
    few = len(asked.wanted) * _FEW <= len(asked.every)
    only = f" AND p.series IN ({', '.join(map(str, asked.wanted))})" if few else ""
    query = _POINTS.format(columns=columns, only=only, direction=direction)
    return connection.execute(query, (*_bounds(asked), *start))


def _collect(
    connection: Connection, asked: _Asked, start: tuple[float, str], values: dict[int, list[float]], count: int
) -> None:
    """Adds to `values` those of runs from `start` on, newest first, until there are `count` of a series."""
    wanted = {number: values[number] for number in asked.wanted}
    with no_search_for_cycles():
        for series, value in _found(connection, asked, "p.series, p.value", start, "DESC"):
            known = wanted.get(series)
            if known is not None and len(known) < count:
                known.append(value)
