from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cajajejo.metrics.events.damage import Damage
from cajajejo.metrics.events.framing import Framing
from cajajejo.metrics.events.gathering import File, Gathering
from cajajejo.metrics.events.kinds import Kinds
from cajajejo.metrics.events.small_files import SmallFiles
from tests.metrics.events import memory, plain, written

if TYPE_CHECKING:
    from collections.abc import Sequence


def log(steps: int = 5, *, seed: int = 0, image: bool = False) -> bytes:
    """A file whose layout depends on nothing but the number of its steps."""
    values = [
        (step, value)
        for step in range(steps)
        for value in (
            written.simple("loss", step + seed),
            written.listed("accuracy", np.array(seed / (step + 1))),
            *([written.image("image", 700)] if image else []),
        )
    ]
    records = [written.head(), *(written.event(step, 1e9 + seed, value) for step, value in values)]
    return b"".join(map(written.framed, records))


def flipped(data: bytes, place: int) -> bytes:
    return data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]


def check(files: Sequence[tuple[str, bytes]]) -> None:
    """That files of runs, read together and then once more, are read as by a plain reader."""
    gathering = Gathering(())
    block = np.empty(2 * sum(len(data) for _, data in files) + 100, np.uint8)
    small = SmallFiles(block, Framing(), Kinds())
    read = []
    for again in ("", " again"):
        for run, data in files:
            start = small.end
            block[start : start + len(data)] = memory.array(data)
            read.append(File(gathering.run(run + again), Damage(run)))
            small.add(read[-1], start + len(data))
        small.read()
        assert small.end == 0
    runs = {run for run, _ in files}
    for again in ("", " again"):
        for run in runs:
            expected = plain.points(*(plain.read(data) for one, data in files if one == run))
            assert memory.texts(memory.points(gathering.run(run + again))) == memory.texts(expected)
    for file, (_, data) in zip(read, [*files, *files], strict=True):
        expected_file = plain.read(data)
        lost = expected_file.damaged + expected_file.foreign
        assert (file.damage.sentence or ": 0 ").split(": ")[1].split()[0] == str(lost)
        assert file.damage.good == len(expected_file.events)


@pytest.mark.parametrize("image", [False, True], ids=["scalars", "with images"])
def test_files_of_one_layout_are_read_together(*, image: bool) -> None:
    check([(f"run{number}", log(seed=number, image=image)) for number in range(1, 20)])


@pytest.mark.parametrize("place", [3, 20, -2, 700, -700])
@pytest.mark.parametrize("which", [0, 5])
@pytest.mark.parametrize("image", [False, True], ids=["scalars", "with images"])
def test_a_damaged_file_among_them_loses_what_is_damaged(place: int, which: int, *, image: bool) -> None:
    files = [(f"run{number}", log(seed=number, image=image)) for number in range(1, 12)]
    name, data = files[which]
    files[which] = (name, flipped(data, place % len(data)))
    check(files)


def test_a_file_of_another_layout_and_the_same_size_is_read_as_well() -> None:
    files = [(f"run{number}", log(seed=number)) for number in range(1, 12)]
    for which in (0, 6, 7):
        name, data = files[which]
        files[which] = (name, log(seed=3).replace(b"loss", b"gain"))
        assert len(files[which][1]) == len(data)
    check(files)


def test_files_of_all_lengths_are_read_together() -> None:
    check([(f"run{number}", log(number, seed=number)) for number in range(12)])


def test_files_that_are_not_so_small_are_read_as_streams() -> None:
    check([("a", log(1000, seed=1)), ("b", log(3)), ("c", log(5, image=True))])


def test_files_of_one_run_are_read_in_their_order() -> None:
    torn = log(6, seed=3)[:-5]
    check([("a", log(seed=1)), ("b", torn), ("a", log(seed=2)), ("b", log(seed=4)), ("c", log(1000)), ("c", log(2))])


def test_empty_files_hold_nothing() -> None:
    check([("a", b""), ("b", b""), ("c", b""), ("d", b""), ("e", log())])


@given(
    st.lists(
        st.tuples(
            st.sampled_from("abcdefgh"),
            st.builds(log, st.sampled_from([2, 2, 2, 3]), seed=st.integers(1, 9), image=st.booleans()),
            st.none() | st.integers(0, 2000),
            st.integers(0, 40),
        ),
        max_size=14,
    )
)
@settings(max_examples=60, deadline=None)
def test_any_files_are_read_as_by_a_plain_reader(files: list[tuple[str, bytes, int | None, int]]) -> None:
    check(
        [
            (run, (data if place is None else flipped(data, place % len(data)))[: len(data) - max(0, cut - 30)])
            for run, data, place, cut in files
        ]
    )
