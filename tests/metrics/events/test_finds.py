from __future__ import annotations

import numpy as np

from cajajejo.metrics.events.columns import Points
from cajajejo.metrics.events.finds import Finds
from cajajejo.metrics.events.records import Record, Value


def listed(finds: Finds) -> list[tuple[int, object, tuple[int, float, float]]]:
    """Of each value the number of its record, what it is, and its point."""
    meanings = list(finds.meanings)
    points = zip(*(column.tolist() for column in finds.points), strict=True)
    columns = zip(finds.records.tolist(), finds.codes.tolist(), points, strict=True)
    return [(number, meanings[code], point) for number, code, point in columns]


NOTHING = (0, 0.0, 0.0)


def test_many_records_are_taken_down_at_once_and_others_one_by_one() -> None:
    finds = Finds(5)
    points = Points(np.array([1, 2]), np.array([0.5, 1.5]), np.array([7.0, 8.0]))
    finds.put(np.array([3, 1]), np.full(2, finds.code("a", "", scalar=True)), points)
    finds.put(np.array([0]), np.full(1, finds.code(None, "", scalar=False)), None)
    finds.note(2, Record([Value("i", "images", None)]))
    finds.note(4, Record([Value("a", "", (3, 2.5, 9.0))]))
    finds.settle()
    a = ("a", "", True)
    assert listed(finds) == [
        (0, None, NOTHING),
        (1, a, (2, 1.5, 8.0)),
        (2, ("i", "images", False), NOTHING),
        (3, a, (1, 0.5, 7.0)),
        (4, a, (3, 2.5, 9.0)),
    ]


def test_further_values_of_a_record_come_behind_its_first() -> None:
    finds = Finds(2)
    finds.note(1, Record([Value("b", "", (5, 1.0, 1.0))]))
    finds.note(0, Record([Value("a", "", (4, 1.0, 2.0)), Value("h", "", None), Value("b", "", (4, 1.0, 3.0))]))
    finds.settle()
    assert listed(finds) == [
        (0, ("a", "", True), (4, 1.0, 2.0)),
        (0, ("h", "", False), NOTHING),
        (0, ("b", "", True), (4, 1.0, 3.0)),
        (1, ("b", "", True), (5, 1.0, 1.0)),
    ]


def test_what_is_lost_is_taken_down() -> None:
    finds = Finds(2)
    finds.note(1, Record((), 30))
    finds.note(0, Record(()))
    finds.settle()
    assert (finds.lost, finds.codes.tolist()) == ([(1, 30)], [0, 0])
