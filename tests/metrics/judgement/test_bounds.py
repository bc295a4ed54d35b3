from __future__ import annotations

import math
import sys
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from scipy import stats

from cajajejo.metrics.judgement.bounds import Basis, Bounds, bounds_for, excludes_outliers, invalid
from tests.metrics.builders import H5, H10, condition
from tests.metrics.judgement.worked_bounds import BOUNDS, EQUAL_DEVIATIONS, FALSE_ALARMS, Worked

LARGEST = sys.float_info.max
COMPARISONS = ("greater", "greater_or_equal", "less", "less_or_equal", "within")
KINDS: tuple[dict[str, Any], ...] = (
    {"stddevs_from_mean": 0},
    {"stddevs_from_mean": 4.0},
    {"percent_difference": {"percent": 0.2}},
    {"percent_difference": {"percent": 0.2, "value": -5.0}},
    {"prediction_interval": {"confidence": 0.99}},
    {"iqr": 3.0},
)
FLOORS: tuple[dict[str, Any], ...] = (
    {},
    {"min_change": {"absolute": 0.05}},
    {"min_change": {"absolute": 0.001, "relative": 0.1}},
    {"resolution": 0.01},
)

finite = st.floats(allow_nan=False, allow_infinity=False)
ordinary = st.floats(-1e6, 1e6)
kinds = st.sampled_from(KINDS)
comparisons = st.sampled_from(COMPARISONS)
histories = st.lists(ordinary, min_size=8, max_size=30)


def both(values: Any, **fields: Any) -> tuple[float, float]:
    """The two bounds of ``within``."""
    found, _ = bounds_for(condition("within", **fields), values)
    assert found.lower is not None
    assert found.upper is not None
    return found.lower, found.upper


@pytest.mark.parametrize("worked", BOUNDS.values(), ids=list(BOUNDS))
def test_bounds_are_those_worked_by_hand(worked: Worked) -> None:
    found, _ = bounds_for(condition(worked.comparison, **worked.fields), worked.history)
    rounded = [None if bound is None else round(bound, 6) for bound in (found.lower, found.upper)]
    assert rounded == [worked.lower, worked.upper]


@pytest.mark.parametrize("k", FALSE_ALARMS)
@pytest.mark.parametrize("n", FALSE_ALARMS[3])
def test_standard_deviations_of_few_points_raise_more_false_alarms(k: int, n: int) -> None:
    history = [float(value) for value in range(n)]
    lower, upper = both(history, stddevs_from_mean=k)
    reach = (upper - lower) / 2 / np.std(history, ddof=1)
    outside = 2 * stats.t.sf(reach / math.sqrt(1 + 1 / n), n - 1)
    assert round(1000 * outside, 3) == FALSE_ALARMS[k][n]


@pytest.mark.parametrize(("n", "k"), EQUAL_DEVIATIONS.items())
def test_a_prediction_interval_is_wider_after_few_points(n: int, k: float) -> None:
    history = [float(value) for value in range(n)]
    lower, upper = both(history, prediction_interval={"confidence": 0.999})
    assert (upper - lower) / 2 / np.std(history, ddof=1) == pytest.approx(k, rel=2e-6)


@given(histories, st.floats(0.51, 0.999999))
def test_a_prediction_interval_is_that_of_another_library(values: list[float], confidence: float) -> None:
    n, size = len(values), max(1.0, *map(abs, values))
    scale = max(np.std(values, ddof=1) * math.sqrt(1 + 1 / n), 1e-300)
    expected = stats.t.interval(confidence, n - 1, loc=np.mean(values), scale=scale)
    found = both(values, prediction_interval={"confidence": confidence})
    assert found == pytest.approx(expected, rel=1e-9, abs=1e-9 * size)


@given(histories, st.floats(0.1, 10))
def test_fences_are_those_of_another_library(values: list[float], k: float) -> None:
    first, third = np.quantile(values, [0.25, 0.75])
    expected = first - k * (third - first), third + k * (third - first)
    assert both(values, iqr=k) == pytest.approx(expected, abs=1e-8 * max(1.0, *map(abs, values)))


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
    assert bounds_for(condition(comparison, fixed_value=99), ()) == (expected, None)


