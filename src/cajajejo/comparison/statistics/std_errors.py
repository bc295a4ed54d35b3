"""Standard errors of means and of mean differences: of independent items, of clusters, and of unpaired runs."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from cajajejo.comparison.statistics import magnitudes

if TYPE_CHECKING:
    from cajajejo.comparison.paired import Floats, Ints


def of_mean(values: Floats, clusters: Ints | None = None) -> float | None:
    """The standard error of the mean x̄ of n `values`; None: not defined, of one value, of one cluster, or too large.

    Independent values, s with n - 1::

        SE² = s² / n

    Values in G clusters, of which each has a number from 0 (Liang and Zeger 1986, with the correction of CR1)::

        SE² = G/(G-1) · 1/n² · Σ_g (Σ_{i in g} (x_i - x̄))²

    Where every value is a cluster of its own the two are the same.
    """
    n = values.size
    deviations, exponent = _deviations(values)
    sums = deviations if clusters is None else cluster_sums(deviations, clusters)
    count = sums.size
    if count < 2:  # noqa: PLR2004  # of one nothing can be told
        return None
    return _finite(magnitudes.restored(math.sqrt(count / (count - 1) * float(sums @ sums)) / n, exponent))


def miller(values: Floats, clusters: Ints) -> float | None:
    """The clustered standard error of the mean as Miller (2024), *Adding error bars to evals*, has it; None as above.

    ::

        SE² = s²/n + 1/n² · Σ_g Σ_{i≠j in g} (x_i - x̄)(x_j - x̄)

    It lacks G/(G-1), and is too small where clusters are few.
    """
    n = values.size
    if n < 2:  # noqa: PLR2004  # s is not defined
        return None
    deviations, exponent = _deviations(values)
    sums = cluster_sums(deviations, clusters)
    squares = float(deviations @ deviations)
    variance = squares / (n - 1) / n + (float(sums @ sums) - squares) / n**2
    return _finite(magnitudes.restored(math.sqrt(max(variance, 0.0)), exponent))


def unpaired(a: Floats, b: Floats, clusters: Ints | None = None) -> float | None:
    """The standard error of mean(b) - mean(a), were the items of the two not the same: sqrt(SE_a² + SE_b²)."""
    of_a, of_b = of_mean(a, clusters), of_mean(b, clusters)
    return None if of_a is None or of_b is None else _finite(math.hypot(of_a, of_b))


def unpaired_shares(a: float, b: float, n: int) -> float | None:
    """The same for the shares `a` and `b` of n items each: sqrt((a(1-a) + b(1-b)) / n); None where n is 1."""
    return None if n < 2 else math.sqrt((a * (1 - a) + b * (1 - b)) / n)  # noqa: PLR2004


def variance(values: Floats) -> float:
    """s² with n - 1; 0 of one value, infinite where it is too large."""
    deviations, exponent = _deviations(values)
    return magnitudes.restored(float(deviations @ deviations) / max(values.size - 1, 1), 2 * exponent)


def skewness(values: Floats) -> float:
    """m3 / m2^1.5, of the central moments with n; 0 where all values are the same."""
    deviations, _ = magnitudes.scaled(_deviations(values)[0])
    second = float(np.mean(deviations**2))
    return float(np.mean(deviations**3)) / second**1.5 if second else 0.0


def cluster_sums(values: Floats, clusters: Ints) -> Floats:
    """The sum of the values of each cluster; 0 where they cancel each other but for rounding."""
    sums = np.bincount(clusters, weights=values)
    sizes = np.bincount(clusters, weights=np.abs(values))
    return np.where(np.abs(sums) <= magnitudes.ROUNDING * sizes, 0.0, sums).astype(np.float64, copy=False)


def _deviations(values: Floats) -> tuple[Floats, int]:
    """x_i - x̄ over a power of two, and its exponent."""
    small, exponent = magnitudes.scaled(values)
    return small - magnitudes.mean(small), exponent


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
