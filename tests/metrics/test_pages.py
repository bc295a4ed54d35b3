from __future__ import annotations

import time

import pytest

from cajajejo.metrics import pages
from cajajejo.metrics.history import Row
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


def test_no_points_are_said_to_be_none_with_the_names_that_have_some() -> None:
    assert pages.no_points("t", None, "sqlite:///h.db", [], Style()) == ["t: no points in this history: sqlite:///h.db"]
    assert pages.no_points("t", "m", "sqlite:///h.db", [f"m{number}" for number in range(12)], Style()) == [
        "t: no points of m in this history: sqlite:///h.db",
        "  there are  m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, … 2 more",
    ]


def test_json_holds_every_point() -> None:
    assert pages.history_json("t", ROWS[:1]) == {
        "test": "t",
        "points": [
            {
                "run_id": "r3",
                "start_time": "2026-11-21T14:02:11Z",
                "job_status": "success",
                "metric": "m",
                "value": 0.3,
                "lower_bound": 0.4,
                "upper_bound": None,
                "inclusive": False,
                "verdict": "regression",
            }
        ],
    }


@pytest.mark.parametrize(
    ("values", "bars"), [([1.0], "▁"), ([2.0, 2.0], "▁▁"), ([0.0, 7.0, 3.5], "▁█▅"), ([-1e308, 1e308], "▁█")]
)
def test_a_sparkline_goes_from_least_to_greatest(values: list[float], bars: str) -> None:
    assert pages.sparkline(values) == bars


def test_collected_metrics_stand_in_a_table() -> None:
    assert pages.collected({"b": 2.0, "a": 0.5}, Style()) == ["  metric  value", "  a       0.500", "  b       2.000"]
