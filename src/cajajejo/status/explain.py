"""Everything the cluster said about a job, in the order of time and in its own words: what `jobs explain` shows."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from cajajejo.phrases import without_logins
from cajajejo.status.conditions import conditions_of
from cajajejo.status.events import Events
from cajajejo.status.facts import Facts
from cajajejo.status.reading import moment, text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cajajejo.status.conditions import Condition
    from cajajejo.status.evidence import Evidence
    from cajajejo.status.pods import Container, Ended, Pod

_TELLING: Final = frozenset({"DisruptionTarget", "PodScheduled"})
_NOW: Final = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that was said or happened.

    Attributes:
        at: when; None where nobody says.
        source: who says it: ``job``, ``pod``, ``kueue``, or the component of an event: ``default-scheduler``.
        subject: what it is about: ``Job/eval-x``, ``Pod/eval-x-w4b5m``.
        text: the words of the cluster, whole.
    """

    at: datetime | None
    source: str
    subject: str
    text: str


def entries(evidence: Evidence) -> tuple[Entry, ...]:
    """What is known about the job of `evidence`: conditions, pods and events, with raw messages.

    The oldest comes first, what has no time last: that is how it is now.
    """
    facts = Facts(evidence)
    found = [*_of_job(facts), *_of_workload(facts), *_of_claims(facts), *_of_events(evidence)]
    for pod in facts.pods:
        found.extend(_of_pod(pod))
    shown = (replace(entry, text=without_logins(entry.text)) for entry in found)
    return tuple(sorted(shown, key=lambda entry: entry.at or _NOW))


def _of_job(facts: Facts) -> Iterator[Entry]:
    job, subject = facts.job, f"Job/{facts.job.name}"
    if job.created_at is not None:
        yield Entry(job.created_at, "job", subject, "created")
    for condition in job.conditions.values():
        yield _condition("job", subject, condition)
    if job.deleting_since is not None:
        yield Entry(job.deleting_since, "job", subject, "being deleted")


def _of_workload(facts: Facts) -> Iterator[Entry]:
    workload = facts.workload
    if workload is not None:
        subject = f"Workload/{text(workload, 'metadata', 'name')}"
        yield from (_condition("kueue", subject, condition) for condition in conditions_of(workload).values())


def _of_claims(facts: Facts) -> Iterator[Entry]:
    for claim in facts.evidence.claims:
        if isinstance(claim, dict):
            name, phase = text(claim, "metadata", "name"), text(claim, "status", "phase")
            wanted = text(claim, "spec", "storageClassName")
            told = f"{phase or 'not seen yet'}, StorageClass {wanted or '(default)'}"
            at = moment(claim, "metadata", "creationTimestamp")
            yield Entry(at, "claim", f"PersistentVolumeClaim/{name}", told)


def _of_events(evidence: Evidence) -> Iterator[Entry]:
    for event in Events(evidence.events).all:
        times = f" ({event.times:,} times)" if event.times > 1 else ""
        yield Entry(
            event.at, event.source or "event", f"{event.kind}/{event.name}", f"{event.reason}: {event.text}{times}"
        )


def _of_pod(pod: Pod) -> Iterator[Entry]:
    subject = f"Pod/{pod.name}"
    if pod.created_at is not None:
        yield Entry(pod.created_at, "pod", subject, "created")
    for condition in pod.conditions.values():
        if condition.is_false or condition.type in _TELLING:
            yield _condition("pod", subject, condition)
    for container in (*pod.init_containers, *pod.containers):
        yield from _of_container(subject, container)
    if pod.reason or pod.message:
        yield Entry(
            None, "pod", subject, f"{pod.phase}: {': '.join(part for part in (pod.reason, pod.message) if part)}"
        )
    if pod.is_going:
        yield Entry(moment(pod.object, "metadata", "deletionTimestamp"), "pod", subject, "told to go by now")


def _of_container(subject: str, container: Container) -> Iterator[Entry]:
    if container.is_running:
        yield Entry(container.running_since, "pod", subject, f"container {container.name} started")
    if container.waits_for:
        said = ": ".join(part for part in (container.waits_for, container.waiting_message) if part)
        yield Entry(None, "pod", subject, f"container {container.name} waits: {said}")
    for end in (container.last_end, container.ended):
        if end is not None:
            yield from _of_end(subject, container.name, end)


def _of_end(subject: str, name: str, end: Ended) -> Iterator[Entry]:
    if end.started_at is not None:
        yield Entry(end.started_at, "pod", subject, f"container {name} started")
    said = ": ".join(part for part in (end.reason, end.message) if part)
    code = "unknown exit code" if end.exit_code is None else f"exit code {end.exit_code}"
    yield Entry(end.finished_at, "pod", subject, f"container {name} ended: {code}{f' ({said})' if said else ''}")


def _condition(source: str, subject: str, condition: Condition) -> Entry:
    said = ": ".join(part for part in (condition.reason, condition.message) if part)
    return Entry(condition.at, source, subject, f"{condition.type}={condition.status}{f' ({said})' if said else ''}")
