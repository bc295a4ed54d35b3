from __future__ import annotations

import struct
from itertools import accumulate

import pytest

from cajajejo.metrics.events import checksums
from cajajejo.metrics.events.framing import Framing
from tests.metrics.events import memory, written

RECORDS = [b"first record", b"second, longer record", b"third", b"x" * 70_000, b"fifth"]
DATA = b"".join(map(written.framed, RECORDS))
PLACES = [0, 28, 65, 86, 70_102, 70_123]


def header(length: int) -> bytes:
    packed = struct.pack("<Q", length)
    return packed + struct.pack("<I", checksums.masked(checksums.crc(packed)))


def walk(data: bytes, start: int = 0, end: int | None = None, most: int = 100) -> list[int]:
    places = Framing().walk(memory.array(data), start, len(data) if end is None else end, most)
    return [int(place) for place in places]


def test_every_record_is_walked_over() -> None:
    assert walk(DATA) == PLACES


def test_a_walk_begins_and_ends_where_it_is_told_to() -> None:
    assert walk(DATA, start=28, end=86) == [28, 65, 86]
    assert walk(DATA, start=28, end=85) == [28, 65]
    assert walk(DATA, most=2) == [0, 28, 65]
    assert walk(DATA, most=0) == [0]


@pytest.mark.parametrize("place", [65, 70, 73, 76])
def test_a_walk_ends_before_a_damaged_header(place: int) -> None:
    damaged = bytearray(DATA)
    damaged[place] ^= 1
    assert walk(bytes(damaged)) == [0, 28, 65]


@pytest.mark.parametrize("cut", [1, 5, 20])
def test_a_walk_ends_before_what_is_not_whole(cut: int) -> None:
    assert walk(DATA[:-cut]) == PLACES[:-1]


MANY = [b"%d" % number * (1 + number % 7) for number in range(3000)]
MANY_PLACES = [*accumulate((len(data) + 16 for data in MANY), initial=0)]


def test_thousands_of_records_are_walked_over() -> None:
    data = b"".join(map(written.framed, MANY))
    assert walk(data, most=5000) == MANY_PLACES
    assert walk(data, most=2999) == MANY_PLACES[:-1]
    assert walk(data[:-1], most=5000) == MANY_PLACES[:-1]
    assert walk(data, start=MANY_PLACES[7], most=1000) == MANY_PLACES[7:1008]


@pytest.mark.parametrize(
    "odd", [b"x" * 70_000, b"y" + written.framed(b"an event file") * 200], ids=["large", "records"]
)
def test_what_is_not_known_by_sight_is_gone_over(odd: bytes) -> None:
    data = b"".join(map(written.framed, [*MANY[:1000], odd, *MANY[1000:]]))
    behind = [place + len(odd) + 16 for place in MANY_PLACES[1000:]]
    assert walk(data, most=5000) == [*MANY_PLACES[:1001], *behind]


@pytest.mark.parametrize("place", [0, 3, 9])
def test_a_walk_over_thousands_ends_before_a_damaged_header(place: int) -> None:
    data = bytearray(b"".join(map(written.framed, MANY)))
    data[MANY_PLACES[2000] + place] ^= 1
    assert walk(bytes(data), most=5000) == MANY_PLACES[:2001]


@pytest.mark.parametrize(
    ("header", "size"),
    [
        pytest.param(header(5), 21, id="five bytes"),
        pytest.param(header(2**60), 2**60 + 16, id="more than there can be"),
        pytest.param(header(2**64 - 1), 2**64 + 15, id="the largest length"),
        pytest.param(header(0), None, id="no data"),
        pytest.param(header(5)[:11], None, id="cut"),
        pytest.param(header(5)[:8] + bytes(4), None, id="wrong checksum"),
        pytest.param(b"", None, id="nothing"),
    ],
)
def test_a_header_tells_the_size(header: bytes, size: int | None) -> None:
    framing = Framing()
    assert [framing.size(header), framing.size(header)] == [size, size]


def test_any_number_of_headers_can_be_met() -> None:
    framing = Framing()
    assert all(framing.size(header(length)) == length + 16 for length in range(1, 20_000))
    assert len(framing._sizes) < 20_000
