from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from tensorboard.compat.proto import event_pb2, summary_pb2, types_pb2

from cajajejo.metrics.events import kinds, layouts, messages, records
from cajajejo.metrics.events.layouts import Layout
from cajajejo.metrics.events.tensors import Number
from cajajejo.metrics.events.wire import UnusualError
from tests.metrics.builders import tensor_value
from tests.metrics.events import memory, written

if TYPE_CHECKING:
    from numpy.typing import NDArray

VERSION = event_pb2.Event(wall_time=1.0, file_version="brain.Event:2")


def of(data: bytes) -> Layout:
    return layouts.of(written.framed(data), len(data) + 16)


def test_the_layout_of_a_simple_value() -> None:
    layout = of(written.event(300, 1.5, written.simple("loss", 0.5)))
    assert layout == Layout(
        size=43,
        tag="loss",
        plugin="",
        wall_time=(13, 21),
        step=(22, 24),
        number=Number(35, 4, varint=False, type="<f4"),
        free=((39, 43), (13, 21), (35, 39)),
        varints=((22, 24),),
    )


def test_the_layout_of_an_image_has_no_number_and_leaves_its_content_free() -> None:
    layout = of(written.event(0, 1.5, written.image("i", 100)))
    assert (layout.tag, layout.step, layout.number) == ("i", None, None)
    assert sum(end - start for start, end in layout.free) == 4 + 8 + len(
        written.image("i", 100).image.SerializeToString()
    )


PLAIN = {
    "the version of a file": VERSION.SerializeToString(),
    "the version and its writer": VERSION.SerializeToString() + b"\x52\x08\x0a\x06writer",
    "a graph": event_pb2.Event(wall_time=1.0, graph_def=b"graph").SerializeToString(),
    "a simple value": written.event(3, 1.0, written.simple("a", 0.5)),
    "the first step": written.event(0, 1.0, written.simple("a", 0.5)),
    "no time": written.event(2, 0.0, written.simple("a", 0.5)),
    "a large step": written.event(2**56 - 1, 1.0, written.simple("a", 0.5)),
    "a tensor as TensorFlow writes it": written.event(3, 1.0, written.packed("a", np.array(0.5, "f4"))),
    "a tensor with a list": written.event(3, 1.0, written.listed("a", np.array(0.5, "f8"))),
    "an integer in a list": written.event(3, 1.0, written.listed("a", np.array(500, "i8"))),
    "a histogram of torch": written.event(3, 1.0, written.histogram("a")),
    "an image": written.event(3, 1.0, written.image("a")),
    "a histogram of TensorFlow": written.event(3, 1.0, written.packed("a", np.zeros((3, 3)), shape=(3, 3))),
    "a text": written.event(
        3, 1.0, tensor_value("a", plugin="text", dtype=types_pb2.DT_STRING, string_val=[b"x", b"y"], shape=(2,))
    ),
}


@pytest.mark.parametrize("data", PLAIN.values(), ids=PLAIN.keys())
def test_what_writers_write_is_plain(data: bytes) -> None:
    assert of(data).size == len(data) + 16


def unknown_rank(tag: str) -> summary_pb2.Summary.Value:
    value = written.listed(tag, np.array(0.5))
    value.tensor.tensor_shape.unknown_rank = True
    return value


UNUSUAL = {
    "several values": written.event(3, 1.0, written.simple("a", 0.5), written.simple("b", 0.5)),
    "no value": written.event(3, 1.0),
    "an empty summary": written.event(3, 1.0) + b"\x2a\x00",
    "a negative step": written.event(-3, 1.0, written.simple("a", 0.5)),
    "a step of nine bytes": written.event(2**60, 1.0, written.simple("a", 0.5)),
    "a field twice": written.event(3, 1.0, written.simple("a", 0.5)) + b"\x10\x04",
    "a step at the very end": written.event(0, 1.0, written.simple("a", 0.5)) + b"\x10\x04",
    "an unknown field": written.event(3, 1.0, written.simple("a", 0.5)) + b"\xa0\x06\x01",
    "no tag": written.event(3, 1.0, summary_pb2.Summary.Value(simple_value=0.5)),
    "a tag that is no text": written.event(3, 1.0, written.simple("abc", 0.5)).replace(b"abc", b"ab\xff"),
    "a plugin that is no text": written.event(3, 1.0, written.listed("a", np.array(0.5), plugin="plugin")).replace(
        b"plugin", b"plugi\xff"
    ),
    "a value without content": written.event(3, 1.0, summary_pb2.Summary.Value(tag="a")),
    "an old name": written.event(3, 1.0, summary_pb2.Summary.Value(tag="a", node_name="b", simple_value=0.5)),
    "a tensor without content": written.event(3, 1.0, tensor_value("a", dtype=types_pb2.DT_FLOAT)),
    "a tensor with two lists": written.event(
        3, 1.0, tensor_value("a", dtype=types_pb2.DT_FLOAT, float_val=[1.0], double_val=[2.0])
    ),
    "another list than that of the type": written.event(
        3, 1.0, tensor_value("a", dtype=types_pb2.DT_FLOAT, double_val=[2.0])
    ),
    "a list of two": written.event(3, 1.0, tensor_value("a", dtype=types_pb2.DT_INT64, int64_val=[1, 2])),
    "a negative integer": written.event(3, 1.0, written.listed("a", np.array(-5, "i8"))),
    "a shape of unknown rank": written.event(3, 1.0, unknown_rank("a")),
    "a message of the log": event_pb2.Event(log_message=event_pb2.LogMessage(message="m")).SerializeToString(),
    "the start of a session": event_pb2.Event(
        session_log=event_pb2.SessionLog(status=event_pb2.SessionLog.START)
    ).SerializeToString(),
    "a version that is no text": VERSION.SerializeToString().replace(b"brain", b"brai\xff"),
    "nested groups": b"\x0b" * 5000,
    "no message": b"\xff\xff\xff",
}


