"""What somebody should hear about after a run: Alert values; pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from cajajejo.metrics.baselines import ALL
from cajajejo.metrics.config.collection import TIME_TO_ACCURACY
from cajajejo.metrics.judgement.verdict import Verdict
from cajajejo.metrics.runs import ENDINGS

if TYPE_CHECKING:
    from collections.abc import Container, Sequence

    from cajajejo.metrics.config import RegressionTestConfig
    from cajajejo.metrics.judgement.verdict import MetricVerdict
    from cajajejo.metrics.runs import JobStatus

Kind = Literal["failed", "regression", "missing", "invalid", "time_to_accuracy"]


@dataclass(frozen=True, slots=True)
class Alert:
    """One thing to hear about; `metric` is None where it is about the job."""

    kind: Kind
    metric: str | None
    message: str


def of_job(
    test: str, status: JobStatus, failures_before: int, config: RegressionTestConfig, muted: Container[str] = ()
) -> tuple[Alert, ...]:
    """The alert of a job that did not succeed, after `failures_before` such jobs in a row."""
    wanted = config.alert_for_failed_jobs and ALL not in muted
    if status == "success" or not wanted or failures_before + 1 < config.confirm_after:
        return ()
    return (Alert("failed", None, f"{test}: the job {ENDINGS[status]}"),)


def of_metrics(
    metrics: Sequence[MetricVerdict],
    threshold_missed: str | None,
    config: RegressionTestConfig,
    muted: Container[str] = (),
    *,
    told: bool = False,
) -> tuple[Alert, ...]:
    """The alerts of a job that succeeded; those about metrics whose names are in `muted` are left out.

    With `told`, a regression that goes on and was told by an earlier run is one as well.
    """
    alerts = [
        (metric.name, Alert(kind, metric.name, metric.sentence))
        for metric in metrics
        if (kind := _kind(metric, config, told=told)) is not None
    ]
    if threshold_missed is not None:
        alerts.append((TIME_TO_ACCURACY, Alert("time_to_accuracy", TIME_TO_ACCURACY, threshold_missed)))
    return tuple(alert for name, alert in alerts if config.alerts_on(name) and name not in muted)


def _kind(metric: MetricVerdict, config: RegressionTestConfig, *, told: bool) -> Kind | None:
    if metric.cause == "missing":
        return "missing"
    if not config.alert_for_oob_metrics:
        return None
    if metric.cause == "invalid":
        return "invalid"
    return "regression" if metric.alerts or (told and metric.verdict is Verdict.REGRESSION) else None
