"""What the autoscaler says of a pod that has no node: it adds one, does not, or cannot."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from cajajejo.status.model import Advice, Quote, Reason
from cajajejo.status.reading import plain
from cajajejo.status.verdicts import Verdict, cure, quoted

if TYPE_CHECKING:
    from cajajejo.status.events import Event
    from cajajejo.status.facts import Facts
    from cajajejo.status.pods import Pod

_SAID: Final = frozenset({"TriggeredScaleUp", "NotTriggerScaleUp", "FailedScaleUp", "ScaleUpFailed"})
_FAILED: Final = frozenset({"FailedScaleUp", "ScaleUpFailed"})
_BACKS_OFF: Final = "in backoff after failed scale-up"
_PATIENCE: Final = timedelta(minutes=15)
_ZONES: Final = re.compile(r"in zones? ([\w, -]+?) associated")
_CAUSES: Final = (
    (r"error\.out\.of\.resources|out of resources|ZONE_RESOURCE_POOL_EXHAUSTED|stockout|insufficient capacity",
     "the cloud has none left{zone} (stock-out)",
     "wait, or take another type", "compute_config.accelerator"),
    (r"error\.quota\.exceeded|quota",
     "the quota of the cloud project is used up{zone}",
     "have the quota raised, or take another type", "compute_config.accelerator"),
    (r"error\.ip\.space\.exhausted|ip space|IP_SPACE_EXHAUSTED",
     "its network has no addresses left",
     "tell those who run the cluster: the subnet needs a larger range", ""),
    (r"service\.account\.deleted|service account",
     "the service account of its nodes is gone",
     "tell those who run the cluster", ""),
)  # fmt: skip
_COMPILED: Final = tuple((re.compile(cause, re.IGNORECASE), why, cure(do, field)) for cause, why, do, field in _CAUSES)
_NO_ROOM: Final = (
    ("max node group size reached", "its node pools are at their largest"),
    ("max cluster", "the cluster is at its largest"),
    ("max limit reached", "the cluster is at its largest"),
)


@dataclass(frozen=True, slots=True)
class ScaleUp:
    """What the autoscaler does: `adds` a node, or not; `suffix` tells it at the end of a sentence."""

    adds: bool
    suffix: str
    quotes: tuple[Quote, ...]
    do: Advice | None = None


def _said(facts: Facts, pod: Pod) -> list[Event]:
    """What the autoscaler said about `pod`, the newest first."""
    return facts.events_about(pod, _SAID)


def scale_up(facts: Facts, pod: Pod) -> ScaleUp | None:
    """Whether a node is being added for `pod`; None where nobody says."""
    event = next(iter(_said(facts, pod)), None)
    if event is None:
        return None
    quotes = quoted("autoscaler", [event])
    if event.reason == "NotTriggerScaleUp":
        why = next((why for said, why in _NO_ROOM if said in event.text), "")
        return ScaleUp(adds=False, suffix=f"; no node is added: {why}" if why else "", quotes=quotes)
    if event.at is not None and facts.evidence.now - event.at > _PATIENCE:
        return ScaleUp(adds=False, suffix="; a node was to be added, and has not come", quotes=quotes)
    do = cure("wait: a new node takes a few minutes")
    return ScaleUp(adds=True, suffix="; the cluster adds a node", quotes=quotes, do=do)


def rule_scale_up_failed(facts: Facts) -> Verdict | None:
    """The autoscaler tried to add a node, and could not."""
    pod = facts.waiting
    said = [] if pod is None or pod.is_on_a_node else _said(facts, pod)
    if not said or not (said[0].reason in _FAILED or _BACKS_OFF in said[0].text):
        return None
    event = next((event for event in said if event.reason in _FAILED), said[0])
    found = _ZONES.search(event.text)
    zone = f" in {plain(found[1], 100)}" if found else ""
    for pattern, why, do in _COMPILED:
        if pattern.search(event.text):
            message = f"the cluster cannot add a node: {why.format(zone=zone)}"
            return Verdict(Reason.SCALE_UP_FAILED, message, do, quoted("autoscaler", [event]))
    why = "that has just failed" if event.reason not in _FAILED else plain(event.text, 200)
    do = cure("wait, it is tried again; or tell those who run the cluster")
    return Verdict(Reason.SCALE_UP_FAILED, f"the cluster cannot add a node: {why}", do, quoted("autoscaler", [event]))
