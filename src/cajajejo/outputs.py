"""What ``--json`` prints, and what other programs read: each document as a frozen value.

A command that prints one of `Validation` or `Submission` makes the value and prints ``as_json()`` of it; the other
documents are made where their numbers are, and held against the models here by tests. Every field is always there,
absent values are null, and numbers are numbers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, RootModel

from cajajejo.moments import rfc3339

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cajajejo.errors import Problem
    from cajajejo.status import Status


class Output(BaseModel):
    """Frozen, and nothing stands in a document that is not declared."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    def as_json(self) -> dict[str, Any]:
        """The document as ``--json`` prints it."""
        return self.model_dump(mode="json")


class FileProblem(Output):
    """One problem of a file."""

    file: str = Field(description="The file, or the setting (--set PATH) that is wrong", examples=["job_config.yml"])
    line: int | None = Field(description="Line in the file, from 1; null: the file as a whole", examples=[12])
    path: str = Field(description="Documented path of the field; empty: the file as a whole", examples=["helm.suite"])
    message: str = Field(description="What is wrong, in a sentence", examples=["required, and not there"])
    hint: str | None = Field(description="What may have been meant", examples=["did you mean suite?"])
    level: Literal["error", "warning"] = Field(description="A warning makes no file invalid", examples=["error"])

    @classmethod
    def of(cls, problem: Problem) -> Self:
        """`problem` as it stands in the document."""
        return cls(**{name: getattr(problem, name) for name in cls.model_fields})


class Validation(Output):
    """What is wrong with a job config, as `validate` found it."""

    valid: bool = Field(description="Whether there is no error", examples=[False])
    problems: tuple[FileProblem, ...] = Field(description="Every problem, in order of lines")

    @classmethod
    def of(cls, problems: Iterable[Problem]) -> Self:
        """The document about `problems`; valid where none of them is an error."""
        found = tuple(FileProblem.of(problem) for problem in problems)
        return cls(valid=all(problem.level != "error" for problem in found), problems=found)


Submitted = Literal["created", "unchanged", "exists"]


class SubmittedObject(Output):
    """One object of a job."""

    kind: str = Field(description="Kind of the object, as in Kubernetes", examples=["ConfigMap"])
    name: str = Field(description="Name of the object", examples=["eval-neurips-merciful-crocodile-3f2a9c1d"])
    outcome: Submitted = Field(description="What became of the object", examples=["created"])


class SubmittedJob(Output):
    """One job that was sent to a cluster."""

    name: str = Field(description="Name of the job", examples=["eval-neurips-merciful-crocodile-3f2a9c1d"])
    namespace: str = Field(description="Namespace of the job", examples=["default"])
    context: str | None = Field(description="Context of the kubeconfig; null: inside of the cluster", examples=["kind"])
    outcome: Submitted = Field(
        description="created, unchanged where it was there as it should be, exists where it was there already",
        examples=["created"],
    )
    config_version: str = Field(description="Git SHA that the run is tagged with", examples=["10abfb1bf8"])
    objects: tuple[SubmittedObject, ...] = Field(description="The objects of the job, in the order of sending")


class Submission(Output):
    """What was sent to a cluster, as `submit-job` did it."""

    jobs: tuple[SubmittedJob, ...] = Field(description="The jobs; of a matrix one for each combination")


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


class Failure(Output):
    """An expected failure: what happened, to what, and the way out."""

    kind: str = Field(description="Name of the error, a stable code for scripts", examples=["FileProblemsError"])
    message: str = Field(description="What happened, in a sentence", examples=["2 problems in 1 file"])
    object: dict[str, str] | None = Field(
        description="Facts beside the message, by a short name", examples=[{"tried": "3 times in 30 s"}]
    )
    run: tuple[str, ...] | None = Field(
        description="Commands that mend it; each can be pasted", examples=[["poetry install -E evaluation"]]
    )
    problems: tuple[FileProblem, ...] = Field((), description="Only of a FileProblemsError: every problem of the file")


class ErrorOutput(Output):
    """Any error, on stderr; the exit code is as always."""

    error: Failure = Field(description="What happened")


class Score(Output):
    """The mean of one metric over the items of one scenario."""

    scenario: str = Field(description="Name of the scenario", examples=["geography"])
    metric: str = Field(description="Name of the metric", examples=["exact_match"])
    value: float | None = Field(description="The mean; null: no finite number", examples=[0.55])
    std_err: float | None = Field(description="Standard error of the mean; null: not known", examples=[0.114])
    n: int = Field(description="Number of items", ge=1, examples=[20])


class FailedScenario(Output):
    """A scenario that the harness could not finish."""

    scenario: str = Field(description="Name of the scenario", examples=["geography"])
    error: str = Field(description="Why, in one line", examples=["OutOfMemoryError: CUDA out of memory"])


class Summary(Output):
    """The results of an evaluation without their items: `summary.json`."""

    suite: str = Field(description="Name of the suite", examples=["v1"])
    harness: str = Field(description="The harness and its version", examples=["helm 0.5.16"])
    status: Literal["complete", "partial"] = Field(
        description="partial: a scenario failed, the others count", examples=["complete"]
    )
    metrics: tuple[Score, ...] = Field(description="Every score")
    failed: tuple[FailedScenario, ...] = Field(description="Scenarios that are missing")


