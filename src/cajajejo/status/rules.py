"""All rules in their order: the first that says something decides on the reason."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cajajejo.status import ending, running
from cajajejo.status.kueue import rule_queued
from cajajejo.status.model import State
from cajajejo.status.placing import NO_NODE_YET
from cajajejo.status.refusals import rule_pod_refused
from cajajejo.status.starting import rule_restarted_in_place
from cajajejo.status.verdicts import Verdict
from cajajejo.status.waiting import WAITING, Rule, first

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cajajejo.status.facts import Facts

ENDED: Final[Mapping[State, tuple[Rule, ...]]] = {
    State.SUCCEEDED: (ending.rule_succeeded_and_removed,),
    State.FAILED: ending.FAILED,
    State.CANCELLED: (ending.rule_cancelled,),
    State.GONE: (ending.rule_deleted,),
}
"""Why it ended, by the state that it ended in."""

GOING: Final[tuple[Rule, ...]] = (
    running.rule_control_plane_away,
    running.rule_being_deleted,
    rule_queued,
    running.rule_other_controller,
    running.rule_suspended,
    running.rule_ending,
    running.rule_sidecar_goes_on,
    rule_restarted_in_place,
    running.rule_parts_at_work,
    running.rule_running,
    rule_pod_refused,
    running.rule_between_attempts,
    *WAITING,
)
"""Why it does not run, or what it does."""


def decide(facts: Facts) -> tuple[str, Verdict]:
    """The name of the rule that decided, and what it says; empty where there is nothing to explain."""
    name, found = first(ENDED.get(facts.state, GOING), facts)
    return (name, found) if found is not None else ("", Verdict(None, "" if facts.state.is_end else NO_NODE_YET))
