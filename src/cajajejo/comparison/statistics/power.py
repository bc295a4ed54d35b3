"""What a comparison can see, and how many pairs it takes; about the design, never about what was found."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from cajajejo.comparison.statistics.intervals import quantile

if TYPE_CHECKING:
    from cajajejo.comparison.values import Estimate

POWER: Final = 0.8
_MOST: Final = 2**62
"""More pairs than anyone has: what is said where a tolerance is next to nothing."""
_ROUNDING: Final = 1e-12


def minimum_detectable_effect(std_err: float, df: float, alpha: float, power: float = POWER) -> float | None:
    """The difference that a test at level α sees with that power, (t_{1-α/2,df} + t_{power,df}) · SE (Bloom 1995).

    None where SE is 0, since what has not varied yet does not tell what can be seen, or where it is too large.
    """
    effect = (quantile(alpha / 2, df) + quantile(1 - power, df)) * std_err
    return effect if effect and math.isfinite(effect) else None


def pairs_needed(estimate: Estimate, difference: float, *, alpha: float, power: float = POWER) -> int | None:
    """How many pairs like these it takes to see `difference`; None where they do not tell how much pairs differ.

    Where there are clusters: how many in clusters of the same sizes. Else n · SE² is ω² and what repeats add, which
    is no less than what they add alone.
    """
    difference = abs(difference)
    if not estimate.std_err or not difference:
        return None
    if estimate.binary:
        return pairs_for_shares(estimate.discordant, difference, alpha=alpha, power=power)
    error = estimate.std_err / difference  # squares of scores themselves may be too large
    variance = estimate.pairs * error * error
    if estimate.clusters is None:
        variance = max(variance, estimate.noise / difference / difference)
    return pairs_for_scores(variance, 1.0, alpha=alpha, power=power)


def pairs_for_shares(discordant: float, difference: float, *, alpha: float, power: float = POWER) -> int:
    """How many pairs of right or wrong answers it takes to see a difference of d > 0, p_d of them discordant.

    n = (z_{1-α/2} · sqrt(p_d) + z_{power} · sqrt(p_d - d²))² / d²   (Connett, Smith and McHugh 1987)

    A difference of d needs a share d of discordant pairs: fewer count as that many.
    """
    share = max(discordant, difference)
    rest = max(share - difference**2, 0.0)
    z = quantile(alpha / 2, math.inf) * math.sqrt(share) + quantile(1 - power, math.inf) * math.sqrt(rest)
    return _squared(z / difference)


def pairs_for_scores(variance: float, difference: float, *, alpha: float, power: float = POWER) -> int:
    """How many pairs of graded answers it takes to see a difference of δ > 0: n = (z_{1-α/2} + z_{power})² σ² / δ².

    σ² = ω² + σ_A²/K_A + σ_B²/K_B: the variance of the true differences of items, and that of K answers to each.
    """
    z = quantile(alpha / 2, math.inf) + quantile(1 - power, math.inf)
    return _squared(z * math.sqrt(variance) / difference)


def smallest_equal(delta: float, alpha: float) -> int:
    """The smallest n at which n pairs of equal right or wrong answers show a difference below δ > 0.

    The interval of Bonett and Price at 1 - 2α lies within (-δ, δ) where n > z_{1-α} · sqrt(2) / δ - 2.
    """
    bound = quantile(alpha, math.inf) * math.sqrt(2) / delta - 2
    return max(math.floor(min(bound, _MOST)) + 1, 1)


def smallest_within(half_width: float, pairs: int, delta: float) -> int:
    """The smallest n at which an interval that is so wide with `pairs`, and narrows as 1/n, lies within (-δ, δ)."""
    return math.floor(min(half_width * pairs / delta * (1 + _ROUNDING), _MOST)) + 1


def _squared(root: float) -> int:
    """The square as a whole number of pairs, one at least; ** would refuse what is too large."""
    return max(math.ceil(min(root * root, _MOST)), 1)
