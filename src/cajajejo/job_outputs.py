"""What the commands about jobs print with ``--json``: how jobs stand, what tells so, and what became of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal, Self

from pydantic import ConfigDict, Field, RootModel

from cajajejo.moments import rfc3339
from cajajejo.outputs import Output

if TYPE_CHECKING:
    from datetime import datetime

    from cajajejo.status import Status

JobState = Literal["Queued", "Suspended", "Pending", "Starting", "Running", "Succeeded", "Failed", "Cancelled", "Gone"]
_MOMENT: Final = "2026-11-21T14:02:11Z"


class JobAttempt(Output):
    """One pod of a job."""

    pod: str = Field(description="Name of the pod", examples=["eval-neurips-amusing-sloth-81b0c6d2-w4b5m"])
    node: str | None = Field(description="Node that it was put on; null: none yet", examples=["gke-autopilot-l4-7c2f"])
    started_at: str | None = Field(description="When its main container started, UTC", examples=[_MOMENT])
    finished_at: str | None = Field(description="When its main container ended, UTC", examples=[_MOMENT])
    exit_code: int | None = Field(description="Exit code of its main container; null: none yet", examples=[137])
    reason: str | None = Field(description="Why it waits or failed; null: all is well", examples=["OOMKilled"])


class JobProgress(Output):
    """How far a job is."""

    done: int = Field(description="How many are done", examples=[64])
    total: int = Field(description="How many there are", examples=[135])
    unit: str = Field(description="What is counted", examples=["instance"])


class Job(Output):
    """How one job stands, as `jobs status` tells it."""

    name: str = Field(description="Name of the job", examples=["eval-neurips-amusing-sloth-81b0c6d2"])
    namespace: str = Field(description="Namespace of the job", examples=["default"])
    kind: str = Field(description="Kind of the job: evaluation, training or test", examples=["evaluation"])
    state: JobState = Field(description="State of the job; the last four are ends", examples=["Failed"])
    reason: str | None = Field(
        description="Why it waits or failed, a stable code for scripts; null: nothing to explain",
        examples=["OOMKilled"],
    )
    message: str = Field(
        description="The reason in a sentence; empty: nothing to explain",
        examples=["not enough GPUs: 1 × nvidia-l4 asked for"],  # noqa: RUF001  # as the screen shows it
    )
    do: str | None = Field(
        description="What to do about it; null: nothing",
        examples=["give it more memory, in sloth.job_config.yml: compute_config.memory"],
    )
    exit_code: int | None = Field(
        description="Exit code of the main container, of the last attempt that has one; null: none yet", examples=[137]
    )
    submitted_at: str | None = Field(description="When the job was sent, UTC", examples=[_MOMENT])
    started_at: str | None = Field(description="When the first attempt started, UTC", examples=[_MOMENT])
    finished_at: str | None = Field(description="When the job ended, UTC", examples=[_MOMENT])
    attempts: tuple[JobAttempt, ...] = Field(description="The pods of the job, in order of time")
    progress: JobProgress | None = Field(description="How far it is; null: not told")
    mlflow_run_id: str | None = Field(description="MLflow run that holds its record", examples=["7be1c2a0d41f4f7c"])
    config_version: str | None = Field(description="Git SHA that the run is tagged with", examples=["10abfb1bf8"])

    @classmethod
    def of(cls, status: Status) -> Self:
        """The document about the job that `status` is of."""
        attempts = tuple(
            JobAttempt(
                pod=attempt.pod,
                node=attempt.node,
                started_at=rfc3339(attempt.started_at),
                finished_at=rfc3339(attempt.finished_at),
                exit_code=attempt.exit_code,
                reason=attempt.reason,
            )
            for attempt in status.attempts
        )
        far = status.progress
        return cls(
            name=status.name,
            namespace=status.namespace,
            kind=status.kind,
            state=str(status.state),
            reason=None if status.reason is None else str(status.reason),
            message=status.message,
            do=status.advice,
            exit_code=status.exit_code,
            submitted_at=rfc3339(status.submitted_at),
            started_at=rfc3339(status.started_at),
            finished_at=rfc3339(status.finished_at),
            attempts=attempts,
            progress=None if far is None else JobProgress(done=far.done, total=far.total, unit=far.unit),
            mlflow_run_id=status.mlflow_run_id,
            config_version=status.config_version,
        )


class Jobs(Output):
    """Jobs of ours, newest first, as `jobs list` shows them."""

    jobs: tuple[Job, ...] = Field(description="The jobs")


class JobChange(Output):
    """One line for each change that `jobs watch` and `jobs list --watch` saw."""

    time: str = Field(description="When it was seen, UTC", examples=[_MOMENT])
    job: Job = Field(description="The job as it is since then")

    @classmethod
    def of(cls, status: Status, seen_at: datetime) -> Self:
        """The line about a change to `status`."""
        return cls(time=str(rfc3339(seen_at)), job=Job.of(status))


class LogEntry(Output):
    """Whose line it is, and of when."""

    time: str | None = Field(
        description="When it was printed, UTC, to the nanosecond; null: not known",
        examples=["2026-11-21T14:02:11.123456789Z"],
    )
    pod: str = Field(description="Name of the pod", examples=["eval-neurips-amusing-sloth-81b0c6d2-w4b5m"])
    container: str = Field(description="Name of the container", examples=["eval"])


class TextLine(LogEntry):
    """A line of text."""

    text: str = Field(description="The line, whole, without its end", examples=["118 of 135 instances"])


class ObjectLine(LogEntry):
    """A line that was a JSON object."""

    payload: dict[str, Any] = Field(description="The object", examples=[{"severity": "INFO", "message": "done"}])


class LogLine(RootModel[TextLine | ObjectLine]):
    """One line that a container printed, as `jobs logs` shows it; of a JSON object the object itself."""

    model_config = ConfigDict(frozen=True)


class JobEvidence(Output):
    """One thing that tells about a job: a condition, a container that started, an event."""

    time: str | None = Field(description="When, UTC; null: as it is now", examples=[_MOMENT])
    source: str = Field(
        description="Who says it: job, pod, claim, kueue, or the component that an event is from",
        examples=["default-scheduler"],
    )
    subject: str = Field(description="What it is about", examples=["Pod/eval-neurips-amusing-sloth-81b0c6d2-w4b5m"])
    text: str = Field(description="What it says, whole", examples=["0/6 nodes are available"])


class JobExplanation(Output):
    """All that tells how a job stands, as `jobs explain` shows it."""

    job: Job = Field(description="The job")
    rule: str = Field(
        description="Name of the rule that decided on the reason; empty: there is nothing to explain",
        examples=["not_scheduled"],
    )
    evidence: tuple[JobEvidence, ...] = Field(description="What was looked at, in order of time")


class EndedJob(Output):
    """What became of a job that was to be cancelled or deleted."""

    name: str = Field(description="Name of the job", examples=["eval-neurips-merciful-crocodile-3f2a9c1d"])
    outcome: Literal["cancelled", "deleted", "ended", "gone", "failed"] = Field(
        description="ended: it had ended before, and stays; gone: somebody else was quicker; failed: see the message",
        examples=["cancelled"],
    )
    message: str | None = Field(description="Why not; null: it was", examples=["the job eval-x has not ended"])
    mlflow_run_id: str | None = Field(description="MLflow run that holds its end", examples=["7be1c2a0d41f4f7c"])


class EndedJobs(Output):
    """What became of jobs, as `jobs cancel` and `jobs delete` did it."""

    jobs: tuple[EndedJob, ...] = Field(description="The jobs")


class RemovedObject(Output):
    """An object that was made for a job that never came."""

    kind: str = Field(description="Kind of the object, as in Kubernetes", examples=["ConfigMap"])
    name: str = Field(description="Name of the object", examples=["eval-neurips-merciful-crocodile-3f2a9c1d"])
    outcome: Literal["removed", "left"] = Field(
        description="left: somebody changed or removed it meanwhile", examples=["removed"]
    )


class RemovedObjects(Output):
    """What `jobs delete --orphans` removed."""

    objects: tuple[RemovedObject, ...] = Field(description="The objects")
