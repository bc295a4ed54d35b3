from __future__ import annotations

import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tensorboard.compat.tensorflow_stub.pywrap_tensorflow import masked_crc32c

from cajajejo.metrics.events import checksums
from tests.metrics.events import memory, written


@given(st.binary(max_size=50))
def test_masked_checksums_are_those_of_tensorboard(data: bytes) -> None:
    assert checksums.masked(checksums.crc(data)) == masked_crc32c(data)


@given(st.lists(st.integers(0, 2**32 - 1), min_size=1))
def test_masks_are_put_on_and_taken_off_arrays_as_well(numbers: list[int]) -> None:
    array = np.array(numbers, np.uint32)
    assert checksums.mask(array).tolist() == [checksums.masked(number) for number in numbers]
    assert checksums.unmask(checksums.mask(array)).tolist() == numbers


def test_the_null_word_has_the_checksum_zero() -> None:
    assert checksums.crc(struct.pack("<I", checksums._NULL)) == 0


@given(st.binary(min_size=1, max_size=100))
def test_a_record_whose_checksum_is_changed_by_the_difference_has_the_checksum_zero(data: bytes) -> None:
    frame = written.framed(data)
    word = checksums.crc(data) ^ checksums.difference(frame[:12], len(data))
    assert checksums.crc(frame[:-4] + struct.pack("<I", word)) == 0


@pytest.mark.parametrize("place", [12, 20, 27, 28, 31])
def test_one_record_is_whole_or_not(place: int) -> None:
    frame = memory.array(written.framed(b"sixteen bytes ..")[:])
    assert checksums.is_whole(frame)
    frame[place] ^= 1
    assert not checksums.is_whole(frame)


@st.composite
def rows(draw: st.DrawFn) -> tuple[list[list[bytes]], list[tuple[int, int, int]]]:
    """Rows of data of equal shape, and some (row, record, byte of data or checksum) that are flipped."""
    sizes = draw(st.lists(st.integers(1, 20), min_size=1, max_size=4))
    count = draw(st.integers(1, 8))
    data = [[draw(st.binary(min_size=size, max_size=size)) for size in sizes] for _ in range(count)]
    records = st.integers(0, len(sizes) - 1).flatmap(
        lambda record: st.tuples(st.integers(0, count - 1), st.just(record), st.integers(0, sizes[record] + 3))
    )
    return data, draw(st.lists(records, max_size=4, unique=True))


@given(rows())
def test_exactly_the_damaged_records_are_found_and_everything_can_be_restored(
    drawn: tuple[list[list[bytes]], list[tuple[int, int, int]]],
) -> None:
    data, flips = drawn
    table = memory.array(b"".join(written.framed(one) for row in data for one in row)).reshape(len(data), -1)
    ends = np.cumsum([len(one) + 16 for one in data[0]]).tolist()
    for row, record, byte in flips:
        table[row, ends[record] - 4 - len(data[row][record]) + byte] ^= 0x10
    before = table.copy()
    frames = [
        (end, checksums.difference(written.framed(one)[:12], len(one))) for end, one in zip(ends, data[0], strict=True)
    ]
    assert checksums.faulty(table, frames) == sorted({(row, record) for row, record, _ in flips})
    checksums.restore(table, frames)
    assert table.tobytes() == before.tobytes()


def test_equal_damage_in_two_records_is_found() -> None:
    """The errors of two records do not cancel each other, though they are the same."""
    frame = written.framed(b"some data of a record")
    table = memory.array(frame * 1000).reshape(1000, -1)
    table[[3, 700], 15] ^= 0x40
    assert checksums.faulty(table, [(len(frame), checksums.difference(frame[:12], len(frame) - 16))]) == [
        (3, 0),
        (700, 0),
    ]
