from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cajajejo.comparison.statistics import magnitudes

finite = st.floats(allow_nan=False, allow_infinity=False)


@given(st.lists(st.floats(-1e300, 1e300).filter(lambda value: value == 0 or abs(value) > 1e-3), min_size=1))
def test_scaling_changes_exponents_only(values: list[float]) -> None:
    small, exponent = magnitudes.scaled(np.array(values))
    largest = float(np.abs(small).max())
    assert largest == 0 or 0.5 <= largest < 1
    assert magnitudes.restored(largest, exponent) == max(map(abs, values))


def test_the_smallest_numbers_become_moderate() -> None:
    small, exponent = magnitudes.scaled(np.array([5e-324, -1e-323]))
    assert (small.tolist(), exponent) == ([0.25, -0.5], -1072)


def test_no_numbers_stay_none() -> None:
    small, exponent = magnitudes.scaled(np.empty(0))
    assert (small.size, exponent) == (0, 0)


@pytest.mark.parametrize(("value", "expected"), [(0.5, math.inf), (-0.5, -math.inf)])
def test_what_is_too_large_to_restore_is_infinite(value: float, expected: float) -> None:
    assert magnitudes.restored(value, 2000) == expected


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([1e308, 1.5e308, 1.7e308], 1.4e308),
        ([-1.7e308, 1.7e308], 0.0),
        ([5e-324, 5e-324], 5e-324),
        ([0.1] * 10, 0.1),
        ([0.1] * 7, 0.1),
        ([1.0, 2.0, 4.0], 7 / 3),
    ],
    ids=["huge", "huge and opposite", "tiny", "ten times 0.1", "seven times 0.1", "a fraction"],
)
def test_means_of_any_size(values: list[float], expected: float) -> None:
    assert magnitudes.mean(np.array(values)) == pytest.approx(expected, rel=1e-15, abs=0)


@given(finite, st.integers(1, 200))
def test_the_mean_of_equal_numbers_is_that_number(value: float, n: int) -> None:
    assert magnitudes.mean(np.full(n, value)) == value
