from __future__ import annotations

import numpy as np
import pytest

from cajajejo.metrics.events import layouts, rows
from cajajejo.metrics.events.patterns import Pattern
from cajajejo.metrics.events.rows import Rows
from tests.metrics.events import memory, written


def row(step: int, *, image: bool = False) -> bytes:
    values = [written.simple("a", step / 2), written.simple("b", step), written.simple("a", step / 4)]
    if image:
        values.insert(1, written.image("image", 600))
    return b"".join(written.framed(written.event(step, 1.0, value)) for value in values)


def frames(data: bytes) -> list[bytes]:
    found = []
    while data:
        size = int.from_bytes(data[:8], "little") + 16
        found.append(data[:size])
        data = data[size:]
    return found


def pattern(*, image: bool = False) -> Pattern:
    data = row(100, image=image)
    return Pattern(memory.array(data), [layouts.of(frame, len(frame)) for frame in frames(data)])


def expected(steps: range) -> memory.Points:
    return {
        "a": [(step, 1.0, step / part) for step in steps for part in (2, 4)],
        "b": [(step, 1.0, float(step)) for step in steps],
    }


@pytest.mark.parametrize("count", [1, 15, 100, 1000])
@pytest.mark.parametrize("image", [False, True], ids=["scalars", "with images"])
def test_rows_are_read_as_long_as_they_are_of_the_pattern(count: int, *, image: bool) -> None:
    file = memory.file()
    data = [row(10 + step % 100, image=image) for step in range(count)]
    read = Rows(pattern(image=image), file)
    block = memory.array(b"".join(data) + row(100)[:50])
    end = sum(map(len, data))
    assert read.advance(block, 0, len(block)) == (end, None)
    read.finish()
    points = memory.points(file.run)
    assert [step for step, _, _ in points["b"]] == [10 + step % 100 for step in range(count)]
    assert [step for step, _, _ in points["a"]] == [10 + step % 100 for step in range(count) for _ in range(2)]
    assert (read.records, file.damage.good) == (count * (4 if image else 3),) * 2


def test_the_record_that_is_not_of_the_pattern_is_told() -> None:
    file = memory.file()
    read = Rows(pattern(), file)
    data = [row(step) for step in range(10, 110)]
    place = sum(map(len, data[:70]))
    block = memory.array(b"".join(data))
    block[place + read.pattern.starts[1] + 2] ^= 1
    assert read.advance(block, 0, len(block)) == (place, 1)
    read.finish()
    assert memory.points(file.run) == expected(range(10, 80))


@pytest.mark.parametrize("waiting", [False, True], ids=["read where they are", "that wait"])
def test_damaged_records_are_left_out_and_nothing_else(*, waiting: bool) -> None:
    file = memory.file()
    read = Rows(pattern(image=waiting), file)
    data = [row(step, image=waiting) for step in range(10, 110)]
    block = memory.array(b"".join(data))
    size = len(data[0])
    block[90 * size + read.pattern.starts[-1] + 17] ^= 1  # in the second "a"
    block[5 * size + read.pattern.starts[1] + 17] ^= 1  # in the image, or in "b"
    assert read.advance(block, 0, len(block)) == (len(block), None)
    read.finish()
    points = expected(range(10, 110))
    del points["a"][181]
    if not waiting:
        del points["b"][5]
    assert memory.points(file.run) == points
    lost = sum(len(frames(data[0])[number]) for number in (1, -1))
    good = 100 * len(read.pattern.starts) - 2
    assert file.damage.sentence == f"file: 2 damaged records left out ({lost} bytes); {good} good ones read"


@pytest.mark.parametrize("place", [12, 300, -4, -1], ids=["first byte", "in the middle", "checksum", "last byte"])
def test_each_damaged_large_record_is_told_with_its_row(place: int) -> None:
    images = [written.framed(written.event(7, 1.0, written.image(tag, 600))) for tag in "xyz"]
    data = b"".join([images[0], row(100), images[1], images[2]])
    large = Pattern(memory.array(data), [layouts.of(frame, len(frame)) for frame in frames(data)]).large
    table = np.stack([memory.array(data)] * 4)
    assert rows.damaged(table, large) == []
    start = len(images[0] + row(100))
    table[2, start + place if place > 0 else start + len(images[1]) + place] ^= 1
    table[3, 12] ^= 0x80
    assert rows.damaged(table, large) == [(2, large[1]), (3, large[0])]


def test_tags_of_other_plugins_are_not_gathered() -> None:
    file = memory.file()
    file.run.of("a", "histograms")
    read = Rows(pattern(), file)
    block = memory.array(b"".join(row(step) for step in range(10, 20)))
    read.advance(block, 0, len(block))
    read.finish()
    assert memory.points(file.run) == {"b": expected(range(10, 20))["b"]}


def test_the_points_of_a_tag_are_a_row_for_each_row() -> None:
    data = np.stack([memory.array(row(step)) for step in (10, 20)])
    found = rows.points(data, pattern().series["a"])
    assert [column.tolist() for column in found] == [
        [[10, 10], [20, 20]],
        [[1.0, 1.0], [1.0, 1.0]],
        [[5.0, 2.5], [10.0, 5.0]],
    ]
