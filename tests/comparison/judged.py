"""Estimates and pairs of one metric, to be judged."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
from scipy import stats

from cajajejo.comparison.judgement.judging import Measured, judge
from cajajejo.comparison.paired import Paired
from cajajejo.comparison.statistics.measuring import measure
from cajajejo.comparison.values import Criteria, Estimate, Interval, MetricComparison, Unpaired

if TYPE_CHECKING:
    from collections.abc import Sequence

NO_GAPS: Final = Unpaired()


def interval(difference: float, std_err: float, df: float, confidence: float) -> Interval:
    """The t interval."""
    half = float(stats.t.ppf((1 + confidence) / 2, df)) * std_err
    return Interval(difference - half, difference + half, confidence)


def estimate(difference: float = -0.03, std_err: float = 0.012, **changes: Any) -> Estimate:
    """A graded estimate over 500 pairs, its intervals and p-value by the t distribution."""
    pairs = changes.get("pairs", 500)
    confidence = changes.pop("confidence", 0.95)
    a = changes.pop("a", 0.5)
    gate = 2 * confidence - 1
    p_value = 2 * float(stats.t.sf(abs(difference) / std_err, pairs - 1)) if std_err else 1.0
    values: dict[str, Any] = {
        "pairs": pairs,
        "clusters": None,
        "binary": False,
        "a": a,
        "b": a + difference,
        "difference": difference,
        "std_err": std_err,
        "std_err_miller": None,
        "std_err_unpaired": None,
        "df": pairs - 1,
        "interval": interval(difference, std_err, pairs - 1, confidence),
        "gate_interval": interval(difference, std_err, pairs - 1, gate),
        "p_value": p_value,
        "test": "sign flip, 9,999 draws",
        "p_exact": None,
        "p_t": p_value,
        "up": 20,
        "down": 30,
        "minimum_detectable_effect": 2.8 * std_err,
        "discordant": 0.1,
        "spread": pairs * std_err**2,
        "noise": 0.0,
        "more_repeats_help": None,
        "skewed": False,
        "score_range": (0.0, 1.0),
    }
    return Estimate(**{**values, **changes})


def criteria(max_drop: float | None = None, **changes: Any) -> Criteria:
    """At 95 %."""
    return Criteria(max_drop=max_drop, **changes)


def counted(pairs: int, down: int, up: int, right: int | None = None) -> Paired:
    """Right and wrong answers: `down` right only in A, `up` only in B, of the rest so many that A has `right`."""
    both = pairs - down - up if right is None else right - down
    neither = pairs - down - up - both
    a = np.repeat([1.0, 0.0, 1.0, 0.0], [down, up, both, neither])
    b = np.repeat([0.0, 1.0, 1.0, 0.0], [down, up, both, neither])
    return Paired(a=a, b=b)


def graded(a: Sequence[float], b: Sequence[float], **changes: Any) -> Paired:
    """Scores in the order given."""
    return Paired(a=np.asarray(a, float), b=np.asarray(b, float), **changes)


def measured(paired: Paired, judged_by: Criteria, unpaired: Unpaired = NO_GAPS, name: str = "s/m") -> Measured:
    """The pairs, measured."""
    return Measured(name, judged_by, paired, measure(paired, judged_by), unpaired)


def given(found: Estimate | None, judged_by: Criteria, unpaired: Unpaired = NO_GAPS, name: str = "s/m") -> Measured:
    """An estimate of pairs that nobody looks at."""
    return Measured(name, judged_by, Paired(a=np.empty(0), b=np.empty(0)), found, unpaired)


def judged(one: Measured) -> MetricComparison:
    """The metric judged alone."""
    (found,) = judge([one])
    return found
