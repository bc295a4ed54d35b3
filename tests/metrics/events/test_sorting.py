from __future__ import annotations

from itertools import accumulate, pairwise
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cajajejo.metrics.events import sorting
from cajajejo.metrics.events.damage import Damage
from cajajejo.metrics.events.gathering import File, Gathering
from cajajejo.metrics.events.kinds import Kinds
from tests.metrics.events import memory, plain, written

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tensorboard.compat.proto import summary_pb2


def read(*files: Sequence[bytes], runs: Sequence[str] = ("a", "b", "c")) -> list[File]:
    """Files read together, each given by the data of its records."""
    gathering = Gathering(())
    read_as = [File(gathering.run(run), Damage(run)) for run, _ in zip(runs, files, strict=False)]
    frames = [written.framed(record) for file in files for record in file]
    places = list(accumulate(map(len, frames), initial=0))
    owners = np.repeat(np.arange(len(files)), [len(file) for file in files])
    sizes = [end - start for start, end in pairwise(places)]
    block = memory.array(b"".join(frames) + bytes(8))
    sorting.read(block, np.array(places[:-1]), np.array(sizes), read_as, owners, Kinds())
    return read_as


TAGS = st.sampled_from(["a", "b", "cc", "ccc", "a/longer/tag"])


@st.composite
def values(draw: st.DrawFn) -> summary_pb2.Summary.Value:
    """A value of which there are many alike."""
    tag, number = draw(TAGS), draw(st.integers(-2, 200))
    kind = draw(st.sampled_from(["simple", "simple", "packed", "listed", "integer", "plugin", "histogram", "image"]))
    if kind == "simple":
        return written.simple(tag, number)
    if kind == "packed":
        return written.packed(tag, np.array(number, "f4"))
    if kind in {"listed", "plugin"}:
        return written.listed(tag, np.array(number, "f8"), plugin="scalars" if kind == "listed" else "other")
    if kind == "integer":
        return written.listed(tag, np.array(number, "i8"))
    return written.histogram(tag) if kind == "histogram" else written.image(tag)


RECORDS = st.builds(written.event, st.integers(-1, 400), st.just(1.5), values()) | st.builds(
    lambda one, other: written.event(7, 1.5, one, other), values(), values()
)


@given(st.lists(RECORDS | st.just(b"\xff\xff") | st.just(written.head()), min_size=1, max_size=300))
@settings(deadline=None)
def test_records_in_any_order_are_read_as_by_a_plain_reader(records: list[bytes]) -> None:
    memory.check(read(records)[0], b"".join(map(written.framed, records)))


def scalars(count: int, tag: str = "loss") -> list[bytes]:
    return [written.event(step, 1.0, written.simple(tag, step)) for step in range(count)]


def test_points_go_to_the_runs_of_their_files() -> None:
    read_as = read(scalars(20), scalars(30)[10:], [*scalars(5, "other"), b"\xff\xff"])
    for file, expected in zip(read_as, (scalars(20), scalars(30)[10:], scalars(5, "other")), strict=True):
        assert memory.points(file.run) == plain.points(plain.read(b"".join(map(written.framed, expected))))
    assert [file.damage.good for file in read_as] == [20, 20, 5]
    assert [file.damage.sentence for file in read_as] == [
        None,
        None,
        "c: 1 damaged record left out (2 bytes); 5 good ones read",
    ]


def test_files_of_one_run_are_read_one_after_the_other() -> None:
    read_as = read(scalars(20)[10:], scalars(5), runs=("a", "a"))
    steps = [step for step, _, _ in memory.points(read_as[0].run)["loss"]]
    assert steps == [*range(10, 20), *range(5)]


@pytest.mark.parametrize("count", [5, 50])
def test_damaged_records_are_left_out(count: int) -> None:
    frames = [bytearray(written.framed(record)) for record in scalars(count)]
    frames[3][-6] ^= 1
    places = list(accumulate(map(len, frames), initial=0))
    file = memory.file()
    block = memory.array(b"".join(frames))
    owners = np.zeros(count, np.intp)
    sorting.read(block, np.array(places[:-1]), np.diff(places), [file], owners, Kinds())
    steps = [step for step, _, _ in memory.points(file.run)["loss"]]
    assert steps == [step for step in range(count) if step != 3]
    size = len(frames[3])
    assert file.damage.sentence == f"file: 1 damaged record left out ({size} bytes); {count - 1} good ones read"


def test_more_tags_than_are_remembered_are_read_all_the_same() -> None:
    records = [written.event(1, 1.0, written.simple(f"{number:04}", number)) for number in range(700)]
    assert memory.points(read(records)[0].run) == {f"{number:04}": [(1, 1.0, number)] for number in range(700)}
