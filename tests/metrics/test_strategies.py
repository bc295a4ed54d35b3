from __future__ import annotations

import math
from fractions import Fraction
from typing import get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cajajejo.metrics.config.collection import Strategy
from cajajejo.metrics.events import Series
from cajajejo.metrics.strategies import final, mean, number, quantile, total

NAN, INF = math.nan, math.inf
STRATEGIES: tuple[Strategy, ...] = get_args(Strategy)
OF_ALL = tuple(strategy for strategy in STRATEGIES if strategy not in {"final", "last_n_average"})


def series(*values: float, wall_times: tuple[float, ...] | None = None) -> Series:
    times = range(len(values)) if wall_times is None else wall_times
    return Series(np.arange(len(values)), np.array(times, np.float64), np.array(values, np.float64))


def same(found: float, expected: float) -> bool:
    return found == expected or (math.isnan(found) and math.isnan(expected))


@pytest.mark.parametrize(
    ("strategy", "expected"),
    [
        ("final", 2.0),
        ("max", 4.0),
        ("min", 1.0),
        ("average", 2.5),
        ("median", 2.5),
        ("p50", 2.5),
        ("p90", 3.7),
        ("p99", 3.97),
        ("last_n_average", 3.0),
    ],
)
def test_a_strategy_makes_one_number_of_a_series(strategy: Strategy, expected: float) -> None:
    assert number(series(1.0, 4.0, 3.0, 2.0), strategy, last_n=3) == pytest.approx(expected, rel=1e-15)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_of_one_point_every_strategy_is_its_value(strategy: Strategy) -> None:
    assert number(series(0.1), strategy, last_n=10) == 0.1


def test_final_goes_by_wall_time_and_the_later_of_two_at_once_counts() -> None:
    assert final(series(1.0, 2.0, 3.0, 4.0, wall_times=(5.0, 9.0, 9.0, 7.0))) == 3.0


@pytest.mark.parametrize(
    ("wall_times", "expected"),
    [((NAN, 1.0, NAN), 2.0), ((NAN, NAN, NAN), 3.0), ((NAN, -INF, -INF), 3.0), ((INF, 1.0, NAN), 1.0)],
    ids=str,
)
def test_a_wall_time_that_is_nan_is_before_all_others(wall_times: tuple[float, ...], expected: float) -> None:
    assert final(series(1.0, 2.0, 3.0, wall_times=wall_times)) == expected


@pytest.mark.parametrize(
    ("count", "expected"), [(1, 3.0), (2, 2.5), (3, 3.0), (4, 2.5), (9, 2.5)], ids=lambda value: f"{value:g}"
)
def test_the_last_points_are_those_with_the_greatest_wall_times(count: int, expected: float) -> None:
    points = series(1.0, 2.0, 3.0, 4.0, wall_times=(5.0, 9.0, 9.0, 7.0))
    assert number(points, "last_n_average", last_n=count) == expected


@pytest.mark.parametrize("values", [(NAN, 1.0, 2.0), (1.0, NAN, 2.0), (1.0, 2.0, NAN)], ids=str)
@pytest.mark.parametrize("strategy", OF_ALL)
def test_a_strategy_over_all_values_is_nan_where_any_is(strategy: Strategy, values: tuple[float, ...]) -> None:
    assert math.isnan(number(series(*values), strategy, last_n=1))


def test_a_strategy_over_the_last_points_is_nan_where_one_of_them_is() -> None:
    points = series(NAN, 1.0, 3.0)
    assert (final(points), number(points, "last_n_average", last_n=2)) == (3.0, 2.0)
    assert math.isnan(number(points, "last_n_average", last_n=3))
    assert math.isnan(final(series(1.0, NAN)))


