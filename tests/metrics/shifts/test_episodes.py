from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cajajejo.metrics.shifts.episodes import Course, Episode, Track, Watch, replay
from cajajejo.metrics.shifts.levels import Level
from cajajejo.metrics.shifts.scan import Scan
from tests.metrics.builders import condition
from tests.metrics.shifts.life_cycles import FIRST, NOISE, simulated
from tests.metrics.shifts.worked_shifts import (
    BACK,
    H20,
    LOWER_IS_WORSE,
    SHADOW,
    SHIFTED,
    SlowReplay,
    course,
    events,
    track,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

LOW = (*SHIFTED, 0.902)
RISEN = (0.924, 0.926, 0.925)
LEVEL = Level.of(H20)

numbers = st.sampled_from([st.floats(-10, 10), st.integers(-3, 3).map(float), st.sampled_from([0.0, 0.0, 0.0, 1.0])])
steps = st.lists(st.tuples(st.integers(0, 90), st.floats(-30, 30)), max_size=4)


def told(found: Course) -> list[tuple[str, int, int, int | None, str | None]]:
    """Of each episode: what it is, its first run, the run that told it, the one that ended it, and how."""
    return [
        (
            "again" if episode.resumed else "worse" if episode.bad else "better",
            episode.shift.first,
            episode.shift.opened,
            episode.closed,
            episode.ending,
        )
        for episode in found.episodes
    ]


def repeated(values: Sequence[float], times: int) -> tuple[float, ...]:
    return tuple(values) * times


def test_a_level_shift_is_watched_as_its_condition_says() -> None:
    shifts = condition(comparison="less", level_shift={"threshold": 4, "absorb_after": 20}, resolution=0.1)
    assert Watch.of(shifts, confirm_after=2) == Watch(
        Scan(threshold=4.0, resolution=0.1), bad=(1,), ratchet=True, confirm_after=2, absorb_after=20
    )
    assert Watch.of(condition(comparison="within", level_shift={})) == Watch(Scan(), bad=(-1, 1), ratchet=True)


def test_the_shadow_of_a_bound_is_guarded_and_sees_what_is_worse() -> None:
    assert Watch.of(condition(comparison="greater", stddevs_from_mean=4)) == Watch(Scan(), bad=(-1,), guarded=True)


def test_a_quiet_metric_has_no_episodes_and_all_its_points() -> None:
    assert course(H20) == Course((), tuple(range(20)), 0)
    assert course(H20).open is None
    assert course(()) == Course()


@pytest.mark.parametrize(
    ("new", "opened"),
    [
        pytest.param((0.903, 0.901, 0.900), 22, id="three clear runs"),
        pytest.param((0.903, 0.901, 0.905), None, id="the third half way back"),
        pytest.param((0.880, 0.913, 0.912), None, id="one spike"),
        pytest.param((0.880, 0.879, 0.913, 0.881, 0.882), 24, id="four of five"),
        pytest.param((0.906, 0.905, 0.907, 0.906, 0.904, 0.907), None, id="two sigma"),
    ],
)
def test_what_opens_an_episode(new: tuple[float, ...], opened: int | None) -> None:
    assert told(course(H20 + new)) == ([] if opened is None else [("worse", 20, opened, None, None)])


def test_a_constant_metric_shifts_with_the_third_different_run_in_a_row() -> None:
    assert told(course((*(0.75,) * 15, 0.74, 0.75, 0.74, 0.74, 0.74))) == [("worse", 17, 19, None, None)]


def test_an_open_episode_freezes_the_baseline() -> None:
    found = course(H20 + LOW + SHIFTED)
    assert found == Course(found.episodes, tuple(range(20)), 0)
    assert found.open == found.episodes[0]
    assert (found.open.shift.before, found.open.cause) == (LEVEL, "scan")


def test_the_third_run_back_ends_it_and_the_bad_runs_stay_out() -> None:
    found = course(H20 + LOW + BACK)
    assert told(found) == [("worse", 20, 22, 26, "recovered")]
    assert (found.places, found.open) == ((*range(20), 24, 25, 26), None)


def test_a_shift_that_comes_again_soon_is_the_same_one() -> None:
    found = course(H20 + LOW + BACK + SHIFTED)
    assert told(found) == [("worse", 20, 22, 26, "recovered"), ("again", 27, 29, None, None)]
    assert [found.named(episode) for episode in found.episodes] == [20, 20]


@pytest.mark.parametrize(("quiet", "what"), [(12, "again"), (13, "worse")])
def test_a_shift_that_comes_again_later_is_another_one(quiet: int, what: str) -> None:
    found = course(H20 + LOW + BACK + H20[:quiet] + SHIFTED)
    assert told(found)[1] == (what, 27 + quiet, 29 + quiet, None, None)
    assert found.named(found.episodes[1]) == (20 if what == "again" else 27 + quiet)


def test_a_shift_the_other_way_is_another_one() -> None:
    both = replace(LOWER_IS_WORSE, bad=(-1, 1), ratchet=False)
    assert told(course(H20 + LOW + BACK + RISEN, both)) == [
        ("worse", 20, 22, 26, "recovered"),
        ("worse", 27, 29, None, None),
    ]


def test_a_shift_for_the_better_cuts_the_baseline_at_its_first_run() -> None:
    found = course((*H20, *RISEN, *repeated(RISEN, 3)))
    assert told(found) == [("better", 20, 22, 22, "improvement")]
    assert (found.places, found.cut, found.open) == (tuple(range(20, 32)), 20, None)


def test_losing_an_improvement_is_a_regression() -> None:
    found = course((*H20, *repeated(RISEN, 5), 0.913, 0.912, 0.911))
    assert told(found) == [("better", 20, 22, 22, "improvement"), ("worse", 35, 37, None, None)]


def test_shortly_after_an_improvement_the_old_baseline_judges_what_is_worse() -> None:
    assert course(H20 + RISEN).places == tuple(range(20))
    found = course(H20 + RISEN + SHIFTED)
    assert told(found) == [("better", 20, 22, 22, "improvement"), ("worse", 23, 25, None, None)]
    assert (found.episodes[1].shift.before, found.places, found.cut) == (LEVEL, tuple(range(20)), 20)


def test_an_early_return_from_an_improvement_is_no_regression() -> None:
    assert told(course(H20 + RISEN + H20[:9])) == [("better", 20, 22, 22, "improvement")]


def test_after_an_improvement_the_old_baseline_serves_again_when_a_fall_from_it_has_ended() -> None:
    found = course(H20 + RISEN + LOW + BACK)
    assert told(found)[1:] == [("worse", 23, 25, 29, "recovered")]
    assert (found.places, found.cut) == (tuple(range(20)), 20)


def test_without_a_ratchet_what_is_better_is_not_looked_at() -> None:
    found = course(H20 + repeated(RISEN, 5), SHADOW)
    assert found == Course((), tuple(range(35)), 0)


def test_a_second_fall_escalates_the_first_once() -> None:
    level = tuple(value - 0.012 for value in H20[:14])
    fallen = tuple(value - 0.012 for value in SHIFTED)
    found = course(H20 + level + fallen * 2)
    assert told(found) == [("worse", 20, 22, None, None)]
    assert found.episodes[0].escalated == (37,)


def test_half_a_return_is_no_escalation() -> None:
    both = replace(LOWER_IS_WORSE, bad=(-1, 1), ratchet=False)
    low = tuple(value - 0.040 for value in H20[:14])
    up = tuple(value - 0.025 for value in H20)
    assert [episode.escalated for episode in course(H20 + low + up, both).episodes] == [()]


def test_a_lasting_shift_is_taken_as_the_level_where_that_is_asked_for() -> None:
    watch = replace(LOWER_IS_WORSE, absorb_after=5)
    low = tuple(value - 0.012 for value in H20)
    found = course(H20 + low, watch)
    assert told(found) == [("worse", 20, 22, 24, "absorbed")]
    assert (found.places, found.cut) == (tuple(range(20, 40)), 20)
    assert told(course(H20 + low + tuple(value - 0.012 for value in SHIFTED), watch))[1:] == [
        ("worse", 40, 42, None, None)
    ]


def test_a_shift_is_told_before_it_is_taken() -> None:
    found = course(H20 + LOW, replace(LOWER_IS_WORSE, absorb_after=3))
    assert told(found) == [("worse", 20, 22, 23, "absorbed")]
    assert found.places == (20, 21, 22, 23)


def test_a_return_comes_before_taking_it() -> None:
    watch = replace(LOWER_IS_WORSE, absorb_after=7)
    assert told(course(H20 + LOW + BACK, watch)) == [("worse", 20, 22, 26, "recovered")]


def test_points_before_the_start_are_never_used() -> None:
    values = H20 + tuple(value - 0.012 for value in H20)
    found = course(values, start=20)
    assert found == Course((), tuple(range(20, 40)), 20)
    assert told(course(values + tuple(value - 0.012 for value in SHIFTED), start=20)) == [("worse", 40, 42, None, None)]
    assert course(values[:29] + SHIFTED, start=20).episodes == ()
    assert course(H20, start=25) == Course((), (), 25)


def test_many_runs_out_of_bounds_are_an_episode_of_a_guarded_watch() -> None:
    values = (0.90, 0.91, *(0.5,) * 6)
    found = course(values, SHADOW, outside=range(2, 8))
    assert told(found) == [("worse", 2, 6, None, None)]
    assert (found.episodes[0].cause, found.places) == ("bounds", (0, 1))
    assert course(values, replace(SHADOW, guarded=False), outside=range(2, 8)).episodes == ()


def test_the_scan_comes_before_the_guard() -> None:
    found = course((*H20, *LOW, 0.9, 0.9), SHADOW, outside=range(20, 26))
    assert [(episode.cause, episode.shift.opened) for episode in found.episodes] == [("scan", 22)]


def test_after_an_episode_its_runs_count_no_more_for_the_next() -> None:
    values = (0.90, 0.91, *(0.5,) * 5, *(0.905,) * 4)
    found = course(values, SHADOW, outside=range(2, 7))
    assert told(found) == [("worse", 2, 6, 9, "recovered")]
    assert found.places == (0, 1, 7, 8, 9, 10)


def test_what_was_told_before_a_run_can_be_asked_for() -> None:
    values = H20 + RISEN + LOW + BACK + H20
    found = course(values)
    assert found.before(len(values)) == found
    assert found.before(0) == Course()
    assert found.before(26) == course(values[:26])
    assert told(found.before(26)) == [("better", 20, 22, 22, "improvement"), ("worse", 23, 25, None, None)]


def test_many_metrics_of_few_runs_take_a_moment() -> None:
    values = np.random.default_rng(6).normal(size=(2_000, 40))
    tracks = [Track(row, np.zeros(40, dtype=np.bool_)) for row in values]
    begin = time.process_time()
    replay(tracks, [LOWER_IS_WORSE] * len(tracks))
    assert time.process_time() - begin < 2.0  # 0.15 s where nothing else runs


@given(
    values=numbers.flatmap(lambda number: st.lists(number, max_size=90)),
    shifts=steps,
    watch=st.builds(
        Watch,
        st.builds(
            Scan,
            window=st.sampled_from([12, 100]),
            min_history=st.sampled_from([5, 10]),
            threshold=st.sampled_from([3.5, 4.5]),
            autocorrelated=st.booleans(),
            resolution=st.sampled_from([0.0, 0.5]),
            absolute=st.sampled_from([0.0, 1.0]),
            relative=st.sampled_from([0.0, 0.2]),
        ),
        bad=st.sampled_from([(-1,), (1,), (-1, 1)]),
        ratchet=st.booleans(),
        confirm_after=st.integers(1, 3),
        absorb_after=st.sampled_from([None, 3, 12]),
        guarded=st.booleans(),
    ),
    bound=st.floats(0, 10),
    start=st.sampled_from([0, 0, 7]),
)
@settings(max_examples=100, deadline=None)
def test_a_course_is_what_the_definition_says_run_by_run(
    values: list[float], shifts: list[tuple[int, float]], watch: Watch, bound: float, start: int
) -> None:
    shifted = [
        round(value + sum(size for first, size in shifts if place >= first), 6) for place, value in enumerate(values)
    ]
    outside = {place for place, value in enumerate(shifted) if abs(value) > bound}
    found = course(shifted, watch, outside=outside, start=start)
    slow = SlowReplay(shifted, outside, watch).run(start)
    assert [event for event in events(found) if isinstance(event[0], str)] == [
        event for event in slow.said if isinstance(event[0], str)
    ]
    for one, other in zip(events(found), slow.said, strict=True):
        assert one == (other if isinstance(other[0], str) else pytest.approx(other, rel=1e-6, abs=1e-9))
    assert found.places == slow.baseline()


@given(st.integers(0, 10_000), st.integers(0, 140), st.booleans())
@settings(max_examples=12, deadline=None)
def test_later_runs_change_nothing_that_was_told(seed: int, end: int, guarded: bool) -> None:  # noqa: FBT001  # drawn
    drawn = np.random.default_rng(seed)
    values = drawn.normal(size=140) + 3.0 * np.repeat(drawn.integers(-2, 3, size=14), 10)
    outside = set(np.flatnonzero(np.abs(values) > 3).tolist()) if guarded else set()
    watch = replace(LOWER_IS_WORSE, guarded=guarded, absorb_after=15 if seed % 3 else None)
    assert course(values.tolist(), watch, outside=outside).before(end) == course(
        values[:end].tolist(), watch, outside={place for place in outside if place < end}
    )


@given(st.lists(st.tuples(st.integers(0, 130), st.booleans(), st.sampled_from([10, 100])), max_size=6))
@settings(max_examples=20, deadline=None)
def test_metrics_replayed_together_have_the_course_of_each_alone(drawn: list[tuple[int, bool, int]]) -> None:
    values = np.random.default_rng(len(drawn)).normal(size=130) + 4.0 * (np.arange(130) // 25 % 2)
    tracks = [track(values[:n].tolist()) for n, _, _ in drawn]
    watches = [Watch(Scan(window), (1,) if high else (-1,), ratchet=True) for _, high, window in drawn]
    alone = [replay([one], [watch])[0] for one, watch in zip(tracks, watches, strict=True)]
    assert replay(tracks, watches) == alone


@given(st.lists(st.floats(allow_nan=False), max_size=60))
@settings(deadline=None)
def test_places_are_some_of_the_points_in_their_order(values: list[float]) -> None:
    places = course(values, replace(SHADOW, bad=(-1, 1))).places
    assert sorted(set(places)) == list(places)
    assert set(places) <= set(range(len(values)))


@pytest.mark.parametrize("kind", [kind for kind in NOISE if kind != "neighbours resemble"])
@pytest.mark.parametrize("runs", [40, 6])
def test_one_large_shift_is_one_alert_and_one_recovery(kind: str, runs: int) -> None:
    life = simulated(kind, size=3, runs=runs)
    assert 0.9 <= life.alerts <= 1.05
    assert life.closed_early <= 0.05
    assert life.resumed <= 0.05
    assert life.runs_to_alert <= 4
    assert 3 <= life.runs_to_recovery <= 4
    assert life.dated_within_one >= 0.85
    assert life.alerts_before <= 5


@pytest.mark.parametrize("kind", [kind for kind in NOISE if kind != "neighbours resemble"])
def test_a_small_shift_seldom_ends_early(kind: str) -> None:
    life = simulated(kind, size=1.5, runs=40)
    assert 0.7 <= life.alerts <= 1.1
    assert life.closed_early <= 0.2
    assert life.resumed <= 0.15
    assert life.runs_to_recovery <= 8


def test_where_neighbours_resemble_a_large_shift_takes_longer() -> None:
    life = simulated("neighbours resemble", size=3, runs=40)
    assert 0.85 <= life.alerts <= 1.1
    assert life.closed_early <= 0.1
    assert life.runs_to_alert <= 7
    assert life.runs_to_recovery <= 6


def test_episodes_of_a_simulation_begin_where_the_shift_was_put() -> None:
    values = [*np.zeros(FIRST).tolist(), *(-5.0,) * 8]
    assert told(course(values)) == [("worse", FIRST, FIRST + 2, None, None)]
    assert isinstance(course(values).open, Episode)
