"""What belongs to which job: pods by their labels and owners, events by what they are about. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from cajajejo import moments
from cajajejo.status.pods import Pod
from cajajejo.status.reading import items, mapping, text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from cajajejo.cluster.exchange import JsonObject

JOB_UID: Final = "batch.kubernetes.io/controller-uid"
"""The label of pods that holds the uid of their Job."""

_UIDS: Final = (JOB_UID, "controller-uid")
_POD: Final = re.compile(r"(.*?)(?:-\d+)?-[a-z0-9]{5}")
_WORKLOAD: Final = re.compile(r"job-(.*)-[0-9a-f]{5}")
_LONGEST_STEM: Final = 57
"""Of a generated name, with the hyphen before its end, 58 characters are kept."""
_TIMES: Final = ("lastTimestamp", "eventTime", "firstTimestamp")


def uid_of(thing: JsonObject) -> str:
    """The uid of an object; empty where it has none."""
    return text(thing, "metadata", "uid")


def name_of(thing: JsonObject) -> str:
    """The name of an object."""
    return text(thing, "metadata", "name")


def job_uids(pod: JsonObject) -> Iterator[str]:
    """The uids that the Job of `pod` may have, by its labels and its owners."""
    labels = mapping(pod, "metadata", "labels")
    yield from (text(labels, key) for key in _UIDS)
    yield from (text(owner, "uid") for owner in items(pod, "metadata", "ownerReferences"))


def time_of(event: JsonObject) -> datetime | None:
    """When an event was told last; its times stand in one of several places."""
    places = [mapping(event, "series").get("lastObservedTime"), *(event.get(key) for key in _TIMES)]
    places.append(mapping(event, "metadata").get("creationTimestamp"))
    return next((at for place in places if (at := moments.parse_timestamp(place))), None)


class Subjects:
    """Some jobs of one namespace, their pods, and which of them an event is about."""

    def __init__(self, jobs: Iterable[JsonObject] = (), pods: Iterable[JsonObject] = ()) -> None:
        self._jobs: dict[str, JsonObject] = {}
        self._uid_of_stem: dict[str, str] = {}
        self._uid_of_thing: dict[tuple[str, str], str] = {}
        for job in jobs:
            self.add_job(job)
        for pod in pods:
            self.add_pod(pod)

    def add_job(self, job: JsonObject) -> None:
        """From now on `job` is one of them."""
        uid = uid_of(job)
        self._jobs[uid] = job
        self._uid_of_thing["uid", uid] = uid
        self._uid_of_stem[name_of(job)[:_LONGEST_STEM]] = uid

    def add_pod(self, pod: JsonObject) -> str | None:
        """The uid of the job that `pod` is of, whose events are known from now on; None where it is of another."""
        uid = next((uid for uid in job_uids(pod) if uid in self._jobs), None)
        if uid is None:
            return None
        self._uid_of_thing["uid", uid_of(pod)] = uid
        for claim in Pod(pod).claims:
            self._uid_of_thing["PersistentVolumeClaim", claim] = uid
        return uid

    def job_of(self, event: JsonObject) -> str | None:
        """The uid of the job that `event` is about; None where it is about none of them."""
        about = mapping(event, "involvedObject")
        by_uid = self._uid_of_thing.get(("uid", text(about, "uid")))
        if by_uid is not None:
            return by_uid
        uid = self._by_name(text(about, "kind"), text(about, "name"))
        return uid if uid is not None and self._is_since(event, uid) else None

    def _by_name(self, kind: str, name: str) -> str | None:
        """Of a pod that is gone only the name tells; of a claim, whose pod uses it."""
        if kind == "PersistentVolumeClaim":
            return self._uid_of_thing.get((kind, name))
        found = {"Pod": _POD, "Workload": _WORKLOAD}.get(kind)
        match = found.fullmatch(name) if found else None
        if match is None:
            return None
        stems = (match[1], name[:-6]) if kind == "Pod" else (match[1],)
        return next((self._uid_of_stem[stem] for stem in stems if stem in self._uid_of_stem), None)

    def _is_since(self, event: JsonObject, uid: str) -> bool:
        """Whether `event` was told since the job is there: an earlier one may have had its name."""
        made, told = (
            moments.parse_timestamp(mapping(self._jobs[uid], "metadata").get("creationTimestamp")),
            time_of(event),
        )
        return made is None or told is None or told >= made