@pytest.mark.parametrize(
    ("values", "strategy", "expected"),
    [
        ((1.0, INF), "max", INF),
        ((1.0, INF), "min", 1.0),
        ((1.0, INF), "average", INF),
        ((-INF, 1e308, 1e308), "average", -INF),
        ((INF, -INF), "average", NAN),
        ((INF, 1.0, INF, INF), "median", INF),
        ((-INF, -INF, -INF, 5.0), "median", -INF),
        ((1.0, INF), "median", INF),
        ((-INF, 1.0), "median", -INF),
        ((-INF, INF), "median", NAN),
        ((1.0, 2.0, INF), "median", 2.0),
        ((1.0, 2.0, INF), "p99", INF),
    ],
    ids=str,
)
def test_infinities_are_as_ieee_has_them(values: tuple[float, ...], strategy: Strategy, expected: float) -> None:
    assert same(number(series(*values), strategy, last_n=1), expected)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([0.1] * 10, 0.1),
        ([0.1] * 7, 0.1),
        ([0.1] * 12345, 0.1),
        ([1e308, 1e308, 1e308], 1e308),
        ([1.7e308, -1.7e308], 0.0),
        ([1e308] * 3000, 1e308),
        ([1e16, 1.0, -1e16], 1 / 3),
        ([1e16, 1.0, -1e16] * 1000, 1 / 3),
        ([5e-324, 5e-324], 5e-324),
    ],
    ids=["tenths", "seven tenths", "many", "huge", "opposite", "many huge", "lost digits", "many lost digits", "tiny"],
)
def test_the_mean_neither_drifts_nor_overflows(values: list[float], expected: float) -> None:
    assert mean(np.array(values)) == expected


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1))
def test_every_strategy_lies_between_the_least_and_the_greatest_value(values: list[float]) -> None:
    found = [number(series(*values), strategy, last_n=3) for strategy in STRATEGIES]
    assert min(values) == min(found) <= max(found) == max(values)


@given(st.lists(st.floats(-1e300, 1e300), min_size=1, max_size=60))
def test_the_mean_of_few_values_is_that_of_exact_arithmetic(values: list[float]) -> None:
    exact = float(sum(map(Fraction, values)) / len(values))
    assert mean(np.array(values)) == pytest.approx(exact, rel=3e-16, abs=5e-324)


@given(seed=st.integers(0, 2**32), count=st.integers(1001, 5000), spread=st.sampled_from([0, 1, 10, 30]))
def test_the_sum_of_many_values_is_exactly_rounded_but_for_the_last_digit(seed: int, count: int, spread: int) -> None:
    chance = np.random.default_rng(seed)
    values = chance.normal(size=count) * np.exp(chance.normal(size=count) * spread)
    sure = count * 2.0**-104 * math.fsum(np.abs(values))
    assert total(values) == pytest.approx(math.fsum(values), rel=2.3e-16, abs=sure)


@given(st.lists(st.floats(-1e300, 1e300), min_size=1), st.sampled_from([0.5, 0.9, 0.99]))
def test_a_quantile_is_that_of_numpy(values: list[float], share: float) -> None:
    expected = float(np.quantile(np.array(values), share))
    assert quantile(np.array(values), share) == pytest.approx(expected, rel=1e-12, abs=1e-15 * max(map(abs, values)))


@given(st.lists(st.tuples(st.floats(), st.floats(allow_nan=False)), min_size=1))
def test_the_average_of_the_last_point_alone_is_the_final_value(points: list[tuple[float, float]]) -> None:
    found = series(*(value for _, value in points), wall_times=tuple(moment for moment, _ in points))
    assert number(found, "last_n_average", last_n=1) == final(found)


@given(st.lists(st.integers(0, 3), min_size=1), st.integers(1, 9))
def test_the_last_points_are_the_end_of_a_stable_sort_by_wall_time(moments: list[float], count: int) -> None:
    found = series(*(2.0**place for place in range(len(moments))), wall_times=tuple(moments))
    last = sorted(range(len(moments)), key=moments.__getitem__)[-count:]
    expected = sum(2.0**place for place in last) / len(last)
    assert number(found, "last_n_average", last_n=count) == expected


@given(st.permutations([(1.0, 3.0), (2.0, NAN), (3.0, INF), (4.0, -1.0), (5.0, 7.0)]))
def test_the_order_of_points_at_different_times_does_not_matter(points: list[tuple[float, float]]) -> None:
    found = series(*(value for _, value in points), wall_times=tuple(moment for moment, _ in points))
    assert [number(found, strategy, last_n=2) for strategy in ("final", "last_n_average")] == [7.0, 3.0]
    assert all(math.isnan(number(found, strategy, last_n=2)) for strategy in OF_ALL)
