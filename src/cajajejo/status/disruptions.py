"""Pods that were taken away: by their node, by the scheduler, by a drain, by the end of a spot node."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from cajajejo import moments
from cajajejo.status.model import Reason
from cajajejo.status.reading import items, number, plain, text
from cajajejo.status.verdicts import Failure, cure

if TYPE_CHECKING:
    from cajajejo.status.model import Advice
    from cajajejo.status.pods import Pod

_SPOT: Final = (
    "cloud.google.com/gke-spot",
    "cloud.google.com/gke-preemptible",
    "kubernetes.azure.com/scalesetpriority",
    "eks.amazonaws.com/capacityType",
    "karpenter.sh/capacity-type",
)
_NODE_WENT: Final = frozenset({"NodeShutdown", "Shutdown", "Terminated", "NodeLost"})
_DISRUPTIONS: Final = {
    "PreemptionByScheduler": (Reason.PREEMPTED, "was preempted by a pod of higher priority"),
    "EvictionByEvictionAPI": (Reason.EVICTED, "was evicted, as when a node is drained"),
    "DeletionByTaintManager": (Reason.PREEMPTED, "lost its node"),
    "DeletionByPodGC": (Reason.PREEMPTED, "lost its node"),
    "TerminationByKubelet": (Reason.PREEMPTED, "was ended by its node"),
}
_OVER_STORAGE: Final = re.compile(
    r'(?:exceeds the total limit of containers|exceeded its local ephemeral storage limit) "?([\w.]*\w)'
)
_OVER_VOLUME: Final = re.compile(r'Usage of EmptyDir volume "([^"]*)" exceeds the limit "([^"]*)"')
_STARVED: Final = re.compile(r"low on resource: ([\w.-]*\w)")
_PRESSED: Final = re.compile(r"The node had condition: \[([\w, ]+)\]")


def by_kubelet(pod: Pod) -> Failure | None:
    """The node itself ended the pod, and says so in the pod's own status."""
    word = pod.reason
    if word == "Evicted":
        return _evicted(pod)
    if word == "DeadlineExceeded":
        seconds = number(pod.spec, "activeDeadlineSeconds")
        limit = f" of {moments.span(seconds)}" if seconds is not None else ""
        message = f"ran longer than its own deadline{limit}"
        do = cure("give the pod more time (activeDeadlineSeconds of the pod template) and submit again")
        return Failure(
            Reason.DEADLINE_EXCEEDED, message, f"its pod {message}", container=pod.main.name, end=pod.main.ended, do=do
        )
    if word in _NODE_WENT:
        message = "was preempted (spot)" if _is_spot(pod) else "lost its node, which was shut down"
        return _taken(pod, Reason.PREEMPTED, message)
    if word.lower().startswith("outof"):
        message = f"was turned away by its node, which had no {plain(word[len('OutOf') :], 60)} left"
        return _taken(pod, Reason.INSUFFICIENT_RESOURCES, message)
    if word == "UnexpectedAdmissionError":
        return _taken(pod, Reason.POD_REFUSED, f"was turned away by its node: {plain(pod.message, 200)}")
    return None


def by_disruption(pod: Pod) -> Failure | None:
    """Kubernetes took it away for somebody else: a drain, a preemption, the end of a node."""
    found = pod.disruption
    if found is None:
        return None
    reason, message = _DISRUPTIONS.get(found.reason, (Reason.PREEMPTED, "was taken away by the cluster"))
    if found.reason in {"DeletionByTaintManager", "DeletionByPodGC", "TerminationByKubelet"} and _is_spot(pod):
        message = "was preempted (spot)"
    return _taken(pod, reason, message)


def _taken(pod: Pod, reason: Reason, message: str) -> Failure:
    do = cure("submit it again; with a podFailurePolicy that ignores DisruptionTarget it would not have counted")
    return Failure(reason, message, f"its pod {message}", container=pod.main.name, end=pod.main.ended, do=do)


def _is_spot(pod: Pod) -> bool:
    selected = {key for key in _SPOT if text(pod.spec, "nodeSelector", key)}
    return bool(selected) or any(text(item, "key") in _SPOT for item in items(pod.spec, "tolerations"))


def _evicted(pod: Pod) -> Failure:
    """The kubelet threw it out: over a limit of its own, or because the node ran short."""
    message, do = _why_evicted(pod.message)
    return Failure(Reason.EVICTED, message, f"its pod {message}", container=pod.main.name, end=pod.main.ended, do=do)


def _why_evicted(said: str) -> tuple[str, Advice]:
    if found := _OVER_VOLUME.search(said):
        volume, limit = found.groups()
        field = "compute_config.shared_memory" if "shm" in volume else "storage_config.scratch.size"
        do = cure(f"give that volume more room ({limit} now) and submit again", field)
        return f"was evicted: its volume {volume} went over {limit}", do
    if found := _OVER_STORAGE.search(said):
        do = cure(
            f"give it more disk ({found[1]} now), or write to /scratch, and submit again",
            "compute_config.ephemeral_storage",
        )
        return f"was evicted: it wrote more than {found[1]} to the disk of its containers", do
    if found := _STARVED.search(said) or _PRESSED.search(said):
        field = "compute_config.memory" if "emory" in found[1] else "compute_config.ephemeral_storage"
        do = cure("ask for as much as it really uses, so that its node keeps that free, and submit again", field)
        return f"was evicted: its node ran low ({found[1]})", do
    why = plain(said, 200).rstrip(". ")
    return f"was evicted by its node{f': {why}' if why else ''}", cure("submit it again")
