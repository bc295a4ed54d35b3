from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cajajejo.metrics.events import damage
from cajajejo.metrics.events.damage import Damage
from tests.metrics.events import memory, plain, written

RECORD = written.framed(b"the data of a record")


def find(data: bytes, start: int = 0, room: int | None = None) -> int | None:
    space = len(data) - start if room is None else room
    return damage.next_record(memory.array(data), start, len(data), space, Damage("file"))


def test_a_file_without_damage_has_no_sentence() -> None:
    assert Damage("file").sentence is None


@pytest.mark.parametrize(
    ("sizes", "sentence"),
    [
        ([5], "file: 1 damaged record left out (5 bytes); 7 good ones read"),
        ([5, 10], "file: 2 damaged records left out (15 bytes); 7 good ones read"),
    ],
    ids=["one", "two"],
)
def test_what_is_lost_is_told_in_one_sentence(sizes: list[int], sentence: str) -> None:
    lost = Damage("file")
    lost.good = 7
    for size in sizes:
        lost.lose(size)
    assert lost.sentence == sentence


def test_bytes_may_belong_to_a_record_that_is_counted() -> None:
    lost = Damage("file")
    lost.lose(1)
    lost.lose(30, records=0)
    assert lost.sentence == "file: 1 damaged record left out (31 bytes); 0 good ones read"


def test_a_record_that_was_counted_as_good_may_be_missed() -> None:
    lost = Damage("file")
    lost.good = 2
    lost.miss(40)
    assert lost.sentence == "file: 1 damaged record left out (40 bytes); 1 good ones read"


@pytest.mark.parametrize("before", [0, 1, 100, 300, 70_000, 200_000])
def test_the_next_record_is_found(before: int) -> None:
    assert find(b"\xff" * before + RECORD + RECORD) == before


def test_what_stands_before_the_start_is_not_looked_at() -> None:
    assert find(RECORD + RECORD, start=1) == len(RECORD)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        bytes(1000),
        b"\x01" * 1000,
        RECORD[:-1],
        RECORD[:-1] + b"x",
        RECORD[:13] + b"x" + RECORD[14:],
        written.framed(b"")[:12] * 10,
    ],
    ids=["nothing", "zeros", "ones", "torn", "wrong footer", "wrong data", "empty records"],
)
def test_what_is_no_whole_record_is_not_found(data: bytes) -> None:
    assert find(data) is None


def test_a_header_is_enough_where_the_record_goes_on_behind_the_block() -> None:
    assert find(b"\xff" * 9 + RECORD[:20], room=9 + len(RECORD)) == 9
    assert find(b"\xff" * 9 + RECORD[:20], room=8 + len(RECORD)) is None


def test_patience_with_headers_without_records_has_an_end() -> None:
    """Else a file of nothing but headers would take as long as its size squared."""
    lost = Damage("file")
    lost.patience = 100
    header = written.framed(bytes(60))[:12]
    assert damage.next_record(memory.array(header * 100), 0, 1200, 1200, lost) == 24


@given(st.lists(st.binary(max_size=30) | st.just(RECORD) | st.just(RECORD[:12]), max_size=6).map(b"".join))
def test_the_first_of_all_whole_records_is_found(data: bytes) -> None:
    whole = (place for place in range(len(data)) if plain._record(data, place) is not None)
    assert find(data) == next(whole, None)
