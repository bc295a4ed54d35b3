"""Why a pod does not run, or is not there: the rules in their order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

from cajajejo.status.autoscaling import rule_scale_up_failed
from cajajejo.status.images import rule_image_not_pulled
from cajajejo.status.placing import rule_not_scheduled
from cajajejo.status.refusals import rule_pod_refused
from cajajejo.status.starting import (
    rule_container_not_created,
    rule_missing_object,
    rule_restarted_in_place,
    rule_starting,
    rule_volume_not_mounted,
)
from cajajejo.status.volumes import rule_volume_pending

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from cajajejo.status.facts import Facts
    from cajajejo.status.verdicts import Verdict

Rule: TypeAlias = "Callable[[Facts], Verdict | None]"
"""Looks at the facts of one job, and says something or nothing."""

WAITING: Final[tuple[Rule, ...]] = (
    rule_pod_refused,
    rule_image_not_pulled,
    rule_missing_object,
    rule_restarted_in_place,
    rule_container_not_created,
    rule_volume_not_mounted,
    rule_volume_pending,
    rule_scale_up_failed,
    rule_not_scheduled,
    rule_starting,
)


def first(rules: Iterable[Rule], facts: Facts) -> tuple[str, Verdict | None]:
    """The name of the first of `rules` that says something, and what it says; an empty name where none does."""
    for rule in rules:
        found = rule(facts)
        if found is not None:
            return rule.__name__.removeprefix("rule_"), found
    return "", None
