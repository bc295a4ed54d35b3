from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cajajejo.metrics.events import wire
from cajajejo.metrics.events.wire import UnusualError


def test_fields_are_found_in_all_ways_of_writing() -> None:
    data = b"\x08\x96\x01\x11abcdefgh\x1a\x03xyz\x25abcd\x2a\x00"
    assert wire.fields(data, 0, len(data)) == [
        (0x08, 1, 3),
        (0x11, 4, 12),
        (0x1A, 14, 17),
        (0x25, 18, 22),
        (0x2A, 24, 24),
    ]


def test_a_length_may_have_several_bytes() -> None:
    data = b"\x0a\xac\x02" + bytes(300)
    assert wire.fields(data, 0, len(data)) == [(0x0A, 3, 303)]


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"\x00\x01", id="field 0"),
        pytest.param(b"\x0b\x0c", id="a group"),
        pytest.param(b"\x0e", id="no way of writing"),
        pytest.param(b"\x82\x01\x00", id="a key of two bytes"),
        pytest.param(b"\x0a\x05abcd", id="longer than the message"),
        pytest.param(b"\x0d123", id="four bytes that are three"),
        pytest.param(b"\x09123", id="eight bytes that are three"),
        pytest.param(b"\x08" + b"\xff" * 8 + b"\x01", id="a number of nine bytes"),
        pytest.param(b"\x0a" + b"\x80" * 6 + b"\x00", id="a length of seven bytes"),
    ],
)
def test_what_is_not_plain_is_unusual(data: bytes) -> None:
    with pytest.raises(UnusualError):
        wire.fields(data + bytes(20), 0, len(data))


@pytest.mark.parametrize("data", [b"\x08", b"\x08\x80", b"\x0a", b"\x0a\x80"], ids=bytes.hex)
def test_data_that_end_before_the_message_are_told_as_such(data: bytes) -> None:
    with pytest.raises(IndexError):
        wire.fields(data, 0, len(data) + 1)


def test_a_key_that_comes_twice_is_unusual() -> None:
    assert wire.once([(8, 1, 2), (16, 3, 4)]) == {8: (1, 2), 16: (3, 4)}
    with pytest.raises(UnusualError):
        wire.once([(8, 1, 2), (8, 3, 4)])


@given(st.integers(0, 2**56 - 1))
def test_numbers_are_read_seven_bits_a_byte(number: int) -> None:
    data = bytes([number >> shift & 0x7F | 0x80 for shift in range(0, max(7, number.bit_length()), 7)])
    data = data[:-1] + bytes([data[-1] & 0x7F])
    assert wire.number(data, (0, wire.behind_varint(data, 0))) == number


def test_text_is_utf_8_and_empty_where_there_is_none() -> None:
    assert wire.text("höhe".encode(), (0, 5)) == "höhe"
    assert wire.text(b"", None) == ""
    with pytest.raises(UnusualError):
        wire.text(b"\xff", (0, 1))