@pytest.mark.parametrize(
    ("given_bounds", "expected"),
    [
        ({"lower": 0.2, "upper": 0.4}, Bounds(0.2, 0.4, inclusive=True)),
        ({"lower": 0.2}, Bounds(0.2, None, inclusive=True)),
        ({"upper": -0.4}, Bounds(None, -0.4, inclusive=True)),
        ({"lower": 0, "upper": 0}, Bounds(0.0, 0.0, inclusive=True)),
    ],
    ids=["both", "the upper one is missing", "the lower one is missing", "both zero"],
)
def test_a_bound_that_is_not_given_is_open_and_not_zero(given_bounds: dict[str, float], expected: Bounds) -> None:
    assert bounds_for(condition("within", within_bounds=given_bounds), ()) == (expected, None)


@pytest.mark.parametrize(
    ("comparison", "expected"),
    [("greater", (-6.0, None)), ("less_or_equal", (None, -4.0)), ("within", (-6.0, -4.0))],
)
def test_a_percentage_of_a_negative_value_lies_around_it(
    comparison: str, expected: tuple[float | None, float | None]
) -> None:
    wanted = condition(comparison, percent_difference={"percent": 0.2, "value": -5})
    assert bounds_for(wanted, ()) == (
        Bounds(*expected, inclusive=comparison != "greater"),
        Basis(0, -5.0, 5.0),
    )


def test_a_percentage_without_a_value_is_one_of_the_mean_of_the_history() -> None:
    found = bounds_for(condition("within", percent_difference={"percent": 0.25}), (2.0, 4.0, 6.0))
    assert found == (Bounds(3.0, 5.0, inclusive=True, abs_tol=4e-12), Basis(3, 4.0, 4.0))


def test_a_level_shift_has_no_bounds() -> None:
    assert bounds_for(condition("greater", level_shift={}), H10) == (Bounds(None, None, inclusive=True), None)


@pytest.mark.parametrize(
    ("value", "low", "high"),
    [
        pytest.param({"min_change": {"absolute": 0.05}}, 0.7618, 0.8618, id="absolute"),
        pytest.param({"min_change": {"relative": 0.1}}, 0.73062, 0.89298, id="relative"),
        pytest.param({"min_change": {"absolute": 0.05, "relative": 0.1}}, 0.73062, 0.89298, id="the greater of both"),
        pytest.param({"resolution": 0.05}, 0.7618, 0.8618, id="one step"),
        pytest.param({"min_change": {"absolute": 0.01}, "resolution": 0.05}, 0.7618, 0.8618, id="a step above both"),
    ],
)
def test_a_floor_widens_the_bounds_about_the_centre_and_says_so(value: dict[str, Any], low: float, high: float) -> None:
    found, basis = bounds_for(condition("within", stddevs_from_mean=3, **value), H5)
    assert (found.lower, found.upper) == pytest.approx((low, high))
    assert basis is not None
    assert basis.floor == pytest.approx((high - low) / 2)


def test_a_floor_that_is_narrower_than_the_bounds_changes_nothing() -> None:
    wanted = {"stddevs_from_mean": 3}
    assert bounds_for(condition("greater", **wanted, resolution=0.001), H5) == bounds_for(
        condition("greater", **wanted), H5
    )


def test_the_floor_of_a_percentage_lies_about_its_value() -> None:
    percent = {"percent_difference": {"percent": 0.01, "value": -5}}
    assert both((), **percent, min_change={"absolute": 1}) == (-6.0, -4.0)


def test_the_floor_of_quartiles_lies_about_the_median() -> None:
    _, basis = bounds_for(condition("within", iqr=1, min_change={"absolute": 0.1}), H10)
    assert both(H10, iqr=1, min_change={"absolute": 0.1}) == pytest.approx((0.8125, 1.0125))
    assert basis is not None
    assert (basis.n, basis.centre, basis.floor) == pytest.approx((10, 0.9125, 0.1))
    assert basis.quartiles == pytest.approx((0.91025, 0.91475))
    assert basis.spread == pytest.approx(0.0045)


@pytest.mark.parametrize(
    ("value", "passes"), [(0.74, True), (0.7401, True), (0.7399, False)], ids=["one step", "less", "more"]
)
def test_a_change_of_the_floor_itself_passes_also_where_the_comparison_is_strict(value: float, *, passes: bool) -> None:
    found, _ = bounds_for(condition("greater", stddevs_from_mean=4, resolution=0.01), [0.75] * 5)
    assert found.contains(value) is passes


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
        (Bounds(-LARGEST, None, inclusive=True), LARGEST, None),
        (Bounds(None, -LARGEST, inclusive=True), LARGEST, LARGEST),
        (Bounds(LARGEST, None, inclusive=True), -LARGEST, -LARGEST),
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
    ("bounds", "value", "bound"),
    [
        (Bounds(None, None, inclusive=True), 1.0, None),
        (Bounds(1.0, None, inclusive=True), 9.0, 1.0),
        (Bounds(None, 1.0, inclusive=True), -9.0, 1.0),
        (Bounds(1.0, 2.0, inclusive=True), 1.4, 1.0),
        (Bounds(1.0, 2.0, inclusive=True), 1.6, 2.0),
        (Bounds(-LARGEST, -1e308, inclusive=True), LARGEST, -1e308),
    ],
)
def test_a_value_is_held_against_the_nearest_bound(bounds: Bounds, value: float, bound: float | None) -> None:
    assert bounds.nearest(value) == bound


