from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from tensorboard.compat.tensorflow_stub.pywrap_tensorflow import masked_crc32c

from cajajejo.metrics.records import RecordReader
from tests.metrics.builders import write_records

if TYPE_CHECKING:
    from pathlib import Path

RECORDS = [b"first record", b"second, longer record", b"third"]
SIZES = [len(record) + 16 for record in RECORDS]


def read(path: Path) -> tuple[list[bytes], int, int]:
    reader = RecordReader(path, masked_crc32c)
    return list(reader), reader.damaged, reader.lost_bytes


def flip(path: Path, place: int) -> None:
    data = bytearray(path.read_bytes())
    data[place] ^= 0xFF
    path.write_bytes(data)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    write_records(tmp_path / "records", RECORDS)
    return tmp_path / "records"


def test_a_whole_file_gives_every_record(path: Path) -> None:
    assert read(path) == (RECORDS, 0, 0)


@pytest.mark.parametrize(
    ("place", "kept"),
    [
        pytest.param(12, [1, 2], id="data of the first"),
        pytest.param(SIZES[0] + 13, [0, 2], id="data of the second"),
        pytest.param(SIZES[0] + SIZES[1] - 1, [0, 2], id="checksum of the second"),
        pytest.param(SIZES[0] + 0, [0, 2], id="length of the second"),
        pytest.param(SIZES[0] + 9, [0, 2], id="checksum of the length of the second"),
        pytest.param(SIZES[0] + SIZES[1], [0, 1], id="length of the third"),
    ],
)
def test_reading_goes_on_behind_one_damaged_record(path: Path, place: int, kept: list[int]) -> None:
    flip(path, place)
    lost = ({0, 1, 2} - set(kept)).pop()
    assert read(path) == ([RECORDS[index] for index in kept], 1, SIZES[lost])


@pytest.mark.parametrize("cut", range(1, SIZES[2]))
def test_a_torn_tail_costs_only_the_last_record(path: Path, cut: int) -> None:
    path.write_bytes(path.read_bytes()[:-cut])
    assert read(path) == (RECORDS[:2], 1, SIZES[2] - cut)


def test_garbage_between_records_is_stepped_over(path: Path) -> None:
    whole = path.read_bytes()
    path.write_bytes(b"\0" * 50 + whole[: SIZES[0]] + b"garbage" * 9 + whole[SIZES[0] :])
    assert read(path) == (RECORDS, 2, 113)


def test_garbage_alone_gives_nothing(tmp_path: Path) -> None:
    (tmp_path / "records").write_bytes(b"garbage" * 1000)
    assert read(tmp_path / "records") == ([], 1, 7000)


def test_records_behind_more_than_one_block_of_garbage_are_found(path: Path) -> None:
    whole = path.read_bytes()
    path.write_bytes(b"\xff" * (2**20 + 100) + whole)
    assert read(path) == (RECORDS, 1, 2**20 + 100)


@given(data=st.data())
@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_no_damage_makes_a_record_that_was_not_written(path: Path, data: st.DataObject) -> None:
    write_records(path, RECORDS)
    whole = path.read_bytes()
    begin = data.draw(st.integers(0, len(whole)))
    end = data.draw(st.integers(begin, len(whole)))
    path.write_bytes(whole[:begin] + data.draw(st.binary(max_size=40)) + whole[end:])
    found, _, _ = read(path)
    places = [RECORDS.index(record) for record in found]
    assert places == sorted(places)
