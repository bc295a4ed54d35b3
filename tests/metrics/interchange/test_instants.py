from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cajajejo.metrics.interchange import instants


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0, "1970-01-01T00:00:00Z"),
        (1_795_269_700.125, "2026-11-21T14:01:40.125Z"),
        (1_795_269_731.1234567, "2026-11-21T14:02:11.1234567Z"),
        (-0.25, "1969-12-31T23:59:59.75Z"),
        (1e-7, "1970-01-01T00:00:00.0000001Z"),
        (instants.EARLIEST, "0001-01-02T00:00:00Z"),
    ],
)
def test_a_time_is_written_in_utc_with_as_many_digits_as_it_has(seconds: float, text: str) -> None:
    assert instants.written(seconds) == text
    assert instants.read(text) == seconds


@given(st.floats(instants.EARLIEST, math.nextafter(instants.LATEST, 0)))
def test_every_time_is_read_as_the_very_number_that_it_was(seconds: float) -> None:
    assert instants.read(instants.written(seconds)) == seconds


@pytest.mark.parametrize(
    "text",
    [
        "2020-03-10 12:34:56.789 UTC",
        "2020-03-10T12:34:56.789Z",
        "2020-03-10 12:34:56.789000+00:00",
        "2020-03-10 13:34:56.789+01",
        "2020-03-10 06:04:56.789-0630",
        "2020-03-10 12:34:56.789",
        "1583843696.789",
        "1.583843696789E9",
    ],
)
def test_every_form_that_bigquery_exports_means_the_same(text: str) -> None:
    assert instants.read(text) == 1_583_843_696.789


@pytest.mark.parametrize(
    "text", ["", "yesterday", "2020-13-01", "2020-02-30 00:00:00", "10:00", "1_000", "2020-03-10 25:00"]
)
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        instants.read(text)


@pytest.mark.parametrize(
    ("seconds", "problem"),
    [
        (1_583_843_696_789.0, "out of range: are these milliseconds? Seconds are expected"),
        (-1e12, "out of range: this is no year"),
        (math.nan, "not a time"),
        (math.inf, "not a time"),
        (0.0, None),
    ],
)
def test_what_no_run_can_have_been_at_is_told(seconds: float, problem: str | None) -> None:
    assert instants.problem_of(seconds) == problem
