from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.metrics.events import memory, written

if TYPE_CHECKING:
    from cajajejo.metrics.events.gathering import File

BLOCK = 1000
SCALARS = [written.framed(written.event(step, 1.0, written.simple("loss", step))) for step in range(5)]
IMAGE = written.framed(written.event(3, 1.0, written.image("image", 5000)))
MANY = written.framed(written.event(7, 1.0, *(written.simple(f"tag{number}", number) for number in range(200))))
TAG = written.framed(written.event(7, 1.0, written.simple("t" * 5000, 0.5)))
GRAPH = written.framed(b"\x22" + b"\xc0\x3e" + bytes(8000))


def read(*parts: bytes) -> File:
    return memory.by_blocks(b"".join([*SCALARS, *parts, *SCALARS]), BLOCK)


@pytest.mark.parametrize("large", [IMAGE, MANY, TAG, GRAPH], ids=["an image", "many scalars", "a long tag", "a graph"])
def test_records_may_be_larger_than_the_block(large: bytes) -> None:
    memory.check(read(large, large), b"".join([*SCALARS, large, large, *SCALARS]))


@pytest.mark.parametrize("place", [500, -10, -4, -1])
@pytest.mark.parametrize("large", [IMAGE, MANY], ids=["an image", "many scalars"])
def test_a_damaged_large_record_is_counted(large: bytes, place: int) -> None:
    damaged = bytearray(large)
    damaged[place] ^= 1
    found = read(bytes(damaged))
    size = len(large)
    assert found.damage.sentence == f"file: 1 damaged record left out ({size} bytes); 10 good ones read"


@pytest.mark.parametrize("cut", [1, 4, 5, 1000, 4000])
def test_a_large_record_at_the_end_may_be_torn(cut: int) -> None:
    whole = b"".join([*SCALARS, IMAGE[:-cut]])
    memory.check(memory.by_blocks(whole, BLOCK), whole)


@pytest.mark.parametrize("large", [IMAGE, MANY], ids=["an image", "many scalars"])
def test_a_file_may_become_shorter_while_it_is_read(large: bytes) -> None:
    file, source = memory.file(), memory.Source(b"".join([*SCALARS, large[:-50]]))
    source.size = lambda: len(source.data) + 50  # type: ignore[method-assign]  # what it was before
    memory.read_blocks(source, BLOCK, file)
    assert file.damage.sentence == f"file: 1 damaged record left out ({len(large) - 50} bytes); 5 good ones read"


def test_the_plugin_of_a_large_record_counts() -> None:
    value = written.image("loss", 5000)
    value.metadata.plugin_data.plugin_name = "images"
    image = written.framed(written.event(0, 1.0, value))
    file = memory.by_blocks(image + b"".join(SCALARS), BLOCK)
    assert memory.points(file.run) == {}
