"""Ends are told once and correctly while connections break, answers fail and the API server restarts: a few seeds."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from cajajejo.status import State, Status
from tests.jobs import ordeals
from tests.jobs.ordeals import Outcome, judge
from tests.jobs.plays import expected

if TYPE_CHECKING:
    from pathlib import Path

END = expected("oomkilled")
BEFORE = replace(END, state=State.RUNNING)


@pytest.mark.parametrize("seed", range(10))
def test_each_end_is_told_once_whatever_breaks(seed: int, tmp_path: Path) -> None:
    assert ordeals.run(seed, tmp_path).problems == []


@pytest.mark.parametrize(
    "statuses",
    [
        [],
        [BEFORE],
        [END, END],
        [END, BEFORE],
        [replace(END, state=State.SUCCEEDED)],
        [replace(END, reason=None)],
        [replace(END, exit_code=1)],
        [replace(END, attempts=())],
        [replace(END, name="another")],
    ],
    ids=["nothing", "no end", "two ends", "goes on", "state", "reason", "exit code", "attempts", "name"],
)
def test_what_is_wrong_does_not_pass(statuses: list[Status]) -> None:
    outcome = Outcome(["oomkilled"], allowed=1)
    judge(outcome, statuses)
    assert len(outcome.problems) == 1


def test_too_many_requests_do_not_pass() -> None:
    outcome = Outcome(["oomkilled"], requests=2, allowed=1)
    judge(outcome, [BEFORE, END])
    assert outcome.problems == ["2 requests, and 1 are allowed"]


def test_what_is_right_passes() -> None:
    outcome = Outcome(["oomkilled"], requests=1, allowed=1)
    judge(outcome, [BEFORE, END])
    assert (outcome.problems, outcome.vague) == ([], 0)
