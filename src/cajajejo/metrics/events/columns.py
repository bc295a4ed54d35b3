"""Numbers gathered from records of equal layout: one array for each field, without looking at a record by itself.

Records of equal layout that stand in rows of equal size have the same field every so many bytes; that is an array
with a stride, and all arithmetic is done on it at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from cajajejo.metrics.events.arrays import Bits, Bytes
    from cajajejo.metrics.events.layouts import Layout
    from cajajejo.metrics.events.tensors import Number


class Points(NamedTuple):
    """Points of one tag: three arrays of equal shape."""

    steps: NDArray[np.int64]
    wall_times: NDArray[np.float64]
    values: NDArray[np.float64]

    @classmethod
    def of(cls, step: int, wall_time: float, value: float) -> Points:
        """One point."""
        return cls(np.array([step], np.int64), np.array([wall_time], np.float64), np.array([value], np.float64))

    @classmethod
    def room(cls, *shape: int) -> Points:
        """Arrays of this shape, to be filled."""
        return cls(np.empty(shape, np.int64), np.empty(shape), np.empty(shape))

    def each(self, change: Callable[[NDArray[Any]], NDArray[Any]]) -> Points:
        """The same done to each of the arrays."""
        return Points(change(self.steps), change(self.wall_times), change(self.values))


def points(rows: Bytes, start: int, layout: Layout) -> Points:
    """The point in each row, of records of this layout that begin at `start` of a row."""
    found = Points.room(len(rows))
    fill(found, rows, start, layout)
    return found


def fill(room: Points, rows: Bytes, start: int, layout: Layout) -> None:
    """Puts the point in each row into the arrays, see `points`. What is not written in a record is 0."""
    step, wall_time, number = layout.step, layout.wall_time, layout.number
    room.steps[:] = 0 if step is None else _varints(rows, start + step[0], step[1] - step[0])
    room.wall_times[:] = 0.0 if wall_time is None else column(rows, start + wall_time[0], "<f8")
    if number is not None:
        room.values[:] = _numbers(rows, start + number.start, number)


def column(rows: Bytes, start: int, dtype: str) -> NDArray[Any]:
    """What stands at `start` of each row, as it stands there; not a copy."""
    return np.ndarray(len(rows), dtype, rows, start, rows.strides[:1])


def _numbers(rows: Bytes, start: int, number: Number) -> NDArray[Any]:
    if number.varint:
        return _OF_BITS[number.type](_varints(rows, start, number.size))
    if number.type in _HIDDEN:
        return _OF_BITS[number.type](column(rows, start, _HIDDEN[number.type]))
    return column(rows, start, number.type)


def _varints(rows: Bytes, start: int, size: int) -> Bits:
    """Numbers of `size` bytes with seven bits each, the lowest first; the eighth says whether the number goes on."""
    if size == 1:
        return column(rows, start, "u1")
    word = "<u4" if size <= _SHORT else "<u8"
    bits = column(rows, start, word) & np.array((1 << 8 * size) - 1, word)
    for width, low, high in _FOLDS[word][: (size - 1).bit_length()]:
        bits = (bits & low) | (bits & high) >> width
    found: Bits = bits
    return found


def _folds(size: int) -> list[tuple[int, Any, Any]]:
    """How sevens of bits become fourteens, those become twenty-eights, and those become a number, in words of `size`.

    In each round the upper half of each pair moves down by so many bits; of which the lower and the upper halves are.
    """
    rounds = []
    for width, held in ((1, 7), (2, 14), (4, 28)):
        low = sum(((1 << held) - 1) << place for place in range(0, 8 * size, 16 * width))
        high = low << 8 * width & (1 << 8 * size) - 1
        rounds.append((width, np.array(low, f"<u{size}"), np.array(high, f"<u{size}")))
    return rounds


_SHORT: Final = 4
"""Bytes of a varint that are read as a word of 32 bits."""
_FOLDS: Final = {"<u4": _folds(4), "<u8": _folds(8)}
_HIDDEN: Final = {"bool": "u1", "bfloat16": "<u2"}
"""Types that are read as another one."""
_OF_BITS: Final[Mapping[str, Callable[[Bits], NDArray[Any]]]] = {
    "<i4": lambda bits: bits.astype(np.int32),
    "<i8": lambda bits: bits.astype(np.int64),
    "<f2": lambda bits: bits.astype(np.uint16).view(np.float16),
    "bool": lambda bits: bits != 0,
    "bfloat16": lambda bits: (bits.astype(np.uint32) << 16).view(np.float32),  # the upper half of a float32
}
"""What numbers of a type are, when they are given as bits."""
