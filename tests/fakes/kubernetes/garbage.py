"""What goes when its owner goes: the garbage collector, and the kubelet that ends Pods, as far as clients see them."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from tests.fakes.kubernetes.store import now

if TYPE_CHECKING:
    from tests.fakes.kubernetes.model import Object, Resource
    from tests.fakes.kubernetes.store import Store

ORPHAN = "orphan"
FOREGROUND = "foregroundDeletion"
TRACKING = "batch.kubernetes.io/job-tracking"
"""The Job controller takes this finalizer off Pods; here nobody waits for it."""
_FINISHED = ("Succeeded", "Failed")


class Collector:
    """Deletes objects; Pods that run take `termination_seconds` to go."""

    def __init__(self, store: Store, termination_seconds: float = 0.0) -> None:
        self._store = store
        self.termination_seconds = termination_seconds

    def delete(self, resource: Resource, value: Object, finalizers: list[str]) -> Object | None:
        """Deletes an object under these finalizers; what is left of it comes back, for the answer."""
        with self._store.changed:
            if resource.kind == "Pod" and not finalizers:
                return self._end_pod(resource, value)
            if not finalizers:
                self._gone(resource, value)
                return None
            marked = self._store.set(resource, marked_for_deletion(value, finalizers))
            self.settle(resource, marked)
            return marked

    def settle(self, resource: Resource, value: Object) -> None:
        """Does what the finalizers of a deleted object wait for."""
        with self._store.changed:
            finalizers = value["metadata"].get("finalizers", [])
            if ORPHAN in finalizers:
                for kind, row in self._store.owned(value["metadata"]["uid"]):
                    self._disown(kind, row, value["metadata"]["uid"])
                self._release(resource, value, ORPHAN)
            elif FOREGROUND in finalizers:
                for kind, row in self._store.owned(value["metadata"]["uid"]):
                    self._collect(kind, row)
                self._release_if_alone(resource, value)

    def adopted(self, resource: Resource, value: Object) -> None:
        """Collects a new object whose owners are not there."""
        owners = _owners(value)
        if owners and not any(self._store.lives(uid) for uid in owners):
            self._collect(resource, value)

    def gone(self, value: Object) -> None:
        """Collects what an object owned that is no longer there, and lets an owner go that waited for it."""
        for kind, row in self._store.owned(value["metadata"]["uid"]):
            if not any(self._store.lives(uid) for uid in _owners(row)):
                self._collect(kind, row)
        for uid in _owners(value):
            owner = self._store.of_uid(uid)
            if owner is not None and FOREGROUND in owner[1]["metadata"].get("finalizers", ()):
                self._release_if_alone(*owner)

    def empty(self, namespace: str) -> None:
        """Deletes all that a namespace holds."""
        for resource, value in self._store.everything():
            if value["metadata"].get("namespace") == namespace:
                self._collect(resource, value)

    def _collect(self, resource: Resource, value: Object) -> None:
        metadata = value["metadata"]
        if self._store.get(resource, metadata.get("namespace"), metadata["name"]) is not value:
            return
        if not metadata.get("deletionTimestamp"):
            kept = [each for each in metadata.get("finalizers", ()) if each != TRACKING]
            self.delete(resource, value, kept)

    def _gone(self, resource: Resource, value: Object) -> None:
        self._store.remove(resource, value["metadata"].get("namespace"), value["metadata"]["name"])
        self.gone(value)

    def _end_pod(self, resource: Resource, value: Object) -> Object | None:
        """A Pod on a node is marked, and goes when its containers have ended; any other goes at once."""
        if not value.get("spec", {}).get("nodeName"):
            self._gone(resource, value)
            return None
        running = value.get("status", {}).get("phase") not in _FINISHED
        seconds = value["spec"].get("terminationGracePeriodSeconds", 30) if running else 0
        finalizers = [each for each in value["metadata"].get("finalizers", ()) if each != TRACKING]
        marked = self._store.set(resource, marked_for_deletion(value, finalizers, seconds))
        if not running or not self.termination_seconds:
            self._gone(resource, marked)
        else:
            timer = threading.Timer(self.termination_seconds, self._finish_pod, (resource, marked["metadata"]))
            timer.daemon = True
            timer.start()
        return marked

    def _finish_pod(self, resource: Resource, metadata: Object) -> None:
        with self._store.changed:
            value = self._store.get(resource, metadata["namespace"], metadata["name"])
            if value is not None and value["metadata"]["uid"] == metadata["uid"]:
                self._gone(resource, value)

    def _disown(self, resource: Resource, value: Object, uid: str) -> None:
        kept = [each for each in value["metadata"]["ownerReferences"] if each["uid"] != uid]
        metadata = {key: part for key, part in value["metadata"].items() if key != "ownerReferences"}
        if kept:
            metadata["ownerReferences"] = kept
        self._store.set(resource, {**value, "metadata": metadata})

    def _release_if_alone(self, resource: Resource, value: Object) -> None:
        uid = value["metadata"]["uid"]
        if not any(_blocks(row, uid) for _, row in self._store.owned(uid)):
            self._release(resource, value, FOREGROUND)

    def _release(self, resource: Resource, value: Object, finalizer: str) -> None:
        """Takes a finalizer away, and the object with the last one."""
        metadata = value["metadata"]
        kept = [each for each in metadata["finalizers"] if each != finalizer]
        if kept:
            self._store.set(resource, {**value, "metadata": {**metadata, "finalizers": kept}})
        else:
            self._gone(resource, value)


def marked_for_deletion(value: Object, finalizers: list[str], seconds: int = 0) -> Object:
    """An object that waits for its finalizers, or for its containers."""
    metadata = {key: part for key, part in value["metadata"].items() if key != "finalizers"}
    if "deletionTimestamp" not in metadata:
        end = datetime.now(UTC) + timedelta(seconds=seconds)
        metadata["deletionTimestamp"] = end.strftime("%Y-%m-%dT%H:%M:%SZ") if seconds else now()
        metadata["deletionGracePeriodSeconds"] = seconds
        if "generation" in metadata:
            metadata["generation"] += 1
    if finalizers:
        metadata["finalizers"] = finalizers
    return {**value, "metadata": metadata}


def _owners(value: Object) -> list[str]:
    return [each["uid"] for each in value["metadata"].get("ownerReferences", ())]


def _blocks(value: Object, uid: str) -> bool:
    found = [each for each in value["metadata"].get("ownerReferences", ()) if each["uid"] == uid]
    return any(each.get("blockOwnerDeletion") for each in found)
