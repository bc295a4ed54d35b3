from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from scipy import stats

from cajajejo.metrics.judgement.trends import Trend, trend, trending
from tests.metrics.builders import H10, H20
from tests.metrics.judgement.worked_bounds import RISING


def test_a_slope_and_its_t_are_those_worked_by_hand() -> None:
    found = trend(RISING)
    assert (round(found.slope, 6), round(found.t, 6)) == (0.100606, 8.665129)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        pytest.param(RISING, True, id="rises"),
        pytest.param([-value for value in RISING], True, id="falls"),
        pytest.param(RISING[:9], False, id="rises, too few runs"),
        pytest.param(H10, False, id="stays"),
        pytest.param(H20, False, id="stays for longer"),
        pytest.param([0.75] * 30, False, id="constant"),
        pytest.param(range(10), True, id="a perfect line"),
        pytest.param([0.0] * 9 + [1.0], False, id="one spike"),
        pytest.param([0.0, 1.0] * 10, False, id="up and down"),
    ],
)
def test_a_metric_is_trending_where_its_slope_is_clear(values: list[float], *, expected: bool) -> None:
    assert trending(values) is expected


@pytest.mark.parametrize("values", [[], [1.0], [1.0, 2.0], [0.5] * 12], ids=["none", "one", "two", "equal ones"])
def test_without_a_slope_there_is_no_trend(values: list[float]) -> None:
    assert trend(values) == Trend(0.0, 0.0)


def test_a_perfect_line_has_no_error() -> None:
    assert trend([3.0, 2.0, 1.0]) == Trend(-1.0, -math.inf)


@given(st.lists(st.floats(-1e3, 1e3).map(lambda value: round(value, 3)), min_size=3, max_size=40))
def test_a_trend_is_that_of_another_library(values: list[float]) -> None:
    line = stats.linregress(range(len(values)), values)
    found = trend(values)
    assert found.slope == pytest.approx(line.slope, rel=1e-9, abs=1e-9)
    if line.stderr > 1e-6:
        assert found.t == pytest.approx(line.slope / line.stderr, rel=1e-6, abs=1e-6)


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), max_size=40))
@example([1.7976931348623157e308, -1.7976931348623157e308, 1.0] * 4)
@example([0.0] * 9 + [5e-324])
def test_any_values_have_a_trend_and_reversed_the_opposite_one(values: list[float]) -> None:
    found, reverse = trend(values), trend(values[::-1])
    assert not math.isnan(found.slope)
    assert not math.isnan(found.t)
    if abs(found.t) < 1e6:
        assert reverse.t == pytest.approx(-found.t, rel=1e-6, abs=1e-6)


def test_noise_trends_once_in_a_thousand_series() -> None:
    noise = np.random.default_rng(7).normal(size=(10_000, 20))
    expected = 10_000 * 2 * stats.t.sf(4, 18)
    assert sum(trending(row) for row in noise.tolist()) == pytest.approx(expected, abs=3 * expected**0.5)
