from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cajajejo.metrics.shifts.changes import Change, change_points, dated
from cajajejo.metrics.shifts.levels import Level
from cajajejo.metrics.shifts.scan import Scan
from tests.metrics.shifts.worked_shifts import BACK, H20, SHIFTED

if TYPE_CHECKING:
    from collections.abc import Sequence

LEVEL = Level.of(H20)


def changes(values: Sequence[float], scan: Scan | None = None) -> tuple[Change, ...]:
    return change_points(np.array(values, dtype=float), scan or Scan())


def moved(by: float, times: int = 1) -> tuple[float, ...]:
    """Twenty runs of a level that is `by` higher than the worked one, so many times."""
    return tuple(value + by for value in H20) * times


def firsts(values: Sequence[float], scan: Scan | None = None) -> list[int]:
    return [change.first for change in changes(values, scan)]


@pytest.mark.parametrize(
    "values", [(), (0.5,), H20, H20 * 10, (0.75,) * 60], ids=["none", "one", "some", "many", "same"]
)
def test_a_steady_series_has_no_change_points(values: tuple[float, ...]) -> None:
    assert changes(values) == ()


def test_a_change_tells_where_and_from_what_to_what() -> None:
    (change,) = changes(H20 + SHIFTED)
    assert change == Change(20, (20, 20), median(H20), 0.901, change.z, LEVEL.scale)
    assert round(change.z or 0, 6) == -4.779870


def test_each_new_level_is_the_baseline_of_the_next_change() -> None:
    found = changes(H20 + moved(-0.02) + moved(-0.04) + moved(0.01))
    assert [change.first for change in found] == [20, 40, 60]
    assert [change.z is None for change in found] == [False] * 3
    assert [round(change.after - change.before, 6) for change in found] == [-0.02, -0.02, 0.05]


@pytest.mark.parametrize("runs", [3, 4, 9, 10, 14])
def test_a_step_has_a_change_point_at_each_end(runs: int) -> None:
    down, up = changes(H20 + moved(-0.02)[:runs] + H20)
    assert (down.first, up.first) == (20, 20 + runs)
    assert (down.after, down.before, up.after) == (up.before, median(H20), median(H20))
    assert (up.z is None) == (runs < 10)


def test_a_return_that_goes_beyond_is_one_change() -> None:
    assert firsts(H20 + moved(-0.02)[:4] + moved(0.02)) == [20, 24]


def test_a_step_within_a_slow_change_is_part_of_it() -> None:
    found = firsts([*H20, *moved(-0.004)[:5], *SHIFTED, *BACK, *moved(-0.004, 2)])
    assert found == sorted(set(found))


def test_later_points_date_a_change_better() -> None:
    noise = np.random.default_rng(8).normal(size=(40, 100))
    noise[:, 60:] -= 2.0
    early = [change.first for row in noise for change in changes(row[:68].tolist())]
    late = [change.first for row in noise for change in changes(row.tolist())]
    assert sum(abs(first - 60) <= 1 for first in late) >= 30
    assert sum(abs(first - 60) <= 1 for first in late) >= sum(abs(first - 60) <= 1 for first in early)


def test_suspects_hold_the_true_date_nearly_always() -> None:
    noise = np.random.default_rng(9).normal(size=(40, 120))
    noise[:, 60:] -= 2.0
    ranges = [change.suspects for row in noise for change in changes(row.tolist())]
    assert 38 <= len(ranges) <= 44
    assert sum(low <= 60 <= high for low, high in ranges) >= 35


def test_a_change_that_does_not_count_is_none() -> None:
    assert firsts(H20 + moved(-0.02), Scan(absolute=0.019)) == [20]
    assert firsts(H20 + moved(-0.02), Scan(absolute=0.021)) == []


def test_what_lies_between_two_neighbours_can_be_dated_by_itself() -> None:
    values = np.array([9.0, *H20, *SHIFTED, 9.0])
    assert dated(values, LEVEL, 1, 22, 24) == (21, (21, 21))
    assert dated(values, LEVEL, 1, 19, 24) == (21, (21, 21))


@pytest.mark.parametrize("r", [0.0, 0.5, 0.7])
@pytest.mark.parametrize(("outlier", "first"), [(0.5, 21), (0.85, 21), (0.94, 21), (0.97, 20), (1.3, 20)], ids=str)
def test_a_large_step_is_dated_to_its_run_whatever_is_beside_it(r: float, outlier: float, first: int) -> None:
    values = np.array([*H20, outlier, 1.0, 1.0, 1.0, 0.7, 1.0, 1.0])
    level = Level(20, 0.9125, LEVEL.scale, r)
    for turned in (values, -values):
        found, (low, high) = dated(turned, level, 0, 20, 27)
        assert (found, {low, high} <= {20, 21}) == (first, True)


def test_neighbours_that_resemble_each_other_blur_a_date() -> None:
    values = np.array([0.0, 0.5, 0.0, 0.5, -0.6, -1.0, -1.5, -2.0, -2.5, -2.0])
    sharp, blurred = (dated(values, Level(9, 0.0, 0.6, r), 0, 5, 10)[1] for r in (0.0, 0.7))
    assert blurred[0] <= sharp[0] <= sharp[1] <= blurred[1]
    assert blurred[1] - blurred[0] > sharp[1] - sharp[0]


@given(
    st.lists(st.floats(-100, 100) | st.integers(-2, 2).map(float), max_size=80),
    st.lists(st.tuples(st.integers(0, 80), st.floats(-300, 300)), max_size=4),
    st.sampled_from([5, 10]),
)
@settings(max_examples=50, deadline=None)
def test_change_points_are_in_order_and_agree_with_each_other(
    values: list[float], steps: list[tuple[int, float]], least: int
) -> None:
    shifted = [value + sum(size for first, size in steps if place >= first) for place, value in enumerate(values)]
    found = changes(shifted, Scan(min_history=least))
    edges = [0, *(change.first for change in found), len(values)]
    assert edges == sorted(set(edges)) or not found
    for change, begin, end in zip(found, edges, edges[2:], strict=False):
        low, high = change.suspects
        assert begin < low <= change.first <= high < end
        assert (change.before, change.after) == (
            median(shifted[begin : change.first]),
            median(shifted[change.first : end]),
        )


@given(st.lists(st.floats(-1e3, 1e3), max_size=80))
@settings(max_examples=30, deadline=None)
def test_turning_a_series_upside_down_turns_its_changes(values: list[float]) -> None:
    up, down = changes(values), changes([-value for value in values])
    assert [(change.first, change.suspects, change.before) for change in up] == [
        (change.first, change.suspects, -change.before) for change in down
    ]
