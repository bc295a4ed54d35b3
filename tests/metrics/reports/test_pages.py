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


@pytest.mark.parametrize(
    "rows", [[*ROWS[:1], Row("r3", 1.0, "success", "n", 1.0, None, None, inclusive=False, verdict=None)], ROWS]
)
def test_there_is_no_course_of_several_metrics_or_without_unicode(rows: list[Row]) -> None:
    lines = pages.history(rows, Style(unicode=len(rows) == 2))
    assert len(lines) == len(rows) + 1


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
