from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cajajejo.metrics.shifts.levels import Level
from cajajejo.metrics.shifts.scan import SPANS, Scan, Shift
from cajajejo.metrics.shifts.searches import Earlier, Search, answered, first_shifts
from tests.metrics.shifts.worked_shifts import H20, SHIFTED

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

NOISE = tuple(np.random.default_rng(3).normal(size=100).tolist())


def found(values: Sequence[float], scan: Scan | None = None, **asked: Any) -> Shift | None:
    """The first shift in `values`."""
    (shift,) = first_shifts([search(values, scan, **asked)])
    return shift


def search(values: Sequence[float], scan: Scan | None = None, **asked: Any) -> Search:
    return Search(np.array(values, dtype=float), scan or Scan(), **asked)


def opened_at(history: tuple[float, ...], new: tuple[float, ...], **asked: Any) -> int | None:
    """The number of the first new run at which a shift is told."""
    shift = found(history + new, **asked)
    return None if shift is None else shift.opened + 1 - len(history)


@pytest.mark.parametrize(
    ("new", "scores", "opened"),
    [
        pytest.param((0.903, 0.901, 0.900), {3: -4.779870}, 3, id="three clear runs"),
        pytest.param((0.903, 0.901, 0.905), {3: -4.389783}, None, id="the third half way back"),
        pytest.param((0.880, 0.913, 0.912), {3: -1.631372}, None, id="one spike"),
        pytest.param((0.880, 0.879, 0.913), {3: -3.157275}, None, id="two spikes"),
        pytest.param((0.880, 0.879, 0.913, 0.881), {4: -4.046016}, None, id="three of four"),
        pytest.param((0.880, 0.879, 0.913, 0.881, 0.882), {5: -4.745751}, 5, id="four of five"),
        pytest.param((0.906, 0.905, 0.907), {3: -3.188399}, None, id="two sigma, three runs"),
        pytest.param((0.906, 0.905, 0.907, 0.906), {4: -3.604129}, None, id="two sigma, four runs"),
        pytest.param((0.906, 0.905, 0.907, 0.906, 0.904), {5: -4.189233}, None, id="two sigma, five runs"),
        pytest.param((0.906, 0.905, 0.907, 0.906, 0.904, 0.907), {6: -4.348880}, None, id="two sigma, six runs"),
    ],
)
def test_scores_are_those_worked_by_hand(new: tuple[float, ...], scores: dict[int, float], opened: int | None) -> None:
    values = H20 + new
    assert {m: round(Level.of(values[:-m]).score(values[-m:]), 6) for m in scores} == scores
    assert opened_at(H20, new) == opened


def test_a_shift_tells_where_it_began_and_from_what_level_to_what() -> None:
    level = Level.of(H20)
    shift = found(H20 + SHIFTED)
    assert shift is not None
    assert shift == Shift(-1, 20, (20, 20), 22, shift.z, level, 0.901)
    assert (round(shift.z, 6), round(shift.before.centre, 6)) == (-4.779870, 0.912550)
    assert shift.size == pytest.approx((0.912550 - 0.901) / level.scale)


def test_a_constant_metric_shifts_with_the_third_different_run_in_a_row() -> None:
    assert opened_at((0.75,) * 15, (0.74, 0.75, 0.74, 0.74, 0.74)) == 5


def test_a_gentle_shift_may_have_begun_at_several_runs() -> None:
    shift = found([*NOISE, *(value - 1.3 for value in NOISE[30:45])])
    assert shift is not None
    assert (shift.first, shift.suspects) == (100, (100, 103))


def test_a_shift_has_a_direction() -> None:
    rising = (0.922, 0.924, 0.925)
    assert opened_at(H20, rising, signs=(-1,)) is None
    assert opened_at(H20, rising, signs=(1,)) == 3


def test_what_rises_does_not_hide_that_it_falls_where_only_that_is_looked_for() -> None:
    values, scan = [*NOISE, *[8.0] * 12, *[-8.0] * 3], Scan(autocorrelated=False)
    both, falls = found(values, scan, begin=114), found(values, scan, begin=114, signs=(-1,))
    assert both is not None
    assert falls is not None
    assert ((both.sign, both.first), (falls.sign, falls.first)) == ((1, 100), (-1, 112))


@pytest.mark.parametrize(("floor", "opened"), [(0.0115, 3), (0.0116, None)])
def test_a_change_that_does_not_count_is_no_shift(floor: float, opened: int | None) -> None:
    assert opened_at(H20, SHIFTED, scan=Scan(absolute=floor)) == opened


@pytest.mark.parametrize(("runs", "opened"), [(1, 3), (2, 4), (4, 6)])
def test_several_runs_can_be_asked_for_to_confirm_it(runs: int, opened: int) -> None:
    assert opened_at(H20, (*SHIFTED, 0.901, 0.902, 0.900), confirm_after=runs) == opened


def test_a_run_that_does_not_confirm_begins_the_count_anew() -> None:
    shifted = (*SHIFTED, 0.915, *SHIFTED, *SHIFTED)
    assert opened_at(H20 * 3, shifted) == 3
    assert opened_at(H20 * 3, shifted, confirm_after=2) == 6


