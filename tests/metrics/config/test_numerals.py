from __future__ import annotations

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from cajajejo.metrics.config.numerals import Real, Seconds, Whole


def refused(kind: Any, value: object) -> str:
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(kind).validate_python(value)
    return caught.value.errors()[0]["msg"].removeprefix("Value error, ")


@pytest.mark.parametrize(
    ("kind", "value", "meant"),
    [(Real, 3, 3.0), (Real, -1.5e3, -1500.0), (Whole, 3, 3), (Whole, 3.0, 3)],
    ids=["a whole number", "a fraction", "a count", "a count with a point"],
)
def test_a_number_is_taken(kind: Any, value: float, meant: float) -> None:
    assert TypeAdapter(kind).validate_python(value) == meant


@pytest.mark.parametrize(
    ("kind", "value", "problem"),
    [
        pytest.param(Real, "20%", "must be a number, not '20%'\nwrite 0.2 for 20%", id="percent"),
        pytest.param(Real, " 0.5 % ", "must be a number, not ' 0.5 % '\nwrite 0.005 for 0.5 %", id="part of a percent"),
        pytest.param(Real, "1.2.3%", "must be a number, not '1.2.3%'", id="percent of no number"),
        pytest.param(Real, "3", "must be a number, not '3'\nwrite 3 without quotes", id="quotes"),
        pytest.param(Whole, "1_000", "must be a number, not '1_000'\nwrite 1000 without quotes", id="a separator"),
        pytest.param(Real, "nan", "must be a number, not 'nan'", id="not a number in quotes"),
        pytest.param(
            Whole, "1e3", "must be a number, not '1e3'\nwrite 1000 without quotes", id="an exponent in quotes"
        ),
        pytest.param(Real, "three", "must be a number, not 'three'", id="a word"),
        pytest.param(Real, True, "must be a number, not true", id="a boolean"),
        pytest.param(Real, float("nan"), "Input should be a finite number", id="not a number"),
        pytest.param(Seconds, "30d", "must be a number of seconds, not '30d'\nwrite 2592000", id="days"),
        pytest.param(Seconds, "2 Weeks", "must be a number of seconds, not '2 Weeks'\nwrite 1209600", id="weeks"),
        pytest.param(Seconds, "5 min", "must be a number of seconds, not '5 min'\nwrite 300", id="minutes"),
        pytest.param(Seconds, "5 months", "must be a number, not '5 months'", id="months have no length"),
        pytest.param(Seconds, 0, "Input should be greater than 0", id="no time at all"),
    ],
)
def test_what_is_no_plain_number_is_refused_with_the_number_that_was_meant(
    kind: Any, value: object, problem: str
) -> None:
    assert refused(kind, value) == problem
