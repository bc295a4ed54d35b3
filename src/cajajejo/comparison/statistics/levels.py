"""The level of one run alone: the mean of a metric, and the limits between which it is."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from cajajejo.comparison.items import keys
from cajajejo.comparison.items.answers import answers, order_of
from cajajejo.comparison.items.joining import clusters_of
from cajajejo.comparison.statistics import magnitudes, std_errors
from cajajejo.comparison.statistics.intervals import quantile

if TYPE_CHECKING:
    from cajajejo.comparison.items.columns import Columns

_ROUNDING: Final = 1e-14
"""A standard error below this share of the largest score is how equal means of repeats were rounded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """The mean of one metric of one run over its items, each with the mean of its repeats.

    Attributes:
        value: the mean; NaN where an item has a score that is no finite number, or lines that contradict each other.
        std_err: its standard error, by clusters where there are any; None: not defined.
        n: how many items there are.
        clusters: how many clusters they fall into; None where no two items share a group.
        binary: whether every score is 0 or 1, with one answer an item and no clusters.
        df: degrees of freedom; 0 where the standard error is not defined.
    """

    value: float
    std_err: float | None
    n: int
    clusters: int | None
    binary: bool
    df: float


def level(columns: Columns, scenario: str, metric: str) -> Level | None:
    """The level of a metric; None where the run does not have it."""
    series = columns.series.get((scenario, metric))
    if series is None or not len(series.rows):
        return None
    identities = keys.identities(columns, told_apart=len(columns.suites) > 1)
    numbers = keys.numbered(identities.take(series.rows, axis=0))
    found = answers(order_of(numbers, series.rows, columns), series.values)
    clusters = clusters_of(columns.groups[found.rows])
    count = None if clusters is None else int(clusters.max()) + 1
    n = len(found.means)
    if not found.usable.all():
        return Level(value=math.nan, std_err=None, n=n, clusters=count, binary=False, df=0)
    std_err = std_errors.of_mean(found.means, clusters)
    if std_err is not None and std_err < _ROUNDING * float(np.abs(found.means).max()):
        std_err = 0.0
    single = found.counts is None and clusters is None
    return Level(
        value=magnitudes.mean(found.means),
        std_err=std_err,
        n=n,
        clusters=count,
        binary=single and bool(np.isin(found.means, (0, 1)).all()),
        df=0 if std_err is None else (n if count is None else count) - 1,
    )


def limits(level: Level, alpha: float) -> tuple[float, float]:
    """The lower and the upper limit of a level, each at confidence 1 - `alpha` on its side; infinite: not defined.

    Of a binary share those of Wilson (1927), else x̄ ± t·SE.
    """
    if level.binary:
        return _wilson(level.value, level.n, alpha)
    if level.std_err is None:
        return -math.inf, math.inf
    if level.std_err == 0:
        return _of_equal_scores(level, alpha)
    width = quantile(alpha, level.df) * level.std_err
    return level.value - width, level.value + width


def _wilson(share: float, n: int, alpha: float) -> tuple[float, float]:
    """(p + z²/2n ± z·√(p(1-p)/n + z²/4n²)) / (1 + z²/n)."""
    z = quantile(alpha, math.inf)
    middle = share + z * z / (2 * n)
    width = z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return max(0.0, (middle - width) / (1 + z * z / n)), min(1.0, (middle + width) / (1 + z * z / n))


def _of_equal_scores(level: Level, alpha: float) -> tuple[float, float]:
    """Of scores that are all the same, as far as 0 to 1 reaches: with n of them, a share of 1 - α^(1/n) may be others.

    That is the exact limit of a binomial share of which none was seen (Clopper and Pearson 1934); of clusters that are
    all the same it is that of clusters. Outside of 0 to 1 nothing is known of what else a score could be.
    """
    if not 0 <= level.value <= 1:
        return -math.inf, math.inf
    others = -math.expm1(math.log(alpha) / (level.df + 1))
    return level.value * (1 - others), level.value + (1 - level.value) * others
