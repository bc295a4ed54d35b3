"""Who speaks in a job: the runs of its containers, in order of time, and those of them that are wanted."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from cajajejo.cluster.exchange import plain
from cajajejo.errors import CajajejoError
from cajajejo.logs.lines import instant
from cajajejo.logs.pods import Instance, Standing, container_status, standing
from cajajejo.moments import parse_timestamp
from cajajejo.status.reading import items, mapping, number, text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from cajajejo.cluster.exchange import JsonObject

ALL: Final = "all"
MAIN: Final = "eval"
"""The main container of our jobs."""

_DEFAULT: Final = "kubectl.kubernetes.io/default-container"
_INDEX: Final = "batch.kubernetes.io/job-completion-index"
_REPLICAS: Final = (
    ("jobset.sigs.k8s.io/replicatedjob-name", "jobset.sigs.k8s.io/job-index"),
    ("training.kubeflow.org/replica-type", "training.kubeflow.org/replica-index"),
)
"""Labels that name what a pod is among several: its kind, and its number."""
_CREATED: Final = re.compile(r"Created pod: ([a-z0-9.-]{1,253})")


class NoSuchContainerError(CajajejoError):
    """The job has no container of this name."""


class NoSuchAttemptError(CajajejoError):
    """The job has had no such attempt, replica, or earlier run of a container."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which lines are wanted.

    Attributes:
        follow: also those that come, until the job has ended.
        tail: only the last so many of what is there.
        since: no earlier ones.
        until: no later ones.
        containers: names of containers, or ``all``; empty: the main one.
        attempt: only this one, from 1.
        replica: the number of an indexed pod, ``worker-1``, or ``all``; empty: all.
        previous: only the run of the container before it was last started anew.
        source: ``pods``, ``cloud``, or ``auto``: the pods that are there, and the archive for those that are gone.
    """

    follow: bool = False
    tail: int | None = None
    since: datetime | None = None
    until: datetime | None = None
    containers: tuple[str, ...] = ()
    attempt: int | None = None
    replica: str = ""
    previous: bool = False
    source: str = "auto"


@dataclass(frozen=True, slots=True)
class Speaker:
    """One run of a container that has begun.

    Attributes:
        instance: which one.
        began: when, in nanoseconds since the epoch; never too late.
        is_over: whether it has ended.
        is_previous: whether the container was started anew since.
        replica: which of several pods at the same time; empty where there is one.
    """

    instance: Instance
    began: int
    is_over: bool
    is_previous: bool = False
    replica: str = ""


@dataclass(frozen=True, slots=True)
class Lost:
    """A pod, or runs of a container, whose log no node has any more.

    Attributes:
        pod: the pod's name; empty where it is not known.
        why: half a sentence: ``pod eval-x-abcde is gone``.
        began: since when it was there, in nanoseconds since the epoch; 0 where that is not known.
        what: the other half.
    """

    pod: str
    why: str
    began: int
    what: str = ", and its log with it"


def containers_of(job: JsonObject, wanted: Wanted) -> tuple[str, ...]:
    """The names of the wanted containers, in the order in which they start.

    Raises:
        NoSuchContainerError: the job has none of a name.
    """
    template = mapping(job, "spec", "template")
    main = [str(row.get("name")) for row in items(template, "spec", "containers")]
    known = [str(row.get("name")) for row in items(template, "spec", "initContainers")] + main
    if not known:  # all that is left of the job is its name
        return tuple(name for name in wanted.containers if name != ALL)
    if ALL in wanted.containers and ALL not in known:
        return tuple(known)
    for name in wanted.containers:
        if name not in known:
            facts = {"it has": ", ".join(plain(each, 63) for each in known)}
            raise NoSuchContainerError(f"no container {plain(name, 63)} in this job", facts=facts)
    if wanted.containers:
        return tuple(name for name in known if name in wanted.containers)
    annotated = mapping(template, "metadata", "annotations").get(_DEFAULT)
    return (next((name for name in (MAIN, annotated) if name in main), main[0]),) if main else ()


def replica_of(pod: JsonObject) -> str:
    """Which of several pods at the same time this is: ``0``, ``worker-1``; empty where it is the only one."""
    labels = mapping(pod, "metadata", "labels")
    for kind, index in _REPLICAS:
        if kind in labels:
            return f"{labels[kind]}-{labels.get(index, 0)}"
    return str(labels.get(_INDEX, ""))


def created_pods(events: Iterable[JsonObject]) -> dict[str, int]:
    """The names of the pods that a Job's events tell of, and when each was made, in nanoseconds since the epoch."""
    found = {}
    for event in events:
        named = _CREATED.fullmatch(str(event.get("message") or ""))
        if named and event.get("reason") == "SuccessfulCreate":
            at = event.get("firstTimestamp") or event.get("eventTime") or event["metadata"].get("creationTimestamp")
            found[named[1]] = _nanoseconds(at)
    return found


