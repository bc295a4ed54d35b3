"""The rows of the metric history: what is written of runs, metrics and baselines, and a point as it is read back."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from cajajejo.metrics.baselines import Accepted

if TYPE_CHECKING:
    from cajajejo.metrics.baselines import Entry
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


def of_job(run: Run, verdict: str) -> dict[str, object]:
    """The row of a run, by column."""
    seconds = None if run.stop_time is None or run.stop_time < run.start_time else round(run.stop_time - run.start_time)
    return {
        "uuid": run.run_id,
        "test_name": run.test,
        "job_status": run.status,
        "num_failures": int(run.status in {"failure", "timeout"}),
        "job_duration_sec": seconds,
        "timestamp": _timestamp(run),
        "msg_publish_time": int(run.start_time),
        "start_time": run.start_time,
        "stop_time": run.stop_time,
        "verdict": verdict,
        "config_git_sha": run.commit,
    }


def of_metric(run: Run, metric: MetricVerdict) -> dict[str, object] | None:
    """The row of a metric, by column; None where it has no finite value."""
    if metric.value is None or not math.isfinite(metric.value):
        return None
    return {
        "uuid": run.run_id,
        "test_name": run.test,
        "timestamp": _timestamp(run),
        "metric_name": metric.name,
        "metric_value": metric.value,
        "metric_lower_bound": metric.bounds.lower if metric.bounds else None,
        "metric_upper_bound": metric.bounds.upper if metric.bounds else None,
        "inclusive": bool(metric.bounds and metric.bounds.inclusive),
        "verdict": metric.verdict,
        "out_of_bounds": metric.outside,
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


def _timestamp(run: Run) -> str:
    """The end of a run, or its start where the end is not known, in UTC as SQLite's own date functions read it."""
    moment = run.start_time if run.stop_time is None else run.stop_time
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
