from __future__ import annotations

import struct

import numpy as np
import pytest
from tensorboard.compat.proto import types_pb2

from cajajejo.metrics.events import messages
from cajajejo.metrics.events.messages import Message, Value
from tests.metrics.builders import tensor_value
from tests.metrics.events import written


def test_an_event_has_a_step_a_time_and_values() -> None:
    data = written.event(-3, 1.5, written.simple("a", 0.5), written.listed("b", np.array(7)), written.histogram("h"))
    values = (Value("a", "", 0.5), Value("b", "scalars", 7.0), Value("h", "", None))
    assert messages.read(data) == Message(-3, 1.5, values)


@pytest.mark.parametrize("data", [b"\xff\xff", b"\x0b" * 1000, b"\x2a\x05\x0a\x03\x0a\x01\xff"], ids=bytes.hex)
def test_what_is_no_event_is_nothing(data: bytes) -> None:
    assert messages.read(data) is None


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"dtype": types_pb2.DT_FLOAT}, 0.0),
        ({"dtype": types_pb2.DT_INT64, "int64_val": [-5]}, -5.0),
        ({"dtype": types_pb2.DT_INT32, "int_val": [5, 6]}, 5.0),
        ({"dtype": types_pb2.DT_UINT64, "uint64_val": [2**63]}, 2.0**63),
        ({"dtype": types_pb2.DT_BFLOAT16, "half_val": [0x3F00]}, 0.5),
        ({"dtype": types_pb2.DT_BFLOAT16, "tensor_content": b"\x00\x3f"}, 0.5),
        ({"dtype": types_pb2.DT_HALF, "half_val": [0x3800]}, 0.5),
        ({"dtype": types_pb2.DT_HALF, "tensor_content": struct.pack("<e", 0.5)}, 0.5),
        ({"dtype": types_pb2.DT_FLOAT, "tensor_content": b"abc"}, None),
        ({"dtype": types_pb2.DT_FLOAT, "float_val": [1.0], "shape": (2,)}, None),
        ({"dtype": types_pb2.DT_STRING, "string_val": [b"a"]}, None),
    ],
    ids=str,
)
def test_a_tensor_of_one_number_is_a_scalar(fields: dict[str, object], expected: float | None) -> None:
    message = messages.read(written.event(1, 1.0, tensor_value("a", **fields)))  # type: ignore[arg-type]  # a table
    assert message is not None
    assert message.values[0].number == expected
