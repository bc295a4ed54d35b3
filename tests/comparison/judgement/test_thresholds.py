"""The level of one run alone: what its limits show, and what its value says by itself."""

from __future__ import annotations

import math
from typing import Any

import pytest

from cajajejo.comparison.judgement.thresholds import judge_level
from cajajejo.comparison.statistics.levels import Level
from cajajejo.gate_policy import Requirement
from tests.comparison.judged import criteria


def share(right: int, items: int) -> Level:
    """Right and wrong answers."""
    p = right / items
    return Level(
        value=p, std_err=math.sqrt(p * (1 - p) / (items - 1)), n=items, clusters=None, binary=True, df=items - 1
    )


def mean(value: float, std_err: float | None, n: int = 100, clusters: int | None = None) -> Level:
    """Graded answers."""
    return Level(value=value, std_err=std_err, n=n, clusters=clusters, binary=False, df=(clusters or n) - 1)


def at_least(value: float, *, point: bool = False) -> Requirement:
    return Requirement(min_value=value, point=point)


def at_most(value: float, *, point: bool = False) -> Requirement:
    return Requirement(max_value=value, direction="lower_is_better", point=point)


@pytest.mark.parametrize(
    ("level", "asked", "verdict", "reason"),
    [
        pytest.param(
            share(23, 30),
            at_least(0.5),
            "pass",
            "B has 0.767, and 0.621 at least, at 95 % confidence; more than 0.50 is asked for",
            id="a share that is high enough",
        ),
        pytest.param(
            share(8, 30),
            at_least(0.5),
            "fail",
            "B has 0.267, and 0.415 at most, at 95 % confidence; more than 0.50 is asked for",
            id="a share that is too low",
        ),
        pytest.param(
            share(16, 30),
            at_least(0.5),
            "inconclusive",
            "B has 0.533, but 30 items allow all from 0.387 to 0.674; more than 0.50 is asked for",
            id="a share that is neither",
        ),
        pytest.param(
            mean(0.05, 0.01),
            at_most(0.1),
            "pass",
            "B has 0.050, and 0.067 at most, at 95 % confidence; less than 0.10 is asked for",
            id="a mean that is low enough",
        ),
        pytest.param(
            mean(0.13, 0.01),
            at_most(0.1),
            "fail",
            "B has 0.130, and 0.113 at least, at 95 % confidence; less than 0.10 is asked for",
            id="a mean that is too high",
        ),
        pytest.param(
            mean(0.09, 0.01),
            at_most(0.1),
            "inconclusive",
            "B has 0.090, but 100 items allow all from 0.073 to 0.107; less than 0.10 is asked for",
            id="a mean that is neither",
        ),
        pytest.param(
            share(15, 30),
            at_least(0.5, point=True),
            "pass",
            "B has 0.500, and at least 0.50 is asked for",
            id="the value itself, as high",
        ),
        pytest.param(
            mean(0.1 + 0.2, None, n=1),
            at_most(0.3, point=True),
            "pass",
            "B has 0.300, and at most 0.30 is asked for",
            id="the value itself, but for rounding",
        ),
        pytest.param(
            mean(0.31, None, n=1),
            at_most(0.3, point=True),
            "fail",
            "B has 0.310, and at most 0.30 is asked for",
            id="the value itself, too high",
        ),
        pytest.param(None, at_least(0.5), "inconclusive", "B has no score of it", id="no score"),
        pytest.param(
            mean(math.nan, None),
            at_least(0.5, point=True),
            "inconclusive",
            "scores of B are not a number, or contradict each other",
            id="no numbers",
        ),
        pytest.param(
            share(9, 9),
            at_least(0.5),
            "inconclusive",
            "B has 1.000, and more than 0.50 is asked for, but 9 items cannot be judged: 10 are the least",
            id="few items",
        ),
        pytest.param(
            mean(0.9, 0.01, n=50, clusters=5),
            at_least(0.5),
            "inconclusive",
            "B has 0.900, and more than 0.50 is asked for, but 5 groups cannot be judged: 6 are the least",
            id="few groups",
        ),
        pytest.param(
            mean(7, 0.0),
            at_least(0.5),
            "inconclusive",
            "nothing tells between which limits 100 items lie; more than 0.50 is asked for",
            id="no limits",
        ),
    ],
)
def test_a_level_is_shown_to_be_reached_or_missed_or_neither(
    level: Level | None, asked: Requirement, verdict: str, reason: str
) -> None:
    direction: Any = asked.direction
    assert judge_level(level, asked, criteria(direction=direction)) == (verdict, reason)


def test_a_limit_that_equals_the_level_shows_nothing() -> None:
    lower = mean(0.9, 0.01).value - 1.6603911559963895 * 0.01  # t_0.95 of 99 degrees of freedom
    found = judge_level(mean(0.9, 0.01), at_least(lower), criteria())
    assert found[0] == "inconclusive"
    assert judge_level(mean(0.9, 0.01), at_least(lower - 1e-12), criteria())[0] == "pass"
