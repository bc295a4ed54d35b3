"""Parts: together with what is there they are the file, each byte once."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cajajejo.models.parts import Part, missing
from cajajejo.models.source import RemoteFile


def test_a_small_file_is_one_part_and_a_large_one_many() -> None:
    assert missing(RemoteFile("a", 19), [], 10) == [Part(0, 19)]
    assert missing(RemoteFile("a", 25), [], 10) == [Part(0, 10), Part(10, 20), Part(20, 25)]
    assert missing(RemoteFile("a", 0), [], 10) == []


def test_what_is_there_is_not_fetched() -> None:
    assert missing(RemoteFile("a", 40), [(12, 20), (0, 3), (2, 5)], 10) == [Part(5, 12), Part(20, 30), Part(30, 40)]
    assert missing(RemoteFile("a", 40), [(0, 30), (25, 40)], 10) == []


def test_a_file_that_comes_as_a_whole_is_there_as_a_whole_or_not_at_all() -> None:
    unranged = RemoteFile("a", 40, ranged=False)
    assert missing(unranged, [(0, 39)], 10) == [Part(0, 40)]
    assert missing(unranged, [(0, 40)], 10) == []
    assert missing(RemoteFile("a", None), [], 10) == [Part(0, None)]
    assert missing(RemoteFile("a", None), [(0, 7)], 10) == []


@given(
    size=st.integers(0, 500),
    there=st.lists(st.tuples(st.integers(0, 500), st.integers(0, 500)).map(sorted), max_size=6),
    part_bytes=st.integers(1, 200),
)
def test_every_missing_byte_is_in_one_part(size: int, there: list[list[int]], part_bytes: int) -> None:
    stretches = [(min(start, size), min(end, size)) for start, end in there]
    covered = {at for start, end in stretches for at in range(start, end)}
    fetched: list[int] = []
    for part in missing(RemoteFile("a", size), stretches, part_bytes):
        assert part.end is not None
        assert 0 < part.end - part.start <= max(part_bytes, 2 * part_bytes - 1)
        fetched += range(part.start, part.end)
    assert fetched == sorted(set(range(size)) - covered)
