"""Whatever was written, TensorBoard's EventAccumulator, told to keep all of it, finds the same points."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.util.tensor_util import make_ndarray

from cajajejo.metrics import events
from tests.metrics.events import written

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray
    from tensorboard.compat.proto import summary_pb2

    Points = dict[str, tuple[list[int], list[float], list[float]]]

TYPES = [np.dtype(name) for name in ("f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "?")]
MAKERS: dict[str, Callable[[str, NDArray[Any]], summary_pb2.Summary.Value]] = {
    "simple": lambda tag, number: written.simple(tag, float(number)),
    "listed": written.listed,
    "packed": written.packed,
}
STEPS = st.integers(-(2**63), 2**63 - 1) | st.integers(0, 300)
WALLS = st.floats(1.0e9, 2.0e9) | st.floats()


def accumulated(directory: Path) -> Points:
    """Every scalar that TensorBoard reads."""
    keep = {"scalars": 0, "tensors": 0}
    accumulator = EventAccumulator(str(directory), size_guidance=keep, purge_orphaned_data=False)
    accumulator.Reload()
    tags = accumulator.Tags()
    points: Points = {tag: unzipped(accumulator.Scalars(tag), "value") for tag in tags["scalars"]}
    for tag in tags["tensors"]:
        metadata = accumulator.summary_metadata.get(tag)  # what came with its first value, if anything did
        if metadata is None or metadata.plugin_data.plugin_name in {"", "scalars"}:
            steps, walls, tensors = unzipped(accumulator.Tensors(tag), "tensor_proto")
            points[tag] = (steps, walls, [float(make_ndarray(tensor).item()) for tensor in tensors])
    return points


def unzipped(found: list[Any], value: str) -> tuple[list[int], list[float], list[Any]]:
    return [one.step for one in found], [one.wall_time for one in found], [getattr(one, value) for one in found]


def ours(directory: Path) -> tuple[Points, tuple[str, ...]]:
    found = events.read(directory)
    assert {run for run, _ in found.series} <= {"."}
    points = {
        tag: (one.steps.tolist(), one.wall_times.tolist(), one.values.tolist())
        for (_, tag), one in found.series.items()
    }
    return points, found.warnings


def assert_same(found: Points, expected: Points) -> None:
    assert found.keys() == expected.keys()
    for tag, columns in expected.items():
        for mine, theirs in zip(found[tag], columns, strict=True):
            np.testing.assert_array_equal(mine, theirs, err_msg=repr(tag))


@st.composite
def value(draw: st.DrawFn, tag: str, kind: str) -> summary_pb2.Summary.Value:
    """A value of `tag`: of one encoding for each tag, because TensorBoard keeps each in a list of its own."""
    if kind == "simple":
        return written.simple(tag, draw(st.floats(width=32)))
    if kind in {"histogram", "image"}:
        return getattr(written, kind)(tag)
    dtype = draw(st.sampled_from(TYPES))
    number = np.array(draw(numbers(dtype)), dtype)
    make = draw(st.sampled_from([written.listed, written.packed]))
    return make(tag, number, shape=draw(st.sampled_from([(), (1,), (1, 1)])), plugin=kind)


def numbers(dtype: np.dtype[Any]) -> st.SearchStrategy[Any]:
    if dtype.kind == "f":
        return st.floats(width=8 * dtype.itemsize)  # type: ignore[arg-type]  # 16, 32 or 64
    if dtype.kind == "b":
        return st.booleans()
    return st.integers(int(np.iinfo(dtype).min), int(np.iinfo(dtype).max))


class File(list[bytes]):
    """The records of a file; long ones are not printed."""

    def __repr__(self) -> str:
        return super().__repr__() if len(self) < 10 else f"<{len(self)} records>"


@st.composite
def records(draw: st.DrawFn) -> File:
    """Events of any content: some with several values, some with none."""
    kinds = st.sampled_from(["simple", "scalars", "", "histogram", "image", "text"])
    tags = draw(st.lists(st.tuples(st.text(max_size=9), kinds), min_size=1, max_size=5))
    values = st.sampled_from(tags).flatmap(lambda tag: value("".join(tag), tag[1]))
    made = st.builds(
        lambda step, wall, several: written.event(step, wall, *several), STEPS, WALLS, st.lists(values, max_size=3)
    )
    return File([written.head(), *draw(st.lists(made, max_size=30))])


@st.composite
def woven(draw: st.DrawFn) -> File:
    """Stretches as a training writes them: some tags in turns for many steps; now and then something in between."""
    made = File([written.head()])
    for _ in range(draw(st.integers(1, 3))):
        tags = draw(st.lists(st.text("abc/", min_size=1, max_size=12), min_size=1, max_size=4, unique=True))
        kind = draw(st.sampled_from(sorted(MAKERS)))
        dtype = draw(st.sampled_from(["f4", "f8"]))
        first, gap, count = draw(st.integers(-3, 70_000)), draw(st.integers(-2, 40)), draw(st.integers(1, 120))
        wall = draw(st.floats(1e9, 2e9))
        made += [
            written.event(first + gap * step, wall + step, MAKERS[kind](kind + tag, np.array(step / 7, dtype)))
            for step in range(count)
            for tag in tags
        ]
    for place in draw(st.lists(st.integers(1, len(made)), max_size=4)):
        odd = draw(st.sampled_from([written.image("i"), written.histogram("h"), written.simple("odd", 1.0)]))
        made.insert(place, written.event(7, 1.5e9, odd))
    return made


@settings(max_examples=60)
@given(files=st.lists(records() | woven(), min_size=1, max_size=3))
def test_every_point_of_every_file_is_found(files: list[File]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        for number, made in enumerate(files):
            written.write(Path(folder, f"{written.FILE}.{number}"), made)
        found, warnings = ours(Path(folder))
        assert warnings == ()
        assert_same(found, accumulated(Path(folder)))


@settings(max_examples=60)
@given(made=records() | woven(), data=st.data())
def test_of_a_file_that_is_still_being_written_every_whole_record_is_found(made: File, data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, written.FILE)
        whole = written.write(path, made)
        path.write_bytes(whole[: data.draw(st.integers(0, len(whole)), label="bytes")])
        found, _ = ours(Path(folder))
        assert_same(found, accumulated(Path(folder)))
