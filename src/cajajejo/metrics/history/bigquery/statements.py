"""What BigQuery is asked to read a history; pure. Values are parameters, never part of the text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cajajejo.metrics.history.bigquery import tables

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from cajajejo.metrics.history.bigquery.tables import Table

BEFORE: Final = "(j.started < @start OR (j.started = @start AND j.uuid < @run)) AND j.uuid != @run"
"""The runs that are older than a run, and not that run itself as it was stored before."""


def jobs(place: str, known: Collection[str], where: str) -> str:
    """The runs of `where`, each once; `started` is their start, in a table of the old handler their `timestamp`."""
    started = "UNIX_MICROS(`timestamp`) / 1e6"
    also = {"started": f"COALESCE(start_time, {started})" if "start_time" in known else started}
    return _once(tables.JOBS, place, known, where, also)


def metrics(place: str, known: Collection[str], where: str) -> str:
    """The points of `where`, each once; `outside`: out of its bounds, by which the old handler says nothing else."""
    outside = "IFNULL(metric_value < metric_lower_bound, FALSE) OR IFNULL(metric_value > metric_upper_bound, FALSE)"
    also = {"outside": f"COALESCE(out_of_bounds, {outside})" if "out_of_bounds" in known else outside}
    return _once(tables.METRICS, place, known, f"{where} AND NOT IS_NAN(metric_value)", also)


def series(of_jobs: str, of_metrics: str, where: str, *, last: bool) -> str:
    """The points of successful runs in the order of the runs, with `last` the last ``@count`` of each metric."""
    newest = "ROW_NUMBER() OVER (PARTITION BY m.metric_name ORDER BY j.started DESC, j.uuid DESC)"
    return (
        "SELECT m.metric_name AS metric_name, j.uuid AS uuid, m.metric_value AS metric_value,"  # noqa: S608  # as below
        " m.outside AS outside,"
        f" j.started AS started FROM ({of_jobs}) AS j JOIN ({of_metrics}) AS m ON m.uuid = j.uuid"
        f" WHERE j.job_status = 'success' AND {where}{f' QUALIFY {newest} <= @count' * last} ORDER BY j.started, j.uuid"
    )


def rows(of_jobs: str, of_metrics: str, where: str, *, limited: bool) -> str:
    """The points, newest run first."""
    return (
        "SELECT j.uuid AS uuid, j.started AS started, job_status, metric_name, metric_value, metric_lower_bound,"  # noqa: S608  # our own names
        f" metric_upper_bound, inclusive, m.verdict AS verdict FROM ({of_jobs}) AS j"
        f" JOIN ({of_metrics}) AS m ON m.uuid = j.uuid WHERE {where}"
        f" ORDER BY j.started DESC, j.uuid DESC, metric_name{' LIMIT @count' * limited}"
    )


def stored(of_jobs: str, of_metrics: str, where: str) -> str:
    """The runs with their metrics, by test and order."""
    names = [column.name for column in tables.JOBS.columns if column.name != "verdict"]
    columns = ", ".join(f"j.`{name}` AS `{name}`" for name in names)
    return (
        f"SELECT {columns}, j.started AS started, j.verdict AS run_verdict, metric_name, metric_value,"  # noqa: S608  # our own names
        " metric_lower_bound, metric_upper_bound, inclusive, m.verdict AS verdict, outside"
        f" FROM ({of_jobs}) AS j LEFT JOIN ({of_metrics}) AS m ON m.test_name = j.test_name AND m.uuid = j.uuid"
        f" WHERE {where} ORDER BY j.test_name, j.started, j.uuid, metric_name"
    )


def _once(table: Table, place: str, known: Collection[str], where: str, also: Mapping[str, str]) -> str:
    """Rows of a table; columns that it lacks are NULL, and of several rows of one key there is one."""
    columns = [
        f"`{column.name}`" if column.name in known else f"CAST(NULL AS {column.type}) AS `{column.name}`"
        for column in table.columns
    ]
    listed = ", ".join([*columns, *(f"{text} AS {name}" for name, text in also.items())])
    once = f"ROW_NUMBER() OVER (PARTITION BY {', '.join(table.key)})"
    return f"SELECT {listed} FROM {place} WHERE {where} QUALIFY {once} = 1"  # noqa: S608  # our own names
