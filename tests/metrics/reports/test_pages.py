from __future__ import annotations

import time

import pytest

from cajajejo.metrics.history.rows import Row
from cajajejo.metrics.reports import pages
from cajajejo.terminal import Style

ROWS = [
    Row("r3", 1795269731.0, "success", "m", 0.3, 0.4, None, inclusive=False, verdict="regression"),
    Row("r2", 1795269730.5, "success", "m", 0.5, None, 0.6, inclusive=True, verdict="pass"),
    Row("r1", 1795269700.0, "timeout", "m", 0.4, None, None, inclusive=False, verdict=None),
    Row("r0", 1795269600.0, "success", "m", 5.0, 5.0, 5.0, inclusive=True, verdict=None),
]


@pytest.fixture(autouse=True)
def utc(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "UTC0")
    time.tzset()


def test_points_stand_in_a_table_with_their_course_below() -> None:
    assert pages.history(ROWS, Style()) == [
        "  run  started           metric  value  allowed   verdict",
        "  r3   2026-11-21 14:02  m       0.300  > 0.400   ✗ regression",
        "  r2   2026-11-21 14:02  m       0.500  <= 0.600  ✓ pass",
        "  r1   2026-11-21 14:01  m       0.400  —         ✗ timeout",
        "  r0   2026-11-21 14:00  m       5.000  = 5.000   –",  # noqa: RUF001  # the glyph of no verdict
        "  █▁▁▁",
    ]


def point(metric: str, run: int, value: float) -> Row:
    return Row(f"r{run}", 1.0 + run, "success", metric, value, None, None, inclusive=False, verdict=None)


def test_of_several_metrics_each_has_its_course_that_has_more_than_one_point() -> None:
    rows = [point(metric, run, float(run)) for run in (2, 1, 0) for metric in ("a", "longer")]
    lines = pages.history([*rows, point("once", 0, 1.0)], Style())
    assert lines[8:] == ["", "  a       ▁▅█", "  longer  ▁▅█"]
    assert len(pages.history([point("a", 1, 1.0), point("b", 1, 1.0)], Style())) == 3
    many = [point(f"m{number}", run, 1.0) for run in (1, 0) for number in range(21)]
    assert len(pages.history(many, Style())) == 43


def test_there_is_no_course_without_unicode() -> None:
    assert len(pages.history(ROWS, Style(unicode=False))) == len(ROWS) + 1


def test_two_bounds_are_an_interval() -> None:
    row = Row("r1", 1795269600.0, "success", "m", 0.5, 0.4, 0.6, inclusive=True, verdict="improvement")
    assert pages.history([row], Style())[1] == "  r1   2026-11-21 14:00  m       0.500  0.400 to 0.600  ▲ improvement"


def test_no_points_are_said_to_be_none_with_the_names_that_have_some() -> None:
    assert pages.no_points("t", None, "sqlite:///h.db", [], Style()) == ["t: no points in this history: sqlite:///h.db"]
    assert pages.no_points("t", "m", "sqlite:///h.db", [f"m{number}" for number in range(12)], Style()) == [
        "t: no points of m in this history: sqlite:///h.db",
        "  there are  m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, … 2 more",
    ]


def test_collected_metrics_stand_in_a_table() -> None:
    assert pages.collected({"b": 2.0, "a": 0.5}, Style()) == ["  metric  value", "  a       0.500", "  b       2.000"]


def test_a_stored_value_can_be_told_from_the_bound_that_it_is_beyond() -> None:
    row = Row("r1", 1795269600.0, "success", "m", 0.5000001, 0.1, 0.5, inclusive=True, verdict="regression")
    told = "\n".join(pages.history([row], Style()))
    assert "0.5000001" in told
    assert "to 0.5000000" in told
