from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.power import NormalIndPower

from cajajejo.comparison.statistics import power
from cajajejo.comparison.statistics.intervals import bonett_price
from cajajejo.comparison.statistics.measuring import measure
from cajajejo.comparison.values import Criteria, Estimate
from tests.comparison.worked import C1, C2, C4, C5_FEW, C12, C13, differing, near, pairs, printed


def measured(paired: object) -> Estimate:
    found = measure(paired, Criteria())  # type: ignore[arg-type]  # all are Paired
    assert found is not None
    return found


@pytest.mark.parametrize(("discordant", "difference", "expected"), C13)
def test_the_worked_plans(discordant: float, difference: float, expected: int) -> None:
    assert power.pairs_for_shares(discordant, difference, alpha=0.05) == expected


@pytest.mark.parametrize("wanted", [0.8, 0.9])
def test_plans_of_graded_scores_are_those_of_statsmodels(wanted: float) -> None:
    exact = NormalIndPower(ddof=0).solve_power(0.1 / 0.7, alpha=0.01, power=wanted, ratio=0)
    assert power.pairs_for_scores(0.49, 0.1, alpha=0.01, power=wanted) == math.ceil(exact)


def test_the_worked_effect_that_is_seen() -> None:
    assert power.minimum_detectable_effect(math.sqrt(33.608 / 499 / 500), math.inf, 0.05) == printed(".0325155")


@pytest.mark.parametrize("df", [7, 39, 499])
def test_the_effect_is_seen_with_the_power_that_is_said(df: int) -> None:
    effect = power.minimum_detectable_effect(1.0, df, 0.05)
    assert effect is not None
    assert stats.nct.sf(stats.t.isf(0.025, df), df, effect) == near(0.8, abs=0.01)


def test_of_a_standard_error_of_zero_or_beyond_numbers_no_effect_is_told() -> None:
    assert power.minimum_detectable_effect(0.0, 9, 0.05) is None
    assert power.minimum_detectable_effect(1e308, 1, 0.05) is None


@pytest.mark.parametrize(
    ("delta", "expected"), [(0.005, 464), (0.01, 231), (0.02, 115), (0.03, 76), (0.05, 45), (2.0, 1)]
)
def test_the_fewest_pairs_that_show_equality(delta: float, expected: int) -> None:
    assert power.smallest_equal(delta, 0.05) == expected


@pytest.mark.parametrize("delta", [0.003, 0.01, 0.047])
@pytest.mark.parametrize("alpha", [0.05, 0.01])
def test_one_pair_fewer_than_the_fewest_does_not_show_equality(delta: float, alpha: float) -> None:
    fewest = power.smallest_equal(delta, alpha)
    enough, too_few = (bonett_price(0, 0, n, 2 * alpha) for n in (fewest, fewest - 1))
    assert enough is not None
    assert too_few is not None
    assert enough.upper < delta <= too_few.upper


def test_next_to_no_tolerance_takes_more_pairs_than_there_are() -> None:
    assert power.smallest_equal(1e-320, 0.05) > 10**18
    assert power.pairs_for_scores(1.0, 1e-300, alpha=0.05) > 10**18


def test_pairs_needed_of_counted_pairs_follow_from_the_share_that_differs() -> None:
    assert power.pairs_needed(measured(C1), -0.02, alpha=0.05) == power.pairs_for_shares(0.068, 0.02, alpha=0.05)
    assert power.pairs_needed(measured(C1), 0.02, alpha=0.05) == 1332


def test_a_difference_needs_as_many_discordant_pairs_as_it_is_large() -> None:
    found = power.pairs_for_shares(0.01, 0.1, alpha=0.05)
    z, z_power = stats.norm.isf(0.025), stats.norm.isf(0.2)
    assert found == math.ceil((z * math.sqrt(0.1) + z_power * math.sqrt(0.1 - 0.01)) ** 2 / 0.01)
    assert power.pairs_for_shares(0.5, 1.0, alpha=0.05) == 4


def test_pairs_needed_of_graded_pairs_follow_from_their_variance() -> None:
    z = stats.norm.isf(0.025) + stats.norm.isf(0.2)
    expected = math.ceil(z**2 * np.var(C2.differences, ddof=1) / 0.01**2)
    assert power.pairs_needed(measured(C2), 0.01, alpha=0.05) == expected == 50


def test_pairs_needed_with_repeats_are_at_least_what_their_noise_needs() -> None:
    found = measured(C12)
    noise = (1 / 4 + 1 / 6) / 3
    assert (found.spread, found.noise) == (0.0, near(noise))
    assert power.pairs_needed(found, 0.1, alpha=0.05) == power.pairs_for_scores(found.noise, 0.1, alpha=0.05)


def test_pairs_needed_of_clusters_of_the_same_sizes() -> None:
    needed = power.pairs_needed(measured(C4), 0.175, alpha=0.05)
    assert needed == math.ceil((stats.norm.isf(0.025) + stats.norm.isf(0.2)) ** 2 * 200 * (0.07915824 / 0.175) ** 2)


@pytest.mark.parametrize(
    ("estimate", "difference"),
    [
        (measured(C5_FEW), 0.01),
        (measured(differing([0.5])), 0.01),
        (measured(pairs([0.5, 0.25], [0.25, 0.0])), 0.01),
        (measured(C1), 0.0),
    ],
    ids=["no pair differs", "one pair", "all differ alike", "a difference of nothing"],
)
def test_pairs_that_do_not_tell_how_much_pairs_differ_need_no_number(estimate: Estimate, difference: float) -> None:
    assert power.pairs_needed(estimate, difference, alpha=0.05) is None


def test_pairs_needed_are_one_at_least() -> None:
    tiny = replace(measured(C2), spread=1e-9)
    assert power.pairs_needed(tiny, 1.0, alpha=0.05) == 1


def test_an_interval_that_narrows_as_the_pairs_do_is_within_a_tolerance_at_last() -> None:
    assert power.smallest_within(0.2, 15, 0.05) == 61
    assert power.smallest_within(0.2, 15, 5e-324) > 10**18
    assert power.smallest_within(1e308, 15, 0.05) > 10**18


def test_pairs_needed_of_clusters_are_told_where_the_square_of_the_error_is_beyond_all_numbers() -> None:
    huge = replace(measured(C1), binary=False, clusters=8, std_err=1e200)
    assert power.pairs_needed(huge, 1.0, alpha=0.05) == 2**62


@pytest.mark.parametrize("size", [1e-250, 1.0, 1e154, 1e250])
@pytest.mark.parametrize("clustered", [True, False])
def test_scores_of_any_size_need_as_many_pairs(size: float, *, clustered: bool) -> None:
    generator = np.random.default_rng(5)
    a, b = generator.normal(0, 1, (2, 40))
    clusters = np.arange(40) // 2 if clustered else None
    found = measured(replace(pairs(a * size, b * size), clusters=clusters))
    plain = measured(replace(pairs(a, b), clusters=clusters))
    assert power.pairs_needed(found, 0.3 * size, alpha=0.05) == power.pairs_needed(plain, 0.3, alpha=0.05)
