from __future__ import annotations

import pytest

from cajajejo.metrics.events import layouts
from cajajejo.metrics.events.packing import Packing, Slot
from tests.metrics.events import memory, written

FRAMES = [written.framed(written.event(1, 1.0, written.simple(tag, 0.5))) for tag in ("a", "bb", "ccc", "dddd")]
STARTS = [0, len(FRAMES[0]), len(FRAMES[0]) + 10, len(FRAMES[0]) + 10 + len(FRAMES[2])]
"""Where three of them stand in a row, with ten bytes behind the first."""


@pytest.fixture
def packing() -> Packing:
    row = memory.array(FRAMES[0] + bytes(10) + FRAMES[2] + FRAMES[3])
    places = zip((0, 2, 3), (STARTS[0], STARTS[2], STARTS[3]), strict=True)
    return Packing(
        row, [Slot(layouts.of(FRAMES[number], len(FRAMES[number])), number, start) for number, start in places]
    )


PACKED = FRAMES[0] + FRAMES[2] + FRAMES[3]


def test_slots_are_where_the_records_are_in_packed_rows(packing: Packing) -> None:
    assert packing.size == len(PACKED)
    starts = [0, len(FRAMES[0]), len(FRAMES[0] + FRAMES[2])]
    assert [(slot.number, slot.start) for slot in packing.slots] == list(zip((0, 2, 3), starts, strict=True))


def test_rows_agree_up_to_the_first_fixed_byte_that_differs(packing: Packing) -> None:
    rows = memory.array(PACKED * 3).reshape(3, -1)
    rows[:, 13:21] = 7  # the wall time
    assert packing.agreeing(rows) == (3, 0)
    rows[1, len(FRAMES[0])] += 1
    assert packing.agreeing(rows) == (1, 2)


def test_damaged_records_are_found_and_rows_restored(packing: Packing) -> None:
    rows = memory.array(PACKED * 3).reshape(3, -1)
    rows[2, 15] ^= 1
    before = rows.tobytes()
    assert packing.faulty(rows) == [(2, 0)]
    packing.restore(rows)
    assert rows.tobytes() == before
