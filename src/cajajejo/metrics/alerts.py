"""What somebody should hear about after a run: Alert values; pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from cajajejo.metrics.aggregate import TIME_TO_ACCURACY
from cajajejo.metrics.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cajajejo.metrics.config import RegressionTestConfig
    from cajajejo.metrics.verdict import JobStatus, MetricVerdict

Kind = Literal["failed", "regression", "missing", "invalid", "time_to_accuracy"]

_ENDINGS = {"failure": "failed", "timeout": "ran out of time", "missed": "did not run"}


@dataclass(frozen=True, slots=True)
class Alert:
    """One thing to hear about; `metric` is None where it is about the job."""

    kind: Kind
    metric: str | None
    message: str


def of_job(test: str, status: JobStatus, failures_before: int, config: RegressionTestConfig) -> tuple[Alert, ...]:
    """The alert of a job that did not succeed, after `failures_before` such jobs in a row."""
    if status == "success" or not config.alert_for_failed_jobs or failures_before + 1 < config.confirm_after:
        return ()
    return (Alert("failed", None, f"{test}: the job {_ENDINGS[status]}"),)


def of_metrics(
    metrics: Sequence[MetricVerdict], threshold_missed: str | None, config: RegressionTestConfig
) -> tuple[Alert, ...]:
    """The alerts of a job that succeeded."""
    alerts = [
        Alert(kind, metric.name, metric.sentence) for metric in metrics if (kind := _kind(metric, config)) is not None
    ]
    if threshold_missed is not None:
        alerts.append(Alert("time_to_accuracy", TIME_TO_ACCURACY, threshold_missed))
    return tuple(alert for alert in alerts if alert.metric is not None and config.alerts_on(alert.metric))


def _kind(metric: MetricVerdict, config: RegressionTestConfig) -> Kind | None:
    if metric.cause == "missing":
        return "missing"
    if not config.alert_for_oob_metrics:
        return None
    if metric.cause == "invalid":
        return "invalid"
    return "regression" if metric.verdict is Verdict.REGRESSION else None
