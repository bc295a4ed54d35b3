"""The verdict on a run: each metric against its bounds, then the run as a whole; pure.

A metric is `pass`, `regression` or `inconclusive`, or carries no verdict where it has no condition. What is
inconclusive decides the run only if a required metric is missing, a value is NaN or infinite, a failure waits to be
confirmed, or nothing else could be judged; with `strict` it always does. A job that did not succeed is `failed`, and
its metrics are not judged.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final, Literal

from cajajejo import digits
from cajajejo.errors import ExitCode
from cajajejo.metrics import episodes, wording
from cajajejo.metrics.bounds import Bounds, Statistics, bounds_for, points_needed
from cajajejo.metrics.config import DEFAULT_CONDITION

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cajajejo.metrics.bounds import Point
    from cajajejo.metrics.config import RegressionTestConfig, SuccessCondition

JobStatus = Literal["success", "failure", "timeout", "missed"]
Cause = Literal["missing", "absent", "invalid", "waiting", "unconfirmed"]


class Verdict(StrEnum):
    """What a metric or a run is found to be."""

    PASS = "pass"  # noqa: S105  # a verdict, no password
    REGRESSION = "regression"
    INCONCLUSIVE = "inconclusive"
    FAILED = "failed"


EXIT_CODES: Final[Mapping[Verdict, ExitCode]] = {
    Verdict.PASS: ExitCode.DONE,
    Verdict.REGRESSION: ExitCode.REGRESSION,
    Verdict.INCONCLUSIVE: ExitCode.INCONCLUSIVE,
    Verdict.FAILED: ExitCode.FAILED,
}
_DECIDING: Final[frozenset[Cause | None]] = frozenset({"missing", "invalid", "unconfirmed"})


@dataclass(frozen=True, slots=True)
class MetricVerdict:
    """One metric of a run; `value` is None where the run did not write it, `cause` says why it is inconclusive."""

    name: str
    value: float | None
    reason: str
    verdict: Verdict | None = None
    bounds: Bounds | None = None
    cause: Cause | None = None
    condition: SuccessCondition | None = None
    prior: Statistics | None = None

    @property
    def decides(self) -> bool:
        """Whether the metric, being inconclusive, makes the run inconclusive."""
        return self.cause in _DECIDING

    @property
    def outside(self) -> bool:
        """Whether the value is out of bounds, confirmed or not."""
        return self.verdict is Verdict.REGRESSION or self.cause == "unconfirmed"

    @property
    def sentence(self) -> str:
        """What is wrong with the metric, in full."""
        if self.value is None:
            return f"{self.name} is missing: the run did not write it"
        shown = digits.number(self.value, self.bound)
        if self.condition is None or self.bounds is None:
            return f"{self.name} is {shown}; it must be a finite number"
        needed = wording.requirement(self.condition, self.bounds, self.prior, self.value)
        return f"{self.name} is {shown}; it must be {needed}"

    @property
    def bound(self) -> float | None:
        """The one bound that the value is held against."""
        if self.bounds is None:
            return None
        return self.bounds.lower if self.bounds.lower is not None else self.bounds.upper


def judge(
    metrics: Mapping[str, float],
    history: Mapping[str, Sequence[Point]],
    config: RegressionTestConfig,
    status: JobStatus,
) -> tuple[MetricVerdict, ...]:
    """A verdict for each metric of the run, and for each that it should have written; by name.

    `history` holds the points of successful runs before this one, oldest first, by metric.
    """
    if status != "success":
        reason = "not judged: the job did not succeed"
        return tuple(MetricVerdict(name, value, reason) for name, value in sorted(metrics.items()))
    named = set(config.metric_success_conditions) - {DEFAULT_CONDITION}
    names = sorted(set(metrics) | named | set(config.required_metrics))
    return tuple(_judge_one(name, metrics.get(name), history.get(name, ()), config) for name in names)


def run_verdict(
    metrics: Sequence[MetricVerdict], config: RegressionTestConfig, status: JobStatus, *, strict: bool = False
) -> Verdict:
    """The verdict on the run as a whole."""
    if status != "success":
        return Verdict.FAILED
    found = {metric.verdict for metric in metrics}
    if Verdict.REGRESSION in found:
        return Verdict.REGRESSION
    if any(metric.decides or (strict and metric.cause is not None) for metric in metrics):
        return Verdict.INCONCLUSIVE
    nothing_judged = bool(config.metric_success_conditions) and Verdict.PASS not in found
    return Verdict.INCONCLUSIVE if nothing_judged else Verdict.PASS


def _judge_one(name: str, value: float | None, points: Sequence[Point], config: RegressionTestConfig) -> MetricVerdict:
    condition = config.condition_for(name)
    if value is None and name in config.required_metrics:
        return _inconclusive(name, value, "missing", "required, but the run did not write it", condition)
    if condition is None:
        return MetricVerdict(name, value, "no condition")
    if value is None:
        return _inconclusive(name, value, "absent", "the run did not write it", condition)
    if not math.isfinite(value):
        what = "not a number" if math.isnan(value) else "infinite"
        return _inconclusive(name, value, "invalid", what, condition)
    return _judge_value(name, value, points, condition, config.confirm_after)


def _judge_value(
    name: str, value: float, points: Sequence[Point], condition: SuccessCondition, confirm_after: int
) -> MetricVerdict:
    failures = _trailing_failures(points) if confirm_after > 1 else 0
    baseline = episodes.baseline(points, condition, without_last=failures)
    have, need = len(baseline.values), points_needed(condition)
    if have < need:
        return _inconclusive(name, value, "waiting", f"{have} of {wording.runs(need)} so far", condition)
    prior = Statistics.of(baseline.values) if baseline.values else None
    bounds = bounds_for(condition, prior)
    excess = bounds.excess(value)
    if excess is None:
        return MetricVerdict(
            name, value, wording.basis(condition, prior) + baseline.note, Verdict.PASS, bounds, None, condition, prior
        )
    bound = value - excess
    reason = wording.difference(excess, value, bound)
    if condition.success_threshold.stddevs_from_mean is not None:
        reason += f", {wording.basis(condition, prior)}"
    if failures + 1 < confirm_after:
        reason += f"; {failures + 1} of {confirm_after}, run again to confirm"
        return _inconclusive(name, value, "unconfirmed", reason + baseline.note, condition, bounds, prior)
    return MetricVerdict(name, value, reason + baseline.note, Verdict.REGRESSION, bounds, None, condition, prior)


def _trailing_failures(points: Sequence[Point]) -> int:
    count = 0
    for point in reversed(points):
        if not point.outside:
            break
        count += 1
    return count


def _inconclusive(
    name: str,
    value: float | None,
    cause: Cause,
    reason: str,
    condition: SuccessCondition | None,
    bounds: Bounds | None = None,
    prior: Statistics | None = None,
) -> MetricVerdict:
    return MetricVerdict(name, value, reason, Verdict.INCONCLUSIVE, bounds, cause, condition, prior)
