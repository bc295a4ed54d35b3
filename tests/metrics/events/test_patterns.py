from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING

import numpy as np
import pytest

from cajajejo.metrics.events import layouts
from cajajejo.metrics.events.patterns import Pattern
from tests.metrics.events import memory, written

if TYPE_CHECKING:
    from cajajejo.metrics.events.arrays import Bytes


def row(step: int, *, image: bytes = b"x") -> list[bytes]:
    """Two scalars with an image between them, which is large, and a small histogram."""
    values = [
        written.simple("a", step / 2),
        written.image("i", 600),
        written.histogram("h"),
        written.listed("b", np.array(step)),
    ]
    values[1].image.encoded_image_string = image * 600
    return [written.framed(written.event(step, float(step), value)) for value in values]


ROW = row(1)


@pytest.fixture
def pattern() -> Pattern:
    return Pattern(memory.array(b"".join(ROW)), [layouts.of(frame, len(frame)) for frame in ROW])


def table(*rows: list[bytes]) -> Bytes:
    return memory.array(b"".join(b"".join(one) for one in rows)).reshape(len(rows), -1)


def test_a_pattern_knows_its_records(pattern: Pattern) -> None:
    sizes = list(map(len, ROW))
    assert (pattern.size, pattern.packing.size) == (sum(sizes), sum(sizes) - sizes[1])
    assert pattern.starts == list(accumulate(sizes, initial=0))[:-1]
    assert pattern.tags == ["a", "i", "h", "b"]
    assert pattern.plugins == {"a": "", "i": "", "h": "", "b": "scalars"}
    assert [(slot.number, slot.start) for slot in pattern.large] == [(1, sizes[0])]
    assert {tag: [(slot.number, slot.start) for slot in slots] for tag, slots in pattern.series.items()} == {
        "a": [(0, 0)],
        "b": [(3, sizes[0] + sizes[2])],
    }


def test_rows_are_packed_without_large_records(pattern: Pattern) -> None:
    rows = table(row(1), row(2))
    assert pattern.pack(rows).tobytes() == b"".join(
        frame for step in (1, 2) for number, frame in enumerate(row(step)) if number != 1
    )


def test_rows_without_large_records_are_packed_as_they_are() -> None:
    plain = Pattern(memory.array(ROW[0]), [layouts.of(ROW[0], len(ROW[0]))])
    rows = memory.array(ROW[0]).reshape(1, -1)
    assert plain.pack(rows) is rows


def test_rows_agree_whatever_their_numbers_and_images(pattern: Pattern) -> None:
    rows = table(row(1), row(100, image=b"y"), row(3))
    assert pattern.agreeing(rows, pattern.pack(rows)) == (3, 0)


@pytest.mark.parametrize("number", range(4))
def test_the_first_record_that_does_not_agree_is_found(pattern: Pattern, number: int) -> None:
    rows = table(row(1), row(2), row(3), row(4))
    for which in (2, 3):
        rows[which, pattern.starts[number] + 3] ^= 1  # in the length
    assert pattern.agreeing(rows, pattern.pack(rows)) == (2, number)


def test_the_earlier_of_two_differences_counts(pattern: Pattern) -> None:
    rows = table(row(1), row(2), row(3))
    rows[2, 3] ^= 1
    rows[1, pattern.starts[1] + 3] ^= 1
    assert pattern.agreeing(rows, pattern.pack(rows)) == (1, 1)


def test_a_pattern_may_be_of_large_records_alone() -> None:
    pattern = Pattern(memory.array(ROW[1]), [layouts.of(ROW[1], len(ROW[1]))])
    rows = memory.array(ROW[1] * 3).reshape(3, -1)
    assert pattern.agreeing(rows, pattern.pack(rows)) == (3, 0)
    rows[1, 3] ^= 1
    assert pattern.agreeing(rows, pattern.pack(rows)) == (1, 0)
    assert pattern.packing.faulty(pattern.pack(rows)) == []


def test_tags_that_come_several_times_are_several_slots() -> None:
    frames = [written.framed(written.event(1, 1.0, written.simple("a", value))) for value in (0.5, 0.25)]
    pattern = Pattern(memory.array(b"".join(frames)), [layouts.of(frame, len(frame)) for frame in frames])
    assert [slot.number for slot in pattern.series["a"]] == [0, 1]