class LocalRun(Summary):
    """An evaluation that ran here, as `jobs evaluation run` left it."""

    mlflow_run_id: str = Field(description="MLflow run that holds everything", examples=["7be1c2a0d41f4f7c"])
    tracking_uri: str = Field(description="MLflow tracking server", examples=["sqlite:///mlflow.db"])
    reused: bool = Field(description="Whether it had been finished before", examples=[False])
    scratch: str = Field(description="Directory that it worked in", examples=[".cajajejo/scratch/3f2a9c1d"])
    event_files: str = Field(description="Directory with the event files, for `metrics check`")


class ResultsLine(Output):
    """One question, answered: a line of `results.jsonl`."""

    suite: str = Field(description="Name of the suite", examples=["v1"])
    scenario: str = Field(description="Name of the scenario", examples=["geography"])
    subject: str | None = Field(description="Part of the scenario", examples=["anatomy"])
    id: str = Field(description="Name of the item within the scenario", examples=["q-001"])
    repeat: int = Field(description="Which repetition of the item, from 0", ge=0, examples=[0])
    group: str | None = Field(description="What the item belongs to (a passage, a source); null: it stands alone")
    prompt_sha256: str = Field(description="SHA-256 of the prompt", pattern="^[0-9a-f]{64}$", examples=["9d1c04e7" * 8])
    reference: str | None = Field(description="The right answer", examples=["Paris"])
    prediction: str | None = Field(description="What the model answered", examples=["Paris"])
    scores: dict[str, float | None] = Field(
        description="Every number of the item by metric; null: no finite number", examples=[{"exact_match": 1.0}]
    )


MetricVerdict = Literal["pass", "regression", "inconclusive"]
JobStatus = Literal["success", "failure", "timeout", "missed"]


class JudgedMetric(Output):
    """One metric of a run, and what is thought of it."""

    name: str = Field(description="Name of the metric", examples=["boolq/exact_match_final"])
    value: float | None = Field(description="The value; null: not written, or no finite number", examples=[0.71])
    lower_bound: float | None = Field(description="Least value that passes; null: none", examples=[0.68])
    upper_bound: float | None = Field(description="Greatest value that passes; null: none", examples=[None])
    inclusive: bool = Field(description="Whether a value equal to a bound passes", examples=[False])
    verdict: MetricVerdict | None = Field(description="null: the metric has no condition", examples=["pass"])
    reason: str = Field(description="Why, in a few words", examples=["no condition"])


class RaisedAlert(Output):
    """One thing that somebody should hear about."""

    kind: Literal["failed", "regression", "missing", "invalid", "time_to_accuracy"] = Field(
        description="What it is about", examples=["regression"]
    )
    metric: str | None = Field(description="Name of the metric; null: the job", examples=["boolq/exact_match_final"])
    message: str = Field(description="The sentence", examples=["loss_final is 0.52; it must be less than 0.45"])


class Check(Output):
    """The verdict on one run of a test, as `metrics check` found it."""

    test: str = Field(description="Name of the test", examples=["pythia"])
    run_id: str = Field(description="Name of the run", examples=["7be1c2a0"])
    verdict: Literal["pass", "regression", "inconclusive", "failed"] = Field(
        description="The verdict on the run; failed: the job did not succeed", examples=["pass"]
    )
    metrics: tuple[JudgedMetric, ...] = Field(description="Every metric, worst first")
    alerts: tuple[RaisedAlert, ...] = Field(description="What somebody should hear about")
    job_status: JobStatus = Field(description="How the job of the run ended", examples=["success"])
    runs_before: int = Field(description="Number of earlier runs of the test", ge=0, examples=[12])
    warnings: tuple[str, ...] = Field(description="What is allowed, and probably not meant")


class Collection(RootModel[dict[str, float | None]]):
    """The metrics of one run by name, as `metrics collect` found them; null: no finite number."""

    model_config = ConfigDict(frozen=True, json_schema_extra={"examples": [{"loss_final": 0.412}]})


class HistoryPoint(Output):
    """One metric of one earlier run."""

    run_id: str = Field(description="Name of the run", examples=["7be1c2a0"])
    start_time: str = Field(description="When the run started, UTC", examples=["2026-11-21T08:00:00Z"])
    job_status: JobStatus = Field(description="How the job of the run ended", examples=["success"])
    metric: str = Field(description="Name of the metric", examples=["loss_final"])
    value: float = Field(description="The value", examples=[0.412])
    lower_bound: float | None = Field(description="Least value that passed; null: none", examples=[None])
    upper_bound: float | None = Field(description="Greatest value that passed; null: none", examples=[0.45])
    inclusive: bool = Field(description="Whether a value equal to a bound passed", examples=[False])
    verdict: MetricVerdict | None = Field(description="null: the metric had no condition", examples=["pass"])


class History(Output):
    """The stored points of a test, newest run first, as `metrics history` shows them."""

    test: str = Field(description="Name of the test", examples=["pythia"])
    points: tuple[HistoryPoint, ...] = Field(description="The points")
