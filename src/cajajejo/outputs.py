"""What ``--json`` prints, and what other programs read: each document as a frozen value.

The documents about jobs on a cluster are in `job_outputs`, those about metrics in `metric_outputs`.

A command that prints one of `Validation` or `Submission` makes the value and prints ``as_json()`` of it; the other
documents are made where their numbers are, and held against the models here by tests. Every field is always there,
absent values are null, and numbers are numbers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cajajejo.errors import Problem


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
    n: int | None = Field(description="Number of items; null: not known", ge=1, examples=[20])
    clusters: int | None = Field(
        description="Number of groups that the items fall into; null: they stand alone", examples=[5]
    )


class FailedScenario(Output):
    """A scenario that the harness could not finish."""

    scenario: str = Field(description="Name of the scenario", examples=["geography"])
    error: str = Field(description="Why, in one line", examples=["OutOfMemoryError: CUDA out of memory"])


class Summary(Output):
    """The results of an evaluation without their items: `summary.json`."""

    suite: str = Field(description="Name of the suite", examples=["v1"])
    harness: str = Field(description="The harness", examples=["helm"])
    status: Literal["complete", "partial"] = Field(
        description="partial: a scenario failed, the others count", examples=["complete"]
    )
    metrics: tuple[Score, ...] = Field(description="Every score")
    failed: tuple[FailedScenario, ...] = Field(description="Scenarios that are missing")
    versions: dict[str, str] = Field(
        {},
        description="Versions of the harness and of what ran the model, by package; not there: not known",
        examples=[{"crfm-helm": "0.5.16", "torch": "2.13.0"}],
    )
    shots: dict[str, int] = Field(
        {},
        description="Number of worked examples before a question, by scenario; not there: not known",
        examples=[{"geography": 5}],
    )


class LocalRun(Summary):
    """An evaluation that ran here, as `jobs evaluation run` left it."""

    mlflow_run_id: str = Field(description="MLflow run that holds everything", examples=["7be1c2a0d41f4f7c"])
    tracking_uri: str = Field(description="MLflow tracking server", examples=["sqlite:///mlflow.db"])
    kept: str | None = Field(
        description="Where the results wait for upload-results, as the server was away; null: they are tracked"
    )
    reused: bool = Field(description="Whether it had been finished before", examples=[False])
    scratch: str = Field(description="Directory that it worked in", examples=[".cajajejo/scratch/3f2a9c1d"])
    event_files: str = Field(description="Directory with the event files, for `metrics check`")


class UploadedResults(Output):
    """Results that were kept, and are tracked now."""

    kept: str = Field(description="Where they were kept", examples=["gs://neurips-spool/eval-neurips-3f2a9c1d"])
    name: str = Field(description="Name of the job", examples=["eval-neurips-merciful-crocodile-3f2a9c1d"])
    mlflow_run_id: str = Field(description="MLflow run that holds them", examples=["7be1c2a0d41f4f7c"])
    tracking_uri: str = Field(description="MLflow tracking server", examples=["http://10.164.0.15:5000"])
    outcome: Literal["sent", "there"] = Field(description="there: they had been tracked before", examples=["sent"])
    left_out: tuple[str, ...] = Field(description="Files that the store refuses")


class NotUploaded(Failure):
    """Results that are kept, and could not be tracked now."""

    kept: str = Field(description="Where they are kept", examples=["gs://neurips-spool/eval-neurips-3f2a9c1d"])


class Upload(Output):
    """What became of results that were kept, as `upload-results` did it."""

    results: tuple[UploadedResults, ...] = Field(description="What is tracked")
    failed: tuple[NotUploaded, ...] = Field(description="What could not be tracked")
    incomplete: tuple[str, ...] = Field(description="Copies that broke off while they were made")


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
    prompt: str | None = Field(
        None,
        description="What was asked, without worked examples, for people; null: not known",
        max_length=1000,
        examples=["What is the capital of France?"],
    )
