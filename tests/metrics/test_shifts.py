from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cajajejo.metrics import shifts
from cajajejo.metrics.shifts import Level, Levels, Return
from tests.metrics.builders import H20


def last_z(values: tuple[float, ...], m: int) -> float:
    return round(Level.of(values[-m - shifts.WINDOW : -m]).score(values[-m:]), 6)


def opened_at(history: tuple[float, ...], new: tuple[float, ...], sign: int = -1) -> int | None:
    """The number of the first new run at which a shift opens."""
    levels = Levels(list(history))
    for number, value in enumerate(new, 1):
        levels.values.append(value)
        if shifts.opens(shifts.scan(levels), sign):
            return number
    return None


def test_a_level_is_a_winsorised_mean_and_scale() -> None:
    level = Level.of(H20)
    assert (level.n, round(level.centre, 6), round(level.scale, 9), level.autocorrelation) == (
        20,
        0.912550,
        0.003318030,
        0.0,
    )


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
        pytest.param((0.906, 0.905, 0.907, 0.906, 0.904, 0.907), {6: -4.348880}, None, id="two sigma, six runs"),
    ],
)
def test_scores_are_those_worked_by_hand(new: tuple[float, ...], scores: dict[int, float], opened: int | None) -> None:
    assert {m: last_z(H20 + new, m) for m in scores} == scores
    assert opened_at(H20, new) == opened


def test_a_shift_tells_where_it_began_and_from_what_level() -> None:
    shift = shifts.scan(Levels([*H20, 0.903, 0.901, 0.900]))
    assert shift is not None
    assert (shift.sign, shift.first, round(shift.z, 6), round(shift.before.centre, 6)) == (-1, 20, -4.779870, 0.912550)


def test_a_constant_metric_shifts_with_the_third_different_run_in_a_row() -> None:
    assert opened_at((0.75,) * 15, (0.74, 0.75, 0.74, 0.74, 0.74)) == 5


def test_a_shift_has_a_direction() -> None:
    assert opened_at(H20, (0.922, 0.924, 0.925)) is None
    assert opened_at(H20, (0.922, 0.924, 0.925), sign=1) == 3


def test_too_short_a_series_has_no_score() -> None:
    assert shifts.scan(Levels(list(H20[:12]))) is None
    assert not shifts.opens(None, 1)


@pytest.mark.parametrize(
    ("r", "m", "expected"),
    [
        (0.5, 3, 1.833333),
        (0.5, 5, 2.225000),
        (0.5, 15, 2.733341),
        (0.2, 3, 1.293333),
        (0.2, 5, 1.375040),
        (0.2, 15, 1.458333),
    ],
)
def test_autocorrelation_inflates_the_variance_of_a_mean(r: float, m: int, expected: float) -> None:
    assert round(shifts.inflation(r, m), 6) == expected


def test_autocorrelation_is_found_in_a_series_that_has_it() -> None:
    assert Level.of([0.0, 0.1, 0.2, 0.1, 0.0, -0.1, -0.2, -0.1] * 3).autocorrelation > 0.4


def test_a_return_closes_at_the_third_run_back() -> None:
    shift = shifts.scan(Levels([*H20, 0.903, 0.901, 0.900]))
    assert shift is not None
    returning = Return(shift)
    assert [(returning.add(value), returning.total) for value in (0.902, 0.913, 0.912, 0.911)] == [
        (False, 0.0), (False, 2.0), (False, 4.0), (True, 6.0),
    ]  # fmt: skip


@pytest.mark.parametrize("values", [(0.5,), (0.5, 0.5), (0.4, 0.5, 0.6)])
def test_a_level_of_few_points_is_defined(values: tuple[float, ...]) -> None:
    level = Level.of(values)
    assert (level.n, round(level.centre, 9)) == (len(values), 0.5)
    assert level.scale > 0


@given(st.lists(st.floats(-1e6, 1e6), min_size=10, max_size=40), st.floats(allow_nan=False, allow_infinity=False))
def test_one_spike_of_any_size_opens_nothing(history: list[float], spike: float) -> None:
    middle = Level.of(history).centre
    levels = Levels([*history, middle, middle, spike])
    found = shifts.scan(levels)
    assert found is None or found.first != len(history) or not shifts.opens(found, found.sign)


@given(st.lists(st.floats(-1e3, 1e3), min_size=13, max_size=40))
def test_turning_a_series_upside_down_turns_its_score(values: list[float]) -> None:
    up, down = shifts.scan(Levels(values)), shifts.scan(Levels([-value for value in values]))
    assert up is not None
    assert down is not None
    assert up.z == pytest.approx(-down.z, abs=1e-9)
