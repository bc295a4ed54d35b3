"""How a job stands, as values: one state, one reason, one sentence, one thing to do, and its attempts."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime


class State(StrEnum):
    """The state of a job; what ended is told by the Job's conditions, never by its pods."""

    QUEUED = "Queued"  # Kueue has not admitted it
    SUSPENDED = "Suspended"  # spec.suspend, not by Kueue
    PENDING = "Pending"  # admitted, no pod on a node
    STARTING = "Starting"  # on a node: image, volumes, init containers
    RUNNING = "Running"  # the main container runs
    SUCCEEDED = "Succeeded"  # the condition Complete
    FAILED = "Failed"  # the condition Failed
    CANCELLED = "Cancelled"  # ended by us
    GONE = "Gone"  # deleted by someone, or its time to live has passed

    @property
    def is_end(self) -> bool:
        """Whether nothing comes after it."""
        return self in {State.SUCCEEDED, State.FAILED, State.CANCELLED, State.GONE}


class Reason(StrEnum):
    """Why a job waits, or failed: stable codes for scripts."""

    QUEUED_IN_KUEUE = "QueuedInKueue"
    SUSPENDED = "Suspended"
    QUOTA_EXCEEDED = "QuotaExceeded"
    POD_REFUSED = "PodRefused"
    MISSING_SERVICE_ACCOUNT = "MissingServiceAccount"
    NO_MATCHING_NODE = "NoMatchingNode"
    INSUFFICIENT_GPU = "InsufficientGPU"
    INSUFFICIENT_RESOURCES = "InsufficientResources"
    TAINT_NOT_TOLERATED = "TaintNotTolerated"
    SCALE_UP_FAILED = "ScaleUpFailed"
    VOLUME_PENDING = "VolumePending"
    IMAGE_NOT_PULLED = "ImageNotPulled"
    MISSING_CONFIG_MAP = "MissingConfigMap"
    MISSING_SECRET = "MissingSecret"  # noqa: S105  # a code
    MISSING_KEY = "MissingKey"
    INIT_CONTAINER_FAILED = "InitContainerFailed"
    CONTAINER_FAILED = "ContainerFailed"
    OOM_KILLED = "OOMKilled"
    EVICTED = "Evicted"
    PREEMPTED = "Preempted"
    DEADLINE_EXCEEDED = "DeadlineExceeded"
    BACKOFF_LIMIT_EXCEEDED = "BackoffLimitExceeded"
    POD_FAILURE_POLICY = "PodFailurePolicy"
    DELETED = "Deleted"
    TTL_PASSED = "TTLPassed"
    CONTROL_PLANE_AWAY = "ControlPlaneAway"


@dataclass(frozen=True, slots=True)
class Advice:
    """What to do about it.

    Attributes:
        text: the sentence, lower case, without a full stop.
        field: the field of the job config to change, as ``--set`` names it: ``compute_config.memory``; several with
            commas between them; empty where the cure is not in the config.
    """

    text: str
    field: str = ""


@dataclass(frozen=True, slots=True)
class Quote:
    """What a part of the cluster said, in its own words: ``scheduler``, ``autoscaler``, ``kubelet``, ``kueue``, …."""

    source: str
    text: str
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Attempt:
    """One pod of the job.

    Attributes:
        number: from 1, by the time it was made; pods of an indexed Job count for themselves.
        pod: the pod's name.
        node: where it was put.
        state: Pending, Starting, Running, Succeeded or Failed.
        started_at: when its main container started, or its first init container where that one failed.
        finished_at: when that one ended.
        exit_code: of the main container; of the init container that failed.
        reason: why it failed or waits: a `Reason`, else the word of Kubernetes (``Error``); None where all is well.
        message: the same as half a sentence: ``was preempted (spot), not counted``.
        counted: whether it counts against the backoff limit.
        index: of an indexed Job.
        container: the container that the exit code is of.
    """

    number: int
    pod: str
    state: State
    node: str | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    exit_code: int | None = None
    reason: str | None = None
    message: str = ""
    counted: bool = False
    index: int | None = None
    container: str = ""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far it is: `done` of `total` `unit`; `what` names the part at work, such as a scenario."""

    done: int
    total: int
    unit: str
    what: str = ""


@dataclass(frozen=True, slots=True)
class LastLines:
    """The last lines that a container of an attempt printed."""

    container: str
    attempt: int
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Status:
    """How one job stands.

    Attributes:
        name: of the Job.
        namespace: where it is, or was.
        uid: of the Job.
        kind: evaluation, training or test, by its labels.
        state: one of nine.
        since: when it came into this state.
        reason: why; None where there is nothing to explain.
        message: the reason as one sentence, lower case, without a full stop: ``not enough GPUs: …``.
        do: the way out.
        rule: the name of the rule that decided, for `jobs explain`.
        exit_code: of the main container of the last attempt that has one; None while it runs.
        submitted_at: when the Job was made.
        submitted_by: the user, as recorded on the Job.
        started_at: when the main container of the first attempt started.
        finished_at: when the Job ended.
        deadline_at: when it is ended if it is not done by then.
        disappears_at: when a finished Job is removed by its time to live.
        attempts: its pods, in order of time.
        quotes: what the cluster said itself about the reason, newest first.
        progress: done, total, unit.
        last_lines: of the container that failed.
        config_version: the git SHA that the run is tagged with.
        config_path: the job config it was made from.
        mlflow_run_id: the run that holds its record.
    """

    name: str
    namespace: str
    state: State
    uid: str = ""
    kind: str = "evaluation"
    since: datetime | None = None
    reason: Reason | None = None
    message: str = ""
    do: Advice | None = None
    rule: str = ""
    exit_code: int | None = None
    submitted_at: datetime | None = None
    submitted_by: str = ""
    started_at: datetime | None = None
    finished_at: datetime | None = None
    deadline_at: datetime | None = None
    disappears_at: datetime | None = None
    attempts: tuple[Attempt, ...] = ()
    quotes: tuple[Quote, ...] = ()
    progress: Progress | None = None
    last_lines: LastLines | None = None
    config_version: str | None = None
    config_path: str = ""
    mlflow_run_id: str | None = None

    @property
    def advice(self) -> str | None:
        """What to do, as one sentence that names the field and the file; None where there is nothing to do."""
        if self.do is None or not self.do.field:
            return self.do.text if self.do else None
        place = f"{self.config_path}: {self.do.field}" if self.config_path else self.do.field
        return f"{self.do.text}, in {place}"
