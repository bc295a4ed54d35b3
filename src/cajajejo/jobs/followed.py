"""What is known of one job that is followed, as it came in: the Job, its pods also when they are gone, its events."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from cajajejo.jobs.gathering import with_job
from cajajejo.jobs.subjects import name_of, uid_of
from cajajejo.moments import rfc3339
from cajajejo.status import Evidence
from cajajejo.status.job import Job
from cajajejo.status.reading import mapping, number, text

if TYPE_CHECKING:
    from datetime import datetime

    from cajajejo.cluster.exchange import JsonObject
    from cajajejo.status import Status

_MOST_PODS: Final = 2000
_MOST_EVENTS: Final = 300


@dataclass(slots=True)
class Followed:
    """One job.

    Attributes:
        job: the Job, as it was last.
        deleted: whether it is gone.
        pods: its pods by uid, those that are gone as they were last.
        events: the newest events about them, by uid.
        last_lines: what was read of a container before its pod went.
        shown: the status that was told last.
    """

    job: JsonObject
    deleted: bool = False
    pods: dict[str, JsonObject] = field(default_factory=dict)
    events: dict[str, JsonObject] = field(default_factory=dict)
    last_lines: tuple[str, ...] = ()
    is_read: bool = False
    """Whether the last lines were read early."""
    was_over: bool = False
    """Whether it had ended before it was followed, so that the pods that are listed are all that there are."""
    has_pods_listed: bool = False
    """Whether the pods that are there have been told."""
    is_asked: bool = False
    """Whether the cluster was asked once more: how its pods ended, or whether it is gone."""
    over_since: float | None = None
    """Since when its end is known."""
    shown: Status | None = None

    @property
    def uid(self) -> str:
        """Of the Job."""
        return uid_of(self.job)

    @property
    def namespace(self) -> str:
        """Where the Job is."""
        return text(self.job, "metadata", "namespace")

    @property
    def name(self) -> str:
        """Of the Job."""
        return name_of(self.job)

    @property
    def has_ended(self) -> bool:
        """Whether the Job has its last condition, or is gone."""
        return self.deleted or Job(self.job).end is not None

    @property
    def is_stopping(self) -> bool:
        """Whether the Job has failed, and its pods are just being stopped."""
        return not self.has_ended and Job(self.job).holds("FailureTarget")

    @property
    def is_settled(self) -> bool:
        """Whether the end of all its pods is known, so that nothing more is to come: as many as the Job has counted."""
        phases = Counter(text(pod, "status", "phase") for pod in self.pods.values())
        succeeded, failed = (number(self.job, "status", key) or 0 for key in ("succeeded", "failed"))
        is_over = set(phases) <= {"Succeeded", "Failed"}
        is_complete = phases["Succeeded"] >= succeeded and phases.total() >= succeeded + failed
        return is_over and (is_complete or (self.was_over and self.has_pods_listed))

    def add_pod(self, pod: JsonObject) -> None:
        """A pod as it is now."""
        self.pods.pop(uid_of(pod), None)
        self.pods[uid_of(pod)] = pod
        _cut(self.pods, _MOST_PODS)

    def lose_pod(self, pod: JsonObject, now: datetime) -> None:
        """A pod as it was when it went; one whose going nobody saw is told to have gone now."""
        metadata = {"deletionTimestamp": rfc3339(now), **mapping(pod, "metadata")}
        self.add_pod({**pod, "metadata": metadata})

    def add_event(self, event: JsonObject) -> None:
        """An event about the job, one of its pods, or a claim."""
        self.events.pop(uid_of(event), None)
        self.events[uid_of(event)] = event
        _cut(self.events, _MOST_EVENTS)

    def add(self, evidence: Evidence) -> None:
        """What was found by asking."""
        for pod in evidence.pods:
            self.add_pod(pod)
        for event in evidence.events:
            self.add_event(event)

    def evidence(self, now: datetime, away_since: datetime | None = None) -> Evidence:
        """What is known, as of `now`."""
        pods, events = tuple(self.pods.values()), tuple(self.events.values())
        found = Evidence(self.job, now, pods, events, away_since=away_since, last_lines=self.last_lines)
        return with_job(found, self.job, deleted=self.deleted)

    def is_news(self, status: Status) -> bool:
        """Whether a user sees a difference between `status` and what was told last."""
        return self.shown is None or _seen(status) != _seen(self.shown)


def _cut(found: dict[str, JsonObject], most: int) -> None:
    for key in list(found)[: max(0, len(found) - most)]:
        del found[key]


def _seen(status: Status) -> Status:
    """What of `status` a user sees change."""
    return replace(status, since=None, quotes=(), last_lines=None, deadline_at=None, disappears_at=None)
