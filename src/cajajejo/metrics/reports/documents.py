"""What the commands about metrics print with ``--json``; pure."""

from __future__ import annotations

import math
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from cajajejo.metrics.judgement.bounds import Bounds

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cajajejo.metrics.baselines import Accepted, Muted
    from cajajejo.metrics.history.rows import Row
    from cajajejo.metrics.judgement.commits import Commits
    from cajajejo.metrics.judgement.incidents import Event, Incident
    from cajajejo.metrics.judgement.last_good import Turn
    from cajajejo.metrics.judgement.verdict import MetricVerdict
    from cajajejo.metrics.points import Point
    from cajajejo.metrics.reports.dated_shifts import DatedShift, Search
    from cajajejo.metrics.reports.report import Report

POINT: Final = (
    *("run_id", "start_time", "job_status", "metric", "value"),
    *("lower_bound", "upper_bound", "inclusive", "verdict"),
)
"""What is said of a point of a history, in order."""


def check(report: Report) -> dict[str, Any]:
    """A check; bounds that are absent and values that are no finite number are null."""
    return {
        "test": report.test,
        "run_id": report.run_id,
        "verdict": str(report.verdict),
        "metrics": [_metric(metric, report) for metric in report.worst_first],
        "alerts": [{"kind": alert.kind, "metric": alert.metric, "message": alert.message} for alert in report.alerts],
        "job_status": report.status,
        "runs_before": report.runs_before,
        "warnings": list(report.warnings),
        "runs_after": report.runs_after,
        "commit": report.commit,
        "origin": asdict(report.origin),
        "told": [_told(event) for event in report.told.events],
    }


def collection(metrics: Mapping[str, float]) -> dict[str, float | None]:
    """Values by metric name, in order of names; what is no finite number is null."""
    return {name: _finite(value) for name, value in sorted(metrics.items())}


def history(test: str, rows: Sequence[Row]) -> dict[str, Any]:
    """The points, newest run first, times in UTC."""
    return {"test": test, "points": [_point(row) for row in rows]}


def shifts(found: Search, shown: Sequence[DatedShift], counts: Mapping[Commits, int | None]) -> dict[str, Any]:
    """What was looked at, and the shifts that are `shown`; `counts` tells how many commits lie between two."""
    looked = [{"name": one.metric, "runs": one.runs, "runs_needed": one.fewest} for one in found.looked]
    return {
        "test": found.test,
        "engine": found.engine,
        "metrics": looked,
        "shifts": [_shift(shift, counts) for shift in shown],
    }


def _metric(metric: MetricVerdict, report: Report) -> dict[str, Any]:
    bounds = metric.bounds or Bounds(None, None, inclusive=False)
    return {
        "name": metric.name,
        "value": None if metric.value is None else _finite(metric.value),
        "lower_bound": bounds.lower,
        "upper_bound": bounds.upper,
        "inclusive": bounds.inclusive,
        "verdict": None if metric.verdict is None else str(metric.verdict),
        "reason": metric.reason,
        "notes": list(metric.notes),
        **origin(metric.turn, report.commits),
        "episode": None if metric.episode is None else asdict(metric.episode),
        "muted": _muted(report.muted.get(metric.name)),
    }


def _told(event: Event) -> dict[str, Any]:
    about = event.incident
    return {"event": event.happening, "kind": about.kind, "metric": about.metric, "message": event.message}


def _shift(shift: DatedShift, counts: Mapping[Commits, int | None]) -> dict[str, Any]:
    between = shift.turn.commits
    return {
        "metric": shift.metric,
        "direction": shift.direction,
        "effect": shift.effect,
        "before": shift.before,
        "after": shift.after,
        "relative_change": shift.relative,
        "deviations": shift.deviations,
        "z": shift.z,
        "last_before": _run(shift.turn.good),
        "most_likely_first": _run(shift.first),
        "first_after": _run(shift.turn.bad),
        "commits": None if between is None else counts.get(between),
        "accepted": None if shift.accepted is None else _accepted(shift.accepted),
    }


def _run(point: Point) -> dict[str, Any]:
    return {"run_id": point.run_id, "start_time": utc(point.start_time), "commit": point.commit}


def _accepted(line: Accepted) -> dict[str, str]:
    return {"start": line.start, "reason": line.reason, "by": line.by, "date": line.date}


def origin(turn: Turn | None, counts: Mapping[Commits, int | None]) -> dict[str, Any]:
    """Where a regression came from: the last good run, and the commits since; null where that is not known."""
    if turn is None:
        return {"last_good": None, "since": None}
    good, commits = turn.good, turn.commits
    since = commits and {"from_commit": commits[0], "to_commit": commits[1], "commits": counts.get(commits)}
    return {"last_good": {**_run(good), "value": good.value}, "since": since}


def incident(one: Incident) -> dict[str, Any]:
    """An incident that is open: its kind, the run that told it, and what was said."""
    return {
        "kind": one.kind,
        "metric": one.metric,
        "run_id": one.run_id,
        "start_time": utc(one.start_time),
        "message": one.message,
    }


def _muted(line: Muted | None) -> dict[str, Any] | None:
    return None if line is None else {"until": line.until, "reason": line.reason, "by": line.by}


def _point(row: Row) -> dict[str, Any]:
    told = (row.run_id, utc(row.start_time), row.status, row.metric, row.value)
    return dict(zip(POINT, (*told, row.lower_bound, row.upper_bound, row.inclusive, row.verdict), strict=True))


def utc(seconds: float) -> str:
    """Seconds since the epoch as every document has them: ``2026-11-21T14:02:11Z``."""
    return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")


def _finite(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
