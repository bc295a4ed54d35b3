from __future__ import annotations

import time
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

import pytest

from cajajejo.metrics.baselines import Baselines
from cajajejo.metrics.history.rows import StoredRun
from cajajejo.metrics.reports import overview, overview_grid
from cajajejo.metrics.reports.overview import Reading
from tests.metrics.html.readings import BEGIN, run

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cajajejo.metrics.runs import JobStatus


@pytest.fixture(autouse=True)
def in_utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield monkeypatch
    monkeypatch.undo()
    time.tzset()


def grid(*tests: dict[float, tuple[JobStatus, str]], most: int = 60) -> list[str]:
    readings = [
        Reading(
            f"t{number}",
            tuple(
                StoredRun(run(f"t{number}", place, start_time=BEGIN + hours * 3_600, status=status), verdict)
                for place, (hours, (status, verdict)) in enumerate(days.items())
            ),
            Baselines(),
        )
        for number, days in enumerate(tests)
    ]
    standings = sorted(overview.of(readings).standings, key=lambda one: one.test)
    found = overview_grid.of(standings, most)
    return ["".join(" " if cell is None else cell.mark for cell in row) for row in found.rows]


def test_each_day_has_the_mark_of_its_run() -> None:
    marks = {
        0: ("success", "pass"),
        24: ("success", "regression"),
        48: ("failure", "failed"),
        72: ("timeout", "failed"),
        96: ("missed", "failed"),
        120: ("success", "inconclusive"),
    }
    assert grid(marks) == ["·▼✗T-?"]  # type: ignore[arg-type]


def test_of_one_day_the_worst_counts_and_a_day_without_a_run_is_empty() -> None:
    first = {0: ("success", "regression"), 1: ("success", "pass"), 72: ("success", "pass")}
    second = {25: ("timeout", "failed"), 26: ("failure", "failed"), 27: ("success", "regression")}
    assert grid(first, second) == ["▼  ·", " ✗  "]  # type: ignore[arg-type]


def test_the_days_end_with_the_newest_run_and_shrink_from_the_left() -> None:
    assert grid({0: ("success", "regression"), 24 * 9: ("success", "pass")}, most=5) == ["    ·"]


def test_days_are_those_of_this_machine(in_utc: pytest.MonkeyPatch) -> None:
    in_utc.setenv("TZ", "Pacific/Kiritimati")  # 14 hours before UTC
    time.tzset()
    standing = overview.of([Reading("t", (StoredRun(run("t", 0), "pass"),), Baselines())]).standings[0]
    assert overview_grid.of([standing]).days == (date(2026, 9, 22),)


def test_without_runs_there_is_no_day() -> None:
    standing = overview.of([Reading("t", (StoredRun(run("t", 0), "pass"),), Baselines())]).standings[0]
    assert overview_grid.of([replace(standing, runs=())]) == overview_grid.Grid((), ())
