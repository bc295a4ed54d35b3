from __future__ import annotations

import pytest

from cajajejo.metrics.baselines import Accepted, Baselines
from cajajejo.metrics.judgement import acceptance
from cajajejo.metrics.judgement.acceptance import Acceptance
from cajajejo.metrics.judgement.cases import Cut
from cajajejo.metrics.runs import Run

MIDNIGHT = 1795219200.0  # 2026-11-21
BEFORE = [
    Run("t", "3f2a9c1d", MIDNIGHT),
    Run("t", "3f2b0000", MIDNIGHT + 60, "failure"),
    Run("t", "77e0", MIDNIGHT + 90),
]
THIS = Run("t", "9c41d0e7", MIDNIGHT + 120)


def line(start: str, *, metric: str = "m", test: str = "t", date: str = "2026-11-21") -> Accepted:
    return Accepted(test, metric, start, "new tokenizer", "ann", date)


@pytest.mark.parametrize(
    ("lines", "cuts"),
    [
        pytest.param([], {}, id="none"),
        pytest.param([line("3f2a9c1d")], {"m": ("3f2a9c1d", 0.0, 86_400.0)}, id="a date counts to its end"),
        pytest.param(
            [line("77e0", date="2026-11-21T00:01:00Z")], {"m": ("77e0", 90.0, 60.0)}, id="a time counts as it is"
        ),
        pytest.param([line("3f2b")], {"m": ("3f2b0000", 60.0, 86_400.0)}, id="the beginning of an id, of a failed run"),
        pytest.param([line("9c41d0e7")], {"m": ("9c41d0e7", 120.0, 86_400.0)}, id="the run under test"),
        pytest.param(
            [line("3f2a9c1d"), line("77e0"), line("77e0", metric="n")],
            {"m": ("77e0", 90.0, 86_400.0), "n": ("77e0", 90.0, 86_400.0)},
            id="the later line of each metric",
        ),
        pytest.param([line("77e0", test="other")], {}, id="another test"),
    ],
)
def test_a_level_begins_with_the_run_that_the_latest_line_names(
    lines: list[Accepted], cuts: dict[str, tuple[str, float, float]]
) -> None:
    expected = {
        metric: Cut(run_id, MIDNIGHT + start, MIDNIGHT + accepted) for metric, (run_id, start, accepted) in cuts.items()
    }
    counted = {accepted.metric: accepted for accepted in lines if accepted.test == "t"}
    assert acceptance.of(Baselines(tuple(lines)), THIS, BEFORE) == Acceptance(expected, (), counted)


@pytest.mark.parametrize("start", ["gone", "3f2"], ids=["no such run", "two runs begin so"])
def test_a_run_that_is_not_there_is_a_warning_and_cuts_nothing(start: str) -> None:
    said = f"m: the level accepted at run {start} is not used: no such run before this one"
    assert acceptance.of(Baselines((line(start),)), THIS, BEFORE) == Acceptance({}, (said,))
