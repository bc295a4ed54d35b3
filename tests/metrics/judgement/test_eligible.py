from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cajajejo.metrics.judgement.eligible import eligible
from cajajejo.metrics.shifts.episodes import Course, Episode
from cajajejo.metrics.shifts.levels import Level
from cajajejo.metrics.shifts.scan import Shift
from tests.metrics.builders import condition, points

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from cajajejo.metrics.config.conditions import SuccessCondition

WIDE = condition("greater", stddevs_from_mean=4)
NARROW = condition("greater", stddevs_from_mean=2)


def episode(first: int, opened: int, closed: int | None = None) -> Episode:
    shift = Shift(-1, first, (first, first), opened, z=-5.0, before=Level(10, 1.0, 0.1, 0.0), after=0.5)
    return Episode(shift, bad=True, closed=closed, ending=None if closed is None else "recovered")


def kept(
    values: int | Sequence[float],
    wanted: SuccessCondition = WIDE,
    *,
    course: Course | None = None,
    outside: Iterable[int] = (),
    before: float = 1e9,
    without_last: int = 0,
) -> list[int]:
    """The places of the points that are eligible; they start at 1,000, a hundred seconds apart."""
    numbers = [1.0 + place for place in range(values)] if isinstance(values, int) else values
    given_points = points(numbers, list(outside), start=1000.0, every=100.0)
    course = Course(places=tuple(range(len(numbers)))) if course is None else course
    found = eligible(given_points, course, wanted, before=before, without_last=without_last)
    return [given_points.index(point) for point in found]


def test_all_points_of_the_baseline_count() -> None:
    assert kept(40) == list(range(40))


def test_points_that_the_course_leaves_out_do_not_count() -> None:
    assert kept(8, course=Course((episode(5, 7),), (0, 1, 2, 3, 4))) == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(
    ("wanted", "left"),
    [
        pytest.param(WIDE, [0, 1, 2, 4], id="wide bounds: stays out"),
        pytest.param(NARROW, [0, 1, 2, 3, 4], id="narrow bounds: stays in"),
        pytest.param(condition("within", percent_difference={"percent": 0.1}), [0, 1, 2, 4], id="a percentage"),
        pytest.param(condition("less", iqr=1), [0, 1, 2, 3, 4], id="narrow quartiles"),
    ],
)
def test_an_isolated_outlier_stays_out_where_bounds_are_wide(wanted: SuccessCondition, left: list[int]) -> None:
    assert kept(5, wanted, outside=[3]) == left


def test_a_point_out_of_bounds_in_an_episode_is_not_isolated() -> None:
    absorbed = Course((episode(3, 5, 8),), tuple(range(3, 11)))
    assert kept(11, course=absorbed, outside=[3, 5, 6, 8, 9]) == [3, 4, 5, 6, 7, 8, 10]


def test_a_point_out_of_bounds_in_an_open_episode_is_not_isolated() -> None:
    assert kept(6, course=Course((episode(3, 5),), (0, 1, 2, 4)), outside=[1, 4]) == [0, 2, 4]


def test_points_out_of_bounds_that_begin_a_baseline_are_its_level() -> None:
    accepted = Course(places=tuple(range(4, 10)))
    assert kept(10, course=accepted, outside=[4, 5, 6, 8]) == [4, 5, 6, 7, 9]


def test_a_baseline_all_out_of_bounds_is_a_level() -> None:
    assert kept(3, outside=[0, 1, 2]) == [0, 1, 2]


@pytest.mark.parametrize(
    ("fields", "left"),
    [
        pytest.param({"last_n": 4}, [6, 7, 8, 9], id="the last four"),
        pytest.param({"time_window": 300}, [7, 8, 9], id="of the last 300 seconds"),
        pytest.param({"last_n": 4, "time_window": 300}, [7, 8, 9], id="both, the time is shorter"),
        pytest.param({"last_n": 2, "time_window": 300}, [8, 9], id="both, the number is less"),
        pytest.param({"time_window": 1}, [], id="none"),
    ],
)
def test_windows_keep_the_latest_points(fields: dict[str, Any], left: list[int]) -> None:
    assert kept(10, condition("greater", stddevs_from_mean=4, **fields), before=2000.0) == left


def test_a_window_counts_points_that_are_eligible() -> None:
    assert kept(6, condition("greater", stddevs_from_mean=4, last_n=3), outside=[4]) == [2, 3, 5]


def test_new_kinds_look_at_thirty_points() -> None:
    assert kept(40, condition("greater", prediction_interval={})) == list(range(10, 40))


def test_points_without_a_logarithm_do_not_count_where_that_is_judged() -> None:
    wanted = condition("less", stddevs_from_mean=4, transform="log")
    assert kept([1.0, 0.0, 2.0, -3.0, 4.0], wanted) == [0, 2, 4]


def test_runs_that_confirm_a_failure_are_judged_by_the_points_before_it() -> None:
    assert kept(10, NARROW, outside=[8, 9], without_last=2) == list(range(8))
    wanted = condition("greater", stddevs_from_mean=2, time_window=300)
    assert kept(10, wanted, outside=[8, 9], before=2000.0, without_last=2) == [5, 6, 7]
    assert kept(8, wanted, before=1800.0) == [5, 6, 7]


def test_known_values_count_every_point() -> None:
    wanted = condition("greater", fixed_value=1.0, wait=3)
    assert kept(5, wanted, course=Course(), outside=[1, 4], without_last=1) == [0, 1, 2, 3]


@given(
    st.lists(st.tuples(st.floats(-10, 10), st.booleans()), max_size=60),
    st.sampled_from([WIDE, NARROW, condition("less", iqr=3, last_n=10), condition("less", iqr=3, time_window=900)]),
    st.integers(0, 3),
)
def test_eligible_points_are_some_of_the_points_in_their_order(
    drawn: list[tuple[float, bool]], wanted: SuccessCondition, without_last: int
) -> None:
    outside = [place for place, (_, out) in enumerate(drawn) if out]
    given_points = points([value for value, _ in drawn], outside)
    course = Course(places=tuple(range(len(drawn))))
    rest = iter(given_points[: len(drawn) - without_last])
    found = eligible(given_points, course, wanted, before=100.0, without_last=min(without_last, len(drawn)))
    assert all(point in rest for point in found)
    assert wanted.window is None or len(found) <= wanted.window
