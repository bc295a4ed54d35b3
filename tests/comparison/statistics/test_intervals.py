from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import optimize, stats
from statsmodels.stats.weightstats import DescrStatsW

from cajajejo.comparison.statistics import intervals
from cajajejo.comparison.values import Interval
from tests.comparison.worked import interval, near, printed


def limits(found: Interval | None) -> tuple[float, float]:
    assert found is not None
    return found.lower, found.upper


@pytest.mark.parametrize("alpha", [0.5, 0.1, 0.05, 0.025, 1e-4, 1e-15])
@pytest.mark.parametrize("df", [1, 3, 39, 499, 999_999, math.inf])
def test_quantiles_are_those_of_scipy(alpha: float, df: float) -> None:
    expected = stats.norm.isf(alpha) if math.isinf(df) else stats.t.isf(alpha, df)
    assert intervals.quantile(alpha, df) == near(expected, abs=1e-12)


def test_the_worked_quantiles() -> None:
    assert intervals.quantile(0.025, 3) == printed("3.18245")
    assert intervals.quantile(0.05, math.inf) == printed("1.644854")


@pytest.mark.parametrize(
    ("difference", "std_err", "df", "alpha", "expected"),
    [
        (-0.035, 0.008864052604, 7, 0.05, ("-.0559602", "-.0140398")),
        (-0.035, 0.008864052604, 7, 0.10, ("-.0517936", "-.0182064")),
        (-1 / 3, 0.2357022604, 3, 0.05, ("-1.08344", ".416776")),
        (-0.175, 0.07915823167, 39, 0.05, ("-.335113", "-.0148874")),
        (-0.004, 0.003, 499, 0.10, ("-.008944", ".000944")),
        (-0.004, 0.0045, 499, 0.10, ("-.011416", ".003416")),
        (-0.012, 0.004, 499, 0.10, ("-.018592", "-.005408")),
        (-0.03, 0.012, 499, 0.10, ("-.049775", "-.010225")),
        (-0.00733333, 0.00514242, math.inf, 0.10, ("-.015792", ".001125")),
    ],
    ids=["C2", "C2 for the gate", "C3", "C4", "C8 equal", "C8 inconclusive", "C9", "C10", "C14"],
)
def test_the_worked_t_intervals(
    difference: float, std_err: float, df: float, alpha: float, expected: tuple[str, str]
) -> None:
    assert limits(intervals.about(difference, std_err, df, alpha)) == interval(*expected)


@pytest.mark.parametrize(("std_err", "expected"), [(0.003, ".023021"), (0.0045, ".091515")], ids=["equal", "not"])
def test_two_one_sided_tests_reject_where_the_interval_at_twice_their_level_reaches_the_tolerance(
    std_err: float, expected: str
) -> None:
    def reach(level: float) -> float:
        return limits(intervals.about(-0.004, std_err, 499, 2 * level))[0] + 0.01

    assert optimize.brentq(reach, 1e-6, 0.49) == printed(expected)


@pytest.mark.parametrize("alpha", [0.1, 0.05, 0.001])
def test_t_intervals_are_those_of_two_other_programs(alpha: float) -> None:
    values = np.random.default_rng(8).normal(0.1, 1, 37)
    found = limits(intervals.about(float(values.mean()), float(stats.sem(values)), 36, alpha))
    assert found == near(DescrStatsW(values).tconfint_mean(alpha), abs=1e-12)
    assert found == near(tuple(stats.ttest_1samp(values, 0).confidence_interval(1 - alpha)), abs=1e-12)


@pytest.mark.parametrize(
    ("down", "up", "n", "alpha", "expected"),
    [
        (24, 10, 500, 0.05, ("-.0511869", "-.00458996")),
        (24, 10, 500, 0.10, ("-.0474412", "-.00833574")),
        (0, 0, 20, 0.05, ("-.125991", ".125991")),
        (0, 0, 1000, 0.05, ("-.00276628", ".00276628")),
        (14, 9, 2000, 0.10, ("-.0066045", ".0016095")),
    ],
    ids=["C1", "C1 for the gate", "C5 few", "C5 many", "C7"],
)
def test_the_worked_intervals_of_shares(down: int, up: int, n: int, alpha: float, expected: tuple[str, str]) -> None:
    assert limits(intervals.bonett_price(down, up, n, alpha)) == interval(*expected)


def test_bonett_and_price_add_half_an_item_to_each_cell_of_walds_interval() -> None:
    n, down, up = 62, 9, 2
    right_in_b, right_in_a = (up + 1) / (n + 2), (down + 1) / (n + 2)
    wald = math.sqrt((right_in_b * (1 - right_in_b) + right_in_a * (1 - right_in_a) + 2 * right_in_a * right_in_b) / 64)
    found = limits(intervals.bonett_price(down, up, n, 0.05))
    centre = right_in_b - right_in_a
    assert found == near((centre - 1.959963984540054 * wald, centre + 1.959963984540054 * wald), abs=1e-12)


def test_intervals_of_shares_stay_within_one() -> None:
    assert limits(intervals.bonett_price(0, 3, 3, 0.001))[1] == 1
    assert limits(intervals.bonett_price(3, 0, 3, 0.001))[0] == -1


@pytest.mark.parametrize(
    ("units", "width", "alpha", "half"),
    [
        (100, 1.0, 0.05, 0.03),
        (100, 1.0, 0.1, 0.023),
        (1000, 5.0, 0.05, 0.015),
        (40, 1.0, 0.01, 0.115),
        (2, 1.0, 0.05, 1),
    ],
    ids=["3 at 95 %", "2.3 at 90 %", "of a range of 5", "4.6 at 99 %", "not more than the range"],
)
def test_the_rule_of_three(units: int, width: float, alpha: float, half: float) -> None:
    assert limits(intervals.rule_of_three(units, width, alpha)) == near((-half, half), abs=1e-12)


def test_without_a_range_the_rule_of_three_says_nothing() -> None:
    assert intervals.rule_of_three(10, 0.0, 0.05) is None


@pytest.mark.parametrize(("alpha", "confidence"), [(0.05, 0.95), (2 * (1 - 0.95), 0.9), (2 * (1 - 0.999), 0.998)])
def test_an_interval_tells_its_confidence_without_what_rounding_left(alpha: float, confidence: float) -> None:
    found = intervals.around(0.0, 1.0, alpha)
    assert found == Interval(-1.0, 1.0, confidence)


@pytest.mark.parametrize("alpha", [1.0, 1.2])
def test_no_confidence_gives_no_interval(alpha: float) -> None:
    assert intervals.about(0.1, 0.1, 9, alpha) is None
    assert intervals.bonett_price(3, 2, 10, alpha) is None
    assert intervals.rule_of_three(10, 1.0, alpha) is None


def test_what_is_beyond_numbers_is_no_interval() -> None:
    assert intervals.about(1e308, 1e308, 1, 0.05) is None
    assert intervals.rule_of_three(10, math.inf, 0.05) is None
