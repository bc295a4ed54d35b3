"""Shifts in memory are those of the command."""

from __future__ import annotations

from typing import Any

import pytest

import cajajejo
from cajajejo.metrics.notebook.cells import MetricInputError
from cajajejo.metrics.notebook.criteria import criteria
from cajajejo.metrics.points import Point
from cajajejo.metrics.reports import dated_shifts, documents, shift_pages
from cajajejo.terminal import Style
from tests.metrics.builders import H20

FELL = [*H20, 0.901, 0.9, 0.9015, 0.9, 0.899, 0.902, 0.9, 0.901, 0.9, 0.9, 0.9, 0.9]
COMMITS = [f"{place:07x}" for place in range(len(FELL))]
POINTS = [Point(f"r{place}", value, start_time=1e9 + place, commit=COMMITS[place]) for place, value in enumerate(FELL)]
RUNS = [point.run_id for point in POINTS]
TIMES = [point.start_time for point in POINTS]


@pytest.mark.parametrize("engine", ["builtin", "kernelcpd"])
def test_the_values_the_screen_and_the_document_are_those_of_the_command(engine: Any) -> None:
    found = cajajejo.shifts({"acc": FELL}, engine=engine, runs=RUNS, commits=COMMITS, times=TIMES, test="t")
    search = dated_shifts.search("t", {"acc": POINTS}, engine)
    assert list(found) == search.newest_first
    assert found.as_dict() == documents.shifts(search, search.newest_first, {})
    assert repr(found).splitlines() == shift_pages.screen(search, search.newest_first, {}, Style())


def test_a_shift_names_the_runs_that_it_lies_between() -> None:
    (shift,) = cajajejo.shifts(FELL)
    assert (shift.turn.good.run_id, shift.first.run_id, shift.turn.bad.run_id) == ("19", "20", "20")
    assert [shift.before, shift.after] == pytest.approx([0.9125, 0.9])
    assert shift.effect is None


def test_a_condition_tells_whether_a_shift_is_for_the_worse() -> None:
    tests = criteria(None, {"comparison": "less"}, ())
    (shift,) = cajajejo.shifts(FELL, comparison="less")
    assert shift.effect == "better"
    assert cajajejo.shifts(FELL, tests)[0] == cajajejo.shifts(FELL, {"value": {"comparison": "less"}})[0] == shift
    assert len(cajajejo.shifts(FELL, comparison="less", min_change=0.5)) == 0


def test_a_prompt_shows_the_table() -> None:
    assert repr(cajajejo.shifts(FELL, comparison="greater")).splitlines() == [
        "values: 1 shift in value, 32 runs",
        "",
        "  shift    metric  before  after  change    sd  began",
        "  ✗ worse  value    0.913  0.900  -1.4 %  -3.8  run 20",
        "",
        "value went down from 0.913 to 0.900",
        "  between   run 19 and run 20",
    ]
    assert repr(cajajejo.shifts(H20)) == "values: no shift in value, 20 runs"


def test_the_shifts_make_a_data_frame() -> None:
    frame = cajajejo.shifts({"acc": FELL, "loss": [1.0] * len(FELL)}).to_frame()
    names = ["metric", "first", "last_before", "first_after", "before", "after", "deviations", "effect"]
    assert list(frame.columns) == names
    assert frame[["metric", "first", "last_before", "first_after"]].to_numpy().tolist() == [["acc", "20", "19", "20"]]


def test_an_engine_that_is_not_known_is_refused() -> None:
    engine: Any = "otter"
    with pytest.raises(MetricInputError, match="engine is otter: it must be builtin, otava, kernelcpd"):
        cajajejo.shifts(FELL, engine=engine)