@pytest.mark.parametrize("kind", [kind for kind in KINDS if "value" not in str(kind)], ids=str)
@pytest.mark.parametrize("comparison", COMPARISONS)
@pytest.mark.parametrize("transform", ["none", "log"])
def test_a_constant_history_takes_its_own_value(kind: dict[str, Any], comparison: str, transform: str) -> None:
    found, basis = bounds_for(condition(comparison, **kind, transform=transform), [0.75] * 8)
    assert found.contains(0.75)
    assert basis is not None
    assert basis.centre == 0.75


@pytest.mark.parametrize("comparison", COMPARISONS)
@pytest.mark.parametrize(
    "kind", [{"stddevs_from_mean": 0}, {"stddevs_from_mean": 4}, {"prediction_interval": {}}, {"iqr": 3}], ids=str
)
@pytest.mark.parametrize("level", [0.0, 0.75, LARGEST])
def test_a_constant_history_takes_nothing_worse(comparison: str, kind: dict[str, Any], level: float) -> None:
    found, basis = bounds_for(condition(comparison, **kind), [level] * 8)
    assert basis == Basis(8, level, 0.0, constant=True)
    assert [
        found.contains(level * 0.99 - 0.01),
        found.contains(level),
        found.contains(min(level + 0.01, math.inf)),
    ] == [
        comparison.startswith("less"),
        True,
        comparison.startswith("greater") or level == LARGEST,
    ]


def test_quartiles_that_are_equal_take_their_value_also_where_the_comparison_is_strict() -> None:
    found, basis = bounds_for(condition("greater", iqr=3), [0.5, *[0.75] * 8, 0.9])
    assert (found.contains(0.75), found.contains(0.74)) == (True, False)
    assert basis == Basis(10, 0.75, 0.0, (0.75, 0.75))


def test_a_history_of_zeros_takes_what_is_zero_up_to_rounding() -> None:
    found, _ = bounds_for(condition("within", percent_difference={"percent": 0.2}), [0.0] * 5)
    assert (found.contains(1e-13), found.contains(-1e-13), found.contains(1e-9)) == (True, True, False)


def test_a_strict_comparison_with_the_mean_of_values_that_differ_fails_for_the_mean_itself() -> None:
    found, _ = bounds_for(condition("less", stddevs_from_mean=0), (1.0, 3.0))
    assert found == Bounds(None, 2.0, inclusive=False, abs_tol=2e-12)


def test_one_point_is_a_history_for_the_mean_alone() -> None:
    assert bounds_for(condition("less_or_equal", stddevs_from_mean=0), [15.0])[0].upper == 15.0


