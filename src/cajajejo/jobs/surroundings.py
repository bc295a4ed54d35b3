"""What else tells why a job waits: claims, quotas, nodes, the queue. Looked at only when something points there.

Each is asked for at most once in half a minute, for however many jobs; what may not be read, or is not served, is
left out.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from cajajejo.cluster import ALL_NAMESPACES
from cajajejo.cluster.errors import (
    ClusterError,
    MissingNamespaceError,
    MissingObjectError,
    NotAllowedError,
    NotServedError,
)
from cajajejo.cluster.lists import Wanted
from cajajejo.jobs.subjects import name_of, uid_of
from cajajejo.status.asked import accelerators
from cajajejo.status.pods import Pod
from cajajejo.status.reading import items, mapping, text

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cajajejo.cluster import Cluster
    from cajajejo.cluster.exchange import JsonObject
    from cajajejo.status import Evidence

FRESH_SECONDS: Final = 30.0
"""For how long what was seen is not asked for again."""
LEFT_OUT: Final = (NotAllowedError, NotServedError, MissingObjectError, MissingNamespaceError)
"""What is no reason to fail: it may not be read, or is not served."""

_QUEUE: Final = "kueue.x-k8s.io/queue-name"
_KUEUE_VERSIONS: Final = ("kueue.x-k8s.io/v1beta2", "kueue.x-k8s.io/v1beta1")
_QUOTA: Final = re.compile(r"quota")
_VOLUMES: Final = re.compile(r"volume|persistentvolumeclaim|storageclass", re.IGNORECASE)
_PLACES: Final = re.compile(r"insufficient|taint|selector|affinity|unschedulable", re.IGNORECASE)
_MOST_PAGES: Final = 10
_UNFINISHED: Final = "status.phase!=Succeeded,status.phase!=Failed"


class Surroundings:
    """What is around the jobs of a cluster, each kind asked for once in a while.

    Args:
        cluster: which cluster.
        patient: try again what may pass, and raise what does not; without it, what fails is left out for now.
    """

    def __init__(self, cluster: Cluster, *, patient: bool) -> None:
        self._cluster = cluster
        self._patient = patient
        self._seen: dict[tuple[str, str], tuple[float, list[JsonObject] | None]] = {}

    def complete(self, evidence: Evidence) -> Evidence:
        """`evidence` with what its objects point at.

        Raises:
            ClusterError: the cluster does not answer; only with `patient`.
        """
        namespace = text(evidence.job, "metadata", "namespace")
        evidence = self._with_queue(evidence, namespace)
        if _quota_is_named(evidence):
            evidence = replace(evidence, quotas=self._read(Wanted("ResourceQuota", namespace)) or ())
        unplaced = [pod for pod in evidence.pods if _is_unplaced(pod)]
        if any(_waits_for_volume(pod) for pod in unplaced):
            evidence = self._with_claims(evidence, namespace, unplaced)
        if any(_is_unschedulable(pod) for pod in unplaced):
            evidence = self._with_nodes(evidence, unplaced)
        return evidence

    def _with_queue(self, evidence: Evidence, namespace: str) -> Evidence:
        if not _is_held_back(evidence.job):
            return evidence
        found: Sequence[JsonObject] = ()
        for version in _KUEUE_VERSIONS:
            answer = self._read(Wanted("Workload", namespace, api_version=version))
            if answer is not None:
                found = answer
                break
        uid = uid_of(evidence.job)
        own = next((each for each in found if uid in _owners(each)), None)
        queue = text(own, "spec", "queueName")
        same = [each for each in found if text(each, "spec", "queueName") == queue]
        return replace(evidence, workload=own, workloads=same if own is not None else ())

    def _with_claims(self, evidence: Evidence, namespace: str, pods: Sequence[JsonObject]) -> Evidence:
        names = {name for pod in pods for name in Pod(pod).claims}
        claims = self._read(Wanted("PersistentVolumeClaim", namespace)) or ()
        classes = self._read(Wanted("StorageClass"))
        return replace(
            evidence,
            claims=[claim for claim in claims if name_of(claim) in names],
            storage_classes=None if classes is None else frozenset(map(name_of, classes)),
        )

    def _with_nodes(self, evidence: Evidence, pods: Sequence[JsonObject]) -> Evidence:
        nodes = self._read(Wanted("Node"), _slim_node)
        if nodes is None or not any(accelerators(pod) for pod in pods):
            return replace(evidence, nodes=nodes)
        everywhere = Wanted("Pod", ALL_NAMESPACES, fields=_UNFINISHED)
        return replace(evidence, nodes=nodes, other_pods=self._read(everywhere, _slim_pod))

    def _read(
        self, wanted: Wanted, kept: Callable[[JsonObject], JsonObject | None] = lambda item: item
    ) -> list[JsonObject] | None:
        """The objects, as they were seen lately; None where they may not be read, or are too many to be read."""
        key = (f"{wanted.api_version}/{wanted.kind}", str(wanted.namespace))
        now = self._cluster.options.clock()
        if key in self._seen and now - self._seen[key][0] < FRESH_SECONDS:
            return self._seen[key][1]
        found = self._asked(wanted, kept)
        self._seen[key] = (self._cluster.options.clock(), found)
        return found

    def _asked(self, wanted: Wanted, kept: Callable[[JsonObject], JsonObject | None]) -> list[JsonObject] | None:
        found: list[JsonObject] = []
        try:
            for number, page in enumerate(self._cluster.pages(wanted, patient=self._patient), 1):
                if page.anew:
                    found.clear()
                found.extend(slim for item in page.items if (slim := kept(item)) is not None)
                if number == _MOST_PAGES and page.token:
                    return None
        except LEFT_OUT:
            return None
        except ClusterError:
            if self._patient:
                raise
            return None
        return found


def _owners(item: JsonObject) -> list[str]:
    return [text(owner, "uid") for owner in items(item, "metadata", "ownerReferences")]


def _is_held_back(job: JsonObject) -> bool:
    """Whether Kueue, and nothing else, may let the job begin."""
    if text(job, "spec", "managedBy").startswith("kueue.x-k8s.io/"):
        return True
    return mapping(job, "spec").get("suspend") is True and bool(text(job, "metadata", "labels", _QUEUE))


def _quota_is_named(evidence: Evidence) -> bool:
    told = [event for event in evidence.events if text(event, "reason") == "FailedCreate"]
    return any(_QUOTA.search(text(event, "message")) for event in told)


def _is_unplaced(pod: JsonObject) -> bool:
    is_over = text(pod, "status", "phase") in {"Succeeded", "Failed"} or "deletionTimestamp" in mapping(pod, "metadata")
    return not is_over and not text(pod, "spec", "nodeName")


def _scheduled(pod: JsonObject) -> JsonObject:
    conditions = items(pod, "status", "conditions")
    return next((each for each in conditions if each.get("type") == "PodScheduled"), {})


def _is_unschedulable(pod: JsonObject) -> bool:
    condition = _scheduled(pod)
    said = text(condition, "message")
    return text(condition, "status") == "False" and said.startswith("0/") and bool(_PLACES.search(said))


def _waits_for_volume(pod: JsonObject) -> bool:
    return bool(Pod(pod).claims) and bool(_VOLUMES.search(text(_scheduled(pod), "message")))


def _slim_node(node: JsonObject) -> JsonObject:
    """What tells where a pod could go, without the images and addresses of the node."""
    metadata = {"name": name_of(node), "labels": mapping(node, "metadata", "labels")}
    return {
        "metadata": metadata,
        "spec": mapping(node, "spec"),
        "status": {"allocatable": mapping(node, "status", "allocatable")},
    }


def _slim_pod(pod: JsonObject) -> JsonObject | None:
    """What a pod takes of the accelerators of its node; None where it takes none."""
    if not accelerators(pod) or not text(pod, "spec", "nodeName"):
        return None
    spec = {key: mapping(pod, "spec").get(key) for key in ("nodeName", "containers", "initContainers", "priority")}
    metadata = {"name": name_of(pod), "namespace": text(pod, "metadata", "namespace"), "uid": uid_of(pod)}
    return {"metadata": metadata, "spec": spec, "status": {"phase": text(pod, "status", "phase")}}
