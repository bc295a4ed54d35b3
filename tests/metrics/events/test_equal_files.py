from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cajajejo.metrics.events import equal_files
from cajajejo.metrics.events.damage import Damage
from cajajejo.metrics.events.equal_files import EqualFiles, Lying
from cajajejo.metrics.events.framing import Framing
from cajajejo.metrics.events.gathering import File, Gathering
from tests.metrics.events import memory, written

if TYPE_CHECKING:
    from cajajejo.metrics.events.arrays import Bytes


def log(value: float, tag: str = "loss") -> bytes:
    return b"".join(written.framed(written.event(step, 1.0, written.simple(tag, value))) for step in range(3))


def read(*files: bytes, gap: int = 0) -> tuple[list[File], set[int], Bytes]:
    """The files, which of them are read, and their bytes afterwards."""
    gathering = Gathering(())
    made = [File(gathering.run(f"run{number}"), Damage("file")) for number, _ in enumerate(files)]
    size = len(files[0]) + gap
    lying = [Lying(file, number * size, number * size + len(files[0])) for number, file in enumerate(made)]
    block = memory.array(b"".join(data + bytes(gap) for data in files))
    done = EqualFiles(Framing()).read(block, lying)
    return made, {start // size for start in done}, block


@pytest.mark.parametrize("gap", [0, 7], ids=["side by side", "apart"])
def test_files_of_one_pattern_are_read(gap: int) -> None:
    files, done, _ = read(log(1), log(2), log(3), gap=gap)
    assert done == {0, 1, 2}
    assert [memory.points(file.run) for file in files] == [
        {"loss": [(step, 1.0, float(value)) for step in range(3)]} for value in (1, 2, 3)
    ]
    assert [file.damage.good for file in files] == [3, 3, 3]


def test_files_that_are_damaged_or_of_another_pattern_are_left_as_they_are() -> None:
    broken = bytearray(log(2))
    broken[-10] ^= 1
    given = [log(1), bytes(broken), log(3, "gain"), log(4)]
    files, done, block = read(*given)
    assert done == {0, 3}
    assert [file.damage.good for file in files] == [3, 0, 0, 3]
    left = block.reshape(4, -1)
    assert [left[number].tobytes() for number in (1, 2)] == given[1:3]


def test_of_a_first_file_that_is_no_pattern_nothing_is_made() -> None:
    assert read(log(1)[:-1] + b"x", log(2), log(3))[1] == set()
    assert read(log(1)[:-5] + bytes(5), log(2), log(3))[1] == set()


def test_where_too_many_files_differ_the_others_are_left() -> None:
    others = [log(1, f"tag{number}") for number in range(9)]
    size = len(others[0])
    assert len(log(1, "loss")) == size
    assert read(*[log(1)] * 4, *others, log(1))[1] == {0, 1, 2, 3}


def test_patterns_of_many_sizes_are_not_all_remembered() -> None:
    framing = Framing()
    equal = EqualFiles(framing)
    for length in range(1, 100):
        data = log(1, "x" * length)
        file = memory.file()
        assert equal.read(memory.array(data * 2), [Lying(file, 0, len(data)), Lying(file, len(data), 2 * len(data))])
    assert len(equal._patterns) <= equal_files._PATTERNS
