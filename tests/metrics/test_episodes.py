from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cajajejo.metrics.bounds import Point
from cajajejo.metrics.episodes import Baseline, baseline
from tests.metrics.builders import H10, H20, condition, points

LOWER_IS_WORSE = condition("greater", stddevs_from_mean=4)
SHIFTED = (0.903, 0.901, 0.900)
BACK = (0.913, 0.912, 0.911)


def test_a_fixed_value_leaves_nothing_out() -> None:
    assert baseline(points(H10, outside=[3, 9]), condition("greater", fixed_value=0.9)) == Baseline(H10)


@pytest.mark.parametrize(("k", "kept"), [(2.5, H10[:9]), (4.0, H10[:9]), (2.4, H10), (0.0, H10)])
def test_an_isolated_outlier_leaves_the_history_where_k_is_large(k: float, kept: tuple[float, ...]) -> None:
    assert baseline(points(H10, outside=[9]), condition("greater", stddevs_from_mean=k)) == Baseline(kept)


def test_a_shift_in_the_bad_direction_freezes_the_history() -> None:
    found = baseline(points(H20 + SHIFTED + (0.902,)), LOWER_IS_WORSE)
    assert found == Baseline(H20, "r20")
    assert found.note == "; level shift since run r20"


def test_a_shift_in_the_good_direction_changes_nothing() -> None:
    assert baseline(points(H20 + SHIFTED), condition("less", stddevs_from_mean=4)) == Baseline(H20 + SHIFTED)


def test_after_a_return_the_bad_runs_stay_out() -> None:
    found = baseline(points(H20 + SHIFTED + (0.902, *BACK)), LOWER_IS_WORSE)
    assert found == Baseline(H20 + BACK)
    assert found.note == ""


def test_a_shift_that_comes_again_soon_keeps_its_first_name() -> None:
    assert baseline(points(H20 + SHIFTED + BACK + SHIFTED), LOWER_IS_WORSE).shifted_since == "r20"


def test_a_shift_that_comes_again_late_has_a_new_name() -> None:
    assert baseline(points(H20 + SHIFTED + BACK + H20 + SHIFTED), LOWER_IS_WORSE).shifted_since == "r46"


def test_five_runs_in_a_row_out_of_bounds_are_an_episode() -> None:
    values = (0.9, 0.91, 0.5, 0.5, 0.5, 0.5, 0.5)
    assert baseline(points(values[:6], outside=range(2, 6)), LOWER_IS_WORSE) == Baseline((0.9, 0.91))
    assert baseline(points(values, outside=range(2, 7)), LOWER_IS_WORSE) == Baseline((0.9, 0.91), "r2")


def test_eight_of_fifteen_runs_out_of_bounds_are_an_episode() -> None:
    values = (0.90, 0.91) + (0.85, 0.905) * 8
    outside = range(2, 18, 2)
    assert baseline(points(values[:16], outside=outside), LOWER_IS_WORSE).shifted_since is None
    assert baseline(points(values[:17], outside=outside), LOWER_IS_WORSE).shifted_since == "r2"


def test_after_an_episode_its_runs_count_no_more_for_the_next() -> None:
    values = (0.90, 0.91) + (0.5,) * 5 + (0.905,) * 4
    assert baseline(points(values, outside=range(2, 7)), LOWER_IS_WORSE) == Baseline(
        (0.90, 0.91) + (0.905,) * 3 + (0.905,)
    )


def test_the_last_points_can_be_left_out_of_the_values() -> None:
    assert baseline(points(H10), condition("greater", stddevs_from_mean=2), without_last=2) == Baseline(H10[:8])


@given(st.lists(st.tuples(st.floats(-10, 10), st.booleans()), max_size=60), st.sampled_from([0.0, 2.0, 3.0]))
def test_values_are_always_some_of_the_points_in_their_order(drawn: list[tuple[float, bool]], k: float) -> None:
    given_points = [Point(str(place), value, outside) for place, (value, outside) in enumerate(drawn)]
    rest = iter([point.value for point in given_points])
    assert all(value in rest for value in baseline(given_points, condition("less", stddevs_from_mean=k)).values)