def test_runs_before_the_first_that_is_judged_neither_tell_nor_confirm() -> None:
    shifted = (*SHIFTED, 0.901, 0.902, 0.900)
    assert opened_at(H20, shifted, begin=24) == 5
    assert opened_at(H20, shifted, begin=24, confirm_after=2) == 6


def test_too_short_a_series_tells_nothing() -> None:
    assert found(()) is None
    assert found((*H20[:9], *SHIFTED)) is None
    assert found(H20 + SHIFTED, begin=23) is None


def test_too_few_points_are_compared_with_an_earlier_level() -> None:
    earlier = Earlier(Level.of(H20), (-1,))
    shift = found(SHIFTED, earlier=earlier)
    assert shift is not None
    assert (shift.first, shift.opened, round(shift.z, 6), shift.before) == (0, 2, -4.779870, earlier.level)
    assert found([0.95] * 9, earlier=earlier) is None


def test_enough_points_are_compared_with_their_own_level() -> None:
    values, earlier = H20 + H20[:5] + SHIFTED, Earlier(Level.of([0.99] * 20), (-1,))
    assert found(values, earlier=earlier, begin=25) == found(values)
    early = found(values, earlier=earlier)
    assert early is not None
    assert (early.before, early.opened) == (earlier.level, 2)


@pytest.mark.parametrize("quiet", [20, 255, 256, 257, 300, 700])
@pytest.mark.parametrize("runs", [1, 2])
def test_a_shift_is_found_wherever_it_is_in_a_long_series(quiet: int, runs: int) -> None:
    values = [*((0.5, -0.5) * 400)[-quiet:-3], 0.4, 0.4, 0.4, *[-9.0] * 300]
    shift = found(values, confirm_after=runs)
    assert shift is not None
    told = (shift.first, shift.opened, shift.before)
    assert told == (quiet, quiet + 1 + runs, Level.of(values[:quiet][-100:]))


@given(
    st.lists(
        st.tuples(st.integers(0, 90), st.sampled_from([4.0, 4.5]), st.sampled_from([10, 100]), st.integers(1, 3)),
        max_size=12,
    )
)
def test_many_searches_at_once_find_what_each_finds_alone(drawn: list[tuple[int, float, int, int]]) -> None:
    numbers = np.random.default_rng(len(drawn))
    searches = [
        search(
            (numbers.normal(size=n) + 4.0 * (np.arange(n) > n // 2)).tolist(), Scan(window, 10, h), confirm_after=runs
        )
        for n, h, window, runs in drawn
    ]
    assert first_shifts(searches) == [shift for one in searches for shift in first_shifts([one])]


@given(st.lists(st.floats(-1e6, 1e6), min_size=10, max_size=40), st.floats(allow_nan=False, allow_infinity=False))
def test_one_spike_of_any_size_tells_nothing(history: list[float], spike: float) -> None:
    middle = Level.of(history).centre
    shift = found([*history, middle, middle, spike], begin=len(history) + 2)
    assert shift is None or shift.first != len(history)


@given(st.lists(st.floats(-1e3, 1e3), min_size=13, max_size=60), st.booleans())
def test_turning_a_series_upside_down_turns_its_shift(values: list[float], steps: bool) -> None:  # noqa: FBT001  # drawn
    values = [round(value) / 2 if steps else value for value in values]
    up, down = found(values), found([-value for value in values])
    assert (up is None) == (down is None)
    if up is not None and down is not None:
        assert (up.sign, up.first, up.opened, up.z, up.after) == (
            -down.sign,
            down.first,
            down.opened,
            -down.z,
            -down.after,
        )


@given(st.integers(0, 10_000), st.sampled_from([2.0**-10, 0.5, 4.0, 2.0**20]), st.integers(-1000, 1000))
def test_a_shift_does_not_depend_on_the_unit(seed: int, factor: float, offset: int) -> None:
    numbers = np.random.default_rng(seed)
    values = np.round(numbers.normal(size=60), 3) + np.where(np.arange(60) > numbers.integers(60), 3.0, 0.0)
    one, other = found(values.tolist()), found((values * factor + offset).tolist())
    assert (one is None) == (other is None)
    if one is not None and other is not None:
        assert (one.first, one.opened, one.suspects) == (other.first, other.opened, other.suspects)
        assert one.z == pytest.approx(other.z, rel=1e-5)


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), max_size=60))
def test_no_finite_value_is_too_large(values: list[float]) -> None:
    clipped = [min(max(value, -1e300), 1e300) for value in values]
    shift = found(clipped)
    assert shift is None or abs(shift.z) <= 3 / (1 / SPANS[-1]) ** 0.5


def asker(questions: Sequence[Search]) -> Generator[Search, Shift | None, list[int | None]]:
    answers = []
    for question in questions:
        shift = yield question
        answers.append(None if shift is None else shift.opened)
    return answers


def test_each_asker_gets_the_answers_to_its_questions() -> None:
    shifted, quiet, later = search(H20 + SHIFTED), search(H20), search(H20 + H20[:5] + SHIFTED)
    askers = [asker([shifted, quiet]), asker([]), asker([later, later, shifted])]
    assert answered(askers) == [[22, None], [], [27, 27, 22]]
