"""Times as Kubernetes writes them, as people give them, as people are told them."""

from __future__ import annotations

import contextlib
import time
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cajajejo import moments
from cajajejo.errors import UsageError

NOW = datetime(2026, 11, 21, 14, 2, 11, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-21T14:02:11Z", NOW),
        ("2026-11-21T14:02:11.652279Z", NOW.replace(microsecond=652279)),
        ("2026-11-21T14:02:11.652279123Z", NOW.replace(microsecond=652279)),
        ("2026-11-21T15:02:11+01:00", NOW),
        ("2026-11-21T14:02:11", NOW),
    ],
)
def test_times_of_kubernetes(text: str, expected: datetime) -> None:
    assert moments.parse_timestamp(text) == expected


def test_tables_show_the_time_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as here:
        here.setenv("TZ", "CET-1")
        time.tzset()
        said = moments.local(NOW.timestamp())
    time.tzset()
    assert said == "2026-11-21 15:02"


@pytest.mark.parametrize(
    "odd", [None, "", "yesterday", 12, {}, "2026-13-01T00:00:00Z", "\x00", "0001-01-01T00:00:00+14:00"]
)
def test_what_is_no_time_is_none(odd: object) -> None:
    assert moments.parse_timestamp(odd) is None


def test_times_are_printed_in_utc_to_the_second() -> None:
    there = NOW.replace(microsecond=9).astimezone(tz=None)
    assert moments.rfc3339(there) == "2026-11-21T14:02:11Z"
    assert moments.rfc3339(None) is None


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90s", 90), ("30m", 1_800), ("12h", 43_200), ("2d", 172_800), ("1h30m", 5_400), ("1d2h3m4s", 93_784), ("0s", 0)],
)
def test_durations(text: str, seconds: float) -> None:
    assert moments.parse_duration(text, "--timeout") == seconds


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("30", "--timeout 30: 30 what? Write 30s, 30m or 30h"),
        ("", "--timeout : not a duration"),
        ("30 minutes", "--timeout 30 minutes: not a duration"),
        ("30m1h", "--timeout 30m1h: not a duration"),
        ("-5s", "--timeout -5s: not a duration"),
        ("1.5h", "--timeout 1.5h: not a duration"),
        ("٣s", "--timeout ٣s: not a duration"),
        ("10001d", "--timeout 10001d: longer than 10,000 days"),
        ("9" * 5_000 + "s", f"--timeout {'9' * 5_000}s: not a duration"),
    ],
)
def test_what_is_no_duration_is_refused_with_its_option(text: str, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        moments.parse_duration(text, "--timeout")
    assert caught.value.message == message


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2h", NOW - timedelta(hours=2)),
        ("1h30m", NOW - timedelta(minutes=90)),
        ("+7d", NOW + timedelta(days=7)),
        ("2026-11-21T14:02:11Z", NOW),
        ("1795269731", NOW),
        ("1795269731.5", NOW.replace(microsecond=500_000)),
        (" 2h ", NOW - timedelta(hours=2)),
    ],
)
def test_times_that_people_give(text: str, expected: datetime) -> None:
    assert moments.parse_time(text, "--since", NOW) == expected


def test_a_time_without_a_zone_is_local() -> None:
    assert moments.parse_time("2026-11-21T14:02:11", "--since", NOW) == NOW.replace(tzinfo=None).astimezone()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("30", "--since 30: 30 what? Write 30s, 30m or 30h (ago), or a date"),
        ("yesterday", "--since yesterday: not a time"),
        ("", "--since : not a time"),
        ("+", "--since +: not a time"),
        ("-1", "--since -1: not a time"),
        ("0500-01-01", "--since 0500-01-01: not a time"),
        ("nan", "--since nan: not a time"),
        ("1e300", "--since 1e300: not a time"),
        ("9" * 5_000, f"--since {'9' * 5_000}: not a time"),
        ("99999999999999999", "--since 99999999999999999: not a time"),
    ],
)
def test_what_is_no_time_is_refused_with_its_option(text: str, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        moments.parse_time(text, "--since", NOW)
    assert caught.value.message == message


@given(st.text(max_size=20))
def test_any_text_is_a_time_or_refused(text: str) -> None:
    with contextlib.suppress(UsageError):
        assert moments.parse_time(text, "--since", NOW).tzinfo is not None


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0.0, "0.0 s"),
        (0.34, "0.3 s"),
        (9.94, "9.9 s"),
        (9.96, "10 s"),
        (59.4, "59 s"),
        (59.6, "1 min 0 s"),
        (72, "1 min 12 s"),
        (3_599.4, "59 min 59 s"),
        (3_600, "1 h"),
        (7_500, "2 h 5 min"),
        (47 * 3_600, "47 h"),
        (48 * 3_600, "2 d"),
        (76 * 3_600, "3 d 4 h"),
    ],
)
def test_durations_as_people_say_them(seconds: float, said: str) -> None:
    assert moments.duration(seconds) == said


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(-5, "0 s"), (0.4, "0 s"), (4, "4 s"), (59.6, "1 min"), (72, "1 min 12 s"), (5_400, "1 h 30 min")],
)
def test_spans_have_no_fractions(seconds: float, said: str) -> None:
    assert moments.span(seconds) == said


@pytest.mark.parametrize(
    ("seconds", "column", "sentence"),
    [
        (-5, "0s", "0 s"),
        (40, "40s", "40 s"),
        (119, "119s", "119 s"),
        (125, "2m", "2 min"),
        (3_599, "59m", "59 min"),
        (13_700, "3h", "3 h 48 min"),
        (47 * 3_600 + 59, "47h", "47 h"),
        (200_000, "2d", "2 d 7 h"),
    ],
)
def test_ages(seconds: float, column: str, sentence: str) -> None:
    assert (moments.age(seconds), moments.ago(seconds)) == (column, sentence)
