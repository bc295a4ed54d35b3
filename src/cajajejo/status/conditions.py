"""Conditions, which Jobs, Pods and Workloads tell their state by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cajajejo.status.reading import items, moment, text

if TYPE_CHECKING:
    from datetime import datetime

    from cajajejo.status.evidence import Object


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition: whether it holds, why, in whose words, and since when."""

    type: str
    status: str
    entry: Object

    @property
    def is_true(self) -> bool:
        """Whether it holds."""
        return self.status == "True"

    @property
    def is_false(self) -> bool:
        """Whether it is known not to hold."""
        return self.status == "False"

    @property
    def reason(self) -> str:
        """Why, in one word."""
        return text(self.entry, "reason")

    @property
    def message(self) -> str:
        """Why, in a sentence."""
        return text(self.entry, "message")

    @property
    def at(self) -> datetime | None:
        """Since when."""
        return moment(self.entry, "lastTransitionTime")


def conditions_of(thing: Object) -> dict[str, Condition]:
    """The conditions in the status of `thing`, by type."""
    found = (
        Condition(text(entry, "type"), text(entry, "status"), entry) for entry in items(thing, "status", "conditions")
    )
    return {condition.type: condition for condition in found}