def chosen_pods(
    job: JsonObject, pods: Sequence[JsonObject], created: dict[str, int], wanted: Wanted
) -> tuple[list[JsonObject], list[Lost]]:
    """The pods of the wanted attempt and replica, oldest first; and those of them that are gone.

    Args:
        job: the Job.
        pods: its pods that are there.
        created: names and times of the pods that it has had, as far as that is known.
        wanted: what is wanted.

    Raises:
        NoSuchAttemptError: the job has had no such attempt or replica.
    """
    there = {str(pod["metadata"]["name"]): pod for pod in pods}
    born = {**created, **{name: _nanoseconds(pod["metadata"].get("creationTimestamp")) for name, pod in there.items()}}
    attempts: dict[str, int] = {}
    found, lost, most = [], [], 0
    for name in sorted(born, key=lambda name: (born[name], name)):
        replica = replica_of(there[name]) if name in there else _replica_by_name(job, name)
        if not _is_replica(replica, wanted.replica):
            continue
        attempts[replica] = attempts.get(replica, 0) + 1
        most = max(most, attempts[replica])
        if wanted.attempt not in {None, attempts[replica]}:
            continue
        if name in there:
            found.append(there[name])
        else:
            lost.append(Lost(name, f"pod {name} is gone", born[name]))
    if wanted.follow:
        return found, lost  # it may still come
    if wanted.attempt and wanted.attempt > most > 0:
        told = "one attempt" if most == 1 else f"{most} attempts"
        raise NoSuchAttemptError(f"no attempt {wanted.attempt}: the job has had {told} so far")
    if wanted.replica and born and not attempts:
        names = sorted({replica_of(pod) for pod in pods} - {""})
        facts = {"it has": ", ".join(plain(name, 63) for name in names[:20])} if names else {}
        raise NoSuchAttemptError(f"no replica {plain(wanted.replica, 63)} in this job", facts=facts)
    return found, lost


def uncounted(job: JsonObject, pods: Sequence[JsonObject], created: dict[str, int]) -> list[Lost]:
    """The pods that a Job's status counts and nobody can name any more, as one."""
    counted = sum(number(job, "status", name) or 0 for name in ("active", "succeeded", "failed"))
    count = counted - len({*created, *(str(pod["metadata"]["name"]) for pod in pods)})
    if count <= 0:
        return []
    if count == 1:
        return [Lost("", "a pod of the job is gone", 0)]
    return [Lost("", f"{count} pods of the job are gone", 0, ", and their logs with them")]


def speakers_of(pod: JsonObject, containers: Iterable[str], wanted: Wanted) -> tuple[list[Speaker], list[Lost]]:
    """The runs of a pod's containers that have begun and can be read, in order; and those that cannot be any more."""
    found, lost = [], []
    metadata = pod["metadata"]
    born = _nanoseconds(metadata.get("creationTimestamp"))
    name, namespace, uid = str(metadata["name"]), str(metadata.get("namespace") or ""), str(metadata.get("uid") or "")
    for container in containers:
        status = container_status(pod, container)
        runs = number(status, "restartCount") or 0
        if runs > 1 and not wanted.previous:
            why = f"container {container} of pod {name} was restarted {runs} times"
            lost.append(Lost(name, why, born, "; its node keeps only the last two runs"))
        for run in range(max(0, runs - 1), runs + 1):
            instance = Instance(namespace, name, uid, container, run)
            stands = standing(pod, instance)
            if stands is Standing.WAITING or (wanted.previous and stands is not Standing.PREVIOUS):
                continue
            began = max(born, _began(status, is_previous=stands is Standing.PREVIOUS))
            is_over = stands is not Standing.RUNNING
            found.append(Speaker(instance, began, is_over, stands is Standing.PREVIOUS, replica_of(pod)))
    return found, lost


def _began(status: JsonObject, *, is_previous: bool) -> int:
    """When the present run of a container began, or the one before; 0 where that is not told."""
    now = mapping(status, "state", "running") or mapping(status, "state", "terminated")
    row = mapping(status, "lastState", "terminated") if is_previous or not now else now
    return 0 if is_previous and not now else _nanoseconds(row.get("startedAt"))


def _replica_by_name(job: JsonObject, pod: str) -> str:
    """The number of an indexed pod that is gone, from its name: ``NAME-0-abcde``."""
    if text(job, "spec", "completionMode") != "Indexed":
        return ""
    return pod.removeprefix(f"{job['metadata']['name']}-").partition("-")[0]


def _is_replica(replica: str, wanted: str) -> bool:
    return wanted in {"", ALL, replica} or replica.rpartition("-")[0] == wanted


def _nanoseconds(at: object) -> int:
    found = parse_timestamp(at)
    return instant(found) if found else 0
