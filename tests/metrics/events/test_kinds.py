from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cajajejo.metrics.events import kinds, layouts
from cajajejo.metrics.events.kinds import Kinds
from tests.metrics.events import memory, written


def frame(tag: str, step: int = 1, value: float = 0.5) -> bytes:
    return written.framed(written.event(step, 1.0, written.simple(tag, value)))


def add(known: Kinds, data: bytes) -> bool:
    return known.add(layouts.of(data, len(data)), memory.array(data)) is not None


@given(st.integers(8, 40).flatmap(lambda size: st.lists(st.binary(min_size=size, max_size=size), min_size=1)))
def test_rows_of_bytes_become_words_of_which_the_last_overlaps(rows: list[bytes]) -> None:
    found = kinds.words(memory.array(b"".join(rows)).reshape(len(rows), -1))
    size = len(rows[0])
    starts = [*range(0, size - 8, 8), size - 8]
    if size % 8 == 0:
        starts = list(range(0, size, 8))
    assert found.tolist() == [[int.from_bytes(row[start : start + 8], "little") for start in starts] for row in rows]


def test_a_mask_holds_what_is_fixed() -> None:
    data = frame("a", step=300)
    layout = layouts.of(data, len(data))
    expected = bytearray(b"\xff" * len(data))
    for start, end in layout.free:
        expected[start:end] = bytes(end - start)
    expected[22:24] = b"\x80\x80"
    assert kinds.mask(layout).tobytes() == bytes(expected)


def test_records_are_known_by_their_tags_whatever_their_numbers() -> None:
    known = Kinds()
    assert all(add(known, frame(tag)) for tag in "abc")
    (kind,) = known.of_size(len(frame("a")))
    rows = memory.array(b"".join(frame(tag, step, 7.0) for step, tag in enumerate("cabxa", 2))).reshape(5, -1)
    members, fits = kind.matching(kinds.words(rows))
    assert fits.tolist() == [True, True, True, False, True]
    assert [kind.members[member].tag for member in members[fits]] == ["c", "a", "b", "a"]


def test_layouts_of_one_size_may_be_of_several_kinds() -> None:
    known = Kinds()
    assert all(add(known, data) for data in (frame("aa", step=1), frame("a", step=300), frame("bb", step=1)))
    assert [[member.tag for member in kind.members] for kind in known.of_size(len(frame("aa")))] in (
        [["aa", "bb"], ["a"]],
        [["bb", "aa"], ["a"]],
    )


def test_kinds_are_not_filled_without_end() -> None:
    known = Kinds()
    added = [add(known, frame(f"{number:04}")) for number in range(600)]
    assert (sum(added), added[0], added[-1]) == (512, True, False)


@pytest.mark.parametrize("length", [1, 100])
def test_differences_are_remembered_by_size(length: int) -> None:
    data = written.framed(bytes(length))
    known = Kinds()
    first = known.difference(len(data), data[:12])
    assert known.difference(len(data), b"") == first
    assert np.uint32(first) == first
