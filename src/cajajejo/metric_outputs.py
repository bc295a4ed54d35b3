"""What the commands about metrics print with ``--json``: each document as a frozen value.

The documents are made where their numbers are, and held against these models by tests.
"""

from __future__ import annotations

from typing import Literal

from pydantic import ConfigDict, Field, RootModel

from cajajejo.outputs import Output

MetricVerdict = Literal["pass", "improvement", "regression", "inconclusive"]
JobStatus = Literal["success", "failure", "timeout", "missed"]
AlertKind = Literal["failed", "regression", "missing", "invalid", "time_to_accuracy"]
Happening = Literal["opened", "escalated", "recovered", "accepted"]
RunVerdict = Literal["pass", "regression", "inconclusive", "failed"]


class GoodRun(Output):
    """The last good run before a regression."""

    run_id: str = Field(description="Name of the run", examples=["9c41d0e7"])
    value: float = Field(description="What the metric was", examples=[0.981])
    start_time: str = Field(description="When the run started, UTC", examples=["2026-11-19T02:00:00Z"])
    commit: str | None = Field(description="Git SHA of its configuration; null: not known", examples=["10abfb1bf8"])


class Since(Output):
    """The commits from the last good run to the first that is bad for certain."""

    from_commit: str = Field(description="Git SHA of the last good run", examples=["10abfb1bf8"])
    to_commit: str = Field(description="Git SHA of the first bad run", examples=["77e02c53aa"])
    commits: int | None = Field(description="How many there are; null: the repository does not know them", examples=[3])


class ShiftEpisode(Output):
    """A lasting shift of the level of a metric."""

    status: Literal["opened", "ongoing", "escalated", "recovered", "absorbed", "improvement"] = Field(
        description="What this run is in it: opened and escalated alert, recovered and absorbed end it",
        examples=["ongoing"],
    )
    run: str = Field(description="Run that it is known by: its first one", examples=["3f2a9c1d"])
    first_run: str = Field(description="Run that it began with at the earliest", examples=["3f2a9c1d"])
    last_run: str = Field(description="Run that it began with at the latest", examples=["5d20b7c4"])
    opened_run: str = Field(description="Run that told it", examples=["8e11f0a2"])
    before: float = Field(description="The level before", examples=[0.9126])
    after: float = Field(description="The level that it went to", examples=[0.901])
    z: float = Field(description="Size of the shift in standard errors", examples=[-4.78])
    resumed: bool = Field(
        description="Whether it is an episode that ended shortly before, come again; it alerts nobody", examples=[False]
    )


class MutedMetric(Output):
    """Who said that a metric alerts nobody, and until when."""

    until: str = Field(description="When alerts begin again", examples=["2026-11-28"])
    reason: str = Field(description="Why", examples=["node pool is being replaced"])
    by: str = Field(description="Who decided that", examples=["jasper"])


class JudgedMetric(Output):
    """One metric of a run, and what is thought of it."""

    name: str = Field(description="Name of the metric", examples=["boolq/exact_match_final"])
    value: float | None = Field(description="The value; null: not written, or no finite number", examples=[0.71])
    lower_bound: float | None = Field(description="Least value that passes; null: none", examples=[0.68])
    upper_bound: float | None = Field(description="Greatest value that passes; null: none", examples=[None])
    inclusive: bool = Field(description="Whether a value equal to a bound passes", examples=[False])
    verdict: MetricVerdict | None = Field(description="null: the metric has no condition", examples=["pass"])
    reason: str = Field(description="Why, in a few words", examples=["no condition"])
    notes: tuple[str, ...] = Field(
        description="What else is worth knowing; part of the reason", examples=[["trending"]]
    )
    last_good: GoodRun | None = Field(description="Last good run before a regression; null: none, or all is well")
    since: Since | None = Field(description="The commits since then; null: not known")
    episode: ShiftEpisode | None = Field(description="Lasting shift that the verdict has to do with; null: none")
    muted: MutedMetric | None = Field(description="Why the metric alerts nobody; null: it may alert")


class RaisedAlert(Output):
    """One thing that somebody should hear about."""

    kind: AlertKind = Field(description="What it is about", examples=["regression"])
    metric: str | None = Field(description="Name of the metric; null: the job", examples=["boolq/exact_match_final"])
    message: str = Field(description="The sentence", examples=["loss_final is 0.52; it must be less than 0.45"])


class RunOrigin(Output):
    """What else is known of the job of a run; null: not known."""

    test_type: str | None = Field(description="Type of the test", examples=["func"])
    accelerator: str | None = Field(description="Accelerator", examples=["v5e-4"])
    framework_version: str | None = Field(description="Version of the framework", examples=["2.9.1"])
    logs_link: str | None = Field(description="Address of its log", examples=["https://ci.example.org/1234"])
    logs_command: str | None = Field(description="Command that fetches its log", examples=["kubectl logs job/pythia"])
    workload_link: str | None = Field(
        description="Address of its workload", examples=["https://console.example.org/jobs/pythia"]
    )


class ToldEvent(Output):
    """What the sinks are told of this run, once: that something is wrong, got worse, or is over."""

    event: Happening = Field(description="What happened", examples=["opened"])
    kind: AlertKind = Field(description="What it is about", examples=["regression"])
    metric: str | None = Field(description="Name of the metric; null: the job", examples=["boolq/exact_match_final"])
    message: str = Field(description="The sentence", examples=["loss_final is 0.52; it must be less than 0.45"])


class Check(Output):
    """The verdict on one run of a test, as `metrics check` found it."""

    test: str = Field(description="Name of the test", examples=["pythia"])
    run_id: str = Field(description="Name of the run", examples=["7be1c2a0"])
    verdict: RunVerdict = Field(
        description="The verdict on the run; failed: the job did not succeed", examples=["pass"]
    )
    metrics: tuple[JudgedMetric, ...] = Field(description="Every metric, worst first")
    alerts: tuple[RaisedAlert, ...] = Field(description="What somebody should hear about")
    job_status: JobStatus = Field(description="How the job of the run ended", examples=["success"])
    runs_before: int = Field(description="Number of earlier runs of the test", ge=0, examples=[12])
    warnings: tuple[str, ...] = Field(description="What is allowed, and probably not meant")
    runs_after: int = Field(description="Number of later runs of the test, which do not count", ge=0, examples=[0])
    commit: str | None = Field(
        description="Git SHA of the configuration of the run; null: not known", examples=["77e02c53aa"]
    )
    origin: RunOrigin = Field(description="What else is known of the job of the run")
    told: tuple[ToldEvent, ...] = Field(description="What its sinks are told, with --alert; empty: nothing new")


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
