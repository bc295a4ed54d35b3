"""Every recorded life of a job, told step by step."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from cajajejo import status
from cajajejo.status import State
from tests.status import replays
from tests.status.lives import LIVES

if TYPE_CHECKING:
    from cajajejo.status import Status


def test_no_recorded_scenario_is_left_out() -> None:
    recorded = {path.name for path in replays.SCENARIOS.iterdir()}
    assert len(recorded) == 60
    assert recorded == {*LIVES, replays.REFUSED}
    assert replays.names() == sorted(LIVES)


def test_the_one_scenario_without_a_life_is_a_job_that_was_refused() -> None:
    refused = json.loads((replays.SCENARIOS / replays.REFUSED / "submit-1-job.json").read_text("utf-8"))
    assert refused["response"]["status"] == 403


@pytest.mark.parametrize("scenario", sorted(LIVES))
def test_each_change_in_the_life_of_a_job_is_told_in_these_words(scenario: str) -> None:
    assert replays.life(scenario) == LIVES[scenario]


@pytest.mark.parametrize("ours", [True, False], ids=["ours", "theirs"])
@pytest.mark.parametrize("scenario", sorted(LIVES))
def test_at_every_step_the_status_holds_together(scenario: str, ours: bool) -> None:  # noqa: FBT001
    ended: dict[str, Status] = {}
    for step in replays.steps(scenario, ours=ours):
        found = status.of(step.evidence)
        conditions = {
            condition["type"]
            for condition in step.evidence.job.get("status", {}).get("conditions", ())
            if condition["status"] == "True"
        }
        assert (found.state is State.SUCCEEDED) == ("Complete" in conditions)
        assert (found.state is State.FAILED) == ("Failed" in conditions)
        assert (found.state is State.GONE) <= step.evidence.deleted
        assert found.message or found.reason is None
        assert found.message or found.state is State.SUCCEEDED
        assert found.rule or found.state is State.SUCCEEDED or not found.reason
        assert (found.exit_code is None) or found.state.is_end
        assert found.reason is None or found.state is not State.FAILED or found.message
        assert ours or found.do is None or not found.do.field
        pods = [attempt.pod for attempt in found.attempts]
        assert len(pods) == len(set(pods)) == len(step.evidence.pods)
        if step.job in ended:
            assert found.state is ended[step.job].state
            assert found.finished_at == ended[step.job].finished_at
        if found.state.is_end:
            ended[step.job] = found


@pytest.mark.parametrize("scenario", sorted(LIVES))
def test_a_job_of_others_is_told_without_our_words(scenario: str) -> None:
    for step in replays.steps(scenario, ours=False):
        found = status.of(step.evidence)
        assert "model" not in found.message
        assert "cajajejo" not in (found.advice or "")
