from __future__ import annotations

import struct
from itertools import accumulate

import numpy as np
import pytest

from cajajejo.metrics.events import checksums, headers
from tests.metrics.events import memory, written

SIZES = [1, 20, 255, 256, 300, 65_535, 7]
DATA = b"".join(written.framed(b"x" * size) for size in SIZES)
ENDS = list(accumulate(size + 16 for size in SIZES))


def ends(data: bytes) -> list[int]:
    return [int(place) for place in headers.ends(memory.array(data))]


def test_the_end_of_each_record_is_known() -> None:
    assert ends(DATA) == ENDS


@pytest.mark.parametrize("rest", [12, 13, 22])
def test_the_last_record_may_end_behind_what_is_seen(rest: int) -> None:
    assert ends(DATA[: ENDS[-2] + rest]) == ENDS


def test_a_header_that_is_cut_is_not_known() -> None:
    assert ends(DATA[: ENDS[-2] + 11]) == ENDS[:-1]


@pytest.mark.parametrize("size", [0, 5, 11])
def test_less_than_a_header_is_none(size: int) -> None:
    assert ends(DATA[:size]) == []


@pytest.mark.parametrize("place", [0, 1, 2, 7, 8, 11])
def test_nothing_is_known_behind_a_damaged_header(place: int) -> None:
    data = bytearray(DATA)
    data[ENDS[1] + place] ^= 1
    assert ends(bytes(data)) == ENDS[:2]
    assert ends(bytes(data)[ENDS[1] :]) == []


def test_a_record_of_no_data_is_none() -> None:
    assert ends(written.framed(b"") + DATA) == []


def test_a_larger_record_is_not_known() -> None:
    assert ends(DATA + written.framed(b"x" * 65_536) + DATA) == ENDS


def test_data_that_look_like_a_record_end_what_is_known() -> None:
    """It cannot be told at a glance which of both is meant: who asks goes on from the last end."""
    odd = written.framed(b"y" + written.framed(b"x"))
    assert ends(DATA + odd + DATA) == [*ENDS, ENDS[-1] + len(odd)]


def test_zeros_are_no_records() -> None:
    assert ends(bytes(1000)) == []


def test_every_length_has_its_checksum() -> None:
    every = np.arange(1, 65_536)
    found = headers._checksums()[every]
    assert found.tolist() == [checksums.masked(checksums.crc(struct.pack("<Q", length))) for length in every.tolist()]
