from __future__ import annotations

import os
import struct
import tracemalloc
from typing import TYPE_CHECKING

import pytest

from cajajejo.metrics import events
from cajajejo.metrics.events import checksums, reading
from tests.metrics.events import memory, plain, written

if TYPE_CHECKING:
    from pathlib import Path

SCALARS = b"".join(written.framed(written.event(step, 1.0, written.simple("loss", step))) for step in range(5))


def header(length: int) -> bytes:
    packed = struct.pack("<Q", length)
    return packed + struct.pack("<I", checksums.masked(checksums.crc(packed)))


def peak(directory: Path) -> tuple[events.Events, float]:
    """What stands there, and how many blocks of memory reading it took at most."""
    tracemalloc.start()
    found = events.read(directory)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return found, most / reading.BLOCK


def test_a_file_larger_than_a_block_is_read_whole(tmp_path: Path) -> None:
    steps = 3 * reading.BLOCK // 100
    data = b"".join(
        written.framed(written.event(step, 1.0, written.simple(tag, step))) for step in range(steps) for tag in "ab"
    )
    (tmp_path / written.FILE).write_bytes(data)
    found = events.read(tmp_path)
    assert len(data) > 2 * reading.BLOCK
    assert [found.series[".", tag].steps.tolist() for tag in "ab"] == [list(range(steps))] * 2
    assert found.warnings == ()


def test_small_and_large_files_are_read_in_order(tmp_path: Path) -> None:
    large = b"".join(
        written.framed(written.event(step, 1.0, written.simple("loss", step))) for step in range(reading.BLOCK // 40)
    )
    files = [SCALARS, large, SCALARS, large + b"torn", SCALARS]
    for number, data in enumerate(files):
        (tmp_path / f"tfevents.{number}").write_bytes(data)
    found = events.read(tmp_path)
    assert {tag: memory.listed(series) for (_, tag), series in found.series.items()} == plain.points(
        *map(plain.read, files)
    )
    good = reading.BLOCK // 40
    assert found.warnings == (f"{tmp_path}/tfevents.3: 1 damaged record left out (4 bytes); {good} good ones read",)


def test_many_small_files_go_through_the_buffer(tmp_path: Path) -> None:
    """More than fit into it."""
    image = written.framed(written.event(1, 1.0, written.image("image", reading.BLOCK // 3)))
    for number in range(10):
        (tmp_path / f"run{number}").mkdir()
        (tmp_path / f"run{number}" / written.FILE).write_bytes(SCALARS + image + SCALARS)
    found = events.read(tmp_path)
    assert {run: series.steps.tolist() for (run, _), series in found.series.items()} == {
        f"run{number}": [*range(5), *range(5)] for number in range(10)
    }


@pytest.mark.parametrize("length", [2**31, 2**60, 2**64 - 1])
def test_a_length_that_cannot_be_takes_no_memory(tmp_path: Path, length: int) -> None:
    (tmp_path / written.FILE).write_bytes(SCALARS + header(length) + SCALARS)
    found, blocks = peak(tmp_path)
    assert found.series[".", "loss"].steps.tolist() == [*range(5), *range(5)]
    assert found.warnings == (f"{tmp_path / written.FILE}: 1 damaged record left out (12 bytes); 10 good ones read",)
    assert blocks < 4


@pytest.mark.parametrize("start", [b"", header(150_000_000)], ids=["zeros", "a record that is too large to be held"])
def test_a_large_file_without_a_scalar_takes_little_memory(tmp_path: Path, start: bytes) -> None:
    path = tmp_path / written.FILE
    path.write_bytes(SCALARS + start)
    os.truncate(path, 200_000_000)
    found, blocks = peak(tmp_path)
    assert found.series[".", "loss"].steps.tolist() == [*range(5)]
    assert len(found.warnings) == 1
    assert blocks < 5
