from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cajajejo.metrics.bounds import Bounds, Statistics, bounds_for, points_needed
from tests.metrics.builders import H5, H10, condition

finite = st.floats(min_value=-1e9, max_value=1e9)


@pytest.mark.parametrize(
    ("values", "mean", "deviation"),
    [(H5, 0.811800, 0.005541), (H10, 0.912500, 0.003375), ((1, 2, 3, 4, 5), 3.0, 1.581139)],
    ids=["five points", "ten points", "one to five: n - 1, not n"],
)
def test_statistics_use_the_sample_standard_deviation(values: tuple[float, ...], mean: float, deviation: float) -> None:
    found = Statistics.of(values)
    assert (found.n, round(found.mean, 6), round(found.deviation, 6)) == (len(values), mean, deviation)


@pytest.mark.parametrize(
    ("prior", "comparison", "k", "expected"),
    [
        (H5, "greater", 3, (0.795178, None)),
        (H5, "less", 3, (None, 0.828422)),
        (H5, "greater_or_equal", 4, (0.789637, None)),
        (H5, "less_or_equal", 4, (None, 0.833963)),
        (H10, "greater", 4, (0.899001, None)),
        (H10, "less", 4, (None, 0.925999)),
    ],
)
def test_bounds_lie_k_standard_deviations_from_the_mean_of_prior_points(
    prior: tuple[float, ...], comparison: str, k: float, expected: tuple[float | None, float | None]
) -> None:
    bounds = bounds_for(condition(comparison, stddevs_from_mean=k), Statistics.of(prior))
    rounded = tuple(None if bound is None else round(bound, 6) for bound in (bounds.lower, bounds.upper))
    assert (rounded, bounds.inclusive) == (expected, comparison.endswith("_or_equal"))


@pytest.mark.parametrize(
    ("comparison", "expected"),
    [
        ("greater", Bounds(99.0, None, inclusive=False)),
        ("greater_or_equal", Bounds(99.0, None, inclusive=True)),
        ("less", Bounds(None, 99.0, inclusive=False)),
        ("less_or_equal", Bounds(None, 99.0, inclusive=True)),
        ("equal", Bounds(99.0, 99.0, inclusive=True)),
    ],
)
def test_a_fixed_value_bounds_one_side_or_both(comparison: str, expected: Bounds) -> None:
    assert bounds_for(condition(comparison, fixed_value=99.0), None) == expected


@pytest.mark.parametrize(
    ("bounds", "value", "excess"),
    [
        (Bounds(0.4, None, inclusive=False), 0.5, None),
        (Bounds(0.5, None, inclusive=False), 0.25, -0.25),
        (Bounds(0.5, None, inclusive=False), 0.5, 0.0),
        (Bounds(0.5, None, inclusive=True), 0.5, None),
        (Bounds(None, 0.5, inclusive=False), 0.75, 0.25),
        (Bounds(None, 0.5, inclusive=True), 0.5, None),
        (Bounds(5.0, 5.0, inclusive=True), 5.0000000001, None),
        (Bounds(5.0, 5.0, inclusive=True), 5.00000001, 5.00000001 - 5.0),
        (Bounds(0.3, 0.3, inclusive=True), 0.1 + 0.2, None),
        (Bounds(None, 0.0, inclusive=True), 1e-12, 1e-12),
        (Bounds(None, 0.0, inclusive=True, abs_tol=1e-12), 1e-12, None),
    ],
)
def test_closeness_counts_as_equal_only_where_bounds_are_inclusive(
    bounds: Bounds, value: float, excess: float | None
) -> None:
    assert bounds.excess(value) == excess
    assert bounds.contains(value) is (excess is None)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_no_bounds_contain_what_is_not_finite(value: float) -> None:
    assert not Bounds(None, None, inclusive=True).contains(value)


@pytest.mark.parametrize(
    ("threshold", "wait", "needed"),
    [
        ({"fixed_value": 1.0}, 0, 0),
        ({"fixed_value": 1.0}, 10, 10),
        ({"stddevs_from_mean": 4.0}, -1, 2),
        ({"stddevs_from_mean": 4.0}, 10, 10),
        ({"stddevs_from_mean": 0.0}, 0, 1),
    ],
)
def test_points_needed_are_those_of_the_threshold_or_of_the_wait(
    threshold: dict[str, float], wait: int, needed: int
) -> None:
    assert points_needed(condition("less", wait=wait, **threshold)) == needed


@pytest.mark.parametrize("comparison", ["less", "less_or_equal", "greater", "greater_or_equal"])
@pytest.mark.parametrize("k", [0.0, 4.0])
@pytest.mark.parametrize("level", [0.0, 0.75])
def test_a_constant_history_takes_its_own_value_and_no_worse(comparison: str, k: float, level: float) -> None:
    bounds = bounds_for(condition(comparison, stddevs_from_mean=k), Statistics.of([level] * 5))
    worse = 0.01 if comparison.startswith("less") else -0.01
    assert [bounds.contains(level), bounds.contains(level - worse), bounds.contains(level + worse)] == [
        True,
        True,
        False,
    ]


def test_one_point_is_a_history_for_the_mean_alone() -> None:
    assert bounds_for(condition("less_or_equal", stddevs_from_mean=0), Statistics.of([15.0])).upper == 15.0


def test_a_bound_beyond_the_range_of_floats_is_none() -> None:
    bounds = bounds_for(condition("less", stddevs_from_mean=1e10), Statistics.of([1e308, -1e308, 1e308]))
    assert (bounds.upper, bounds.contains(1e308)) == (None, True)


def test_a_condition_on_history_cannot_do_without() -> None:
    with pytest.raises(ValueError, match="needs prior points"):
        bounds_for(condition("less", stddevs_from_mean=4), None)


@given(st.lists(finite, min_size=2, max_size=30), st.floats(min_value=0, max_value=10))
def test_the_order_of_prior_points_is_irrelevant(values: list[float], k: float) -> None:
    wanted = condition("less", stddevs_from_mean=k)
    assert bounds_for(wanted, Statistics.of(values)) == bounds_for(wanted, Statistics.of(values[::-1]))


@given(
    st.lists(finite, min_size=2, max_size=30),
    st.floats(min_value=0, max_value=10),
    st.floats(min_value=0, max_value=10),
)
def test_more_deviations_never_narrow_the_bounds(values: list[float], k: float, more: float) -> None:
    prior = Statistics.of(values)
    narrow, wide = (bounds_for(condition("less", stddevs_from_mean=each), prior) for each in (k, k + more))
    assert narrow.upper is not None
    assert wide.upper is not None
    assert narrow.upper <= wide.upper


@given(st.lists(finite, min_size=1, max_size=30))
def test_the_deviation_is_never_negative_and_zero_exactly_for_constants(values: list[float]) -> None:
    found = Statistics.of(values)
    assert found.deviation >= 0
    assert (found.deviation == 0) == (min(values) == max(values))
    assert min(values) <= found.mean <= max(values)
