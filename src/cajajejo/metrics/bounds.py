"""The interval in which a metric passes: pure maths over prior points.

========================== ======================== ========================
threshold                  greater(_or_equal)       less(_or_equal)
========================== ======================== ========================
fixed value v              (v, none)                (none, v)
k standard deviations      (mean - k s, none)       (none, mean + k s)
========================== ======================== ========================

``equal`` has the fixed value as both bounds. The mean and s, the sample standard deviation (n - 1), are those of the
prior points; the run under test is never among them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from cajajejo.metrics.aggregate import deviation, mean

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cajajejo.metrics.config import SuccessCondition

REL_TOL: Final = 1e-9
_HISTORY_ABS_TOL: Final = 1e-12


@dataclass(frozen=True, slots=True)
class Bounds:
    """Lower and upper bound of a metric, in its unit; None is no bound.

    Where the bounds are `inclusive`, a value that is close to one (relative 1e-9, absolute `abs_tol`) is inside.
    """

    lower: float | None
    upper: float | None
    inclusive: bool
    abs_tol: float = 0.0

    def contains(self, value: float) -> bool:
        """Whether `value` is inside; NaN and infinity never are."""
        return math.isfinite(value) and self.excess(value) is None

    def excess(self, value: float) -> float | None:
        """How far the finite `value` is outside: negative below, positive above, 0.0 on a strict bound; None inside."""
        for bound, outward in ((self.lower, -1), (self.upper, 1)):
            if bound is None or (value - bound) * outward < 0:
                continue
            if not (self.inclusive and math.isclose(value, bound, rel_tol=REL_TOL, abs_tol=self.abs_tol)):
                return value - bound
        return None


@dataclass(frozen=True, slots=True)
class Point:
    """A metric of a successful earlier run: a finite value, and whether it was outside the bounds it was judged by."""

    run_id: str
    value: float
    outside: bool = False


@dataclass(frozen=True, slots=True)
class Statistics:
    """Mean and sample standard deviation (n - 1) of `n` prior points; the deviation of one point is 0."""

    n: int
    mean: float
    deviation: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Statistics:
        """The statistics of at least one finite value, by the two-pass formula."""
        centre = mean(values)
        if len(values) == 1 or min(values) == max(values):
            return cls(len(values), values[0], 0.0)
        return cls(len(values), centre, deviation(values, centre))


def points_needed(condition: SuccessCondition) -> int:
    """How many prior points `condition` needs before it can be judged."""
    k = condition.success_threshold.stddevs_from_mean
    minimum = 0 if k is None else 1 if k == 0 else 2
    return max(condition.wait_for_n_points_of_history, minimum)


def bounds_for(condition: SuccessCondition, prior: Statistics | None) -> Bounds:
    """The bounds that `condition` sets, given the statistics of the prior points (not used for a fixed value).

    A constant history (s = 0) has its value as bound, and a value equal to it is inside also where the comparison is
    strict. A bound that is beyond the range of floats is none.
    """
    threshold = condition.success_threshold
    downward, upward = (
        condition.comparison.startswith(("greater", "equal")),
        condition.comparison.startswith(("less", "equal")),
    )
    if threshold.fixed_value is not None:
        value = float(threshold.fixed_value)
        return Bounds(value if downward else None, value if upward else None, inclusive=not condition.strict)
    if prior is None or threshold.stddevs_from_mean is None:
        raise ValueError("a condition on history needs prior points")
    reach = threshold.stddevs_from_mean * prior.deviation if threshold.stddevs_from_mean else 0.0
    return Bounds(
        _finite(prior.mean - reach) if downward else None,
        _finite(prior.mean + reach) if upward else None,
        inclusive=prior.deviation == 0 or not condition.strict,
        abs_tol=_HISTORY_ABS_TOL * max(1.0, abs(prior.mean)),
    )


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
