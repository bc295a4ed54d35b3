from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cajajejo.metrics.events import columns, layouts
from cajajejo.metrics.events.columns import Points
from tests.metrics.events import memory, written


def varint(number: int, size: int) -> bytes:
    """A number in so many bytes."""
    sevens = [number >> 7 * place & 0x7F for place in range(size)]
    return bytes([*(seven | 0x80 for seven in sevens[:-1]), sevens[-1]])


@given(
    st.integers(1, 8).flatmap(
        lambda size: st.tuples(st.just(size), st.lists(st.integers(0, 2 ** (7 * size) - 1), min_size=1))
    )
)
def test_numbers_of_all_sizes_are_put_together(drawn: tuple[int, list[int]]) -> None:
    size, numbers = drawn
    rows = memory.array(b"".join(b"ab" + varint(number, size) + b"\xff" * 8 for number in numbers))
    found = columns._varints(rows.reshape(len(numbers), size + 10), 2, size)
    assert found.tolist() == numbers


def test_each_row_has_a_point() -> None:
    frames = [written.framed(written.event(200 + row, 1.5 * row + 1, written.simple("a", row / 4))) for row in range(3)]
    layout = layouts.of(frames[0], len(frames[0]))
    rows = memory.array(b"".join(b"before" + frame for frame in frames)).reshape(3, -1)
    steps, wall_times, values = columns.points(rows, 6, layout)
    assert (steps.tolist(), wall_times.tolist(), values.tolist()) == ([200, 201, 202], [1.0, 2.5, 4.0], [0, 0.25, 0.5])


def test_what_is_not_written_is_zero() -> None:
    frame = written.framed(written.event(0, 0.0, written.simple("a", 0.5)))
    layout = layouts.of(frame, len(frame))
    found = columns.points(memory.array(frame * 2).reshape(2, -1), 0, layout)
    assert [column.tolist() for column in found] == [[0, 0], [0.0, 0.0], [0.5, 0.5]]


@pytest.mark.parametrize("shape", [(3,), (2, 4)])
def test_room_for_points_is_three_arrays_of_one_shape(shape: tuple[int, ...]) -> None:
    room = Points.room(*shape)
    assert [(column.shape, column.dtype.str) for column in room] == [(shape, "<i8"), (shape, "<f8"), (shape, "<f8")]


def test_the_same_is_done_to_each_array() -> None:
    assert [column.tolist() for column in Points.of(1, 2.0, 3.0).each(lambda column: np.repeat(column, 2))] == [
        [1, 1],
        [2.0, 2.0],
        [3.0, 3.0],
    ]
