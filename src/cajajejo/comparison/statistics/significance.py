"""p-values of no difference, two-sided, that hold far out in the tails and for millions of pairs."""

from __future__ import annotations

import math

from scipy.special import betainc, ndtr, stdtr


def mcnemar_exact(down: int, up: int) -> float:
    """McNemar's (1947) exact p-value of two counts of discordant pairs, m the smaller, n both: min(1, 2 · P(X ≤ m)).

    X is binomial with n and ½: without a difference each discordant pair goes either way.
    """
    return min(1.0, 2 * _at_most(min(down, up), down + up))


def mcnemar_mid_p(down: int, up: int) -> float:
    """The same less the probability of m itself, 2 · P(X ≤ m) - P(X = m) = P(X ≤ m) + P(X < m); 1 where both are equal.

    It keeps the level nearly always (Fagerland, Lydersen and Laake 2013) where the exact one is far below it.
    """
    return min(1.0, _at_most(min(down, up), down + up) + _at_most(min(down, up) - 1, down + up))


def t_test(difference: float, std_err: float, df: float) -> float:
    """The p-value of t = d̄ / SE, SE above 0; of infinite degrees of freedom that of z."""
    t = -abs(difference / std_err)
    return 2 * float(ndtr(t) if math.isinf(df) else stdtr(df, t))


def _at_most(m: int, n: int) -> float:
    """P(X ≤ m) of a binomial X with n and ½, which is I_½(n - m, m + 1).

    scipy.special.bdtr would be wrong in the third digit for n of ten million.
    """
    if m < 0:
        return 0.0
    return 1.0 if m >= n else float(betainc(n - m, m + 1, 0.5))
