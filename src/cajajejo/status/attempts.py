"""The attempts of a job: its pods one by one, how far each came, and why it ended."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from cajajejo.status import policies
from cajajejo.status.failures import failure_of
from cajajejo.status.model import Attempt, State

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from cajajejo.status.facts import Facts
    from cajajejo.status.pods import Pod
    from cajajejo.status.verdicts import Failure

_DELETED_BY_JOB = frozenset({"SuccessfulDelete"})


def reached(pod: Pod) -> State:
    """How far `pod` has come: Pending, Starting or Running."""
    if pod.main.is_running or pod.main.ended is not None:
        return State.RUNNING
    if pod.main.last_end is not None and pod.main.restarts:
        return State.RUNNING
    return State.STARTING if pod.is_on_a_node else State.PENDING


@dataclass(frozen=True, slots=True)
class Tried:
    """One attempt: its number, its pod, and why it failed; no failure where it works or succeeded.

    Pods that do different parts of an indexed Job are counted apart.
    """

    number: int
    pod: Pod
    failure: Failure | None

    @property
    def name(self) -> str:
        """What it is called: ``attempt 2``, ``attempt 1 of index 3``."""
        part = "" if self.pod.index is None else f" of index {self.pod.index}"
        return f"attempt {self.number}{part}"


class Attempts:
    """The attempts of one job, with why each of them failed."""

    def __init__(self, facts: Facts) -> None:
        self._job = facts.job
        stopped = _stopped_by_job(facts)
        seen: Counter[int | None] = Counter()
        tried = []
        for pod in facts.pods:
            seen[pod.index] += 1
            is_over = pod.is_ended or pod.is_going
            failure = failure_of(pod, facts.job, stopped_by_job=pod.name in stopped) if is_over else None
            tried.append(Tried(seen[pod.index], pod, failure))
        self.tried = tuple(tried)

    @property
    def told(self) -> tuple[Attempt, ...]:
        """All attempts as values, the first one first."""
        return tuple(map(_attempt, self.tried))

    @cached_property
    def failures(self) -> list[Failure]:
        """Why attempts failed, the oldest first, without those that nobody counts."""
        return [found for tried in self.tried if (found := tried.failure) is not None and found.counted]

    @cached_property
    def ended_the_job(self) -> Failure | None:
        """The failure that ended the job at once, by a rule of its pod failure policy."""
        found = (
            tried.failure
            for tried in self.tried
            if tried.failure and policies.action(tried.pod, self._job) == "FailJob"
        )
        return next(found, None)

    @cached_property
    def last_failed(self) -> Tried | None:
        """The attempt that failed last; those that nobody counts among them."""
        return next((tried for tried in reversed(self.tried) if tried.failure is not None), None)

    def of(self, pod: Pod) -> Tried:
        """The attempt that `pod` is."""
        return next((tried for tried in self.tried if tried.pod is pod), Tried(1, pod, None))


def _stopped_by_job(facts: Facts) -> frozenset[str]:
    """The pods that the Job controller deleted: it says so in events, and only deletes for a reason of its own."""
    told = facts.events_about(facts.job, _DELETED_BY_JOB)
    names = {event.text.removeprefix("Deleted pod: ").strip() for event in told}
    end = facts.job.end or facts.job.coming_end
    by_deadline = end is not None and end.reason == "DeadlineExceeded"
    return frozenset(names | {pod.name for pod in facts.pods if by_deadline and pod.is_going})


def _attempt(tried: Tried) -> Attempt:
    pod, failure = tried.pod, tried.failure
    state = State.SUCCEEDED if pod.has_succeeded else State.FAILED if failure and pod.is_ended else reached(pod)
    started, finished = _times(pod)
    end = pod.main.ended if failure is None else failure.end
    return Attempt(
        number=tried.number,
        pod=pod.name,
        state=state,
        node=pod.node or None,
        started_at=started,
        finished_at=finished,
        exit_code=end.exit_code if end else None,
        reason=str(failure.reason) if failure else None,
        message=failure.told if failure else "",
        counted=failure is not None and failure.counted,
        index=pod.index,
        container=pod.main.name if failure is None else failure.container or pod.main.name,
    )


def _times(pod: Pod) -> tuple[datetime | None, datetime | None]:
    """When the main container started and ended; an init container's, where that one failed."""
    main = pod.main
    if main.ended is not None:
        return main.ended.started_at, main.ended.finished_at
    if main.is_running:
        return main.running_since, None
    failed = [c.ended or c.last_end for c in pod.init_containers if not c.is_sidecar and (c.ended or c.last_end)]
    ended = [end for end in failed if end is not None and end.is_failure]
    return (ended[-1].started_at, ended[-1].finished_at) if ended else (None, None)


def common(failures: Sequence[Failure]) -> Failure | None:
    """What all of `failures` have in common: the last one, where all have its reason, container and exit code."""
    kinds = {(failure.reason, failure.container, failure.exit_code) for failure in failures}
    return failures[-1] if len(kinds) == 1 else None


def differing(attempts: Sequence[Tried]) -> str:
    """How attempts failed that differ, the last three of them: ``attempt 1 was evicted; attempt 2 failed with …``."""
    told = [f"{tried.name} {tried.failure.message}" for tried in attempts if tried.failure and tried.failure.counted]
    return "; ".join(told[-3:])
