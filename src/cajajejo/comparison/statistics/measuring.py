"""What the pairs of one metric say: estimate, standard error, intervals and p-values, by the kind of the scores.

Scores of 0 or 1, with one answer an item and no groups, are counted: McNemar's test, the interval of Bonett and Price.
All others are graded: t intervals with standard errors by cluster, and the sign-flip test of what is independent.
"""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from cajajejo.comparison.statistics import intervals, magnitudes, power, significance, std_errors
from cajajejo.comparison.statistics.sign_flips import flip_signs
from cajajejo.comparison.values import Estimate

if TYPE_CHECKING:
    from cajajejo.comparison.paired import Floats, Ints, Paired
    from cajajejo.comparison.values import Criteria, Interval

_FEW: Final = 50
_STRONG_SKEWNESS: Final = 1.0


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class _Sample:
    """The differences as they are judged; `units` of them are independent: clusters, or pairs."""

    differences: Floats
    finite: bool
    clusters: Ints | None
    units: int
    binary: bool


@dataclass(frozen=True, slots=True)
class _Variation:
    """What makes differences vary: ω² of the items, and the variance of what is answered to the same item."""

    spread: float
    noise: float
    more_repeats_help: bool | None


def measure(paired: Paired, criteria: Criteria, seed: int = 0) -> Estimate | None:
    """What the pairs say of B - A, judged by nothing yet; None where there is no pair.

    What is drawn at random depends on `seed` and on that of the pairs. Where differences are beyond what numbers can
    be, all that rests on them is not defined, and the difference is the largest number there is.
    """
    if not paired.a.size:
        return None
    sample = _sample(paired)
    described = _described(paired, sample, _score_range(paired, criteria))
    if sample.binary:
        return _counted(described, criteria.alpha)
    if not sample.finite:
        return described
    width = _width(paired, described.score_range)
    return _graded(described, sample, width, criteria.alpha, f"{seed}\0".encode() + paired.seed)


def _sample(paired: Paired) -> _Sample:
    with np.errstate(over="ignore"):  # what is too large is told by not being finite
        differences = paired.differences
    count = paired.a.size if paired.clusters is None else int(paired.clusters.max()) + 1
    clusters = paired.clusters if count < paired.a.size else None
    return _Sample(
        differences=differences,
        finite=bool(np.isfinite(differences).all()),
        clusters=clusters,
        units=count,
        binary=clusters is None and _is_binary(paired),
    )


def _is_binary(paired: Paired) -> bool:
    """Whether every score is 0 or 1, the only answer to its item."""
    alone = all(repeats is None or bool((repeats == 1).all()) for repeats in (paired.repeats_a, paired.repeats_b))
    return alone and all(bool(((scores == 0) | (scores == 1)).all()) for scores in (paired.a, paired.b))


def _described(paired: Paired, sample: _Sample, limits: tuple[float, float] | None) -> Estimate:
    """All but what is inferred: intervals and p-values."""
    d, clusters, n = sample.differences, sample.clusters, paired.a.size
    a, b = magnitudes.mean(paired.a), magnitudes.mean(paired.b)
    up, down = int(np.count_nonzero(d > 0)), int(np.count_nonzero(d < 0))
    variation = _variation(paired, sample)
    return Estimate(
        pairs=n,
        clusters=None if clusters is None else sample.units,
        binary=sample.binary,
        a=a,
        b=b,
        difference=magnitudes.mean(d) if sample.finite else _within_numbers(b - a),
        std_err=std_errors.of_mean(d, clusters) if sample.finite else None,
        std_err_miller=std_errors.miller(d, clusters) if sample.finite and clusters is not None else None,
        std_err_unpaired=std_errors.unpaired(paired.a, paired.b, clusters),
        df=float(sample.units - 1),
        interval=None,
        gate_interval=None,
        p_value=None,
        test="not defined",
        p_exact=None,
        p_t=None,
        up=up,
        down=down,
        minimum_detectable_effect=None,
        discordant=(up + down) / n,
        spread=variation.spread,
        noise=variation.noise,
        more_repeats_help=variation.more_repeats_help,
        skewed=False,
        score_range=limits,
    )


