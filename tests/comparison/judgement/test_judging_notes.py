"""What stands below a verdict: what the pairs can show, what it would take, and what was assumed."""

from __future__ import annotations

from typing import Any

import pytest

from tests.comparison.judged import counted, criteria, estimate, given, graded, judged, measured


def test_the_reason_of_an_inconclusive_metric_says_what_it_would_take() -> None:
    found = judged(measured(counted(500, 33, 21), criteria(0.02)))
    assert found.verdict == "inconclusive"
    assert found.reason == "a drop of 0.024 is over the 0.02 allowed, but 500 pairs cannot tell it from chance"
    assert found.notes == ("seen with 80 % power: drops of 0.041 and more. To see 0.02, about 2,200 pairs are needed.",)


def test_without_a_tolerance_it_is_the_difference_found_that_more_pairs_would_show() -> None:
    found = judged(measured(counted(500, 33, 21), criteria()))
    assert found.reason == "500 pairs cannot tell a drop of 0.024 from chance (p 0.1)"
    assert found.notes == (
        "seen with 80 % power: drops of 0.041 and more. To see 0.024, about 1,500 pairs are needed.",
    )


@pytest.mark.parametrize(
    ("changes", "notes"),
    [
        pytest.param(
            {"minimum_detectable_effect": 0.01},
            ("seen with 80 % power: drops of 0.010 and more.",),
            id="more than enough",
        ),
        pytest.param({"minimum_detectable_effect": None}, (), id="nothing known"),
        pytest.param({"difference": 0.0}, (), id="nothing to see"),
        pytest.param({"difference": -1e-9}, ("seen with 80 % power: drops of 0.034 and more.",), id="out of reach"),
        pytest.param(
            {"std_err": 0.0, "minimum_detectable_effect": 0.5},
            ("seen with 80 % power: drops of 0.500 and more.",),
            id="no number of pairs",
        ),
    ],
)
def test_what_no_number_of_pairs_would_help_is_not_told(changes: dict[str, Any], notes: tuple[str, ...]) -> None:
    found = judged(given(estimate(**{"p_value": 0.9, "pairs": 5000, **changes}), criteria()))
    assert (found.verdict, found.notes) == ("inconclusive", notes)


@pytest.mark.parametrize(
    ("helps", "p_value", "notes"),
    [
        pytest.param(
            True, 0.9, ("more repeats would help: answers to one item vary more than the items do.",), id="yes"
        ),
        pytest.param(
            False,
            0.9,
            ("more repeats would not help: the items vary more than the answers to one do; ask more items.",),
            id="no",
        ),
        pytest.param(None, 0.9, (), id="no repeats"),
        pytest.param(True, 0.001, (), id="nothing is open"),
    ],
)
def test_whether_repeats_would_help_is_told_of_what_is_inconclusive(
    helps: object, p_value: float, notes: tuple[str, ...]
) -> None:
    one = estimate(p_value=p_value, minimum_detectable_effect=None, more_repeats_help=helps)
    assert judged(given(one, criteria())).notes == notes


def test_few_and_skewed_differences_are_told() -> None:
    (note,) = judged(given(estimate(p_value=0.001, skewed=True), criteria())).notes
    assert note == "the differences are few and lean strongly to one side, so that the interval is rough."


@pytest.mark.parametrize(
    ("scores", "told"),
    [
        pytest.param([0.25, 0.5] * 10, "0 to 1", id="shares"),
        pytest.param([2.0, 7.0] * 10, "the one that is found here", id="other numbers"),
    ],
)
def test_the_range_that_was_assumed_where_nothing_changed_is_told(scores: list[float], told: str) -> None:
    found = judged(measured(graded(scores, scores), criteria(100)))
    assert found.verdict == "equal"
    assert found.notes == (f"no item changed, so that the interval rests on the range of scores, taken to be {told}.",)
    assert judged(measured(graded(scores, scores), criteria(100, score_range=(0, 10)))).notes == ()


def test_how_many_graded_answers_without_a_change_show_equality_is_told() -> None:
    scores = [0.25, 0.5] * 10
    few = judged(measured(graded(scores, scores), criteria(0.03)))
    assert few.verdict == "inconclusive"
    assert few.notes[0] == "no item changed; to show that as equal within 0.03, 77 pairs are needed."
    assert judged(measured(graded([0.5] * 76, [0.5] * 76), criteria(0.03))).verdict == "inconclusive"
    assert judged(measured(graded([0.5] * 77, [0.5] * 77), criteria(0.03))).verdict == "equal"
