"""What is known of the jobs that are followed: what their watches told, and when each is to be looked at again."""

from __future__ import annotations

from collections import deque
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from cajajejo.cluster import What
from cajajejo.jobs.followed import Followed
from cajajejo.jobs.subjects import Subjects, uid_of
from cajajejo.jobs.surroundings import LEFT_OUT
from cajajejo.status.reading import text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from cajajejo.cluster import Change
    from cajajejo.cluster.connection import Options
    from cajajejo.cluster.errors import ClusterError
    from cajajejo.cluster.exchange import JsonObject
    from cajajejo.jobs.watchers import Told

KINDS: Final = ("Job", "Pod", "Event")
"""The kinds that are watched in each namespace."""
_UNCLAIMED: Final = 1000


class Knowledge:
    """The jobs that go on, by uid, and what is known of each.

    Args:
        jobs: the jobs.
        options: what tells time.
        settle_seconds: how long a burst of changes is waited for.

    Attributes:
        going: the jobs that go on.
        due: when each is to be looked at, by the clock of `options`.
        namespaces: where they are.
        away_since: since when the API server does not answer for a namespace.
        away_error: why it did not, the last time.
    """

    def __init__(self, jobs: Sequence[JsonObject], options: Options, settle_seconds: float) -> None:
        self.going = {uid_of(job): Followed(job) for job in jobs}
        self.due: dict[str, float] = {}
        self.namespaces = tuple(dict.fromkeys(map(_namespace, jobs)))
        self.away_since: dict[str, datetime] = {}
        self.away_error: ClusterError | None = None
        self._options = options
        self._settle_seconds = settle_seconds
        self._subjects = {space: Subjects(_jobs_in(jobs, space)) for space in self.namespaces}
        self._unlisted = {(space, kind) for space in self.namespaces for kind in KINDS}
        self._seen: set[str] = set()
        self._unclaimed: deque[JsonObject] = deque(maxlen=_UNCLAIMED)

    @property
    def is_listed(self) -> bool:
        """Whether all that is there has been told."""
        return not self._unlisted

    def inside(self, namespace: str) -> list[Followed]:
        """The jobs of a namespace that go on."""
        return [each for each in self.going.values() if each.namespace == namespace]

    def take_due(self) -> list[Followed]:
        """The jobs whose time has come; each is due no more."""
        now = self._options.clock()
        found = [uid for uid, due in self.due.items() if due <= now]
        for uid in found:
            del self.due[uid]
        return [self.going[uid] for uid in found if self._is_known(self.going[uid].namespace)]

    def hear(self, told: Told) -> None:
        """What a watch told.

        Raises:
            Exception: what a watch ended with, where nothing can be known without it.
        """
        if told.error is not None:
            if told.kind == "Job" or not isinstance(told.error, LEFT_OUT):
                raise told.error
            self._listed(told)
        elif told.change is None or told.change.what in {What.AWAY, What.BACK}:
            self._signalled(told)
        elif told.change.what is What.LISTED:
            self._listed(told)
        elif told.kind == "Job":
            self._hear_of_job(told.change)
        elif told.kind == "Pod":
            self._hear_of_pod(told.change, told.namespace)
        else:
            self._hear_of_event(told.change.object, told.namespace)

    def _signalled(self, told: Told) -> None:
        if told.change is None:
            return
        if told.change.what is What.AWAY and told.kind != "Job":
            self._listed(told)  # the end of a job is not held back by what else cannot be read
        elif told.change.what is What.AWAY:
            self.away_since[told.namespace] = told.change.since or self.now()
            self.away_error = told.change.error
            self._mark_all(told.namespace)
        elif told.kind == "Job":
            self.away_since.pop(told.namespace, None)
            self._mark_all(told.namespace)

    def _listed(self, told: Told) -> None:
        """All of a kind that is there has been told, or cannot be read; a Job that was not among them is gone."""
        for each in self.inside(told.namespace) if told.kind == "Pod" else ():
            each.has_pods_listed |= told.change is not None and told.change.what is What.LISTED
        if (told.namespace, told.kind) not in self._unlisted:
            return
        self._unlisted.discard((told.namespace, told.kind))
        for each in self.inside(told.namespace) if told.kind == "Job" else ():
            each.deleted |= each.uid not in self._seen and not each.has_ended
            each.was_over = each.has_ended
        if self._is_known(told.namespace):
            self._mark_all(told.namespace)

    def _hear_of_job(self, change: Change) -> None:
        followed = self.going.get(uid_of(change.object))
        if followed is None or followed.has_ended:
            return  # what becomes of a Job after its end is no news
        self._seen.add(followed.uid)
        followed.job = change.object
        followed.deleted = change.what is What.DELETED
        self._mark(followed)

    def _hear_of_pod(self, change: Change, namespace: str) -> None:
        uid = self._subjects[namespace].add_pod(change.object)
        followed = self.going.get(uid or "")
        if followed is None:
            return
        is_new = uid_of(change.object) not in followed.pods
        if change.what is What.DELETED:
            followed.lose_pod(change.object, self.now())
        else:
            followed.add_pod(change.object)
        self._mark(followed)
        if is_new:
            waiting, self._unclaimed = self._unclaimed, deque(maxlen=_UNCLAIMED)
            for event in waiting:
                self._hear_of_event(event, namespace)

    def _hear_of_event(self, event: JsonObject, namespace: str) -> None:
        uid = self._subjects[namespace].job_of(event)
        if uid is None and text(event, "involvedObject", "kind") == "PersistentVolumeClaim":
            self._unclaimed.append(event)  # of a pod that has not been told yet, perhaps
        followed = self.going.get(uid or "")
        if followed is not None:
            followed.add_event(event)
            self._mark(followed)

    def _mark(self, followed: Followed) -> None:
        """Something of a job has changed: its status is told when the burst has settled, an end at once."""
        if not self._is_known(followed.namespace):
            return
        now = self._options.clock()
        urgent = followed.is_stopping or (followed.has_ended and followed.is_settled)
        due = now if urgent else now + self._settle_seconds
        self.due[followed.uid] = min(due, self.due.get(followed.uid, due))

    def _mark_all(self, namespace: str) -> None:
        for each in self.inside(namespace):
            self.due[each.uid] = self._options.clock()

    def _is_known(self, namespace: str) -> bool:
        """Whether all that is there has been told, or it is known that it cannot be."""
        is_listed = all((namespace, kind) not in self._unlisted for kind in KINDS)
        return is_listed or namespace in self.away_since

    def now(self) -> datetime:
        """The time of day."""
        return datetime.fromtimestamp(self._options.now(), UTC)


def _namespace(job: JsonObject) -> str:
    return text(job, "metadata", "namespace")


def _jobs_in(jobs: Iterable[JsonObject], namespace: str) -> list[JsonObject]:
    return [job for job in jobs if _namespace(job) == namespace]
