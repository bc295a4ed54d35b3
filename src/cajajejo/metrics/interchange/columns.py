"""The columns of a flat row: the documented ones of `job_history` and `metric_history` joined, then ours."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

Kind = Literal["text", "integer", "number", "flag", "time", "moment"]
"""A `time` is any point in time that a float can tell; a `moment` is one to the microsecond."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column; `of` says what it tells of."""

    name: str
    kind: Kind
    of: Literal["run", "metric"]


COLUMNS: Final = (
    Column("uuid", "text", "run"),
    Column("test_name", "text", "run"),
    Column("test_type", "text", "run"),
    Column("accelerator", "text", "run"),
    Column("framework_version", "text", "run"),
    Column("job_status", "text", "run"),
    Column("num_failures", "integer", "run"),
    Column("job_duration_sec", "integer", "run"),
    Column("timestamp", "moment", "run"),
    Column("stackdriver_logs_link", "text", "run"),
    Column("msg_publish_time", "integer", "run"),
    Column("logs_download_command", "text", "run"),
    Column("kubernetes_workload_link", "text", "run"),
    Column("start_time", "time", "run"),
    Column("stop_time", "time", "run"),
    Column("verdict", "text", "run"),
    Column("config_git_sha", "text", "run"),
    Column("metric_name", "text", "metric"),
    Column("metric_value", "number", "metric"),
    Column("metric_lower_bound", "number", "metric"),
    Column("metric_upper_bound", "number", "metric"),
    Column("inclusive", "flag", "metric"),
    Column("metric_verdict", "text", "metric"),
    Column("out_of_bounds", "flag", "metric"),
)
NAMES: Final = tuple(column.name for column in COLUMNS)
OF_RUNS: Final = tuple(column for column in COLUMNS if column.of == "run")
OF_METRICS: Final = tuple(column for column in COLUMNS if column.of == "metric")