@pytest.mark.parametrize(
    ("kind", "fewest"),
    [
        ({"stddevs_from_mean": 4}, 2),
        ({"stddevs_from_mean": 0}, 1),
        ({"percent_difference": {"percent": 0.2}}, 1),
        ({"prediction_interval": {}}, 3),
        ({"iqr": 3}, 8),
    ],
    ids=str,
)
def test_a_condition_on_history_cannot_do_with_less_than_it_needs(kind: dict[str, Any], fewest: int) -> None:
    wanted = condition("less", **kind)
    assert bounds_for(wanted, [1.0, 2.0] * (fewest // 2) + [1.5] * (fewest % 2))[0].upper is not None
    with pytest.raises(ValueError, match=f"needs {fewest} prior points, not {fewest - 1}"):
        bounds_for(wanted, [1.0] * (fewest - 1))


@pytest.mark.parametrize(
    ("kind", "excludes"),
    [
        ({"stddevs_from_mean": 2.5}, True),
        ({"stddevs_from_mean": 2.49}, False),
        ({"stddevs_from_mean": 0}, False),
        ({"prediction_interval": {"confidence": 0.999}}, True),
        ({"prediction_interval": {"confidence": 0.9938}}, True),
        ({"prediction_interval": {"confidence": 0.9937}}, False),
        ({"iqr": 1.36}, True),
        ({"iqr": 1.35}, False),
        ({"percent_difference": {"percent": 0.2}}, True),
        ({"percent_difference": {"percent": 0.2, "value": 5}}, False),
        ({"fixed_value": 1}, False),
        ({"level_shift": {}}, False),
    ],
    ids=str,
)
def test_outliers_leave_the_history_where_bounds_reach_two_and_a_half_deviations(
    kind: dict[str, Any], *, excludes: bool
) -> None:
    assert excludes_outliers(condition("less", **kind)) is excludes


def test_a_prediction_interval_of_two_sides_reaches_farther_on_each() -> None:
    kind: dict[str, Any] = {"prediction_interval": {"confidence": 0.99}}
    assert [excludes_outliers(condition(comparison, **kind)) for comparison in ("within", "less")] == [True, False]


@pytest.mark.parametrize(
    ("value", "transform", "reason"),
    [
        (math.nan, "none", "not a number"),
        (-math.inf, "log", "infinite"),
        (0.0, "log", "not positive, and its logarithm is to be judged"),
        (-1.0, "log", "not positive, and its logarithm is to be judged"),
        (5e-324, "log", None),
        (-1.0, "none", None),
    ],
)
def test_what_cannot_be_judged_says_why(value: float, transform: str, reason: str | None) -> None:
    assert invalid(condition("less", stddevs_from_mean=4, transform=transform), value) == reason


@pytest.mark.parametrize(("transform", "value"), [("log", 0.0), ("none", math.nan), ("none", math.inf)])
def test_what_cannot_be_judged_is_no_history(transform: str, value: float) -> None:
    with pytest.raises(ValueError, match="a prior point is not finite, or not positive"):
        bounds_for(condition("less", stddevs_from_mean=4, transform=transform), [1.0, 2.0, value])


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        pytest.param({"stddevs_from_mean": 1e10}, [1e308, -1e308, 1e308], id="of values"),
        pytest.param({"percent_difference": {"percent": 1e300}}, [1e300], id="of a percentage"),
        pytest.param({"stddevs_from_mean": 1, "min_change": {"relative": 1e300}}, [1e300, 2e300], id="of a floor"),
        pytest.param({"stddevs_from_mean": 100, "transform": "log"}, [1e-300, 1e300], id="of logarithms"),
    ],
)
def test_a_bound_beyond_the_range_of_floats_is_none(kind: dict[str, Any], values: list[float]) -> None:
    found, _ = bounds_for(condition("less", **kind), values)
    assert (found.upper, found.contains(1e308)) == (None, True)


@given(histories, kinds, comparisons, st.sampled_from(FLOORS))
def test_the_order_of_prior_points_is_irrelevant(
    values: list[float], kind: dict[str, Any], comparison: str, floor: dict[str, Any]
) -> None:
    wanted = condition(comparison, **kind, **floor)
    assert bounds_for(wanted, values) == bounds_for(wanted, values[::-1]) == bounds_for(wanted, sorted(values))


@pytest.mark.parametrize(
    ("kind", "sizes"),
    [
        (lambda size: {"stddevs_from_mean": size}, st.floats(0, 100)),
        (lambda size: {"iqr": size}, st.floats(0.01, 100)),
        (lambda size: {"percent_difference": {"percent": size}}, st.floats(0, 100)),
        (
            lambda size: {"prediction_interval": {"confidence": size}},
            st.floats(0.5, 1, exclude_min=True, exclude_max=True),
        ),
        (lambda size: {"stddevs_from_mean": 1, "min_change": {"absolute": size}}, st.floats(0, 1e6)),
        (lambda size: {"iqr": 1, "min_change": {"relative": size}}, st.floats(0, 10)),
        (lambda size: {"stddevs_from_mean": 1, "resolution": size}, st.floats(0, 1e6)),
    ],
    ids=["k", "quartiles", "percent", "confidence", "absolute floor", "relative floor", "resolution"],
)
def test_more_never_narrows_the_bounds(kind: Any, sizes: st.SearchStrategy[float]) -> None:
    @given(histories, sizes, sizes)
    def monotone(values: list[float], one: float, other: float) -> None:
        narrow, wide = (both(values, **kind(size)) for size in sorted([one, other]))
        assert wide[0] <= narrow[0] <= narrow[1] <= wide[1]

    monotone()