@pytest.mark.parametrize("data", UNUSUAL.values(), ids=UNUSUAL.keys())
def test_what_is_unusual_is_left_to_protobuf(data: bytes) -> None:
    with pytest.raises(UnusualError):
        of(data)


def test_the_beginning_of_a_large_record_is_enough() -> None:
    frame = written.framed(written.event(3, 1.0, written.image("a", 5000)))
    assert layouts.of(frame[:100], len(frame)) == layouts.of(frame, len(frame))
    with pytest.raises(UnusualError):
        layouts.of(frame[:20], len(frame))


@pytest.mark.parametrize(
    ("data", "tag"),
    [
        (written.event(3, 1.0, written.simple("loss", 0.5)), b"loss"),
        (written.event(0, 0.0, written.simple("loss", 0.5)), b"loss"),
        (VERSION.SerializeToString(), b""),
        (b"\x09", b""),
        (b"\x10" + b"\xff" * 12, b""),
    ],
    ids=["a scalar", "without step and time", "no value", "nothing", "garbage"],
)
def test_a_tag_is_guessed(data: bytes, tag: bytes) -> None:
    assert layouts.tag(b"h" * 12 + data) == tag


@st.composite
def values(draw: st.DrawFn) -> summary_pb2.Summary.Value:
    """A value of any kind that is often plain."""
    tag = draw(st.text(max_size=9))
    plugin = draw(st.sampled_from(["", "scalars", "histograms"]))
    dtype = np.dtype(draw(st.sampled_from(["f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "?"])))
    shape = draw(st.sampled_from([(), (), (1,), (1, 1), (2,), (0,), (3, 200)]))
    numbers: NDArray[np.generic] = np.frombuffer(draw(st.binary(min_size=8, max_size=8)), dtype)[:1]
    if dtype.kind == "b":
        numbers = numbers.view("u1") > 0
    content = draw(st.sampled_from(["simple", "content", "list", "histogram", "image"]))
    if content == "simple":
        return written.simple(tag, draw(st.floats(width=32)))
    if content == "content":
        return written.packed(tag, np.resize(numbers, shape), shape=shape, plugin=plugin)
    if content == "list" and dtype.str[1:] not in {"u4", "u8"}:
        return written.listed(tag, numbers[0], plugin=plugin)
    return written.histogram(tag) if content == "histogram" else written.image(tag, draw(st.integers(0, 300)))


def read(data: bytes) -> list[str] | None:
    """What protobuf reads from the data."""
    message = messages.read(data)
    return None if message is None else [repr((message.step, message.wall_time, *value)) for value in message.values]


@given(step=st.integers(-5, 2**62) | st.integers(0, 300), wall=st.floats(), value=values(), more=st.binary(max_size=3))
def test_a_record_is_read_by_its_layout_as_protobuf_reads_it(
    step: int, wall: float, value: summary_pb2.Summary.Value, more: bytes
) -> None:
    data = written.event(step, wall, value) + more
    found = records.decoded(memory.array(written.framed(data)))
    expected = read(data)
    if expected is None:
        assert found.lost == len(data)
    else:
        assert [
            repr((*(one.point or (step, wall))[:2], one.tag, one.plugin, one.point and one.point[2]))
            for one in found.values
        ] == expected


@given(step=st.integers(0, 2**40), value=values(), data=st.data())
def test_what_is_free_may_be_anything(step: int, value: summary_pb2.Summary.Value, data: st.DataObject) -> None:
    frame = memory.array(written.framed(written.event(step, 1.5, value)))
    try:
        layout = layouts.of(frame.tobytes(), len(frame))
    except UnusualError:
        assume(False)  # noqa: FBT003  # that is how it is called
    mask = kinds.mask(layout)
    other = memory.array(data.draw(st.binary(min_size=len(frame), max_size=len(frame))))
    changed = (frame & mask) | (other & ~mask)
    assert layouts.of(changed.tobytes(), len(changed)) == layout
    if layout.number is not None:
        found = records.decoded(changed).values[0]
        assert found.point is not None
        expected = read(changed[12:-4].tobytes())
        assert [repr((*found.point[:2], found.tag, found.plugin, found.point[2]))] == expected


def test_hostile_tensors_are_no_scalars() -> None:
    """Dimensions of any size take no memory, and what is nested deeply takes no stack."""
    huge = tensor_value("a", dtype=types_pb2.DT_DOUBLE, shape=(2**62, 2**62), tensor_content=struct.pack("<d", 1))
    assert records.decoded(memory.array(written.framed(written.event(1, 1.0, huge)))).values[0].point is None
    nested = b"\x0b" * 100_000
    assert records.decoded(memory.array(written.framed(nested))) == records.Record((), len(nested))
