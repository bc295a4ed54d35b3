"""How many jobs stand, told from a few lists of all that is there, whatever their number."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from cajajejo import moments, status
from cajajejo.cluster.errors import NotAllowedError
from cajajejo.jobs.finding import OURS, find_all
from cajajejo.jobs.gathering import with_job
from cajajejo.jobs.subjects import Subjects, job_uids, name_of, uid_of
from cajajejo.jobs.surroundings import Surroundings
from cajajejo.status import Evidence, Reason, State
from cajajejo.status.reading import mapping, text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from cajajejo.cluster import Cluster
    from cajajejo.cluster.exchange import JsonObject
    from cajajejo.status import Status

_JOB_NAME: Final = "batch.kubernetes.io/job-name"
_NAMED: Final = 50
"""Of so many jobs the pods are asked for by name; of more, the pods of all jobs of ours."""
_DETAILED: Final = 200
"""Of so many jobs that wait, also what they wait for is looked at; that of the others changes only their sentences."""
_UNTOLD: Final = frozenset({None, Reason.BACKOFF_LIMIT_EXCEEDED, Reason.DEADLINE_EXCEEDED})
"""Reasons of an end behind which events may know another."""
_LONG_AGO: Final = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which jobs are listed.

    Attributes:
        kind: evaluation, training or test; None: all.
        states: only those in one of these states; empty: all.
        since: only those that were sent since then.
        limit: at most so many, the newest; 0: all.
        selector: a label selector.
    """

    kind: str | None = None
    states: frozenset[State] = frozenset()
    since: datetime | None = None
    limit: int = 0
    selector: str = ""


@dataclass(frozen=True, slots=True)
class Listing:
    """Jobs, newest first, and how many more fit than were wanted."""

    statuses: tuple[Status, ...]
    left_out: int = 0


def list_jobs(cluster: Cluster, namespace: str, wanted: Wanted, *, now: datetime) -> Listing:
    """The jobs of ours that are `wanted`, newest first.

    Args:
        cluster: where they are.
        namespace: where on it; `ALL_NAMESPACES` for all.
        wanted: which jobs.
        now: the time of looking.

    Raises:
        ClusterError: the cluster does not answer, or does not let us look.
    """
    jobs = find_all(cluster, namespace, selector=wanted.selector, kind=wanted.kind)
    if wanted.since is not None:
        jobs = [job for job in jobs if _sent_at(job) >= wanted.since]
    if not wanted.states:
        shown = jobs[: wanted.limit or None]
        return Listing(tuple(statuses(cluster, namespace, shown, now=now)), len(jobs) - len(shown))
    fitting = [found for found in statuses(cluster, namespace, jobs, now=now) if found.state in wanted.states]
    return Listing(tuple(fitting[: wanted.limit or None]), max(0, len(fitting) - wanted.limit) if wanted.limit else 0)


def statuses(cluster: Cluster, namespace: str, jobs: Sequence[JsonObject], *, now: datetime) -> list[Status]:
    """How each of `jobs` stands: by one list of pods; where one waits, by one of events, and by what these name."""
    pods = _pods_by_job(cluster, namespace, jobs)
    seen = [replace(with_job(Evidence(job, now), job), pods=pods.get(uid_of(job), ())) for job in jobs]
    found = [status.of(evidence) for evidence in seen]
    unclear = [number for number, one in enumerate(found) if _is_unclear(one)]
    if unclear:
        events = _events_by_job(cluster, namespace, [seen[number] for number in unclear])
        around = Surroundings(cluster, patient=True)
        for count, number in enumerate(unclear):
            evidence = replace(seen[number], events=events.get(uid_of(jobs[number]), ()))
            found[number] = status.of(around.complete(evidence) if count < _DETAILED else evidence)
    return found


def _is_unclear(found: Status) -> bool:
    """Whether more than the pods is needed to tell why."""
    if found.state.is_end:
        return found.state is State.FAILED and found.reason in _UNTOLD
    return found.state is not State.RUNNING


def _pods_by_job(cluster: Cluster, namespace: str, jobs: Sequence[JsonObject]) -> Mapping[str, Sequence[JsonObject]]:
    """The pods of each job by its uid; none where they may not be read."""
    uids = {uid_of(job) for job in jobs}
    names = sorted({name_of(job) for job in jobs})
    found: dict[str, list[JsonObject]] = defaultdict(list)
    if not names:
        return found
    selector = f"{_JOB_NAME} in ({','.join(names)})" if len(names) <= _NAMED else OURS
    for pod in _readable(cluster, "Pod", namespace, selector):
        uid = next((uid for uid in job_uids(pod) if uid in uids), None)
        if uid is not None:
            mapping(pod, "metadata").pop("managedFields", None)  # a third of it, and tells nothing
            found[uid].append(pod)
    return found


def _events_by_job(cluster: Cluster, namespace: str, seen: Iterable[Evidence]) -> Mapping[str, Sequence[JsonObject]]:
    """The events about each job, its pods and its claims, by its uid; none where they may not be read."""
    subjects: dict[str, Subjects] = defaultdict(Subjects)
    for evidence in seen:
        here = subjects[text(evidence.job, "metadata", "namespace")]
        here.add_job(evidence.job)
        for pod in evidence.pods:
            here.add_pod(pod)
    found: dict[str, list[JsonObject]] = defaultdict(list)
    for event in _readable(cluster, "Event", namespace):
        namespaced = subjects.get(text(event, "metadata", "namespace"))
        uid = namespaced.job_of(event) if namespaced is not None else None
        if uid is not None:
            found[uid].append(event)
    return found


def _readable(cluster: Cluster, kind: str, namespace: str, selector: str = "") -> Iterable[JsonObject]:
    try:
        yield from cluster.list(kind, namespace, selector=selector)
    except NotAllowedError:
        return


def _sent_at(job: JsonObject) -> datetime:
    return moments.parse_timestamp(mapping(job, "metadata").get("creationTimestamp")) or _LONG_AGO
