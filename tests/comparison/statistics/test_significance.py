from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from scipy import special, stats
from statsmodels.stats.contingency_tables import mcnemar

from cajajejo.comparison.statistics import significance
from tests.comparison.worked import near, printed

COUNTS = [(24, 10), (5, 0), (6, 0), (14, 9), (7, 7), (45, 10), (1, 0), (0, 3), (300, 241), (1100, 900)]
MANY = [(500_000, 500_000), (501_000, 499_000), (510_000, 490_000), (518_000, 482_000), (4_990_000, 5_010_000)]


@pytest.mark.parametrize(
    ("down", "up", "exact", "mid_p"),
    [
        (24, 10, ".0243065", ".0166738"),
        (45, 10, "2.06e-6", None),
        (9, 2, ".0654297", ".0385742"),
        (5, 0, ".0625", ".03125"),
        (6, 0, ".03125", ".015625"),
        (0, 0, "1", "1"),
    ],
    ids=["C1", "C4 items", "C4 groups", "C6 five", "C6 six", "C5 none"],
)
def test_the_worked_counts(down: int, up: int, exact: str, mid_p: str | None) -> None:
    assert significance.mcnemar_exact(down, up) == printed(exact)
    assert mid_p is None or significance.mcnemar_mid_p(down, up) == printed(mid_p)


@pytest.mark.parametrize(("down", "up"), [*COUNTS, *MANY])
def test_mcnemars_p_is_that_of_two_other_programs(down: int, up: int) -> None:
    found = significance.mcnemar_exact(down, up)
    assert found == near(stats.binomtest(down, down + up, 0.5).pvalue)
    assert found == near(mcnemar([[0, down], [up, 0]], exact=True).pvalue)


@pytest.mark.parametrize(("down", "up"), [*COUNTS, *MANY])
def test_mid_p_lacks_the_probability_of_what_was_found(down: int, up: int) -> None:
    smaller, both = min(down, up), down + up
    expected = 1.0 if down == up else 2 * stats.binom.cdf(smaller, both, 0.5) - stats.binom.pmf(smaller, both, 0.5)
    assert significance.mcnemar_mid_p(down, up) == near(expected)


@pytest.mark.parametrize("n", [1, 2, 9, 10, 61, 400])
def test_both_agree_with_whole_numbers(n: int) -> None:
    for up in range(n + 1):
        m = min(up, n - up)
        below = sum(math.comb(n, i) for i in range(m))
        exact = min(Fraction(1), Fraction(2 * (below + math.comb(n, m)), 2**n))
        mid_p = Fraction(2 * below + math.comb(n, m), 2**n)
        assert significance.mcnemar_exact(n - up, up) == near(float(exact))
        assert significance.mcnemar_mid_p(n - up, up) == near(float(mid_p))


def test_p_of_a_thousand_agreeing_pairs_is_no_zero() -> None:
    assert significance.mcnemar_exact(0, 1000) == near(2.0**-999)
    assert significance.mcnemar_mid_p(1000, 0) == near(2.0**-1000)
    assert significance.mcnemar_exact(0, 10**6) == 0


def test_equally_many_say_nothing_however_many_they_are() -> None:
    for count in (0, 1, 10, 10**6, 10**8):
        assert significance.mcnemar_exact(count, count) == 1
        assert significance.mcnemar_mid_p(count, count) == near(1, abs=1e-12)


def test_the_function_that_would_be_nearer_at_hand_is_wrong_for_millions() -> None:
    m, n = 5_000_000, 10_000_000
    exact = 0.5 + math.exp(math.lgamma(n + 1) - 2 * math.lgamma(m + 1) - n * math.log(2)) / 2
    assert significance._at_most(m, n) == near(exact, abs=1e-9)
    assert abs(special.bdtr(m, n, 0.5) - exact) > 1e-6


@pytest.mark.parametrize(
    ("difference", "std_err", "df", "expected"),
    [
        (-0.035, 0.00886405, 7, ".00554"),
        (-0.175, 0.0791582, 39, ".03299"),
        (-0.012, 0.004, 499, ".002835"),
        (-0.03, 0.012, 499, ".012739"),
        (-0.028, 0.0267618, math.inf, ".29544"),
        (-0.00733333, 0.00514242, math.inf, ".15385"),
    ],
    ids=["C2", "C4", "C9", "C10", "C1 unpaired", "C14"],
)
def test_the_worked_t_tests(difference: float, std_err: float, df: float, expected: str) -> None:
    assert significance.t_test(difference, std_err, df) == printed(expected)


@pytest.mark.parametrize(("n", "shift"), [(2, 0.1), (8, 0.3), (40, -0.2), (5000, 0.01), (100_000, 0.3)])
def test_t_is_that_of_scipy(n: int, shift: float) -> None:
    values = np.random.default_rng(n).normal(shift, 1, n)
    found = significance.t_test(float(values.mean()), float(stats.sem(values)), n - 1)
    assert found == near(stats.ttest_1samp(values, 0).pvalue, rel=1e-9, abs=1e-300)


@pytest.mark.parametrize("df", [1, 3, 39, 999_999])
@pytest.mark.parametrize("t", [0.0, 1e-12, 1.0, 36.0, -36.0, 1e10])
def test_t_far_out_in_the_tails(t: float, df: int) -> None:
    assert significance.t_test(t, 1.0, df) == near(2 * stats.t.sf(abs(t), df), rel=1e-9, abs=1e-300)


def test_t_of_numbers_of_any_size() -> None:
    assert significance.t_test(1e308, 1e-308, 5) == 0
    assert significance.t_test(1e-320, 1e-320, math.inf) == near(2 * stats.norm.sf(1))
