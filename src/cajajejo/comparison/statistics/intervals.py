"""Confidence intervals of a mean difference; α is what an interval misses on both sides together."""

from __future__ import annotations

import math

from scipy.special import ndtri, stdtrit

from cajajejo.comparison.values import Interval


def quantile(alpha: float, df: float) -> float:
    """t_{1-α,df}; of infinite degrees of freedom the normal z_{1-α}."""
    return -float(ndtri(alpha) if math.isinf(df) else stdtrit(df, alpha))


def about(difference: float, std_err: float, df: float, alpha: float) -> Interval | None:
    """d̄ ± t_{1-α/2,df} · SE; None where it is beyond what numbers can be, or α is not below 1."""
    return around(difference, quantile(alpha / 2, df) * std_err, alpha)


def bonett_price(down: int, up: int, n: int, alpha: float) -> Interval | None:
    """The interval of (up - down) / n, where `up` of n items are right only in B and `down` only in A.

    With p₁ = (up + 1)/(n + 2) and p₂ = (down + 1)/(n + 2), within ±1 (Bonett and Price 2012)::

        p₁ - p₂ ± z_{1-α/2} · sqrt((p₁ + p₂ - (p₁ - p₂)²) / (n + 2))

    Unlike Wald's it has a width where no item differs, and covers what it says where few do.
    """
    first, second = (up + 1) / (n + 2), (down + 1) / (n + 2)
    centre = first - second
    half = quantile(alpha / 2, math.inf) * math.sqrt((first + second - centre**2) / (n + 2))
    return around(centre, half, alpha, limit=1.0)


def rule_of_three(units: int, width: float, alpha: float) -> Interval | None:
    """The interval where all `units` are without a difference: 0 ± 3R/n at 95 %, 2.3R/n at 90 %; `width` is R.

    The share of items that differ is below -ln(α)/n with confidence 1 - α, rounded as the rule is known by (Hanley
    and Lippman-Hand 1983), and none differs by more than R, the highest score less the lowest. None where R is 0.
    """
    share = min(1.0, round(-math.log(alpha), 1) / units)
    return around(0.0, share * width, alpha) if width > 0 else None


def around(centre: float, half: float, alpha: float, *, limit: float = math.inf) -> Interval | None:
    """The interval centre ± half, within ±`limit`; None where it is not finite, or α is not below 1."""
    lower, upper = max(centre - half, -limit), min(centre + half, limit)
    if alpha >= 1 or not (math.isfinite(lower) and math.isfinite(upper)):
        return None
    return Interval(lower, upper, round(1 - alpha, 12))  # 1 - 2α of 0.95 is 0.8999…
