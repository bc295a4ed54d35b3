"""The interval in which a metric passes: pure maths over prior points.

======================== ================================= =================================
threshold                lower bound                       upper bound
======================== ================================= =================================
fixed_value v            v                                 v
within_bounds            as given                          as given
stddevs_from_mean k      mean - k s                        mean + k s
percent_difference p     T - p abs(T)                      T + p abs(T)
prediction_interval c    mean - t s sqrt(1 + 1/n)          mean + t s sqrt(1 + 1/n)
iqr k                    Q1 - k (Q3 - Q1)                  Q3 + k (Q3 - Q1)
======================== ================================= =================================

``greater`` has the lower bound alone, ``less`` the upper one, ``within`` and ``equal`` have both. The n prior values
have their mean, their sample standard deviation s (n - 1) and their quartiles (linear between two values); the run
under test is never among them. T is a given value or the mean. t is the quantile of Student's t with n - 1 degrees of
freedom that leaves 1 - c in one tail, or half of it in each where there are two bounds: Student's prediction interval
for one further observation.

Then `min_change` and `resolution` widen: no bound is nearer to the centre (the mean, T or the median) than the greatest
of them, and a change of just that much passes. With ``transform: log`` all this is done with the logarithms, and the
bounds are the exponentials of theirs; the least change stays in the unit of the metric, and a percentage is one of the
geometric mean.
"""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass, replace
from statistics import NormalDist
from typing import TYPE_CHECKING, Final

from cajajejo.metrics.config.thresholds import EXCLUDING
from cajajejo.metrics.judgement.samples import Sample, exponential, student

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cajajejo.metrics.config.conditions import SuccessCondition

REL_TOL: Final = 1e-9
_HISTORY_ABS_TOL: Final = 1e-12

_QUARTILE: Final = 0.6745
_INTERQUARTILE_RANGE: Final = 1.349


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
                return max(-sys.float_info.max, min(value - bound, sys.float_info.max))
        return None

    def nearest(self, value: float) -> float | None:
        """The bound that `value` is held against: the one it is outside of, or the nearer one; None without bounds."""
        if self.lower is None or self.upper is None:
            return self.upper if self.lower is None else self.lower
        return self.upper if value > self.lower / 2 + self.upper / 2 else self.lower


@dataclass(frozen=True, slots=True)
class Basis:
    """What bounds about a centre rest on, for words.

    `centre` is the mean of `n` prior values, with logarithms their geometric mean, with quartiles their median, or a
    value that was given: then `n` is 0. `spread` is their standard deviation or the distance between their quartiles
    (of the logarithms, where those are judged), for a percentage the size of what it is of. `floor` is the least change
    that counts, where that decides a bound, and 0 elsewhere. `constant`: all prior values are equal, and the bound.
    """

    n: int
    centre: float
    spread: float
    quartiles: tuple[float, float] | None = None
    floor: float = 0.0
    constant: bool = False


@dataclass(frozen=True, slots=True)
class _Interval:
    """What the statistics alone allow, before the least change widens it; an end may be infinite."""

    basis: Basis
    low: float
    high: float


def excludes_outliers(condition: SuccessCondition) -> bool:
    """Whether an isolated point out of bounds stays out of the history that later bounds rest on.

    It does where good runs hardly ever leave the interval. What reaches less than 2.5 standard deviations would cut off
    so much of them that the spread of what remains, and the interval with it, shrinks from run to run: k standard
    deviations are such for k below 2.5, prediction intervals by the quantile of a long history, quartiles where they
    reach less (a quartile lies 0.6745 from the middle of a normal distribution). The width of a percentage does not
    depend on the spread, so it cannot shrink; without outliers one wild run does not move the mean that it is of.
    """
    threshold = condition.success_threshold
    if threshold.stddevs_from_mean is not None:
        return threshold.stddevs_from_mean >= EXCLUDING
    if threshold.prediction_interval is not None:
        return -NormalDist().inv_cdf(_tail(condition)) >= EXCLUDING
    if threshold.iqr is not None:
        return _QUARTILE + threshold.iqr * _INTERQUARTILE_RANGE >= EXCLUDING
    return condition.from_history and threshold.percent_difference is not None


def invalid(condition: SuccessCondition, value: float) -> str | None:
    """Why `condition` cannot judge `value`: it is no number, or has no logarithm; None: it can."""
    if not math.isfinite(value):
        return "not a number" if math.isnan(value) else "infinite"
    if condition.transform == "log" and value <= 0:
        return "not positive, and its logarithm is to be judged"
    return None


