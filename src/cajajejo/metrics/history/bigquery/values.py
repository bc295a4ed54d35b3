"""Rows of BigQuery's tables, made of runs, metrics and alerts and read back as these; pure.

What a required column of the documented tables holds where nothing is known: an empty text, and 0. Both are read back
as not known.
"""

from __future__ import annotations

import json
import math
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from cajajejo.metrics.baselines import Accepted, Baselines, Muted
from cajajejo.metrics.history.rows import Row, StoredMetric, StoredRun
from cajajejo.metrics.judgement.incidents import Delivery, Event, Incident
from cajajejo.metrics.runs import Origin, Run

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


ORIGIN: Final[Mapping[str, str]] = {
    "test_type": "test_type",
    "accelerator": "accelerator",
    "framework_version": "framework_version",
    "logs_link": "stackdriver_logs_link",
    "logs_command": "logs_download_command",
    "workload_link": "kubernetes_workload_link",
}
"""What is known of a job, by field of `Origin`, and the column that holds it."""
_MICROSECONDS: Final = 1_000_000


def text_of(rows: Iterable[Mapping[str, object]]) -> str:
    """Rows as the text that a statement reads them from."""
    texts = [{name: _text(value) for name, value in row.items()} for row in rows]
    return json.dumps(texts, ensure_ascii=False, separators=(",", ":"))


def job(stored: StoredRun) -> dict[str, object]:
    """The row of a run, by column."""
    run = stored.run
    known = run.stop_time is not None and run.stop_time >= run.start_time
    return {
        "uuid": run.run_id,
        "test_name": run.test,
        "job_status": run.status,
        "num_failures": stored.failures,
        "job_duration_sec": round((run.stop_time or 0.0) - run.start_time) if known else 0,
        "timestamp": _microseconds(run),
        "msg_publish_time": int(run.start_time),
        "start_time": run.start_time,
        "stop_time": run.stop_time,
        "verdict": stored.verdict,
        "config_git_sha": run.commit,
        **{column: getattr(run.origin, field) or "" for field, column in ORIGIN.items()},
    }


def metrics(stored: StoredRun) -> list[dict[str, object]]:
    """The rows of the metrics of a run, by column; one whose value is not finite has none."""
    of_run = {"uuid": stored.run.run_id, "test_name": stored.run.test, "timestamp": _microseconds(stored.run)}
    known = {metric.name: metric for metric in stored.metrics if math.isfinite(metric.value)}
    return [
        {
            **of_run,
            "metric_name": metric.name,
            "metric_value": metric.value,
            "metric_lower_bound": _finite(metric.lower_bound),
            "metric_upper_bound": _finite(metric.upper_bound),
            "inclusive": metric.inclusive,
            "verdict": metric.verdict,
            "out_of_bounds": metric.outside,
        }
        for metric in known.values()
    ]


def alert(event: Event) -> dict[str, object]:
    """The row of an event, by column."""
    return {
        "event_id": event.id,
        "test_name": event.incident.test,
        "kind": event.incident.kind,
        "metric_name": event.incident.metric,
        "happening": event.happening,
        "run_id": event.run.run_id,
        "message": event.message,
        "event": json.dumps(asdict(event), ensure_ascii=False),
    }


def run_of(row: Any) -> Run:
    """A run as it was stored."""
    origin = Origin(**{field: row[column] or None for field, column in ORIGIN.items()})
    commit = row["config_git_sha"]
    return Run(row["test_name"], row["uuid"], row["started"], row["job_status"], row["stop_time"], commit, origin)


def stored_of(rows: Iterable[Any]) -> StoredRun:
    """A run with its metrics, of one row for each of them; without a metric where the run has none."""
    found = list(rows)
    first = found[0]
    known = {row["metric_name"]: _metric_of(row) for row in found if row["metric_name"] is not None}
    finite = tuple(metric for metric in known.values() if math.isfinite(metric.value))
    return StoredRun(run_of(first), first["run_verdict"] or "", finite, first["num_failures"])


def row_of(row: Any) -> Row:
    """A point as it was stored."""
    return Row(
        run_id=row["uuid"],
        start_time=row["started"],
        status=row["job_status"],
        metric=row["metric_name"],
        value=row["metric_value"],
        lower_bound=row["metric_lower_bound"],
        upper_bound=row["metric_upper_bound"],
        inclusive=bool(row["inclusive"]),
        verdict=row["verdict"],
    )


def noted_of(rows: Iterable[Any]) -> Baselines:
    """The accepted levels and the muted metrics, in the order of `rows`."""
    found = list(rows)
    return Baselines(
        tuple(Accepted(*_entry(row, "run_id")) for row in found if row["kind"] == "accepted"),
        tuple(Muted(*_entry(row, "until")) for row in found if row["kind"] == "muted"),
    )


def incident_of(row: Any) -> Incident:
    """An incident as it was stored."""
    names = ("test_name", "kind", "metric_name", "run_id", "start_time", "message", "accepted")
    return Incident(*(row[name] for name in names))


def delivery_of(row: Any) -> Delivery:
    """A delivery as it was stored."""
    again = row["due_at"] if row["leased_until"] is None else row["leased_until"]
    return Delivery(_event_of(row["event"]), row["sink"], row["attempts"], row["since"], row["error"], again)


def _event_of(text: str) -> Event:
    told = json.loads(text)
    run = told["run"]
    return Event(
        Incident(**told["incident"]),
        told["happening"],
        Run(**{**run, "origin": Origin(**run["origin"])}),
        told["message"],
    )


def _entry(row: Any, told: str) -> tuple[str, ...]:
    return tuple(row[name] for name in ("test_name", "metric_name", told, "reason", "author", "noted_on"))


def _metric_of(row: Any) -> StoredMetric:
    return StoredMetric(
        row["metric_name"],
        row["metric_value"],
        row["metric_lower_bound"],
        row["metric_upper_bound"],
        bool(row["inclusive"]),
        row["verdict"],
        bool(row["outside"]),
    )


def _finite(number: float | None) -> float | None:
    return number if number is not None and math.isfinite(number) else None


def _microseconds(run: Run) -> int:
    """The end of a run, or its start where the end is not known."""
    return round((run.start_time if run.stop_time is None else run.stop_time) * _MICROSECONDS)


def _text(value: object) -> str | None:
    """A value as text.

    Raises:
        UnicodeEncodeError: a text that BigQuery cannot hold.
    """
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    text = value if isinstance(value, str) else repr(value)
    text.encode()
    if "\0" in text:
        place = text.index("\0")
        raise UnicodeEncodeError("utf-8", text, place, place + 1, "a NUL character")
    return text
