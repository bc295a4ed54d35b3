"""What the scheduler says: ``0/6 nodes are available: 4 Insufficient nvidia.com/gpu, 2 node(s) had …``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from cajajejo.status.model import Quote
from cajajejo.status.verdicts import quoted

if TYPE_CHECKING:
    from cajajejo.status.facts import Facts
    from cajajejo.status.pods import Pod

_FAILED: Final = frozenset({"FailedScheduling"})

_WHOLE: Final = re.compile(r"0/(\d{1,9}) nodes are available: (.*)$")
_COUNTED: Final = re.compile(r"(\d{1,9}) ((?:(?!, \d+ |\. ).)+)")
_INSUFFICIENT: Final = re.compile(r"Insufficient ([\w./-]+)")
_TAINT: Final = re.compile(r"untolerated taint\(?s?\)? ?\{([^:}]*):? ?([^}]*)\}")
_HELPLESS: Final = re.compile(r"(\d{1,9}) Preemption is not helpful for scheduling")


@dataclass(frozen=True, slots=True)
class Told:
    """What the scheduler counted.

    Attributes:
        nodes: how many nodes there are.
        insufficient: on how many nodes each resource is short.
        taints: on how many nodes a taint that is not tolerated stands; by ``key=value`` where it is named, else empty.
        unmatched: how many do not have the labels asked for.
        cordoned: how many take no pods for now.
        others: what else keeps nodes away, as it was said.
        helpless: on how many nodes the end of other pods would not help either.
    """

    nodes: int
    insufficient: dict[str, int]
    taints: dict[str, int]
    unmatched: int
    cordoned: int
    others: tuple[str, ...]
    helpless: int


@lru_cache(maxsize=512)
def read(said: str) -> Told | None:
    """What the scheduler's sentence counts; None where it is about something else."""
    found = _WHOLE.search(said)
    if found is None:
        return None
    first, _, rest = found[2].partition("preemption: ")
    insufficient: dict[str, int] = {}
    taints: dict[str, int] = {}
    unmatched = cordoned = 0
    others: list[str] = []
    for number, what in _COUNTED.findall(first):
        count = int(number)
        if short := _INSUFFICIENT.search(what):
            insufficient[short[1].rstrip(".")] = count
        elif "untolerated taint" in what or "had taint" in what:
            named = _TAINT.search(what)
            taint = (f"{named[1]}={named[2]}" if named[2] else named[1]) if named else ""
            taints[taint] = taints.get(taint, 0) + count
        elif "affinity/selector" in what or "node selector" in what:
            unmatched += count
        elif "unschedulable" in what:
            cordoned += count
        else:
            others.append(f"{number} {what.rstrip('.')}")
    if not (insufficient or taints or unmatched or cordoned or others):
        return None
    helpless = _HELPLESS.search(rest)
    return Told(
        int(found[1]), insufficient, taints, unmatched, cordoned, tuple(others), int(helpless[1]) if helpless else 0
    )


def said(facts: Facts, pod: Pod) -> tuple[str, tuple[Quote, ...]]:
    """What the scheduler said last of `pod`, in the pod's condition or else in an event."""
    scheduled = pod.scheduled
    events = facts.events_about(pod, _FAILED)
    if scheduled is not None and scheduled.is_false and scheduled.message:
        same = [event.at for event in events if event.text == scheduled.message]
        return scheduled.message, (Quote("scheduler", scheduled.message, same[0] if same else scheduled.at),)
    return (events[0].text, quoted("scheduler", events)) if events else ("", ())
