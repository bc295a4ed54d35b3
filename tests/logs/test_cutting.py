"""Bytes cut into lines, and what is known of a log that is read again."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cajajejo.logs.cutting import GOES_ON, GOING_ON, Cutter, Position, repaired

STAMP = b"2026-11-21T10:00:00.000000001Z "


@given(st.binary(max_size=300), st.integers(0, 2**32))
def test_lines_come_whole_however_the_bytes_arrive(data: bytes, seed: int) -> None:
    chance, cutter, found = random.Random(seed), Cutter(), []  # noqa: S311
    place = 0
    while place < len(data):
        size = chance.randrange(1, 20)
        found.append(cutter.feed(data[place : place + size]))
        place += size
    assert all(part.endswith(b"\n") for part in found if part)
    rest = cutter.rest()
    assert b"\n" not in rest
    assert b"".join(found) + rest == data
    assert cutter.rest() == b""


def test_a_line_without_end_comes_in_pieces_that_say_so_and_break_no_character() -> None:
    text = "é".encode() * 300
    cutter = Cutter(longest=200)
    found = b"".join(cutter.feed((STAMP + text + b"\nnext\n")[place : place + 50]) for place in range(0, 700, 50))
    *pieces, last, after = found.splitlines()
    assert after == b"next"
    assert all(piece.startswith(STAMP) and piece.endswith(GOES_ON) for piece in pieces)
    assert all(len(piece) <= 200 + len(GOES_ON) for piece in pieces)
    inside = [piece.removeprefix(STAMP).removeprefix(GOING_ON).removesuffix(GOES_ON) for piece in [*pieces, last]]
    assert b"".join(inside) == text
    assert [piece.decode() for piece in inside]


def test_pieces_are_the_same_however_the_bytes_arrive() -> None:
    data = STAMP + b"x" * 5000 + b"\n" + STAMP + b"y\n"
    found = set()
    for size in (1, 7, 64, 199):
        cutter = Cutter(longest=200)
        found.add(b"".join(cutter.feed(data[place : place + size]) for place in range(0, len(data), size)))
    assert len(found) == 1


def test_a_line_without_a_time_gets_that_of_the_line_before() -> None:
    other = b"2026-11-21T12:00:00+02:00 "
    assert repaired(b"a\n" + STAMP + b"b\nc d\n" + other + b"e\n", b"0 ") == (
        b"0 a\n" + STAMP + b"b\n" + STAMP + b"c d\n" + other + b"e\n"
    )


@pytest.mark.parametrize("disorder", [0, 300_000_000, 2_500_000_000])
def test_a_second_reading_is_known_exactly(disorder: int) -> None:
    chance = random.Random(8)  # noqa: S311
    for _ in range(300):
        moments = sorted(chance.randrange(8 * 10**9) for _ in range(chance.randrange(1, 40)))
        if disorder <= 300_000_000:
            moments = [max(0, moment - chance.randrange(disorder + 1)) for moment in moments]
        rows = [b"2026-11-21T10:00:%02d.%09dZ %d\n" % (*divmod(at, 10**9), n % 3) for n, at in enumerate(moments)]
        position, read = Position(), chance.randrange(len(rows) + 1)
        place = 0
        while place < read:
            size = chance.randrange(1, read - place + 1)
            data, _, _ = position.advance(b"".join(rows[place : place + size]))
            assert data == b"".join(rows[place : place + size])
            place += size
        since = (position.since or "").removesuffix("Z").encode()
        again = [row for row in rows if row[:19] >= since]
        if any(row[:19] < since for row in rows[read:]):
            continue  # out of order by more than a second: a node does not give it again
        known, fresh = position.known(), b""
        place = 0
        while place < len(again):
            size = chance.randrange(1, 10)
            fresh += known.fresh(b"".join(again[place : place + size]))
            place += size
        assert fresh == b"".join(rows[read:])
        assert not known.rotated


def test_nothing_is_known_of_a_log_that_was_not_read() -> None:
    position = Position()
    assert position.since is None
    assert position.known().fresh(STAMP + b"a\n") == STAMP + b"a\n"


def test_the_time_to_read_again_from_is_in_the_zone_of_the_node() -> None:
    position = Position()
    position.advance(b"2026-11-21T12:00:01.5+02:00 a\n2026-11-21T12:00:03.5+02:00 a\n")
    assert position.since == "2026-11-21T12:00:01+02:00"


def test_remarks_of_a_kubelet_between_the_lines_get_a_time() -> None:
    position = Position()
    data, first, last = position.advance(STAMP + b"a\nrotated\n" + STAMP + b"b\n")
    assert data == STAMP + b"a\n" + STAMP + b"rotated\n" + STAMP + b"b\n"
    assert first == last == position.last
    assert position.known().fresh(data + STAMP + b"c\n") == STAMP + b"c\n"
