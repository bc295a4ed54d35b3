"""What a level_shift says of each run of a series, judged one after the other as they come."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cajajejo.metrics.judgement.cases import Cut
from cajajejo.metrics.judgement.judging import judge
from cajajejo.metrics.judgement.verdict import MetricVerdict, Verdict
from tests.metrics.builders import H10, H20, condition, points, regression_tests, this_run

if TYPE_CHECKING:
    from collections.abc import Sequence

SHIFT = (0.903, 0.901, 0.900)


def after(
    history: Sequence[float], value: float, comparison: str = "greater", cut: Cut | None = None, **fields: Any
) -> MetricVerdict:
    """The verdict on `value` after `history`."""
    tests = regression_tests({"m": condition(comparison, **({"level_shift": {}} | fields))})
    (found,) = judge({"m": value}, {"m": points(history)}, tests, this_run(), cuts={"m": cut} if cut else {})
    return found


def course(values: Sequence[float], start: int, comparison: str = "greater", **fields: Any) -> list[str]:
    """What is said of each of `values` from the place `start` on: its verdict, or what it is to an episode."""
    found = [after(values[:place], values[place], comparison, **fields) for place in range(start, len(values))]
    return [each.episode.status if each.episode else str(each.verdict) for each in found]


@pytest.mark.parametrize(
    ("values", "told"),
    [
        pytest.param(SHIFT, ["pass", "pass", "opened"], id="three clear runs"),
        pytest.param((0.903, 0.901, 0.905), ["pass"] * 3, id="not quite"),
        pytest.param((0.880, 0.913, 0.912), ["pass"] * 3, id="a spike"),
        pytest.param((0.880, 0.879, 0.913, 0.881, 0.882), ["pass"] * 4 + ["opened"], id="four of five"),
        pytest.param(
            (*SHIFT, 0.902, 0.913, 0.912, 0.911, 0.912),
            ["pass", "pass", "opened", "ongoing", "ongoing", "ongoing", "recovered", "pass"],
            id="recovered at the third run back",
        ),
        pytest.param(
            (0.925, 0.926, 0.927, 0.926), ["pass", "pass", "improvement", "pass"], id="better is an improvement, once"
        ),
    ],
)
def test_a_lasting_shift_is_one_episode(values: tuple[float, ...], told: list[str]) -> None:
    assert course([*H20, *values], 20) == told


def test_losing_a_gain_is_a_regression() -> None:
    values = [*H20, *(value + 0.03 for value in H20), *H20[:4]]
    assert course(values, 40)[:3] == ["pass", "pass", "opened"]


@pytest.mark.parametrize(
    ("comparison", "values", "verdict"),
    [
        ("less", SHIFT, "improvement"),
        ("less", (0.925, 0.926, 0.927), "opened"),
        ("within", SHIFT, "opened"),
        ("within", (0.925, 0.926, 0.927), "opened"),
    ],
)
def test_the_comparison_says_which_direction_is_worse(comparison: str, values: tuple[float, ...], verdict: str) -> None:
    assert course([*H20, *values], 22, comparison) == [verdict]


def test_a_new_shift_further_away_is_told_once_more() -> None:
    lower = [value - 0.012 for value in H20]
    told = course([*H20, *lower, *(value - 0.03 for value in H10)], 40)
    assert (told.count("escalated"), set(told)) == (1, {"ongoing", "escalated"})


def test_a_shift_is_a_regression_with_its_levels_its_runs_and_the_last_good_one() -> None:
    history = [*H20, *SHIFT[:2]]
    found = after(history, SHIFT[2])
    assert (found.verdict, found.reason, found.bounds) == (
        Verdict.REGRESSION,
        "level fell from 0.913 to 0.901, z -4.78",
        None,
    )
    assert found.turn is not None
    assert (found.turn.good.run_id, found.turn.bad.run_id) == ("r19", "r20")
    assert found.outside is False
    going_on = after([*history, SHIFT[2]], 0.9)
    assert going_on.reason == "ongoing since run r20: level fell from 0.913 to 0.901"
    assert (going_on.alerts, going_on.verdict) == (False, Verdict.REGRESSION)


def test_a_run_that_is_as_ever_says_so_with_the_level() -> None:
    found = after(H20, 0.911)
    assert (found.verdict, found.reason, found.notes) == (
        Verdict.PASS, "no shift from 0.913, the median of 20 runs", (),
    )  # fmt: skip


def test_until_a_better_level_has_its_runs_the_level_before_it_is_named() -> None:
    better = [value + 0.03 for value in H20]
    assert after([*H20, *better[:5]], better[5]).reason == (
        "no shift for the worse from 0.913, the median of 20 runs before run r20 improved it"
    )
    assert after([*H20, *better[:10]], better[10]).reason.startswith("no shift from 0.94")


def test_the_run_that_is_back_for_certain_notes_it() -> None:
    found = after([*H20, *SHIFT, 0.902, 0.913, 0.912], 0.911)
    assert (found.verdict, found.notes) == (Verdict.PASS, ("recovered from the shift since run r20",))
    assert found.reason.endswith("; recovered from the shift since run r20")


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({}, "7 of 10 runs so far"),
        ({"wait": 15}, "7 of 15 runs so far"),
        ({"level_shift": {"min_history": 8}}, "7 of 8 runs so far"),
        ({"cut": Cut("r3", 3.0, 0.0)}, "4 of 10 runs since the level was accepted at run r3"),
    ],
    ids=["min_history", "wait", "a shorter history", "an accepted level"],
)
def test_a_level_needs_its_points(fields: dict[str, Any], reason: str) -> None:
    found = after(H10[:7], 0.5, **fields)
    assert (found.verdict, found.cause, found.reason) == (Verdict.INCONCLUSIVE, "waiting", reason)


def test_a_shift_from_before_the_waiting_was_over_is_told_when_it_is() -> None:
    assert course([*H20, *SHIFT, *[0.9] * 9], 29, wait=30) == ["inconclusive", "opened", "ongoing"]


def test_an_accepted_level_ends_the_episode_and_is_what_later_runs_are_compared_with() -> None:
    lower = [value - 0.012 for value in H20]
    cut = Cut("r20", 20.0, accepted=100.0)
    assert after([*H20, *lower], 0.9).verdict is Verdict.REGRESSION
    assert after([*H20, *lower], 0.9, cut=cut).verdict is Verdict.PASS
    assert after([*H20, *lower, 0.88, 0.881], 0.88, cut=cut).verdict is Verdict.REGRESSION


def test_confirm_after_wants_more_runs_that_tell() -> None:
    assert course([*H20, *SHIFT, 0.9], 21, confirm_after=2) == ["pass", "pass", "opened"]


def test_a_lasting_shift_is_absorbed_only_where_that_is_asked() -> None:
    told = course([*H20, *[0.9] * 10], 22, level_shift={"absorb_after": 5})
    assert ("absorbed" in told, "ongoing" in told) == (True, True)
    assert "absorbed" not in course([*H20, *[0.9] * 10], 22)


def test_a_drift_is_noted_where_that_is_asked() -> None:
    values = [0.9 + 0.001 * place + 0.002 * (place % 3) for place in range(60)]
    notes = after(values[:-1], values[-1], level_shift={"anchor": True, "threshold": 10}).notes
    assert notes == ("drift from the first runs: up",)
    assert after(values[:-1], values[-1], level_shift={"threshold": 10}).notes == ()


def test_logarithms_are_judged_and_told_in_the_unit_of_the_metric() -> None:
    history = [math.exp(value * 10) for value in H20]
    found = after([*history, math.exp(9.03), math.exp(9.01)], math.exp(9.0), transform="log")
    assert found.reason == "level fell from 9187 to 8185, z -4.78"


@given(
    st.lists(st.floats(-1e6, 1e6), max_size=30),
    st.floats(-1e6, 1e6),
    st.sampled_from(["greater", "less", "within"]),
)
@settings(max_examples=60, deadline=None)
def test_every_run_gets_a_verdict_with_its_words(history: list[float], value: float, comparison: str) -> None:
    found = after(history, value, comparison)
    assert (found.verdict is Verdict.INCONCLUSIVE) == (len(history) < 10)
    assert found.reason
    assert (found.turn is not None) == (found.verdict is Verdict.REGRESSION)
