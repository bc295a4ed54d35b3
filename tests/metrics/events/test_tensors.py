from __future__ import annotations

import pytest
from tensorboard.compat.proto import tensor_pb2, tensor_shape_pb2, types_pb2

from cajajejo.metrics.events import tensors
from cajajejo.metrics.events.tensors import Number
from cajajejo.metrics.events.wire import UnusualError


def number(data: bytes) -> Number | None:
    return tensors.number(data, (0, len(data)))[0]


def tensor(dtype: int, *shape: int, **fields: object) -> bytes:
    dims = [tensor_shape_pb2.TensorShapeProto.Dim(size=size) for size in shape]
    proto = tensor_pb2.TensorProto(
        dtype=dtype,
        tensor_shape=tensor_shape_pb2.TensorShapeProto(dim=dims),
        **fields,
    )
    return bytes(proto.SerializeToString())


@pytest.mark.parametrize(
    ("dtype", "size", "kind"),
    [
        (types_pb2.DT_FLOAT, 4, "<f4"),
        (types_pb2.DT_DOUBLE, 8, "<f8"),
        (types_pb2.DT_INT32, 4, "<i4"),
        (types_pb2.DT_UINT8, 1, "u1"),
        (types_pb2.DT_INT16, 2, "<i2"),
        (types_pb2.DT_INT8, 1, "i1"),
        (types_pb2.DT_INT64, 8, "<i8"),
        (types_pb2.DT_BOOL, 1, "bool"),
        (types_pb2.DT_BFLOAT16, 2, "bfloat16"),
        (types_pb2.DT_UINT16, 2, "<u2"),
        (types_pb2.DT_HALF, 2, "<f2"),
        (types_pb2.DT_UINT32, 4, "<u4"),
        (types_pb2.DT_UINT64, 8, "<u8"),
    ],
)
def test_content_of_one_element_is_a_number(dtype: int, size: int, kind: str) -> None:
    assert number(tensor(dtype, tensor_content=bytes(size))) == Number(6, size, varint=False, type=kind)
    assert number(tensor(dtype, tensor_content=bytes(size + 1))) is None


@pytest.mark.parametrize(
    ("dtype", "fields", "expected"),
    [
        (types_pb2.DT_FLOAT, {"float_val": [1.0]}, Number(6, 4, varint=False, type="<f4")),
        (types_pb2.DT_DOUBLE, {"double_val": [1.0]}, Number(6, 8, varint=False, type="<f8")),
        (types_pb2.DT_INT32, {"int_val": [300]}, Number(6, 2, varint=True, type="<i4")),
        (types_pb2.DT_UINT8, {"int_val": [3]}, Number(6, 1, varint=True, type="<i4")),
        (types_pb2.DT_INT64, {"int64_val": [2**40]}, Number(6, 6, varint=True, type="<i8")),
        (types_pb2.DT_BOOL, {"bool_val": [True]}, Number(6, 1, varint=True, type="bool")),
        (types_pb2.DT_HALF, {"half_val": [300]}, Number(6, 2, varint=True, type="<f2")),
        (types_pb2.DT_BFLOAT16, {"half_val": [300]}, Number(6, 2, varint=True, type="bfloat16")),
    ],
)
def test_the_only_element_of_the_list_for_the_type_is_a_number(
    dtype: int, fields: dict[str, object], expected: Number
) -> None:
    assert number(tensor(dtype, **fields)) == expected


def test_an_element_need_not_be_packed() -> None:
    assert number(b"\x08\x01\x2d\x00\x00\x80\x3f") == Number(3, 4, varint=False, type="<f4")
    assert number(b"\x08\x09\x50\x05") == Number(3, 1, varint=True, type="<i8")


@pytest.mark.parametrize(
    "data",
    [
        tensor(types_pb2.DT_FLOAT, 2, float_val=[1.0]),
        tensor(types_pb2.DT_FLOAT, 0),
        tensor(types_pb2.DT_FLOAT, 1, 2**50, float_val=[1.0]),
        tensor(types_pb2.DT_STRING, string_val=[b"a", b"b"]),
    ],
    ids=["two elements", "no element", "very many", "texts"],
)
def test_others_are_no_scalars(data: bytes) -> None:
    assert number(data) is None


def test_a_shape_of_ones_is_single() -> None:
    assert number(tensor(types_pb2.DT_FLOAT, 1, 1, float_val=[1.0])) is not None
    assert number(b"\x08\x01\x12\x05\x12\x03\x08\x81\x00\x2a\x04\x00\x00\x80\x3f") == Number(
        11, 4, varint=False, type="<f4"
    )


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(tensor(types_pb2.DT_FLOAT), id="no number at all"),
        pytest.param(b"\x2a\x04abcd", id="no type"),
        pytest.param(b"\x08\x80\x01\x2a\x04abcd", id="a type of two bytes"),
        pytest.param(b"\x08\x01\x08\x02\x2a\x04abcd", id="two types"),
        pytest.param(tensor(types_pb2.DT_FLOAT, float_val=[1.0, 2.0]), id="two numbers"),
        pytest.param(tensor(types_pb2.DT_UINT32, uint32_val=[1]), id="a list whose key has two bytes"),
        pytest.param(tensor(types_pb2.DT_INT64, int64_val=[-1]), id="a negative number"),
        pytest.param(tensor(types_pb2.DT_COMPLEX64, scomplex_val=[1.0, 2.0]), id="complex numbers"),
        pytest.param(tensor(types_pb2.DT_FLOAT, 2**62, float_val=[1.0]), id="a dimension of nine bytes"),
        pytest.param(tensor(types_pb2.DT_FLOAT, tensor_content=b"abcd", float_val=[1.0]), id="content and list"),
    ],
)
def test_what_is_not_plain_is_unusual(data: bytes) -> None:
    with pytest.raises(UnusualError):
        number(data)