def _counted(described: Estimate, alpha: float) -> Estimate:
    """With what is inferred from counts of discordant pairs."""
    down, up, n = described.down, described.up, described.pairs
    return replace(
        described,
        difference=(up - down) / n,
        std_err_unpaired=std_errors.unpaired_shares(described.a, described.b, n),
        df=math.inf,
        interval=intervals.bonett_price(down, up, n, alpha),
        gate_interval=intervals.bonett_price(down, up, n, 2 * alpha),
        p_value=significance.mcnemar_mid_p(down, up),
        test="McNemar mid-p",
        p_exact=significance.mcnemar_exact(down, up),
        minimum_detectable_effect=_detectable(described.std_err, math.inf, alpha),
    )


def _graded(described: Estimate, sample: _Sample, width: float, alpha: float, key: bytes) -> Estimate:
    """With what is inferred from the sizes of the differences; `width` is R of the rule of three."""
    units = _units(sample)
    flipped = flip_signs(units, alpha, key)
    std_err, df = described.std_err, described.df
    return replace(
        described,
        interval=_interval(described, sample.units, width, alpha),
        gate_interval=_interval(described, sample.units, width, 2 * alpha),
        p_value=flipped.p_value,
        test=flipped.name,
        p_t=significance.t_test(described.difference, std_err, df) if std_err else None,
        minimum_detectable_effect=_detectable(std_err, df, alpha),
        skewed=units.size < _FEW and abs(std_errors.skewness(units)) > _STRONG_SKEWNESS,
    )


def _detectable(std_err: float | None, df: float, alpha: float) -> float | None:
    return None if std_err is None else power.minimum_detectable_effect(std_err, df, alpha)


def _units(sample: _Sample) -> Floats:
    """What is independent of the rest, over a power of two: differences, or their sums by cluster."""
    small, _ = magnitudes.scaled(sample.differences)
    return small if sample.clusters is None else std_errors.cluster_sums(small, sample.clusters)


def _interval(described: Estimate, units: int, width: float, alpha: float) -> Interval | None:
    if described.std_err is None:
        return None
    if described.std_err == 0 and described.difference == 0:
        return intervals.rule_of_three(units, width, alpha)
    return intervals.about(described.difference, described.std_err, described.df, alpha)


def _score_range(paired: Paired, criteria: Criteria) -> tuple[float, float] | None:
    if criteria.score_range is not None:
        return criteria.score_range
    lowest, highest = _extremes(paired)
    return (0.0, 1.0) if lowest >= 0 and highest <= 1 else None


def _width(paired: Paired, limits: tuple[float, float] | None) -> float:
    """R, the highest score less the lowest that there can be; or that there is, where that is more or all we know."""
    lowest, highest = _extremes(paired)
    return highest - lowest if limits is None else max(highest, limits[1]) - min(lowest, limits[0])


def _extremes(paired: Paired) -> tuple[float, float]:
    """The lowest and the highest score of both runs, in a pair or not."""
    every = [scores for scores in (paired.a, paired.b, paired.unmatched_a, paired.unmatched_b) if scores.size]
    return min(float(scores.min()) for scores in every), max(float(scores.max()) for scores in every)


def _variation(paired: Paired, sample: _Sample) -> _Variation:
    """ω² = Var(d) - (σ_A²/K_A + σ_B²/K_B), at least 0, where the σ² are means of variances within items.

    Of one answer an item σ² is not known, and is part of ω².
    """
    parts = [_noise(paired.noise_a, paired.repeats_a), _noise(paired.noise_b, paired.repeats_b)]
    known = [part for part in parts if part is not None]
    noise = _within_numbers(math.fsum(known))
    whole = std_errors.variance(sample.differences) if sample.finite else math.inf
    spread = _within_numbers(max(whole - noise, 0.0))
    helps = noise > spread
    return _Variation(spread, noise, helps if helps or len(known) == len(parts) else None)


def _noise(variances: Floats | None, repeats: Ints | None) -> float | None:
    """σ²/K, the mean over items; None where it is not known."""
    if variances is None or repeats is None:
        return None
    found = variances / repeats
    return magnitudes.mean(found) if np.isfinite(found).all() else math.inf


def _within_numbers(value: float) -> float:
    """`value`, or the largest number of its sign: what JSON can say."""
    return max(-sys.float_info.max, min(value, sys.float_info.max))
