"""Lines as values: times to the nanosecond, JSON that can be handled, and blocks that hold the same however cut."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cajajejo.logs import lines
from cajajejo.logs.lines import Block, Line

TEN = 1795255200 * 10**9
TEXT = st.text(st.characters(exclude_characters="\n", exclude_categories=["Cs"]), max_size=20)


def block(*rows: tuple[int, bytes]) -> Block:
    """Lines printed so many nanoseconds after ten o'clock."""
    data = b"".join(lines.stamp(TEN + at).encode() + b" " + text + b"\n" for at, text in rows)
    return Block("p", "eval", data, TEN + rows[0][0], TEN + rows[-1][0], len(rows))


@pytest.mark.parametrize(
    ("stamp", "at"),
    [
        (b"2026-11-21T10:00:00Z", TEN),
        (b"2026-11-21T10:00:00.000000001Z", TEN + 1),
        (b"2026-11-21T10:00:00.5Z", TEN + 5 * 10**8),
        (b"2026-11-21T12:00:00.000000007+02:00", TEN + 7),
        (b"2026-11-21T10:00:00.0000000001Z", None),
        (b"2026-13-21T10:00:00Z", None),
        (b"2026-11-21T10:00:00", None),
        (b"hello", None),
        (b"", None),
    ],
)
def test_times_are_read_to_the_nanosecond(stamp: bytes, at: int | None) -> None:
    assert lines.nanoseconds(stamp) == at


@given(st.integers(0, 4 * 10**18))
def test_times_are_written_as_they_are_read(at: int) -> None:
    assert lines.nanoseconds(lines.stamp(at).encode()) == at
    assert lines.instant(lines.moment(at)) == at - at % 1000


def test_a_moment_is_exact_to_the_microsecond() -> None:
    assert lines.instant(datetime(2026, 11, 21, 10, 0, 0, 123457, UTC)) == TEN + 123457000


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello",
        "[1]",
        "{",
        '{"a": 1',
        '{"a": NaN}',
        '{"a": -Infinity}',
        '{"a": 1e999}',
        '{"a": ' + "9" * 5000 + "}",
        '{"a": ' + "[" * 65 + "]" * 65 + "}",
        '{"a": ' * 10**5 + "1" + "}" * 10**5,
        '{"a": "' + "x" * 300_000 + '"}',
    ],
    ids=range(12),
)
def test_what_is_no_object_or_one_that_nobody_could_handle_is_text(text: str) -> None:
    assert lines.payload_of(text) is None


def test_an_object_is_read() -> None:
    deep = '{"a": ' + "[" * 60 + "]" * 60 + "}"
    many = json.dumps({str(number): {} for number in range(200)})
    assert lines.payload_of('{"message": "m", "n": 1.5} ') == {"message": "m", "n": 1.5}
    assert lines.payload_of(deep) == json.loads(deep)
    assert lines.payload_of(many) == json.loads(many)


def test_a_block_is_lines() -> None:
    found = block((0, b"one\r"), (1, b'{"a": 1}'), (2, b"caf\xe9 a b"), (3, b""))
    assert list(found.lines()) == [
        Line(TEN, "p", "eval", "one"),
        Line(TEN + 1, "p", "eval", '{"a": 1}', {"a": 1}),
        Line(TEN + 2, "p", "eval", "caf\ufffd a b"),
        Line(TEN + 3, "p", "eval", ""),
    ]
    assert found.text() == b'one\r\n{"a": 1}\ncaf\xef\xbf\xbd a b\n\n'
    assert found.stamped().splitlines()[2] == b"2026-11-21T10:00:00.000000002Z caf\xef\xbf\xbd a b"


@given(st.lists(st.tuples(st.integers(0, 50), TEXT), min_size=1, max_size=30), st.integers(-5, 55), st.integers(1, 300))
def test_a_block_that_is_cut_has_the_same_lines(rows: list[tuple[int, str]], bound: int, size: int) -> None:
    rows.sort(key=lambda row: row[0])
    whole = block(*((at, text.encode()) for at, text in rows))
    head, tail = whole.until(TEN + bound)
    parts = [part for part in (head, tail) if part is not None]
    assert [line for part in parts for line in part.lines()] == list(whole.lines())
    assert sum(part.count for part in parts) == len(rows)
    assert all((line.at or 0) <= TEN + bound for line in (head.lines() if head else ()))
    assert tail is None or tail.first > TEN + bound
    pieces = list(whole.pieces(size))
    assert [line for piece in pieces for line in piece.lines()] == list(whole.lines())
    for piece in [*parts, *pieces]:
        found = [line.at for line in piece.lines()]
        assert (piece.first, piece.last, piece.count) == (found[0], found[-1], len(found))
