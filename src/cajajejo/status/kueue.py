"""A job that Kueue holds back: its place in the queue, and why it is not admitted. Reads v1beta1 and v1beta2."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from cajajejo.status.conditions import Condition, conditions_of
from cajajejo.status.model import Advice, Quote, Reason
from cajajejo.status.reading import items, moment, number, part, plain, text
from cajajejo.status.states import is_queued
from cajajejo.status.verdicts import Verdict, cure

if TYPE_CHECKING:
    from cajajejo.status.evidence import Object
    from cajajejo.status.facts import Facts

_QUEUE_FIELD: Final = "kubernetes_config.queue_name"
_UNUSED: Final = re.compile(r"insufficient unused quota for ([\w./-]+) in flavor ([\w.-]+), ([\w.]+) more needed")
_TOO_LARGE: Final = re.compile(
    r"insufficient quota for ([\w./-]+) in flavor ([\w.-]+), .*?> maximum capacity \(([\w.]+) > ([\w.]+)\)"
)
_NO_QUEUE: Final = re.compile(
    r"(LocalQueue|ClusterQueue) ([\w.-]+) (?:doesn't exist|does not exist|is inactive|is stopped)"
)
_ORDINALS: Final = {1: "st", 2: "nd", 3: "rd"}


def rule_queued(facts: Facts) -> Verdict | None:
    """Kueue has not admitted the job."""
    if not is_queued(facts):
        return None
    job, workload = facts.job, facts.workload
    if job.other_controller:
        message = f"handed to another cluster by {job.other_controller}, which has not taken it up yet"
        return Verdict(Reason.QUEUED_IN_KUEUE, message, cure("wait, or see whether that controller runs"))
    queue = text(workload, "spec", "queueName") or job.queue
    if workload is None:
        return Verdict(Reason.QUEUED_IN_KUEUE, f"in queue {queue}: Kueue has not looked at it yet", Advice("wait"))
    conditions = conditions_of(workload)
    place = _place(facts, workload, queue)
    quotes = tuple(Quote("kueue", found.message, found.at) for found in _telling(conditions) if found.message)
    message, do = _why(workload, conditions)
    return Verdict(Reason.QUEUED_IN_KUEUE, f"{place}{f': {message}' if message else ''}", do, quotes[:1])


def _telling(conditions: dict[str, Condition]) -> list[Condition]:
    """The conditions that tell why it waits, the most telling one first."""
    reserved = conditions.get("QuotaReserved")
    evicted = conditions.get("Evicted")
    found = [evicted] if evicted is not None and evicted.is_true else []
    if reserved is not None and reserved.is_false:
        found.append(reserved)
    admitted = conditions.get("Admitted")
    return [*found, *([admitted] if admitted is not None and admitted.is_false else [])]


def _why(workload: Object, conditions: dict[str, Condition]) -> tuple[str, Advice]:
    if part(workload, "spec", "active") is False:
        return "it was taken out of the queue (deactivated)", cure(
            "ask who deactivated its Workload, or set spec.active to true"
        )
    for check in items(workload, "status", "admissionChecks"):
        if text(check, "state") in {"Pending", "Retry", "Rejected"} and text(check, "message"):
            said = plain(text(check, "message"), 200)
            return f"admission check {text(check, 'name')}: {said}", Advice(
                "wait; if it stays, ask those who run the queue"
            )
    evicted = conditions.get("Evicted")
    told = _telling(conditions)
    said = next((found.message for found in told if found.message), "")
    if evicted is not None and evicted.is_true:
        words = {"Preempted": "it made room for another job (preempted), and waits again"}
        message = words.get(evicted.reason, f"it was sent back to the queue ({plain(evicted.reason, 60)})")
        return message, Advice("wait: it is admitted again by itself")
    return _read(said)


def _read(said: str) -> tuple[str, Advice]:
    wait = Advice("wait: it is admitted by itself when others end")
    if found := _TOO_LARGE.search(said):
        resource, _, wanted, capacity = found.groups()
        message = f"it asks for more {resource} than the queue ever has: {wanted} of {capacity}"
        return message, cure("ask for less, or take another queue", _QUEUE_FIELD)
    if found := _UNUSED.search(said):
        return f"quota of {found[1]} used up: {found[3]} more needed", wait
    if found := _NO_QUEUE.search(said):
        word = "does not exist" if "exist" in found[0] else "takes no jobs for now"
        return f"{found[1]} {found[2]} {word}", cure(
            "name a queue that takes jobs (kubectl get localqueues)", _QUEUE_FIELD
        )
    return (plain(said.partition(". ")[0], 200).rstrip("."), wait) if said else ("", wait)


def _place(facts: Facts, workload: Object, queue: str) -> str:
    """``3rd in queue gpu-batch``; without the number where the others may not be read."""
    others = [found for found in facts.evidence.workloads if isinstance(found, dict) and _waits(found, queue)]
    own = text(workload, "metadata", "uid"), text(workload, "metadata", "name")
    places = [(text(found, "metadata", "uid"), text(found, "metadata", "name")) for found in sorted(others, key=_order)]
    if own not in places:
        return f"in queue {queue}"
    number_ = places.index(own) + 1
    ending = "th" if number_ % 100 in {11, 12, 13} else _ORDINALS.get(number_ % 10, "th")
    return f"{number_}{ending} in queue {queue}"


def _waits(workload: Object, queue: str) -> bool:
    conditions = conditions_of(workload)
    done = [kind for kind in ("QuotaReserved", "Finished") if kind in conditions and conditions[kind].is_true]
    return text(workload, "spec", "queueName") == queue and not done and part(workload, "spec", "active") is not False


def _order(workload: Object) -> tuple[int, float, str]:
    """Kueue's order: the higher priority first, then the older one; who was sent back counts from then."""
    evicted = conditions_of(workload).get("Evicted")
    back = evicted.at if evicted is not None and evicted.is_true else None
    at = back or moment(workload, "metadata", "creationTimestamp")
    return (
        -(number(workload, "spec", "priority") or 0),
        at.timestamp() if at else 0.0,
        text(workload, "metadata", "name"),
    )
