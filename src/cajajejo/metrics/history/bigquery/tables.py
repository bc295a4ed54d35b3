"""The tables of a data set, and the statements that write rows into them; pure.

`job_history` and `metric_history` have the documented columns, of the documented types, first; ours behind them may be
NULL, so that they can be added to tables of the old metrics handler. Rows travel as one text parameter, a JSON array
of objects whose values are texts: so a number arrives with the digits that Python wrote.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

Type = Literal["STRING", "INT64", "FLOAT64", "BOOL", "TIMESTAMP"]

_READ: Final[Mapping[Type, str]] = {
    "STRING": "{}",
    "INT64": "CAST({} AS INT64)",
    "FLOAT64": "CAST({} AS FLOAT64)",
    "BOOL": "CAST({} AS BOOL)",
    "TIMESTAMP": "TIMESTAMP_MICROS(CAST({} AS INT64))",
}
"""How a value is read from its text."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table."""

    name: str
    type: Type = "STRING"
    required: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A table: what it is called, its columns, what a row of it is known by, and what its rows lie together by."""

    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()
    together: tuple[str, ...] = ()


JOBS: Final = Table(
    "job_history",
    (
        *(Column(name, required=True) for name in ("uuid", "test_name", "test_type", "accelerator")),
        *(Column(name, required=True) for name in ("framework_version", "job_status")),
        *(Column(name, "INT64", required=True) for name in ("num_failures", "job_duration_sec")),
        Column("timestamp", "TIMESTAMP", required=True),
        Column("stackdriver_logs_link", required=True),
        Column("msg_publish_time", "INT64"),
        Column("logs_download_command"),
        Column("kubernetes_workload_link"),
        Column("start_time", "FLOAT64"),
        Column("stop_time", "FLOAT64"),
        Column("verdict"),
        Column("config_git_sha"),
    ),
    key=("test_name", "uuid"),
    together=("test_name",),
)
METRICS: Final = Table(
    "metric_history",
    (
        *(Column(name, required=True) for name in ("uuid", "test_name")),
        Column("timestamp", "TIMESTAMP", required=True),
        Column("metric_name", required=True),
        Column("metric_value", "FLOAT64", required=True),
        Column("metric_lower_bound", "FLOAT64"),
        Column("metric_upper_bound", "FLOAT64"),
        Column("inclusive", "BOOL"),
        Column("verdict"),
        Column("out_of_bounds", "BOOL"),
    ),
    key=("test_name", "uuid", "metric_name"),
    together=("test_name", "metric_name"),
)
BASELINES: Final = Table(
    "baselines",
    (
        *(Column(name, required=True) for name in ("kind", "test_name", "metric_name")),
        *(Column(name) for name in ("run_id", "until")),
        *(Column(name, required=True) for name in ("reason", "author", "noted_on")),
        Column("noted_at", "TIMESTAMP"),
    ),
)
INCIDENTS: Final = Table(
    "incidents",
    (
        *(Column(name, required=True) for name in ("test_name", "kind")),
        Column("metric_name"),
        Column("run_id", required=True),
        Column("start_time", "FLOAT64", required=True),
        Column("message", required=True),
        Column("accepted"),
    ),
)
ALERTS: Final = Table(
    "alerts",
    (
        *(Column(name, required=True) for name in ("event_id", "test_name", "kind")),
        Column("metric_name"),
        *(Column(name, required=True) for name in ("happening", "run_id", "message", "event")),
    ),
    key=("event_id",),
)
DELIVERIES: Final = Table(
    "deliveries",
    (
        *(Column(name, required=True) for name in ("event_id", "sink")),
        Column("since", "FLOAT64"),
        *(Column(name, "INT64") for name in ("place", "attempts")),
        *(Column(name, "FLOAT64") for name in ("due_at", "leased_until")),
        Column("claimed_by"),
        Column("sent_at", "FLOAT64"),
        Column("error"),
    ),
    key=("event_id", "sink"),
)
TELLINGS: Final = Table("tellings", (Column("test_name", required=True), Column("token")), key=("test_name",))
ALL: Final = (JOBS, METRICS, BASELINES, INCIDENTS, ALERTS, DELIVERIES, TELLINGS)


def incoming(table: Table, parameter: str, now: Collection[str] = (), types: Mapping[str, str] | None = None) -> str:
    """The rows of a parameter, as a subquery; columns of `now` hold the moment at which they are written.

    `types` are those that the columns have where they are: an old table may have another than the documented one.
    """
    columns = ", ".join(
        f"CURRENT_TIMESTAMP() AS `{column.name}`"
        if column.name in now
        else f"{_read(column, types)} AS `{column.name}`"
        for column in table.columns
    )
    return f"SELECT {columns} FROM UNNEST(JSON_QUERY_ARRAY(@{parameter})) AS r"  # noqa: S608  # our own names


def merge(table: Table, place: str, source: str, *, also: str = "", update: bool = True, rest: str = "") -> str:
    """The statement that writes the rows of `source` in place of those with the same key.

    `also` limits the rows of the table (T) that are looked at, `rest` is what becomes of those that `source` lacks;
    without `update` a row that is there already stays as it is.
    """
    names = [column.name for column in table.columns]
    matches = " AND ".join([*([also] if also else []), *(f"T.`{name}` = S.`{name}`" for name in table.key)])
    changes = ", ".join(f"`{name}` = S.`{name}`" for name in names if name not in table.key)
    parts = [
        f"MERGE INTO {place} AS T USING ({source}) AS S ON {matches}",
        f"WHEN MATCHED THEN UPDATE SET {changes}" if update else "",
        f"WHEN NOT MATCHED BY TARGET THEN INSERT ({_listed(names)}) VALUES ({_listed(names, 'S.')})",  # noqa: S608  # our own names
        rest,
    ]
    return "\n".join(part for part in parts if part)


def insert(table: Table, place: str, source: str) -> str:
    """The statement that adds the rows of `source`."""
    return f"INSERT INTO {place} ({_listed(column.name for column in table.columns)})\n{source}"


def _read(column: Column, types: Mapping[str, str] | None) -> str:
    """V2 of the old handler keeps `msg_publish_time` as text."""
    text = f"JSON_VALUE(r, '$.{column.name}')"
    return text if (types or {}).get(column.name) == "STRING" else _READ[column.type].format(text)


def _listed(names: Iterable[str], of: str = "") -> str:
    return ", ".join(f"{of}`{name}`" for name in names)
