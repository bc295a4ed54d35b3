"""Parts of API objects, whatever stands there."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from cajajejo.status import reading


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "soon", "2" * 100, 7, None])
def test_what_is_no_time_that_a_calendar_has_is_none(text: object) -> None:
    assert reading.moment({"at": text}, "at") is None


def test_a_time_is_in_utc() -> None:
    found = reading.moment({"at": "2026-11-21T15:02:11.123456789+01:00"}, "at")
    assert found == datetime(2026, 11, 21, 14, 2, 11, 123456, tzinfo=UTC)
    assert found.tzinfo is UTC


@pytest.mark.parametrize("value", [True, 1.0, "1", None, 2**63, -(2**63)])
def test_what_is_no_whole_number_of_kubernetes_is_none(value: object) -> None:
    assert reading.number({"n": value}, "n") is None
    assert reading.number({"n": 2**63 - 1}, "n") == 2**63 - 1


def test_a_text_is_one_line_that_harms_no_terminal() -> None:
    assert reading.text({"t": " a\n\tb\x1b[0m\u202e "}, "t") == "a b\\x1b[0m\\u202e"
    assert reading.text({"t": "x" * 5000}, "t") == "x" * 4095 + "…"
    assert reading.text({"t": 7}, "t") == reading.text([], "t") == reading.text({"t": {"u": 1}}, "t", "u", "v") == ""


def test_the_last_lines_of_a_text_are_kept() -> None:
    told = "\n".join(map(str, range(100)))
    assert reading.lines({"t": told}, "t") == tuple(map(str, range(80, 100)))
    assert reading.lines({"t": None}, "t") == ()


def test_only_what_has_the_right_shape_is_taken() -> None:
    assert reading.mapping({"a": [1]}, "a") == {}
    assert reading.items({"a": [{"b": 1}, None, "c"]}, "a") == [{"b": 1}]
    assert reading.items({"a": {"b": 1}}, "a") == []
    assert list(reading.texts({"a": ["b", 1, "c\n"]}, "a")) == ["b", "c"]
    assert reading.labels({"a": {"b": "c", "d": 1}}, "a") == {"b": "c"}
    assert reading.flag({"a": True}, "a")
    assert not reading.flag({"a": "true"}, "a")
