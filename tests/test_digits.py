from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cajajejo import digits


@pytest.mark.parametrize(
    ("value", "beside", "text"),
    [
        pytest.param(0.001, None, "0.0010", id="no zero that is none"),
        pytest.param(0.024, 0.02, "0.024", id="beside a tolerance"),
        pytest.param(0.0200004, 0.02, "0.0200004", id="next to the tolerance"),
        pytest.param(0.00042, None, "0.00042", id="two digits"),
        pytest.param(0.4123456, None, "0.412", id="three decimals"),
        pytest.param(7.25, None, "7.250", id="four digits"),
        pytest.param(12345.6, None, "12346", id="a large one"),
        pytest.param(12345.6, 12345.5, "12345.6", id="a large one next to another"),
        pytest.param(2.5e-9, None, "2.5e-09", id="a tiny one"),
        pytest.param(3e17, None, "3e+17", id="a huge one"),
        pytest.param(9.9999e-9, 1e-8, "9.9999e-09", id="a tiny one next to another"),
        pytest.param(6.51e-4, 6.51e-4 + 2e-19, "0.0006510000000000000", id="floats next to each other"),
        pytest.param(1e16 + 2, 1e16, "10000000000000002", id="a huge one next to another"),
        pytest.param(3e17, 0.1, "3e+17", id="a huge one far from another"),
        pytest.param(1e308, -1e308, "1e+308", id="further apart than floats reach"),
        pytest.param(0.0, None, "0.000", id="zero"),
        pytest.param(-0.0, None, "0.000", id="the other zero"),
        pytest.param(-0.5, None, "-0.500", id="below zero"),
        pytest.param(0.9994, 0.9995, "0.9994", id="next to a share"),
        pytest.param(17179869184.0, None, "17179869184", id="a count of bytes"),
        pytest.param(math.nan, None, "NaN", id="none"),
        pytest.param(math.inf, 1.0, "inf", id="without end beside a number"),
        pytest.param(-math.inf, None, "-inf", id="without end"),
    ],
)
def test_a_number_has_the_digits_that_it_needs(value: float, beside: float | None, text: str) -> None:
    assert digits.number(value, beside) == text


@given(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6))
def test_numbers_that_differ_are_never_shown_the_same_as_the_bound(value: float, bound: float) -> None:
    if abs(value - bound) > 1e-9 * abs(bound) + 1e-12:
        assert float(digits.number(value, bound)) != bound or abs(value - bound) < 1e-12


@given(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6))
def test_numbers_that_clearly_differ_look_different(value: float, bound: float) -> None:
    if abs(value - bound) > 1e-12:
        assert digits.number(value, bound) != digits.number(bound, value)


@given(st.floats(allow_nan=False, allow_infinity=False), st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_keep_their_order(value: float, bound: float) -> None:
    shown, beside = float(digits.number(value, bound)), float(digits.number(bound, value))
    if value and bound and value < bound:
        assert shown < beside


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_that_somebody_wrote_can_be_read_back(value: float) -> None:
    assert float(digits.written(value)) == value


@pytest.mark.parametrize(
    ("value", "text"),
    [
        *((0.4, "0.40"), (0.25, "0.25"), (0.125, "0.125"), (0.1234567, "0.1234567")),
        *((0.1 + 0.2, "0.30000000000000004"), (6003.005021473534, "6003.005021473534")),
        *((1, "1"), (99.0, "99"), (1e-7, "1e-07"), (-2.5, "-2.50")),
    ],
)
def test_a_number_that_somebody_wrote_keeps_its_digits(value: float, text: str) -> None:
    assert digits.written(value) == text
