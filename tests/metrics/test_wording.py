from __future__ import annotations

import math

import pytest

from cajajejo.metrics import wording
from cajajejo.metrics.bounds import Bounds
from tests.metrics.builders import condition


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
