from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cajajejo.metrics import wording
from cajajejo.metrics.bounds import Bounds
from tests.metrics.builders import condition


@pytest.mark.parametrize(
    ("value", "beside", "text"),
    [
        (0.3, 0.4, "0.300"),
        (0.061, None, "0.061"),
        (0.0, None, "0.000"),
        (412.8, 498.3, "412.8"),
        (1841.0, None, "1841"),
        (17179869184.0, None, "17179869184"),
        (75.1, 75.6, "75.10"),
        (0.9994, 0.9995, "0.9994"),
        (0.999, 1.0, "0.999"),
        (1841.0, 1840.4, "1841.0"),
        (0.00061, None, "0.00061"),
        (3.21e-9, None, "3.21e-09"),
        (1e20, None, "1e+20"),
        (-0.5, None, "-0.500"),
        (math.nan, None, "NaN"),
        (math.inf, 1.0, "inf"),
        (-math.inf, None, "-inf"),
    ],
)
def test_a_number_has_the_digits_that_it_needs(value: float, beside: float | None, text: str) -> None:
    assert wording.number(value, beside) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.4, "0.40"), (0.25, "0.25"), (99.0, "99"), (0.1234567, "0.1234567"), (1e-7, "1e-07"), (-2.5, "-2.50")],
)
def test_a_number_of_the_configuration_keeps_its_digits(value: float, text: str) -> None:
    assert wording.written(value) == text


@pytest.mark.parametrize(
    ("value", "bound", "text"),
    [
        (0.3, 0.4, "0.100 below"),
        (0.941, 0.94, "0.001 above"),
        (0.5, 0.5, "equal, and must not be"),
        (1e-9, 0.0, "1e-09 above"),
    ],
)
def test_a_difference_is_never_shown_as_nothing(value: float, bound: float, text: str) -> None:
    assert wording.difference(value - bound, value, bound) == text


@pytest.mark.parametrize(
    ("comparison", "text"),
    [
        ("greater", "> 0.40"),
        ("greater_or_equal", ">= 0.40"),
        ("less", "< 0.40"),
        ("less_or_equal", "<= 0.40"),
        ("equal", "= 0.40"),
    ],
)
def test_allowed_shows_the_comparison_and_the_bound(comparison: str, text: str) -> None:
    upward = comparison.startswith("less")
    bounds = Bounds(None if upward else 0.4, 0.4 if upward else None, inclusive=comparison not in {"greater", "less"})
    assert wording.allowed(condition(comparison, fixed_value=0.4), bounds, 0.5) == text


def test_a_strict_comparison_with_a_constant_history_is_shown_as_it_is_judged() -> None:
    assert (
        wording.allowed(condition("less", stddevs_from_mean=4), Bounds(None, 0.75, inclusive=True), 0.75) == "<= 0.750"
    )


def test_no_bound_is_any_number() -> None:
    assert (
        wording.allowed(condition("less", stddevs_from_mean=4), Bounds(None, None, inclusive=False), math.nan)
        == "< any number"
    )


@given(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6))
def test_numbers_that_clearly_differ_look_different(value: float, bound: float) -> None:
    if abs(value - bound) > 1e-12:
        assert wording.number(value, bound) != wording.number(bound, value)
