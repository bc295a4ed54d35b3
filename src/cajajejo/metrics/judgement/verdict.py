"""The verdict on a metric and on a run, as values; pure.

A metric is `pass`, `improvement`, `regression` or `inconclusive`, or carries no verdict where it has no condition. What
is inconclusive decides the run only if a required metric is missing, a value is NaN or infinite, a failure waits to be
confirmed, or nothing else could be judged; with `strict` it always does. A job that did not succeed is `failed`, and
its metrics are not judged.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final, Literal

from cajajejo import digits
from cajajejo.errors import ExitCode
from cajajejo.metrics.judgement import wording

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from cajajejo.metrics.config import RegressionTestConfig
    from cajajejo.metrics.config.conditions import SuccessCondition
    from cajajejo.metrics.judgement.bounds import Basis, Bounds
    from cajajejo.metrics.judgement.cases import Case
    from cajajejo.metrics.judgement.last_good import Turn
    from cajajejo.metrics.judgement.named_episodes import NamedEpisode
    from cajajejo.metrics.runs import JobStatus

Cause = Literal["missing", "absent", "invalid", "waiting", "unconfirmed"]


class Verdict(StrEnum):
    """What a metric or a run is found to be; only a metric is an improvement, only a run has failed."""

    PASS = "pass"  # noqa: S105  # a verdict, no password
    IMPROVEMENT = "improvement"
    REGRESSION = "regression"
    INCONCLUSIVE = "inconclusive"
    FAILED = "failed"


EXIT_CODES: Final[Mapping[Verdict, ExitCode]] = {
    Verdict.PASS: ExitCode.DONE,
    Verdict.REGRESSION: ExitCode.REGRESSION,
    Verdict.INCONCLUSIVE: ExitCode.INCONCLUSIVE,
    Verdict.FAILED: ExitCode.FAILED,
}
_GOOD: Final = frozenset({Verdict.PASS, Verdict.IMPROVEMENT})
_DECIDING: Final[frozenset[Cause | None]] = frozenset({"missing", "invalid", "unconfirmed"})


@dataclass(frozen=True, slots=True)
class MetricVerdict:
    """One metric of a run; `value` is None where the run did not write it, `cause` says why it is inconclusive.

    `notes` are what else is worth knowing, `episode` is the shift that the verdict or the bounds have to do with,
    `turn` where a regression came from, and `recent` are the last values, this one among them, oldest first.
    """

    name: str
    value: float | None
    reason: str
    verdict: Verdict | None = None
    bounds: Bounds | None = None
    cause: Cause | None = None
    condition: SuccessCondition | None = None
    basis: Basis | None = None
    notes: tuple[str, ...] = ()
    episode: NamedEpisode | None = None
    turn: Turn | None = None
    recent: tuple[float, ...] = ()

    @classmethod
    def inconclusive(
        cls, name: str, value: float | None, cause: Cause, reason: str, condition: SuccessCondition | None
    ) -> MetricVerdict:
        """The verdict on a metric that cannot be judged by bounds or a level."""
        return cls(name, value, reason, Verdict.INCONCLUSIVE, cause=cause, condition=condition)

    @property
    def good(self) -> bool:
        """Whether the metric was judged, and nothing is wrong with it."""
        return self.verdict in _GOOD

    @property
    def by_level(self) -> bool:
        """Whether the metric was judged by its level, not by a bound."""
        return self.condition is not None and self.condition.by_level

    @property
    def outside(self) -> bool:
        """Whether the value is out of bounds, confirmed or not; where there are no bounds it never is."""
        return not self.by_level and self.wrong

    @property
    def wrong(self) -> bool:
        """Whether the metric is worse than it may be, confirmed or not."""
        return self.verdict is Verdict.REGRESSION or self.cause == "unconfirmed"

    @property
    def warns(self) -> bool:
        """Whether the regression was told by an earlier run, and is a warning from then on."""
        shift = None if self.condition is None else self.condition.success_threshold.level_shift
        lasting = self.episode is not None and self.episode.status == "ongoing"
        return shift is not None and shift.ongoing == "warn" and lasting

    @property
    def alerts(self) -> bool:
        """Whether somebody should hear of the regression: of one that goes on, once."""
        told_before = self.by_level and self.episode is not None and not self.episode.told_now
        return self.verdict is Verdict.REGRESSION and not told_before

    @property
    def decides(self) -> bool:
        """Whether the metric, being inconclusive, makes the run inconclusive."""
        return self.cause in _DECIDING

    @property
    def sentence(self) -> str:
        """What is wrong with the metric, in full."""
        if self.value is None:
            return f"{self.name} is missing: the run did not write it"
        if self.by_level and self.episode is not None:
            return f"{self.name} is {digits.number(self.value, self.episode.before)}; {self.episode.sentence}"
        if self.condition is None or self.bounds is None:
            return f"{self.name} is {digits.number(self.value)}; it must be a finite number"
        centre = None if self.basis is None else self.basis.centre
        shown = wording.shown(self.condition, self.bounds, self.value, centre)
        return f"{self.name} is {shown}; it must be {self.requirement}"

    @property
    def requirement(self) -> str:
        """What the bounds ask for, as a sentence says it."""
        assert self.condition is not None  # noqa: S101  # who asks has bounds
        assert self.bounds is not None  # noqa: S101
        return wording.requirement(self.condition, self.bounds, self.basis, self.value)

    @property
    def bound(self) -> float | None:
        """The one bound that the value is held against."""
        return None if self.bounds is None or self.value is None else self.bounds.nearest(self.value)


def waiting(case: Case, have: int) -> MetricVerdict | None:
    """The verdict on a case with so many points where more are needed; None: they are enough."""
    if have >= case.condition.needed:
        return None
    reason = f"{have} of {wording.runs(case.condition.needed)} {case.waiting}"
    return MetricVerdict.inconclusive(case.name, case.value, "waiting", reason, case.condition)


def warnings(metrics: Iterable[MetricVerdict]) -> tuple[str, ...]:
    """A sentence for each regression that was told before, where that is not to fail runs."""
    return tuple(metric.sentence for metric in metrics if metric.warns)


def run_verdict(
    metrics: Sequence[MetricVerdict], config: RegressionTestConfig, status: JobStatus, *, strict: bool = False
) -> Verdict:
    """The verdict on the run as a whole."""
    if status != "success":
        return Verdict.FAILED
    if any(metric.verdict is Verdict.REGRESSION and not metric.warns for metric in metrics):
        return Verdict.REGRESSION
    if any(metric.decides or (strict and metric.cause is not None) for metric in metrics):
        return Verdict.INCONCLUSIVE
    judged = any(metric.good or metric.warns for metric in metrics)
    return Verdict.PASS if judged or not config.metric_success_conditions else Verdict.INCONCLUSIVE
