"""Kubernetes quantities as exact numbers."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cajajejo import quantities, validation


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("4", 4),
        ("+4", 4),
        ("-1", -1),
        ("0.5", Fraction(1, 2)),
        (".5", Fraction(1, 2)),
        ("5.", 5),
        ("500m", Fraction(1, 2)),
        ("100n", Fraction(1, 10_000_000)),
        ("7u", Fraction(7, 1_000_000)),
        ("3k", 3000),
        ("2M", 2_000_000),
        ("16G", 16_000_000_000),
        ("16Gi", 17_179_869_184),
        ("1.5Ki", 1536),
        ("1Ei", 1024**6),
        ("1E", 10**18),
        ("1e3", 1000),
        ("1E3", 1000),
        ("5e-1", Fraction(1, 2)),
    ],
)
def test_a_quantity_is_its_number(text: str, number: Fraction | int) -> None:
    assert quantities.value(text) == number


@pytest.mark.parametrize("text", ["", "4 Gi", "4GB", "Gi", "1e", "four", "4\n", "٤"])
def test_what_is_none_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match="not a quantity"):
        quantities.value(text)


def test_an_exponent_that_would_take_for_ever_is_an_error() -> None:
    with pytest.raises(ValueError, match="beyond counting: 1e9999"):
        quantities.value("1e9999")


def test_the_same_amount_is_equal_however_it_is_written() -> None:
    assert quantities.value("1024Mi") == quantities.value("1Gi") == quantities.value("1073741824")
    assert quantities.value("0.1") + quantities.value("0.2") == quantities.value("300m")


@given(st.integers(1, 10**6), st.sampled_from(["", "m", "k", "Ki", "M", "Mi", "G", "Gi"]))
def test_every_quantity_that_a_config_takes_is_a_number(number: int, suffix: str) -> None:
    assert quantities.value(validation.check_quantity(f"{number}{suffix}")) > 0
