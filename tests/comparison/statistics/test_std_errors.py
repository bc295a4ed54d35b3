from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from statsmodels.regression.linear_model import OLS

from cajajejo.comparison.statistics import std_errors
from tests.comparison.worked import C2, C3, C4, C12, near, printed

scores = st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=40)


@pytest.mark.parametrize("n", [2, 3, 10, 1000, 100_000])
def test_of_independent_values_it_is_scipys(n: int) -> None:
    values = np.random.default_rng(n).lognormal(size=n)
    assert std_errors.of_mean(values) == near(stats.sem(values))


@pytest.mark.parametrize(("n", "groups"), [(12, 4), (100, 7), (5000, 300), (60, 2)])
def test_of_clusters_it_is_that_of_a_regression_on_a_constant_with_clustered_covariance(n: int, groups: int) -> None:
    generator = np.random.default_rng(groups)
    clusters = generator.permutation(np.concatenate((np.arange(groups), generator.integers(0, groups, n - groups))))
    values = generator.normal(size=n) + generator.normal(size=groups)[clusters]
    regression = OLS(values, np.ones(n)).fit(cov_type="cluster", cov_kwds={"groups": clusters})
    assert std_errors.of_mean(values, clusters) == near(regression.bse[0])


def test_the_worked_clusters() -> None:
    assert C3.clusters is not None
    assert C4.clusters is not None
    assert std_errors.of_mean(C3.differences) == printed(".188025")
    assert std_errors.of_mean(C3.differences, C3.clusters) == printed(".235702")
    assert std_errors.miller(C3.differences, C3.clusters) == printed(".211217")
    assert std_errors.of_mean(C4.differences) == printed(".0350430")
    assert std_errors.of_mean(C4.differences, C4.clusters) == printed(".0791582")


def test_the_worked_repeats_count_once_an_item() -> None:
    assert std_errors.of_mean(C12.differences) == printed(".159571")


def test_miller_adds_every_two_different_items_of_a_cluster() -> None:
    values, clusters = np.array([1.0, 2.0, 4.0, 8.0, 3.0]), np.array([0, 1, 0, 1, 1])
    deviations = values - 3.6
    pairs = [(0, 2), (1, 3), (1, 4), (3, 4)]
    crossed = sum(2 * deviations[i] * deviations[j] for i, j in pairs)
    expected = math.sqrt(stats.sem(values) ** 2 + crossed / 25)
    assert std_errors.miller(values, clusters) == near(expected)


@given(scores)
def test_clusters_of_one_are_independent_values(values: list[float]) -> None:
    array = np.array(values)
    alone = std_errors.of_mean(array)
    assert std_errors.of_mean(array, np.arange(array.size)) == alone
    assert std_errors.miller(array, np.arange(array.size)) == near(alone, rel=1e-7)


@given(scores, st.integers(-900, 900))
def test_it_grows_with_the_scale_of_the_values_however_large_or_small(values: list[float], exponent: int) -> None:
    array = np.array([value if abs(value) > 1e-3 else 0.0 for value in values])
    clusters = np.arange(array.size) // 2
    for found, scaled in [
        (std_errors.of_mean(array), std_errors.of_mean(np.ldexp(array, exponent))),
        (std_errors.of_mean(array, clusters), std_errors.of_mean(np.ldexp(array, exponent), clusters)),
    ]:
        assert scaled == (None if found is None else math.ldexp(found, exponent))


def test_a_million_values_far_from_zero_lose_no_digits() -> None:
    values = np.resize([1e9, 1e9 + 1], 1_000_000)
    assert std_errors.of_mean(values) == near(math.sqrt(0.25 / 999_999), rel=1e-12)


@pytest.mark.parametrize("value", [0.1, 0.7 - 0.6, 1e308, 5e-324, -3.3])
@pytest.mark.parametrize("n", [2, 3, 7, 1000])
def test_of_equal_values_it_is_zero_exactly(value: float, n: int) -> None:
    assert std_errors.of_mean(np.full(n, value)) == 0


def test_of_one_value_or_one_cluster_it_is_not_defined() -> None:
    assert std_errors.of_mean(np.array([0.3])) is None
    assert std_errors.of_mean(np.array([0.3, 0.4]), np.zeros(2, np.int64)) is None
    assert std_errors.miller(np.array([0.3]), np.zeros(1, np.int64)) is None
    assert std_errors.unpaired(np.array([0.3]), np.array([0.5])) is None
    assert std_errors.unpaired_shares(1.0, 0.0, 1) is None


def test_what_is_larger_than_a_number_can_be_is_not_defined() -> None:
    assert std_errors.of_mean(np.array([-1.7e308, 1.7e308])) == near(1.7e308)
    assert std_errors.unpaired(np.array([-1.7e308, 1.7e308]), np.array([-1.7e308, 1.7e308])) is None
    assert std_errors.variance(np.array([-1e200, 1e200])) == math.inf


def test_unpaired_is_that_of_welchs_test() -> None:
    welch = stats.ttest_ind(C2.b, C2.a, equal_var=False)
    expected = (C2.b.mean() - C2.a.mean()) / welch.statistic
    assert std_errors.unpaired(C2.a, C2.b) == near(expected)
    assert welch.pvalue == printed(".548534")


def test_unpaired_shares_have_the_variance_of_a_share() -> None:
    assert std_errors.unpaired_shares(390 / 500, 376 / 500, 500) == printed(".0267618")


def test_unpaired_keeps_the_clusters() -> None:
    clusters = np.array([0, 0, 1, 1, 2, 2])
    a, b = np.array([0.1, 0.2, 0.8, 0.9, 0.5, 0.4]), np.array([0.3, 0.2, 0.7, 0.9, 0.1, 0.2])
    of_a, of_b = (OLS(x, np.ones(6)).fit(cov_type="cluster", cov_kwds={"groups": clusters}).bse[0] for x in (a, b))
    assert std_errors.unpaired(a, b, clusters) == near(math.hypot(of_a, of_b))


@pytest.mark.parametrize("scale", [1.0, 1e-200, 1e200])
def test_variance_and_skewness_are_those_of_scipy(scale: float) -> None:
    values = np.random.default_rng(5).exponential(size=40)
    assert std_errors.skewness(values * scale) == near(stats.skew(values), rel=1e-9)
    assert std_errors.variance(values) == near(np.var(values, ddof=1), rel=1e-12)


def test_one_value_has_no_variance_and_equal_ones_no_skewness() -> None:
    assert std_errors.variance(np.array([0.3])) == 0
    assert std_errors.skewness(np.array([0.1, 0.1, 0.1])) == 0


def test_sums_of_clusters() -> None:
    sums = std_errors.cluster_sums(np.array([1.0, 2.0, 4.0]), np.array([1, 0, 1]))
    assert sums.tolist() == [2.0, 5.0]
    assert sums.dtype == np.float64
