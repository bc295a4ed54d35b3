"""What is known about one job now, in as few requests as its state asks for; and how it stands by that."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING, Final

from cajajejo.cluster.lists import Wanted
from cajajejo.jobs.subjects import Subjects, job_uids, name_of, uid_of
from cajajejo.jobs.surroundings import LEFT_OUT, Surroundings
from cajajejo.logs import pods as pod_logs
from cajajejo.status import Evidence, State, of
from cajajejo.status.job import Job
from cajajejo.status.pods import Pod
from cajajejo.status.reading import items, mapping, text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cajajejo.cluster import Cluster
    from cajajejo.cluster.exchange import JsonObject
    from cajajejo.status import Attempt, Status

CANCELLED: Final = "cajajejo/cancelled"
"""The annotation that `jobs cancel` leaves on a Job before it deletes it: a JSON object with the reason."""
LAST_LINES: Final = 20

_PAGE: Final = 500
_MOST_SUBJECTS: Final = 8
_CREATED: Final = "Created pod: "


def gather(cluster: Cluster, job: JsonObject, *, now: datetime | None = None) -> Evidence:
    """All that tells how `job` stands: its pods, the events about them, and what these point at.

    A running job costs two requests. What may not be read, or is not served, is left out.

    Args:
        cluster: where it is.
        job: the Job as it is now.
        now: the time of looking.

    Raises:
        ClusterError: the cluster does not answer.
    """
    evidence = with_job(Evidence(job, now or datetime.now(UTC)), job)
    pods = _pods(cluster, job)
    evidence = replace(evidence, pods=pods, events=_events(cluster, job, pods))
    return Surroundings(cluster, patient=True).complete(evidence)


def look(cluster: Cluster, job: JsonObject, *, now: datetime | None = None) -> Status:
    """How `job` stands, with the last lines of the container that failed.

    Raises:
        ClusterError: the cluster does not answer.
    """
    evidence = gather(cluster, job, now=now)
    return of(with_last_lines(cluster, evidence, of(evidence)))


def with_job(evidence: Evidence, job: JsonObject, *, deleted: bool = False) -> Evidence:
    """`evidence` with `job` as it is now, and whether we are ending it."""
    going = deleted or "deletionTimestamp" in mapping(job, "metadata")
    return replace(evidence, job=job, deleted=deleted, cancelled=_cancelled(job) if going else None)


def with_last_lines(cluster: Cluster, evidence: Evidence, status: Status) -> Evidence:
    """`evidence` with what the container printed that failed last, where there is such a one and its log is there."""
    if status.state is State.SUCCEEDED:
        return evidence
    attempt = _failed_last(status.attempts)
    if attempt is None:
        return evidence
    pod = next((pod for pod in evidence.pods if name_of(pod) == attempt.pod), {})
    lines = pod_logs.tail(
        cluster, status.namespace, attempt.pod, attempt.container, lines=LAST_LINES, previous=_is_anew(pod, attempt)
    )
    return replace(evidence, last_lines=lines) if lines else evidence


def lines_before_the_end(cluster: Cluster, evidence: Evidence) -> tuple[str, ...]:
    """The last lines of the main container of a pod that is just being stopped, whose log goes with it."""
    running = [pod for pod in map(Pod, evidence.pods) if pod.is_on_a_node and not pod.is_ended]
    if not running:
        return ()
    newest = running[-1]
    namespace = text(evidence.job, "metadata", "namespace")
    return pod_logs.tail(cluster, namespace, newest.name, newest.main.name, lines=LAST_LINES)


def _cancelled(job: JsonObject) -> str | None:
    """The reason that was given when the job was cancelled; None where it was not."""
    told = mapping(job, "metadata", "annotations").get(CANCELLED)
    if not isinstance(told, str):
        return None
    try:
        found = json.loads(told)
    except (ValueError, RecursionError):
        return ""
    return text(found, "reason")


def _pods(cluster: Cluster, job: JsonObject) -> Sequence[JsonObject]:
    """The pods of the job; none where they may not be read."""
    uid = uid_of(job)
    try:
        found = cluster.list("Pod", text(job, "metadata", "namespace"), selector=Job(job).pod_selector)
        return [pod for pod in found if uid in set(job_uids(pod))]
    except LEFT_OUT:
        return ()


def _events(cluster: Cluster, job: JsonObject, pods: Sequence[JsonObject]) -> Sequence[JsonObject]:
    """The events about the job, its pods and its claims: of one page of them all, or asked for one by one."""
    namespace, subjects = text(job, "metadata", "namespace"), Subjects([job], pods)
    try:
        page = next(iter(cluster.pages(Wanted("Event", namespace), limit=_PAGE)))
        found = page.items
        if page.token:
            found = _events_one_by_one(cluster, namespace, job, pods)
    except LEFT_OUT:
        return ()
    return [event for event in found if subjects.job_of(event) is not None]


def _events_one_by_one(
    cluster: Cluster, namespace: str, job: JsonObject, pods: Sequence[JsonObject]
) -> list[JsonObject]:
    """In a namespace with many events, those of the job, of its newest pods, also those gone, and of their claims."""
    found = _events_about(cluster, namespace, f"involvedObject.uid={uid_of(job)}")
    newest = sorted(pods, key=lambda pod: text(pod, "metadata", "creationTimestamp"), reverse=True)
    names = [*map(name_of, newest), *(claim for pod in newest for claim in Pod(pod).claims), *_created(found)]
    for name in islice(dict.fromkeys(names), _MOST_SUBJECTS):
        found.extend(_events_about(cluster, namespace, f"involvedObject.name={name}"))
    return found


def _events_about(cluster: Cluster, namespace: str, fields: str) -> list[JsonObject]:
    page = next(iter(cluster.pages(Wanted("Event", namespace, fields=fields), limit=_PAGE)))
    return list(page.items)


def _created(events: Sequence[JsonObject]) -> Iterator[str]:
    """The pods that the Job controller says it has made."""
    told = (text(event, "message") for event in events if text(event, "reason") == "SuccessfulCreate")
    return (message.removeprefix(_CREATED) for message in told if message.startswith(_CREATED))


def _failed_last(attempts: Sequence[Attempt]) -> Attempt | None:
    failed = [attempt for attempt in attempts if attempt.exit_code and attempt.container]
    return failed[-1] if failed else None


def _is_anew(pod: JsonObject, attempt: Attempt) -> bool:
    """Whether the container that failed has been started again since, in the same pod."""
    statuses = (*items(pod, "status", "initContainerStatuses"), *items(pod, "status", "containerStatuses"))
    own = next((status for status in statuses if text(status, "name") == attempt.container), {})
    is_ended = bool(mapping(own, "state", "terminated"))
    return not is_ended and bool(mapping(own, "lastState", "terminated"))
