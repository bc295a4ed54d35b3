from __future__ import annotations

from typing import Any

import pytest

from cajajejo.metrics.judgement.bounds import Bounds
from cajajejo.metrics.judgement.last_good import Turn
from cajajejo.metrics.judgement.verdict import MetricVerdict, Verdict
from cajajejo.metrics.points import Point
from cajajejo.metrics.reports import paragraphs
from tests.metrics.builders import condition

SAID = "m is 0.0010; it must be less than 0.0005 (fixed value)"


def regression(turn: Turn | None) -> MetricVerdict:
    bounds = Bounds(None, 0.0005, inclusive=False)
    fields: dict[str, Any] = {"condition": condition("less", fixed_value=0.0005), "turn": turn}
    return MetricVerdict("m", 0.001, "", Verdict.REGRESSION, bounds, **fields)


@pytest.mark.parametrize(
    ("turn", "more"),
    [
        pytest.param(None, [], id="no run was good"),
        pytest.param(
            Turn(Point("r1", 0.0004, start_time=400.0), Point("r2", 0.001)),
            ["  last good   0.00040, 10 min before, run r1"],
            id="no commits",
        ),
        pytest.param(
            Turn(Point("r1", 0.0004, start_time=1000.0), Point("r2", 0.001)),
            ["  last good   0.00040, run r1"],
            id="no times",
        ),
        pytest.param(
            Turn(Point("r1", 0.0004, start_time=400.0, commit="10abfb1bf8"), Point("r2", 0.001)),
            ["  last good   0.00040, 10 min before, run r1, commit 10abfb1"],
            id="only one commit",
        ),
        pytest.param(
            Turn(
                Point("r1", 0.0004, start_time=400.0, commit="10abfb1bf8-dirty"), Point("r2", 0.001, commit="77e02c5")
            ),
            [
                "  last good   0.00040, 10 min before, run r1, commit 10abfb1-dirty",
                "  since then  git log --oneline 10abfb1..77e02c5",
            ],
            id="both commits",
        ),
    ],
)
def test_a_regression_names_its_last_good_run_with_as_many_digits_as_it_takes(
    turn: Turn | None, more: list[str]
) -> None:
    assert paragraphs.regression(regression(turn), 1000.0, {}) == [SAID, *more]
