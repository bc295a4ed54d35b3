from __future__ import annotations

import numpy as np

from cajajejo.metrics.events import one_size
from cajajejo.metrics.events.finds import Finds
from cajajejo.metrics.events.kinds import Kinds
from tests.metrics.events import memory, written


def frame(step: int, tag: str, value: float) -> bytes:
    return written.framed(written.event(step, 1.0, written.simple(tag, value)))


RECORDS = [frame(3, "bb", 1.0), frame(300, "a", 2.0), frame(4, "cc", 3.0), frame(5, "bb", 4.0), frame(301, "a", 5.0)]


def read(frames: list[bytes], kinds: Kinds) -> Finds:
    rows = memory.array(b"".join(frames)).reshape(len(frames), -1)
    finds = Finds(2 * len(frames))
    one_size.read(rows, np.arange(len(frames))[::-1] * 2, finds, kinds)
    finds.settle()
    return finds


def points(finds: Finds) -> dict[int, tuple[str | None, int, float]]:
    """The tag, step and value of each record with a value, by its number."""
    meanings = list(finds.meanings)
    found = {}
    for number, code in enumerate(finds.codes.tolist()):
        meaning = meanings[code]
        if meaning is not None:
            found[number] = (meaning[0], int(finds.points.steps[number]), float(finds.points.values[number]))
    return found


EXPECTED = {8: ("bb", 3, 1.0), 6: ("a", 300, 2.0), 4: ("cc", 4, 3.0), 2: ("bb", 5, 4.0), 0: ("a", 301, 5.0)}


def test_records_of_several_layouts_and_tags_are_told_apart() -> None:
    assert len({len(record) for record in RECORDS}) == 1
    kinds = Kinds()
    assert points(read(RECORDS, kinds)) == EXPECTED
    assert points(read(RECORDS, kinds)) == EXPECTED


def test_damaged_records_are_told_with_their_size() -> None:
    broken = [RECORDS[0], RECORDS[1][:-6] + b"x" + RECORDS[1][-5:], *RECORDS[2:]]
    finds = read(broken, Kinds())
    assert finds.lost == [(6, len(RECORDS[1]))]
    assert points(finds) == {number: point for number, point in EXPECTED.items() if number != 6}


def test_what_is_not_plain_is_read_one_by_one() -> None:
    values = [written.simple("a", 1.0), written.simple("b", 2.0)]
    two = written.framed(written.event(3, 1.0, *values))
    finds = read([two, two], Kinds())
    meanings = list(finds.meanings)
    assert finds.records.tolist() == [0, 0, 1, 2, 2, 3]
    assert [meanings[code] for code in finds.codes.tolist()] == [
        ("a", "", True),
        ("b", "", True),
        None,
        ("a", "", True),
        ("b", "", True),
        None,
    ]