@given(histories, kinds, st.sampled_from(FLOORS))
def test_one_direction_is_the_other_of_the_mirrored_metric(
    values: list[float], kind: dict[str, Any], floor: dict[str, Any]
) -> None:
    below, _ = bounds_for(condition("greater", **kind, **floor), values)
    mirrored = {"percent_difference": {"percent": 0.2, "value": 5.0}} if "value" in str(kind) else kind
    above, _ = bounds_for(condition("less", **mirrored, **floor), [-value for value in values])
    assert (below.lower, below.inclusive) == (-(above.upper or 0.0), above.inclusive)


@given(histories, kinds, comparisons)
def test_each_direction_has_its_side_of_both_bounds_except_of_an_interval(
    values: list[float], kind: dict[str, Any], comparison: str
) -> None:
    if "prediction_interval" not in kind:
        found, _ = bounds_for(condition(comparison, **kind), values)
        low, high = both(values, **kind)
        assert found.lower == (None if comparison.startswith("less") else low)
        assert found.upper == (None if comparison.startswith("greater") else high)


@given(
    histories,
    st.sampled_from([kind for kind in KINDS if "percent_difference" not in kind]),
    st.sampled_from([-1000.0, 0.5, 1000.0]),
)
def test_bounds_move_with_the_metric(values: list[float], kind: dict[str, Any], shift: float) -> None:
    moved = both([value + shift for value in values], **kind)
    expected = [bound + shift for bound in both(values, **kind)]
    assert moved == pytest.approx(expected, abs=1e-7)


@given(histories, st.sampled_from([kind for kind in KINDS if "value" not in str(kind)]), st.integers(-60, 60))
@example([0.0] * 7 + [5e-324], KINDS[1], 0)
def test_bounds_grow_with_the_unit_of_the_metric(values: list[float], kind: dict[str, Any], power: int) -> None:
    unit = 2.0**power
    grown = both([value * unit for value in values], **kind)
    assert grown == pytest.approx([bound * unit for bound in both(values, **kind)], rel=1e-12, abs=1e-300)


@given(
    st.lists(st.floats(1e-3, 1e6), min_size=8, max_size=30),
    st.sampled_from([kind for kind in KINDS if "percent_difference" not in kind]),
)
def test_bounds_of_logarithms_are_the_logarithms_of_bounds(values: list[float], kind: dict[str, Any]) -> None:
    expected = [math.exp(min(bound, 709.0)) for bound in both([math.log(value) for value in values], **kind)]
    found, _ = bounds_for(condition("within", **kind, transform="log"), values)
    assert [min(found.lower or 0.0, math.exp(709)), min(found.upper or math.inf, math.exp(709))] == pytest.approx(
        expected, rel=1e-9
    )


def test_floors_and_percentages_of_logarithms_stay_in_the_unit_of_the_metric() -> None:
    values = [1.0, 100.0]
    percent, basis = bounds_for(condition("within", percent_difference={"percent": 0.2}, transform="log"), values)
    assert (percent.lower, percent.upper) == pytest.approx((8.0, 12.0))
    assert basis is not None
    assert (basis.n, basis.centre) == pytest.approx((2, 10.0))
    floor = {"stddevs_from_mean": 0, "min_change": {"absolute": 4}, "transform": "log"}
    assert both(values, **floor) == pytest.approx((6.0, 14.0))


@given(
    st.lists(finite, min_size=8, max_size=30),
    kinds,
    comparisons,
    st.sampled_from(FLOORS),
    st.sampled_from(["none", "log"]),
    finite,
)
@example([LARGEST, -LARGEST] * 4, {"iqr": 3.0}, "within", {}, "none", 0.0)
@example([5e-324, LARGEST] * 4, {"prediction_interval": {"confidence": 0.99}}, "within", {}, "log", 1.0)
def test_any_history_gives_bounds_that_contain_what_lies_between_them(
    values: list[float], kind: dict[str, Any], comparison: str, floor: dict[str, Any], transform: str, value: float
) -> None:
    wanted = condition(comparison, **kind, **floor, transform=transform)
    if transform == "log":
        values = [abs(value) or 1.0 for value in values]
    found, basis = bounds_for(wanted, values)
    low = -math.inf if found.lower is None else found.lower
    high = math.inf if found.upper is None else found.upper
    assert low <= high
    if low < value < high:
        assert found.contains(value)
    elif not (
        low <= value <= high or math.isclose(value, high, rel_tol=1e-9) or math.isclose(value, low, rel_tol=1e-9)
    ):
        assert found.contains(value) is (
            abs(value - (found.nearest(value) or 0.0)) <= found.abs_tol and found.inclusive
        )
    if "value" not in str(kind):
        assert basis is not None
        assert min(values) <= basis.centre <= max(values)
