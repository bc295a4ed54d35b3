from __future__ import annotations

import pytest

from cajajejo.metrics.runs import Run, meant


def test_runs_are_ordered_by_their_start_and_then_by_their_id() -> None:
    runs = [Run("t", "b", 2.0), Run("t", "c", 1.0), Run("t", "a", 2.0)]
    assert [run.run_id for run in sorted(runs, key=lambda run: run.order)] == ["c", "a", "b"]


@pytest.mark.parametrize(
    ("name", "found"),
    [("3f2", ["3f2a", "3f2b"]), ("3f2a", ["3f2a"]), ("77", ["77"]), ("9c", []), ("", [])],
    ids=["several begin so", "a whole id", "an id that others begin with", "none", "nothing said"],
)
def test_a_run_is_meant_by_its_id_or_by_the_beginning_of_it(name: str, found: list[str]) -> None:
    assert meant(name, ["3f2a", "3f2b", "77e0", "77"]) == found
