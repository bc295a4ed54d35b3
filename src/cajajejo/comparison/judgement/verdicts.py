"""The rules: from what the pairs of one metric say to its verdict, and to what a gate makes of it.

One word of ``better``, ``equal``, ``worse``, ``inconclusive`` tells what is shown at the level α. *Equal* needs a proof
of its own, two one-sided tests (Schuirmann 1987): that nothing is significant shows nothing. What is neither shown to
differ nor shown to be equal is inconclusive, and never a pass.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from cajajejo.comparison.values import Criteria, Estimate, GateVerdict, Interval, Verdict

FEWEST_CLUSTERS: Final = 6
"""With fewer clusters nothing is decided: all of five can agree by chance once in sixteen times."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One metric whose verdict can be told.

    Attributes:
        criteria: how it is judged.
        estimate: what the pairs say.
        interval: its gate interval, at confidence 1 - 2α.
        p_value: its p-value.
        tolerance: δ.
        p_adjusted: the p-value, adjusted for `tested` metrics.
        tested: how many metrics were tested together.
    """

    criteria: Criteria
    estimate: Estimate
    interval: Interval
    p_value: float
    tolerance: float
    p_adjusted: float
    tested: int = 1

    @property
    def gain(self) -> float:
        """How much better B is; negative: worse."""
        return self.criteria.sign * self.estimate.difference + 0.0

    @property
    def limits(self) -> tuple[float, float]:
        """The least and the most that B may be better by, each at confidence 1 - α."""
        low, high = self.interval.lower, self.interval.upper
        return (low, high) if self.criteria.sign > 0 else (-high, -low)

    @property
    def significant(self) -> bool:
        """Whether chance is no explanation."""
        return self.p_adjusted < self.criteria.alpha


def within(interval: Interval, tolerance: float) -> bool:
    """Whether the difference is shown to be smaller than `tolerance`, either way.

    Two one-sided tests at α reject where the interval at confidence 1 - 2α lies inside of (-δ, δ), limits excluded.
    """
    return tolerance > 0 and -tolerance < interval.lower and interval.upper < tolerance


def verdict(case: Case) -> Verdict:
    """What is shown: equality within the tolerance comes before a difference, however significant."""
    if within(case.interval, case.tolerance):
        return "equal"
    if case.significant and case.gain != 0:
        return "worse" if case.gain < 0 else "better"
    return "inconclusive"


def gate(case: Case) -> GateVerdict:
    """Whether B is shown to lose less than the tolerance (pass), or shown to lose more, or anything (fail).

    Non-inferiority: the lower limit at confidence 1 - α lies above -δ. A gate asks that all metrics pass, which needs
    no correction for their number (intersection-union test, Berger 1982).
    """
    lower, upper = case.limits
    if verdict(case) == "worse" or upper < -case.tolerance:
        return "fail"
    return "pass" if lower > -case.tolerance else "inconclusive"


def evidence(estimate: Estimate) -> tuple[Interval, float] | None:
    """The gate interval and the p-value; None where these or the standard error are not defined, or not finite."""
    interval, p_value = estimate.gate_interval, estimate.p_value
    if interval is None or p_value is None or estimate.interval is None or estimate.std_err is None:
        return None
    limits = (interval.lower, interval.upper, estimate.interval.lower, estimate.interval.upper)
    finite = all(map(math.isfinite, (estimate.difference, estimate.std_err, p_value, *limits)))
    return (interval, p_value) if finite else None
