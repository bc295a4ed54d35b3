"""The rows of the metric history: what is written of runs, metrics and baselines, and a point as it is read back."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from cajajejo.metrics.baselines import Accepted

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from cajajejo.metrics.baselines import Entry
    from cajajejo.metrics.judgement.incidents import Incident
    from cajajejo.metrics.judgement.verdict import MetricVerdict
    from cajajejo.metrics.runs import Run


@dataclass(frozen=True, slots=True)
class Row:
    """One point as it was stored."""

    run_id: str
    start_time: float
    status: str
    metric: str
    value: float
    lower_bound: float | None
    upper_bound: float | None
    inclusive: bool
    verdict: str | None


@dataclass(frozen=True, slots=True)
class StoredMetric:
    """One metric of a run, as it is stored."""

    name: str
    value: float
    lower_bound: float | None = None
    upper_bound: float | None = None
    inclusive: bool = False
    verdict: str | None = None
    outside: bool = False


@dataclass(frozen=True, slots=True)
class StoredRun:
    """A run with its verdict and its metrics, as it is stored; `failures` is how many attempts of its job failed."""

    run: Run
    verdict: str
    metrics: tuple[StoredMetric, ...] = ()
    failures: int = 0


def stored(run: Run, verdict: str, metrics: Iterable[MetricVerdict] = (), failures: int | None = None) -> StoredRun:
    """A run with those of its metrics that have a finite value; `failures` None: as many as its status says."""
    failed = int(run.status in {"failure", "timeout"}) if failures is None else failures
    return StoredRun(run, verdict, tuple(filter(None, map(_metric, metrics))), failed)


def of_run(stored: StoredRun) -> dict[str, object]:
    """The columns of a run, but for its test."""
    run = stored.run
    seconds = None if run.stop_time is None or run.stop_time < run.start_time else round(run.stop_time - run.start_time)
    return {
        "uuid": run.run_id,
        "test_type": run.origin.test_type,
        "accelerator": run.origin.accelerator,
        "framework_version": run.origin.framework_version,
        "job_status": run.status,
        "num_failures": stored.failures,
        "job_duration_sec": seconds,
        "timestamp": timestamp(run),
        "stackdriver_logs_link": run.origin.logs_link,
        "msg_publish_time": int(run.start_time),
        "logs_download_command": run.origin.logs_command,
        "kubernetes_workload_link": run.origin.workload_link,
        "start_time": run.start_time,
        "stop_time": run.stop_time,
        "verdict": stored.verdict,
        "config_git_sha": run.commit,
    }


def of_entry(entry: Entry) -> dict[str, object]:
    """The row of an accepted level or a muted metric, by column."""
    return {
        "kind": "accepted" if isinstance(entry, Accepted) else "muted",
        "test_name": entry.test,
        "metric_name": entry.metric,
        "run_id": entry.start if isinstance(entry, Accepted) else None,
        "until": None if isinstance(entry, Accepted) else entry.until,
        "reason": entry.reason,
        "author": entry.by,
        "noted_on": entry.date,
    }


def of_incident(incident: Incident) -> dict[str, object]:
    """The row of an incident, by column."""
    return {
        "test_name": incident.test,
        "kind": incident.kind,
        "metric_name": incident.metric,
        "run_id": incident.run_id,
        "start_time": incident.start_time,
        "message": incident.message,
        "accepted": incident.accepted,
    }


def insert(table: str, row: Mapping[str, object]) -> str:
    """The statement that adds `row` to a table."""
    return f"INSERT INTO {table} ({', '.join(row)}) VALUES ({', '.join('?' * len(row))})"  # noqa: S608  # our own names


def timestamp(run: Run) -> str:
    """The end of a run, or its start where the end is not known, in UTC as SQLite's own date functions read it."""
    moment = run.start_time if run.stop_time is None else run.stop_time
    return datetime.fromtimestamp(moment, UTC).replace(tzinfo=None).isoformat(" ", "microseconds")


def _metric(metric: MetricVerdict) -> StoredMetric | None:
    """A metric as it is stored; None where it has no finite value."""
    if metric.value is None or not math.isfinite(metric.value):
        return None
    bounds = metric.bounds
    return StoredMetric(
        metric.name,
        metric.value,
        None if bounds is None else _finite(bounds.lower),
        None if bounds is None else _finite(bounds.upper),
        bool(bounds and bounds.inclusive),
        metric.verdict,
        metric.outside,
    )


def _finite(bound: float | None) -> float | None:
    return bound if bound is not None and math.isfinite(bound) else None
