"""Evaluations that are killed: the result is there once, or the next run completes it.

A few of the kills of ``scripts/kill_evaluation.py``, which are many; chosen where much is at stake.
"""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest

from tests import builders
from tests.harness.kills import ITEMS, Evaluation, Kill

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.filterwarnings(builders.MLFLOW_WARNINGS)


@pytest.fixture(scope="module")
def steps(tmp_path_factory: pytest.TempPathFactory) -> int:
    """How many steps an evaluation takes that nobody disturbs."""
    one = Evaluation(tmp_path_factory.mktemp("undisturbed") / "x")
    assert one.run() == 0, one.said()
    assert (one.problems(), one.worked_on(), one.runs()) == ([], ITEMS, 1)
    return one.steps()


@pytest.mark.parametrize(
    ("part", "sign"),
    [(0.3, signal.SIGKILL), (0.6, signal.SIGTERM), (0.85, signal.SIGKILL), (0.97, signal.SIGKILL)],
    ids=["early", "evaluated", "tracking", "late"],
)
def test_an_evaluation_that_is_killed_at_a_step_is_completed_by_the_next_run(
    tmp_path: Path, steps: int, part: float, sign: signal.Signals
) -> None:
    one = Evaluation(tmp_path / "x")
    code = one.run(Kill(sign, round(part * steps)))
    assert code in {-signal.SIGKILL, 143}, one.said()
    assert one.left_running() == []
    assert one.run() == 0, one.said()
    assert one.problems() == [], one.said()
    assert one.worked_on() <= ITEMS + 1


def test_the_pods_of_a_job_that_are_killed_leave_one_run(tmp_path: Path, steps: int) -> None:
    one = Evaluation(tmp_path / "x", uid="3f2a9c1d", is_fresh=True)
    for sign, part in ((signal.SIGTERM, 0.6), (signal.SIGKILL, 0.9)):
        assert one.run(Kill(sign, round(part * steps))) in {-signal.SIGKILL, 143}, one.said()
    assert one.run() == 0, one.said()
    assert one.problems() == [], one.said()


def test_what_is_finished_is_not_done_again(tmp_path: Path) -> None:
    one = Evaluation(tmp_path / "x")
    assert [one.run(), one.run()] == [0, 0], one.said()
    assert (one.problems(), one.worked_on(), one.runs()) == ([], ITEMS, 1)
