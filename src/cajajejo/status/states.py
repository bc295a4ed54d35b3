"""The state of a job: an end by the Job's conditions alone, what precedes it by suspension, Kueue and pods."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cajajejo.status.attempts import reached
from cajajejo.status.model import State

if TYPE_CHECKING:
    from datetime import datetime

    from cajajejo.status.facts import Facts
    from cajajejo.status.pods import Pod

_ORDER = (State.PENDING, State.STARTING, State.RUNNING)
_KUEUE = "kueue.x-k8s.io/"


def state_of(facts: Facts) -> State:
    """The state of the job."""
    job, evidence = facts.job, facts.evidence
    if job.end is not None:
        return State.SUCCEEDED if job.end.type == "Complete" else State.FAILED
    if evidence.cancelled is not None:
        return State.CANCELLED
    if evidence.deleted:
        return State.GONE
    if is_queued(facts):
        return State.QUEUED
    if job.is_suspended:
        return State.SUSPENDED
    return _by_pods(facts)


def is_queued(facts: Facts) -> bool:
    """Whether Kueue holds the job back: it suspends the Jobs that it looks after until there is room."""
    job = facts.job
    if job.other_controller.startswith(_KUEUE):
        return not facts.pods
    return job.is_suspended and bool(job.queue or facts.workload is not None)


def _by_pods(facts: Facts) -> State:
    """The furthest of the pods that work; between two attempts it is Pending, before the end what it was."""
    if facts.live:
        return _furthest(facts.live)
    if facts.pods and (is_ending(facts) or facts.job.deleting_since is not None):
        return reached(facts.pods[-1])
    if facts.stopping:
        return reached(facts.stopping[-1])
    return State.PENDING


def is_ending(facts: Facts) -> bool:
    """Whether no further pod comes, although the Job has not got its last condition yet."""
    job = facts.job
    if job.coming_end is not None or facts.is_given_up:
        return True
    return sum(pod.has_succeeded for pod in facts.pods) >= max(1, job.completions)


def _furthest(pods: tuple[Pod, ...]) -> State:
    return max((reached(pod) for pod in pods), key=_ORDER.index)


def since(facts: Facts, state: State) -> datetime | None:
    """When the job came into `state`."""
    job = facts.job
    if state in {State.SUCCEEDED, State.FAILED}:
        return finished_at(facts)
    if state in {State.GONE, State.CANCELLED}:
        return job.deleting_since
    if state in {State.SUSPENDED, State.QUEUED}:
        suspended = job.conditions.get("Suspended")
        return suspended.at if suspended is not None and suspended.is_true and suspended.at else job.created_at
    return _since_by_pods(facts, state)


def _since_by_pods(facts: Facts, state: State) -> datetime | None:
    pods = [pod for pod in facts.live or facts.stopping or facts.pods[-1:] if reached(pod) is state]
    if state is State.RUNNING:
        times = [started for pod in pods if (started := _main_started(pod)) is not None]
        return min(times, default=facts.job.started_at)
    if state is State.STARTING:
        times = [c.at for pod in pods if (c := pod.scheduled) is not None and c.is_true and c.at is not None]
        return max(times, default=facts.job.started_at)
    if facts.live:
        return max((pod.created_at for pod in pods if pod.created_at), default=facts.job.created_at)
    return _last_end(facts) or facts.job.started_at or facts.job.created_at


def _main_started(pod: Pod) -> datetime | None:
    end = pod.main.ended or pod.main.last_end
    return pod.main.running_since or (end.started_at if end else None)


def _last_end(facts: Facts) -> datetime | None:
    ends = [pod.main.ended.finished_at for pod in facts.pods if pod.main.ended is not None]
    return max((end for end in ends if end is not None), default=None)


def finished_at(facts: Facts) -> datetime | None:
    """When the Job ended, by its own condition."""
    end = facts.job.end
    return None if end is None else facts.job.completed_at or end.at
