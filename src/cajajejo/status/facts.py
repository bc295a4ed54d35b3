"""What rules look at: the evidence of one job, read once."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from cajajejo.status.attempts import Attempts
from cajajejo.status.events import Events
from cajajejo.status.job import Job
from cajajejo.status.pods import Pod
from cajajejo.status.reading import text
from cajajejo.status.states import state_of

if TYPE_CHECKING:
    from cajajejo.status.events import Event
    from cajajejo.status.evidence import Evidence, Object
    from cajajejo.status.model import State


class Facts:
    """One job, its pods in the order in which they were made, and the events about them; read when asked for."""

    def __init__(self, evidence: Evidence) -> None:
        self.evidence = evidence
        self.job = Job(evidence.job if isinstance(evidence.job, dict) else {})

    @cached_property
    def pods(self) -> tuple[Pod, ...]:
        """All pods that were seen, the oldest first."""
        found = [Pod(pod) for pod in self.evidence.pods if isinstance(pod, dict)]
        return tuple(sorted(found, key=lambda pod: (pod.created_at.timestamp() if pod.created_at else 0.0, pod.name)))

    @cached_property
    def live(self) -> tuple[Pod, ...]:
        """The pods that work, or will."""
        return tuple(pod for pod in self.pods if pod.is_live)

    @cached_property
    def stopping(self) -> tuple[Pod, ...]:
        """The pods that have been told to go, and have not yet."""
        return tuple(pod for pod in self.pods if pod.is_going and not pod.is_ended)

    @cached_property
    def attempts(self) -> Attempts:
        """The pods as attempts, with why each of them failed."""
        return Attempts(self)

    @cached_property
    def state(self) -> State:
        """The state of the job."""
        return state_of(self)

    @cached_property
    def waiting(self) -> Pod | None:
        """The pod whose waiting is to be explained: of those that do not run yet, the one that has come furthest."""
        pods = self.live if self.job.verdict is None else self.pods[-1:]
        found = [pod for pod in pods if not pod.main.is_running and pod.main.ended is None]
        return max(found, key=lambda pod: (pod.is_on_a_node, self.pods.index(pod)), default=None)

    def events_about(self, thing: Job | Pod, reasons: frozenset[str]) -> list[Event]:
        """What was said about the Job or one pod with one of `reasons`, the newest first."""
        return self._events.about("Job" if isinstance(thing, Job) else "Pod", thing.name, thing.uid, reasons)

    def events_about_claim(self, name: str, reasons: frozenset[str]) -> list[Event]:
        """What was said about a claim with one of `reasons`, the newest first."""
        return self._events.about("PersistentVolumeClaim", name, "", reasons)

    @cached_property
    def _events(self) -> Events:
        return Events(self.evidence.events)

    @cached_property
    def nodes(self) -> list[Object] | None:
        """The nodes; None where they may not be read."""
        found = self.evidence.nodes
        return None if found is None else [node for node in found if isinstance(node, dict)]

    @cached_property
    def workload(self) -> Object | None:
        """What Kueue made of the job."""
        found = self.evidence.workload
        return found if isinstance(found, dict) else None

    def claim(self, name: str) -> Object | None:
        """The claim of the name, where it was seen."""
        found = [claim for claim in self.evidence.claims if isinstance(claim, dict)]
        return next((claim for claim in found if text(claim, "metadata", "name") == name), None)

    @cached_property
    def is_given_up(self) -> bool:
        """Whether no further pod comes: the backoff limit is used up, or a failure ends the job at once."""
        if self.attempts.ended_the_job is not None:
            return True
        failed = max(self.job.failed, len(self.attempts.failures))
        return not self.job.has_limit_per_index and failed > self.job.backoff_limit
