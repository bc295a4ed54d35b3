"""Jobs followed to their end: each change that a user sees, once, and the end of each job exactly once.

One watch for each kind and namespace serves any number of jobs. What lies around them (nodes, quotas, claims, queues)
is looked at only when something points there, and at most once in half a minute.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Final, overload

from cajajejo.cluster import Pace
from cajajejo.cluster.errors import ClusterError
from cajajejo.cluster.lists import Wanted
from cajajejo.errors import ExitCode, GoesOnError
from cajajejo.jobs import gathering
from cajajejo.jobs.finding import OURS, is_ours
from cajajejo.jobs.knowledge import Knowledge
from cajajejo.jobs.subjects import JOB_UID, name_of, uid_of
from cajajejo.jobs.surroundings import Surroundings
from cajajejo.jobs.watchers import Watchers
from cajajejo.moments import duration
from cajajejo.status import of
from cajajejo.status.job import Job

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cajajejo.cluster import Cluster
    from cajajejo.cluster.exchange import JsonObject
    from cajajejo.jobs.followed import Followed
    from cajajejo.status import Status

_SETTLE_SECONDS: Final = 0.2
_PATIENCE: Final = 10
"""How many times as long the last word of pods is waited for once the Job has ended."""
_LONGEST_PATIENCE: Final = 150
"""How many times as long, where the cluster does not answer either: half a minute."""
_FEW: Final = 20
_SHOWN: Final = 3
_AT_ONCE: Final = 1000


class StillGoingError(GoesOnError):
    """The time to wait has passed."""

    exit_code = ExitCode.STILL_GOING


@overload
def follow(
    cluster: Cluster,
    jobs: Sequence[JsonObject],
    *,
    timeout: float | None = None,
    tick: None = None,
    pace: Pace = ...,
    settle_seconds: float = ...,
) -> Iterator[Status]: ...


@overload
def follow(
    cluster: Cluster,
    jobs: Sequence[JsonObject],
    *,
    timeout: float | None = None,
    tick: float,
    pace: Pace = ...,
    settle_seconds: float = ...,
) -> Iterator[Status | None]: ...


def follow(
    cluster: Cluster,
    jobs: Sequence[JsonObject],
    *,
    timeout: float | None = None,
    tick: float | None = None,
    pace: Pace | None = None,
    settle_seconds: float = _SETTLE_SECONDS,
) -> Iterator[Status | None]:
    """How `jobs` stand, then each change that a user sees, until all have ended.

    The last status of each job is an end, and comes exactly once, whatever breaks meanwhile. While the API server does
    not answer, each job has one status that says so. Closing the iterator ends all threads.

    Args:
        cluster: where they are.
        jobs: the Jobs as they were found; also of several namespaces.
        timeout: after how many seconds to stop waiting; 0: ask once; None: never.
        tick: also yield None when nothing was yielded for so many seconds, for a screen that moves.
        pace: how patient the watches are.
        settle_seconds: how long a burst of changes is waited for, so that nothing flickers; an end never waits.

    Raises:
        StillGoingError: the time has passed; names the jobs that go on.
        ClusterError: the cluster does not let us look, or with a timeout of 0 does not answer.
    """
    knowledge = Knowledge(jobs, cluster.options, settle_seconds)
    following = _Following(cluster, knowledge, Watchers(cluster, pace or Pace()), settle_seconds)
    try:
        yield from following.run(timeout, tick)
    finally:
        following.watchers.close()


class _Following:
    def __init__(self, cluster: Cluster, knowledge: Knowledge, watchers: Watchers, settle_seconds: float) -> None:
        self.watchers = watchers
        self._cluster = cluster
        self._known = knowledge
        self._clock = cluster.options.clock
        self._settle_seconds = settle_seconds
        self._surroundings = Surroundings(cluster, patient=False)
        self._is_behind = False

    def run(self, timeout: float | None, tick: float | None) -> Iterator[Status | None]:
        started = spoken = self._clock()
        for namespace in self._known.namespaces:
            self._watch(namespace)
        while True:
            for status in self._statuses():
                spoken = self._clock()
                yield status
            if not self._known.going:
                return
            now = self._clock()
            if timeout is not None and now >= started + timeout and self._may_stop(timeout):
                raise self._still_going(timeout)
            if tick is not None and now >= spoken + tick:
                spoken = now
                yield None
            wakes = [*self._known.due.values()]
            wakes += [started + timeout] if timeout is not None and now < started + timeout else []
            wakes += [spoken + tick] if tick is not None else []
            self._take(min(wakes, default=None))

    def _watch(self, namespace: str) -> None:
        jobs = [each.job for each in self._known.inside(namespace)]
        only = f"metadata.name={name_of(jobs[0])}" if len(jobs) == 1 else ""
        ours = OURS if all(map(is_ours, jobs)) else ""
        self.watchers.start(Wanted("Job", namespace, "" if only else ours, only), remember=True)
        self.watchers.start(Wanted("Pod", namespace, _pods_of(jobs) or ours or JOB_UID), remember=True)
        self.watchers.start(Wanted("Event", namespace), remember=False)

    def _take(self, until: float | None) -> None:
        """Takes in what comes until then, and what has come besides."""
        told = self.watchers.get(None if until is None else max(0.0, until - self._clock()))
        heard = 0
        while told is not None:
            self._known.hear(told)
            heard += 1
            told = self.watchers.get(0) if heard < _AT_ONCE else None
        self._is_behind = heard == _AT_ONCE

    def _statuses(self) -> Iterator[Status]:
        """The statuses of the jobs whose time has come, where they are news."""
        now = self._clock()
        for followed in self._known.take_due():
            if followed.has_ended and not self._is_there_after_all(followed):
                if self._is_certain(followed, now):
                    del self._known.going[followed.uid]
                    yield self._final(followed)
                continue
            if followed.is_stopping and not followed.is_read:
                followed.is_read = True
                followed.last_lines = gathering.lines_before_the_end(
                    self._cluster, followed.evidence(self._known.now())
                )
            evidence = followed.evidence(self._known.now(), self._known.away_since.get(followed.namespace))
            status = of(self._surroundings.complete(evidence))
            if followed.is_news(status):
                followed.shown = status
                yield status

    def _is_there_after_all(self, followed: Followed) -> bool:
        """Whether a Job that was told to be gone has only lost the label that it was watched by."""
        if not followed.deleted or followed.is_asked:
            return False
        followed.is_asked = True
        with suppress(ClusterError):
            live = self._cluster.get("Job", followed.name, followed.namespace)
            if live is not None and uid_of(live) == followed.uid:
                followed.job, followed.deleted, followed.is_asked = live, False, False
                only = f"metadata.name={followed.name}"
                self.watchers.start(Wanted("Job", followed.namespace, fields=only), remember=True)
                return not followed.has_ended
        return False

    def _is_certain(self, followed: Followed, now: float) -> bool:
        """Whether the end can be told: how its pods ended is known, or is not to be known.

        Their watch may be a moment behind that of the Job. Then it is waited for, and the cluster is asked once more.
        """
        if followed.over_since is None:
            followed.over_since = now
        late = now - followed.over_since
        must_ask = not followed.is_settled and not followed.is_asked and not self._is_behind
        if must_ask and late >= self._settle_seconds:
            with suppress(ClusterError):
                followed.add(gathering.gather(self._cluster, followed.job))
                followed.is_asked = True
        patience = 1 if followed.deleted else _PATIENCE if followed.is_asked else _LONGEST_PATIENCE
        if followed.is_settled or late >= patience * self._settle_seconds:
            return True
        self._known.due[followed.uid] = now + self._settle_seconds
        return False

    def _final(self, followed: Followed) -> Status:
        evidence = followed.evidence(self._known.now())
        if not followed.deleted:
            evidence = gathering.with_last_lines(self._cluster, evidence, of(evidence))
        return of(evidence)

    def _may_stop(self, timeout: float) -> bool:
        """Whether the waiting may end: where it is asked only once, not before there was an answer."""
        if timeout > 0 or self._known.is_listed:
            return True
        if self._known.away_error is not None:
            raise self._known.away_error
        return False

    def _still_going(self, timeout: float) -> StillGoingError:
        names = [each.name for each in self._known.going.values()]
        shown = [*names[:_SHOWN], *[f"{len(names) - _SHOWN} more"] * (len(names) > _SHOWN)]
        return StillGoingError(f"still going after {duration(timeout)}: {', '.join(shown)}")


def _pods_of(jobs: Sequence[JsonObject]) -> str:
    """The label selector of the pods of a few jobs; empty of many, which no address could hold."""
    selectors = [Job(job).pod_selector for job in jobs]
    if len(jobs) == 1:
        return selectors[0]
    keys = {selector.partition("=")[0] for selector in selectors if "," not in selector}
    if len(jobs) > _FEW or len(keys) != 1 or any("," in selector for selector in selectors):
        return ""
    values = ",".join(selector.partition("=")[2] for selector in selectors)
    return f"{keys.pop()} in ({values})"
