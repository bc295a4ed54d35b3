from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest

from cajajejo.metrics.baselines import Accepted, Baselines
from cajajejo.metrics.points import Point
from cajajejo.metrics.reports import dated_shifts
from cajajejo.metrics.reports.dated_shifts import Known, Looked
from tests.metrics.builders import H20, condition, points, regression_tests

if TYPE_CHECKING:
    from cajajejo.metrics.config.conditions import SuccessCondition

DROP = (*H20, *(value - 0.02 for value in H20))
LEVEL = condition("greater", level_shift={})
ACCEPTED = Accepted("t", "m", "r20", "new tokenizer", "jasper", "2026-11-21")


def test_a_shift_is_told_with_the_runs_and_commits_about_it() -> None:
    known = [Point(f"r{place}", value, start_time=place * 60.0, commit=f"c{place}") for place, value in enumerate(DROP)]
    (shift,) = dated_shifts.look("m", known).shifts
    assert (shift.metric, shift.turn.good, shift.first, shift.turn.bad) == ("m", known[19], known[20], known[20])
    assert shift.turn.commits == ("c19", "c20")
    assert (shift.before, shift.after) == pytest.approx((0.9125, 0.8925))
    assert shift.direction == "down"
    assert shift.relative == pytest.approx(-0.02 / 0.9125)
    assert shift.deviations == pytest.approx(-0.02 / 0.003318030, rel=1e-3)
    assert shift.z is not None
    assert shift.z <= -4.5
    assert (shift.effect, shift.accepted) == (None, None)


@pytest.mark.parametrize(
    ("judged", "effect"),
    [
        (condition("greater", level_shift={}), "worse"),
        (condition("less", level_shift={}), "better"),
        (condition("within", level_shift={}), "worse"),
        (condition("less", fixed_value=1.0), "better"),
    ],
    ids=["higher-is-better", "lower-is-better", "either-is-bad", "bound"],
)
def test_a_condition_says_what_is_worse(judged: SuccessCondition, effect: str) -> None:
    (shift,) = dated_shifts.look("m", points(DROP), known=Known(judged)).shifts
    assert shift.effect == effect


def test_changes_that_a_condition_counts_as_none_are_none() -> None:
    floor = condition("greater", level_shift={}, min_change={"absolute": 0.05})
    assert dated_shifts.look("m", points(DROP), known=Known(floor)) == Looked("m", 40, 13)


def test_where_a_condition_judges_logarithms_so_does_the_search_and_levels_are_in_the_unit_of_the_metric() -> None:
    random = np.random.default_rng(2)
    times = [math.exp(value) for value in np.where(np.arange(40) < 25, 6.0, 7.0) + random.normal(0, 0.05, 40)]
    judged = condition("less", level_shift={}, transform="log")
    (shift,) = dated_shifts.look("m", points([0.0, *times, -1.0]), known=Known(judged)).shifts
    assert (shift.first.run_id, shift.effect) == ("r26", "worse")
    assert shift.before == pytest.approx(math.exp(6), rel=0.03)
    assert shift.after == pytest.approx(math.exp(7), rel=0.03)
    assert shift.deviations == pytest.approx(20, rel=0.3)


def test_where_runs_did_not_differ_a_shift_has_no_size_in_deviations() -> None:
    (shift,) = dated_shifts.look("m", points([0.0] * 20 + [3.0] * 20)).shifts
    assert (shift.before, shift.after, shift.deviations, shift.relative) == (0.0, 3.0, None, None)


@pytest.mark.parametrize(
    ("start", "settled"),
    [("r20", True), ("r30", True), ("r19", False), ("r3", False), ("r", False), ("elsewhere", False)],
    ids=["its-first-run", "a-later-run", "the-run-before", "an-early-run", "not-one-run", "no-run"],
)
def test_a_level_accepted_since_settles_a_shift(start: str, settled: bool) -> None:  # noqa: FBT001  # a column
    line = Accepted("t", "m", start, "new tokenizer", "jasper", "2026-11-21")
    (shift,) = dated_shifts.look("m", points(DROP), known=Known(LEVEL, line)).shifts
    assert shift.accepted == (line if settled else None)


def test_each_metric_of_a_test_is_searched_by_what_is_known_of_it() -> None:
    tests = regression_tests({"m": LEVEL})
    lines = Baselines(accepted=(ACCEPTED,))
    found = dated_shifts.search("t", {"n": points(H20), "m": points(DROP)}, tests=tests, lines=lines)
    assert (found.test, found.engine) == ("t", "builtin")
    assert [(one.metric, one.runs, one.fewest, len(one.shifts)) for one in found.looked] == [
        ("m", 40, 13, 1),
        ("n", 20, 13, 0),
    ]
    assert [(shift.effect, shift.accepted) for shift in found.newest_first] == [("worse", ACCEPTED)]


def test_the_latest_shift_of_all_metrics_comes_first() -> None:
    twice = (*H20, *(value + 0.1 for value in H20), *(value - 0.1 for value in H20))
    series = {"a": points(twice), "b": points(DROP, start=15.0)}
    found = dated_shifts.search("t", series)
    assert [(shift.metric, shift.first.run_id) for shift in found.newest_first] == [
        ("a", "r40"),
        ("b", "r20"),
        ("a", "r20"),
    ]


def test_a_metric_without_points_has_no_shift() -> None:
    assert dated_shifts.look("m", []) == Looked("m", 0, 13)
