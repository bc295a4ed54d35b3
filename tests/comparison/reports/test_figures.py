"""Numbers as tables hold them: digits by hand."""

from __future__ import annotations

import math

import pytest

from cajajejo.comparison.reports import figures
from cajajejo.comparison.values import Interval


@pytest.mark.parametrize(
    ("values", "difference", "limits", "expected"),
    [
        ((0.412, 0.308), -0.1048, (-0.153, -0.057), 3),
        ((0.642, 0.618), -0.024, (-0.053, 0.005), 3),
        ((0.7, 0.6975), -0.0025, None, 4),
        ((0.5, 0.5), 0.0, (0.0, 0.0), 3),
        ((0.5, 0.5), 0.0, (-0.00002, 0.019), 5),
        ((0.5, 0.6), 0.1, (0.0000001, 0.2), 5),
        ((41.2, 38.7), -2.5, None, 2),
        ((412.0, 410.0), -2.0, None, 1),
        ((1234.5, 1230.1), -4.4, None, 1),
        ((0.00012, 0.00013), 0.00001, None, 6),
        ((0.1 + 0.2, 0.3), 0.3 - (0.1 + 0.2), None, 3),
        ((1e-15, 2e-15), 1e-15, None, 12),
        ((math.inf, 0.5), math.nan, (-math.inf, math.inf), 3),
        ((), 0.0, None, 3),
    ],
)
def test_a_row_has_the_digits_that_its_difference_needs(
    values: tuple[float, ...], difference: float, limits: tuple[float, float] | None, expected: int
) -> None:
    interval = None if limits is None else Interval(*limits, 0.95)
    assert figures.decimals(values, difference, interval) == expected


@pytest.mark.parametrize(
    ("number", "places", "expected"),
    [
        (0.4124, 3, "0.412"),
        (-0.0000001, 3, "0.000"),
        (1e15, 1, "1e+15"),
        (2e-7, 12, "2e-07"),
        (2e-7, 3, "0.000"),
        (0.0, 12, "0.000000000000"),
        (math.inf, 3, "inf"),
    ],
)
def test_a_value_is_never_minus_zero(number: float, places: int, expected: str) -> None:
    assert figures.value(number, places) == expected


@pytest.mark.parametrize(
    ("number", "expected"), [(0.024, "+0.024"), (-0.024, "-0.024"), (0.0, "0.000"), (1e-9, "0.000"), (-1e-9, "0.000")]
)
def test_a_difference_has_a_sign_unless_it_is_shown_as_zero(number: float, expected: str) -> None:
    assert figures.signed(number, 3) == expected


def test_limits_stand_below_each_other_with_and_without_a_sign() -> None:
    assert figures.limits(Interval(-0.053, 0.005, 0.95), 3) == "[-0.053, +0.005]"
    assert figures.limits(Interval(0.0, 0.25, 0.95), 3) == "[ 0.000, +0.250]"


@pytest.mark.parametrize(
    ("number", "expected"),
    [(1.0, "1"), (0.27, "0.27"), (0.0166738, "0.017"), (0.0001, "0.0001"), (0.00012, "0.00012"), (9e-5, "<0.0001")],
)
def test_a_p_value_has_two_digits_and_no_exponent(number: float, expected: str) -> None:
    assert figures.p_value(number) == expected


def test_numbers_are_aligned_at_the_point() -> None:
    assert figures.aligned(["0.0001", "12.5", "1", "—", "<0.1", ""]) == [
        " 0.0001",
        "12.5   ",
        " 1     ",
        " —     ",
        "<0.1   ",
        "       ",
    ]
    assert figures.aligned([]) == []


def test_counts_and_shares_are_told_as_people_read_them() -> None:
    assert [figures.count(number) for number in (0, 1200, 9999, 10_000, 1_234_567)] == [
        "0",
        "1200",
        "9999",
        "10,000",
        "1,234,567",
    ]
    assert [figures.percent(share) for share in (0.95, 0.9, 0.999)] == ["95 %", "90 %", "99.9 %"]
