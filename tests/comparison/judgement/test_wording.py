"""Sentences with the numbers in them: enough digits, the right words for either direction, and no stray signs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from cajajejo.comparison.judgement import wording
from cajajejo.comparison.judgement.judging import judge
from cajajejo.comparison.values import Interval
from tests.comparison.judged import criteria, estimate, given, judged

if TYPE_CHECKING:
    from cajajejo.comparison.values import MetricComparison


@pytest.mark.parametrize(
    ("value", "text"), [(0.0044, "+0.0044"), (-0.0044, "-0.0044"), (0.0, "0.000"), (-0.0, "0.000")]
)
def test_a_sign_stands_before_what_is_not_zero(value: float, text: str) -> None:
    assert wording.signed(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        pytest.param(0.27, "0.27", id="two digits"),
        pytest.param(1.0, "1", id="one"),
        pytest.param(0.00012, "0.00012", id="a small one"),
        pytest.param(1.3e-9, "1.3e-09", id="a tiny one"),
        pytest.param(0.0, "0", id="none"),
        pytest.param(0.05, "0.05", id="the level"),
        pytest.param(0.04997, "0.04997", id="just below the level"),
        pytest.param(0.05003, "0.05", id="just above the level"),
        pytest.param(0.05 - 7e-18, "0.049999999999999996", id="the last number below the level"),
    ],
)
def test_a_p_value_shows_on_which_side_of_the_level_it_lies(value: float, text: str) -> None:
    assert wording.p_value(value, 0.05) == text


@pytest.mark.parametrize(
    ("items", "text"), [(7, "7"), (96, "96"), (101, "110"), (2086, "2,100"), (2_100_001, "2,200,000")]
)
def test_a_large_count_is_rounded_up(items: int, text: str) -> None:
    assert wording.about(items) == text


@pytest.mark.parametrize(
    ("share", "text"), [(0.9, "90 %"), (0.95, "95 %"), (0.9995, "99.95 %"), (1 - 2 * 0.05, "90 %")]
)
def test_a_confidence_has_all_its_digits(share: float, text: str) -> None:
    assert wording.confidence(share) == text


def told(difference: float, std_err: float, max_drop: float | None = None, **changes: Any) -> MetricComparison:
    """The metric of a t estimate, judged alone; `lower` turns the direction."""
    direction = "lower_is_better" if changes.pop("lower", False) else "higher_is_better"
    return judged(given(estimate(difference, std_err, **changes), criteria(max_drop, direction=direction)))


@pytest.mark.parametrize(
    ("found", "verdict", "reason"),
    [
        pytest.param(
            told(-0.004, 0.003, 0.01),
            "equal",
            "B - A is -0.0040, with a 90 % interval from -0.0089 to +0.00094 inside of the 0.01 allowed either way",
            id="equal",
        ),
        pytest.param(
            told(0.012, 0.004, 0.02),
            "equal",
            "B - A is +0.012, with a 90 % interval from +0.0054 to +0.019 inside of the 0.02 allowed either way,"
            " but B is significantly higher (p 0.0028)",
            id="equal, and higher",
        ),
        pytest.param(
            told(-0.105, 0.024),
            "worse",
            "a drop of 0.105 over 500 pairs is more than chance (30 worse, 20 better, p 1.5e-05)",
            id="worse, nothing tolerated",
        ),
        pytest.param(
            told(-0.03, 0.012, 0.02),
            "worse",
            "a drop of 0.030 is over the 0.02 allowed, and over 500 pairs more than chance"
            " (30 worse, 20 better, p 0.013)",
            id="worse, over the tolerance",
        ),
        pytest.param(
            told(-0.015, 0.005, 0.02),
            "worse",
            "a drop of 0.015 over 500 pairs is more than chance (30 worse, 20 better, p 0.0028), and one of 0.023"
            " is not ruled out, over the 0.02 allowed",
            id="worse, within the tolerance",
        ),
        pytest.param(
            told(0.03, 0.012),
            "better",
            "a rise of 0.030 over 500 pairs is more than chance (30 worse, 20 better, p 0.013)",
            id="better",
        ),
        pytest.param(
            told(-0.024, 0.015, 0.02),
            "inconclusive",
            "a drop of 0.024 is over the 0.02 allowed, but 500 pairs cannot tell it from chance",
            id="inconclusive, over the tolerance",
        ),
        pytest.param(
            told(0.024, 0.015, 0.02, clusters=40),
            "inconclusive",
            "a rise of 0.024 is over the 0.02 that counts as equal, but 500 pairs in 40 groups cannot tell it from"
            " chance",
            id="inconclusive, over what counts as equal",
        ),
        pytest.param(
            told(-0.004, 0.0045, 0.01),
            "inconclusive",
            "a drop of 0.0040 is within the 0.01 allowed, but 500 pairs cannot rule out one of 0.011",
            id="inconclusive, within the tolerance",
        ),
        pytest.param(
            told(0.001, 0.007, 0.01),
            "inconclusive",
            "a rise of 0.0010 is within the 0.01 allowed, but 500 pairs cannot rule out a drop of 0.0105",
            id="inconclusive, either way",
        ),
        pytest.param(
            told(-0.02, 0.02, 0.02),
            "inconclusive",
            "a drop of 0.020 is within the 0.02 allowed, but 500 pairs cannot rule out one of 0.053",
            id="inconclusive, as much as the tolerance",
        ),
        pytest.param(
            told(0.0, 0.01, 0.01),
            "inconclusive",
            "500 pairs show no difference, but cannot rule out a drop of 0.016, over the 0.01 allowed",
            id="inconclusive, no difference",
        ),
        pytest.param(
            told(1e-17, 0.01),
            "inconclusive",
            "500 pairs show no difference, but nothing counts as equal without a tolerance (max_drop)",
            id="inconclusive, no difference but rounding",
        ),
        pytest.param(
            told(-0.024, 0.015),
            "inconclusive",
            "500 pairs cannot tell a drop of 0.024 from chance (p 0.11)",
            id="inconclusive, nothing tolerated",
        ),
        pytest.param(
            told(0.03, 0.012, 0.02, lower=True),
            "worse",
            "a rise of 0.030 is over the 0.02 allowed, and over 500 pairs more than chance"
            " (20 worse, 30 better, p 0.013)",
            id="worse, less is better",
        ),
        pytest.param(
            told(-0.03, 0.012, lower=True),
            "better",
            "a drop of 0.030 over 500 pairs is more than chance (20 worse, 30 better, p 0.013)",
            id="better, less is better",
        ),
        pytest.param(
            told(0.004, 0.0045, 0.01, lower=True),
            "inconclusive",
            "a rise of 0.0040 is within the 0.01 allowed, but 500 pairs cannot rule out one of 0.011",
            id="inconclusive, less is better",
        ),
        pytest.param(
            told(0.012, 0.004, 0.02, lower=True),
            "equal",
            "B - A is +0.012, with a 90 % interval from +0.0054 to +0.019 inside of the 0.02 allowed either way,"
            " but B is significantly higher (p 0.0028)",
            id="equal, less is better",
        ),
    ],
)
def test_a_reason_is_a_sentence_with_the_numbers(found: MetricComparison, verdict: str, reason: str) -> None:
    assert (found.verdict, found.reason) == (verdict, reason)


@pytest.mark.parametrize(
    ("found", "gate", "reason"),
    [
        pytest.param(
            told(-0.012, 0.004, 0.02),
            "pass",
            "a drop of 0.019 at most, at 95 % confidence, is less than the 0.02 allowed",
            id="pass",
        ),
        pytest.param(
            told(0.03, 0.012, 0.02), "pass", "B is better by 0.010 at least, at 95 % confidence", id="pass, better"
        ),
        pytest.param(told(0.03, 0.012), "pass", "B is better by 0.010 at least, at 95 % confidence", id="pass of 0"),
        pytest.param(
            told(-0.03, 0.012, 0.02),
            "fail",
            "a drop of 0.030 is over the 0.02 allowed, and over 500 pairs more than chance"
            " (30 worse, 20 better, p 0.013)",
            id="fail, worse",
        ),
        pytest.param(
            told(-0.05, 0.012, 0.02),
            "fail",
            "a drop of 0.030 at least, at 95 % confidence, is over the 0.02 allowed",
            id="fail, over the tolerance",
        ),
        pytest.param(
            told(-0.03, 0.012),
            "fail",
            "a drop of 0.010 at least, at 95 % confidence, where none is allowed",
            id="fail of 0",
        ),
        pytest.param(
            told(-0.024, 0.015, 0.02),
            "inconclusive",
            "500 pairs cannot rule out a drop of 0.049; less than 0.02 is allowed",
            id="inconclusive",
        ),
        pytest.param(
            told(0.004, 0.01),
            "inconclusive",
            "no drop is allowed, and 500 pairs cannot rule out one of 0.012",
            id="inconclusive, nothing tolerated",
        ),
        pytest.param(
            told(0.01, 0.01, gate_interval=Interval(0.0, 0.02, 0.9)),
            "inconclusive",
            "500 pairs cannot rule out that B is no better",
            id="inconclusive, at the limit",
        ),
        pytest.param(
            told(0.024, 0.015, 0.02, lower=True),
            "inconclusive",
            "500 pairs cannot rule out a rise of 0.049; less than 0.02 is allowed",
            id="inconclusive, less is better",
        ),
    ],
)
def test_a_gate_says_why(found: MetricComparison, gate: str, reason: str) -> None:
    assert (found.gate, found.gate_reason) == (gate, reason)


def test_a_relative_tolerance_is_told_in_units_of_the_metric() -> None:
    found = judged(given(estimate(-0.03, 0.012, a=0.41), criteria(max_relative_drop=0.05)))
    assert found.reason.startswith("a drop of 0.030 is over the 0.0205 allowed, and over 500 pairs more than chance")


def test_what_holm_changes_is_told() -> None:
    one = given(estimate(-0.03, 0.0138), criteria(0.02))
    found = judge([one, one])[0]
    assert found.verdict == "inconclusive"
    assert found.reason == (
        "a drop of 0.030 is over the 0.02 allowed, but 500 pairs cannot tell it from chance (p 0.06 after Holm over 2)"
    )


def test_a_loss_that_is_shown_although_the_interval_lies_above_is_told_without_the_tolerance() -> None:
    found = told(-0.001, 0.01, 0.02, gate_interval=Interval(-0.01, 0.03, 0.9), p_value=0.01)
    assert (found.verdict, found.gate) == ("worse", "fail")
    assert found.reason == "a drop of 0.0010 over 500 pairs is more than chance (30 worse, 20 better, p 0.01)"