def bounds_for(condition: SuccessCondition, values: Sequence[float]) -> tuple[Bounds, Basis | None]:
    """The bounds that `condition` sets, given the values of prior points, and what they rest on.

    Known bounds rest on nothing, and a level shift has none. Where all prior values are equal they are the bound, and
    the same value again is inside also where the comparison is strict. A bound beyond the range of floats is none.

    Raises:
        ValueError: there are fewer prior points than the threshold needs, or one that `condition` cannot judge.
    """
    threshold = condition.success_threshold
    if threshold.fixed_value is not None:
        return _bounds(condition, threshold.fixed_value, threshold.fixed_value), None
    if threshold.within_bounds is not None:
        return _bounds(condition, threshold.within_bounds.lower, threshold.within_bounds.upper), None
    if threshold.level_shift is not None:
        return Bounds(None, None, inclusive=True), None
    return _widened(condition, _interval(condition, values))


def _bounds(
    condition: SuccessCondition, low: float | None, high: float | None, *, tie: bool = False, near: float = 0.0
) -> Bounds:
    """The ends that are bounds of this comparison; a `tie` with a bound passes, as where the comparison says so."""
    lower, upper = (
        float(end) if sign in condition.bad and end is not None and math.isfinite(end) else None
        for sign, end in ((-1, low), (1, high))
    )
    return Bounds(lower, upper, inclusive=tie or not condition.strict, abs_tol=near)


def _widened(condition: SuccessCondition, found: _Interval) -> tuple[Bounds, Basis]:
    """The interval as bounds, none of them nearer to the centre than the least change that counts."""
    basis, centre = found.basis, found.basis.centre
    least = max(condition.min_change.around(centre), condition.resolution)
    low, high = min(found.low, centre - least), max(found.high, centre + least)
    reached = {-1: low == centre - least, 1: high == centre + least}
    decides = least > 0 and any(reached[sign] for sign in condition.bad)
    near = _HISTORY_ABS_TOL * max(1.0, abs(centre)) if basis.n else 0.0
    bounds = _bounds(condition, low, high, tie=decides or basis.constant or basis.spread == 0, near=near)
    return bounds, replace(basis, floor=least) if decides else basis


def _interval(condition: SuccessCondition, values: Sequence[float]) -> _Interval:
    threshold, logarithmic = condition.success_threshold, condition.transform == "log"
    if len(values) < threshold.fewest:
        raise ValueError(f"{threshold.kind} needs {threshold.fewest} prior points, not {len(values)}")
    if threshold.percent_difference is not None and threshold.percent_difference.value is not None:
        return _share(threshold.percent_difference.percent, threshold.percent_difference.value)
    if any(invalid(condition, value) for value in values):
        raise ValueError("a prior point is not finite, or not positive where its logarithm is needed")
    sample = Sample.of(values)
    if threshold.percent_difference is not None:
        centre = sample.geometric_mean() if logarithmic else sample.mean()
        return _share(threshold.percent_difference.percent, centre, sample)
    if sample.constant:
        value = sample.mean()
        return _Interval(Basis(sample.n, value, 0.0, constant=True), value, value)
    spread = _about_quartiles if threshold.iqr is not None else _about_mean
    return _exponentiated(spread(condition, sample.logarithms()), sample) if logarithmic else spread(condition, sample)


def _share(percent: float, target: float, sample: Sample | None = None) -> _Interval:
    """A share of the target, also of a negative one, to either side of it."""
    reach = percent * abs(target)
    constant = sample is not None and sample.constant and reach == 0
    basis = Basis(0 if sample is None else sample.n, target, abs(target), constant=constant)
    return _Interval(basis, target - reach, target + reach)


def _about_mean(condition: SuccessCondition, sample: Sample) -> _Interval:
    """Standard deviations to either side of the mean."""
    mean, deviation = sample.mean(), sample.deviation()
    factor = condition.success_threshold.stddevs_from_mean
    if factor is None:
        factor = student(sample.n - 1, _tail(condition)) * math.sqrt(1 + 1 / sample.n)
    reach = factor * deviation if factor else 0.0  # the deviation may be infinite
    return _Interval(Basis(sample.n, mean, deviation), mean - reach, mean + reach)


def _about_quartiles(condition: SuccessCondition, sample: Sample) -> _Interval:
    """Interquartile ranges below the first and above the third quartile."""
    first, median, third = (sample.quantile(share) for share in (0.25, 0.5, 0.75))
    reach = (condition.success_threshold.iqr or 0.0) * (third - first)
    return _Interval(Basis(sample.n, median, third - first, (first, third)), first - reach, third + reach)


def _tail(condition: SuccessCondition) -> float:
    """The probability beyond one bound of a prediction interval."""
    wanted = condition.success_threshold.prediction_interval
    return 0.5 if wanted is None else (1 - wanted.confidence) / len(condition.bad)


def _exponentiated(found: _Interval, sample: Sample) -> _Interval:
    """An interval of logarithms in the unit of the sample that they are of."""
    quartiles = found.basis.quartiles
    basis = replace(
        found.basis,
        centre=sample.within(exponential(found.basis.centre)),
        quartiles=quartiles and (exponential(quartiles[0]), exponential(quartiles[1])),
    )
    return _Interval(basis, exponential(found.low), exponential(found.high))
