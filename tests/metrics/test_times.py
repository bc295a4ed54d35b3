from __future__ import annotations

import time

import pytest

from cajajejo.errors import UsageError
from cajajejo.metrics.times import parse_time


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        (None, None),
        ("0", 0.0),
        ("1795269731.25", 1795269731.25),
        ("2026-11-21T14:02:11Z", 1795269731.0),
        ("2026-11-21T15:02:11+01:00", 1795269731.0),
        (" 2026-11-21T14:02:11.5Z ", 1795269731.5),
    ],
)
def test_a_time_is_seconds_since_the_epoch_or_iso_8601(text: str | None, seconds: float | None) -> None:
    assert parse_time(text, "--start-time") == seconds


@pytest.mark.parametrize(("zone", "seconds"), [("UTC0", 1795269731.0), ("XXX-2", 1795262531.0)])
def test_a_time_without_a_zone_is_local(monkeypatch: pytest.MonkeyPatch, zone: str, seconds: float) -> None:
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        assert parse_time("2026-11-21T14:02:11", "--start-time") == seconds
    finally:
        monkeypatch.undo()
        time.tzset()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("yesterday", "--start-time yesterday: not a time"),
        ("", "--start-time : not a time"),
        ("nan", "--start-time nan: out of range"),
        ("inf", "--start-time inf: out of range"),
        ("-1e18", "--start-time -1e18: out of range"),
        ("1795269731000", "--start-time 1795269731000: out of range"),
    ],
)
def test_what_is_no_time_is_a_usage_error(text: str, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_time(text, "--start-time")
    assert caught.value.message == message


def test_milliseconds_are_recognised() -> None:
    with pytest.raises(UsageError) as caught:
        parse_time("1795269731000", "--start-time")
    assert caught.value.facts["note"] == "are these milliseconds? Write seconds"
