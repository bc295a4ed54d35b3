from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pytest

from cajajejo.metrics.judgement.cases import Case, Cut
from cajajejo.metrics.points import Point
from cajajejo.metrics.runs import Run
from tests.metrics.builders import condition, points, this_run

if TYPE_CHECKING:
    from cajajejo.metrics.config.conditions import SuccessCondition

BOUND, LEVEL = condition("less", stddevs_from_mean=4), condition("less", level_shift={})
LOG = condition("less", stddevs_from_mean=4, transform="log")


def case(wanted: SuccessCondition = BOUND, values: tuple[float, ...] = (1.0, 2.0, 4.0), cut: Cut | None = None) -> Case:
    return Case.of(("m", 8.0), wanted, points(values, outside=[1, 2]), this_run(commit="10abfb1"), cut=cut)


def test_without_an_accepted_level_all_points_count() -> None:
    found = case()
    assert (found.points, found.waiting) == (points([1.0, 2.0, 4.0], outside=[1, 2]), "so far")
    assert found.with_this[-1] == Point("this", 8.0, start_time=1000.0, commit="10abfb1")


def test_points_before_an_accepted_level_do_not_count_and_old_bounds_say_nothing_of_it() -> None:
    found = case(cut=Cut("r1", 1.0, accepted=2.0))
    assert found.points == [Point("r1", 2.0, start_time=1.0), Point("r2", 4.0, outside=True, start_time=2.0)]
    assert found.waiting == "since the level was accepted at run r1"


def test_a_level_that_begins_with_this_run_has_no_points_yet() -> None:
    assert case(cut=Cut("this", 1000.0, accepted=2000.0)).points == []


def test_a_level_that_begins_after_this_run_is_none_for_it() -> None:
    assert case(cut=Cut("later", 1001.0, accepted=2000.0)) == case()


def test_what_has_no_logarithm_is_no_point_where_logarithms_are_judged() -> None:
    found = case(LOG, (1.0, -2.0, 0.0, math.e))
    assert [point.value for point in found.points] == [1.0, math.e]
    assert found.track().values == pytest.approx([0.0, 1.0])


def test_the_watch_sees_the_value_under_test_where_it_is_judged_by_its_level() -> None:
    bound, level = case().track(), case(LEVEL).track()
    assert (bound.values.tolist(), bound.outside.tolist()) == ([1.0, 2.0, 4.0], [False, True, True])
    assert level.values.tolist() == [1.0, 2.0, 4.0, 8.0]
    assert (case().watch().guarded, case(LEVEL).watch().ratchet) == (True, True)


@pytest.mark.parametrize(("own", "expected"), [(None, 2), (3, 3)], ids=["that of all", "its own"])
def test_a_condition_says_itself_how_many_failures_it_takes(own: int | None, expected: int) -> None:
    wanted = condition("less", stddevs_from_mean=4, confirm_after=own)
    assert Case.of(("m", 1.0), wanted, [], Run("t", "r", 1.0), confirm_after=2).confirm_after == expected
