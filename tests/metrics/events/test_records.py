from __future__ import annotations

import numpy as np
import pytest

from cajajejo.metrics.events import records
from cajajejo.metrics.events.records import Record, Value
from tests.metrics.events import memory, written


def read(data: bytes) -> Record:
    return records.read(memory.array(written.framed(data)))


@pytest.mark.parametrize(
    ("data", "values"),
    [
        pytest.param(written.head(), [], id="the version of the file"),
        pytest.param(
            written.event(3, 1.5, written.simple("a", 0.5)), [Value("a", "", (3, 1.5, 0.5))], id="a simple value"
        ),
        pytest.param(
            written.event(-3, 1.5, written.listed("a", np.array(-2))),
            [Value("a", "scalars", (-3, 1.5, -2.0))],
            id="a tensor that is not plain",
        ),
        pytest.param(
            written.event(3, 1.5, written.simple("a", 0.5), written.histogram("h"), written.simple("b", 2)),
            [Value("a", "", (3, 1.5, 0.5)), Value("h", "", None), Value("b", "", (3, 1.5, 2.0))],
            id="several values",
        ),
        pytest.param(written.event(3, 1.5, written.image("i")), [Value("i", "", None)], id="an image"),
    ],
)
def test_a_record_is_read_by_itself(data: bytes, values: list[Value]) -> None:
    found = read(data)
    assert (list(found.values), found.lost) == (values, 0)


def test_a_record_that_is_no_event_is_lost_and_so_is_a_damaged_one() -> None:
    assert read(b"\xff\xff") == Record((), 2)
    frame = memory.array(written.framed(written.head()))
    frame[15] ^= 1
    assert records.read(frame) == Record((), len(frame))


def test_points_are_gathered_and_records_counted() -> None:
    file = memory.file()
    for data in (
        written.event(1, 1.0, written.simple("a", 0.5), written.image("i")),
        written.event(2, 2.0, written.simple("a", 1.5)),
        written.event(2, 2.0, written.listed("b", np.array(1), plugin="other")),
        b"\xff\xff",
    ):
        read(data).gather(file)
    assert memory.points(file.run) == {"a": [(1, 1.0, 0.5), (2, 2.0, 1.5)]}
    assert file.damage.sentence == "file: 1 damaged record left out (2 bytes); 3 good ones read"
