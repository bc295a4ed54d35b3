"""What `metrics report` prints with ``--format json``: each document as a frozen value.

The document is made where its numbers are, and held against these models by tests.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from cajajejo.metric_outputs import AlertKind, GoodRun, JobStatus, MetricVerdict, RunVerdict, Since
from cajajejo.outputs import Output


class OpenIncident(Output):
    """What somebody was told, and is not over."""

    kind: AlertKind = Field(description="What is wrong", examples=["regression"])
    metric: str | None = Field(description="Name of the metric; null: the job", examples=["boolq/exact_match_final"])
    run_id: str = Field(description="Run that told it", examples=["3f2a9c1d"])
    start_time: str = Field(description="When that run started, UTC", examples=["2026-11-21T02:00:00Z"])
    message: str = Field(description="What was said", examples=["accuracy is 0.79; it must be greater than 0.96"])


class ReportedMetric(Output):
    """How a metric stands: its point in the newest run that succeeded, or else the last there is."""

    name: str = Field(description="Name of the metric", examples=["boolq/exact_match_final"])
    value: float = Field(description="What it was", examples=[0.79])
    lower_bound: float | None = Field(description="Bound that it was held against; null: none", examples=[0.96])
    upper_bound: float | None = Field(description="As above", examples=[None])
    inclusive: bool = Field(description="Whether a value on a bound is inside", examples=[False])
    verdict: MetricVerdict | None = Field(
        description="What was thought of it; null: it has no condition", examples=["regression"]
    )
    run_id: str = Field(description="Run of this point", examples=["3f2a9c1d"])
    in_newest_run: bool = Field(description="Whether the newest run that succeeded has it", examples=[True])
    points: int = Field(description="Number of points that were looked at", ge=1, examples=[42])
    message: str | None = Field(
        description="What is wrong or in doubt; null: nothing",
        examples=["boolq/exact_match_final is 0.790; it must be greater than 0.960"],
    )
    last_good: GoodRun | None = Field(description="Where a regression came from; null: none, or not known")
    since: Since | None = Field(description="What came in since; null: not known")
    shifts: int | None = Field(description="How often its level moved; null: that was not looked for", examples=[1])
    incident: OpenIncident | None = Field(description="What somebody was told of it; null: nothing is open")
    muted_until: str | None = Field(description="Until when it alerts nobody; null: it alerts", examples=[None])


class ReportedDay(Output):
    """A day on which a test ran."""

    day: str = Field(description="The date, in the time zone of this machine", examples=["2026-11-21"])
    worst: Literal["failed", "timeout", "out of bounds", "missed", "inconclusive", "pass"] = Field(
        description="The worst that happened", examples=["out of bounds"]
    )
    runs: int = Field(description="Number of runs", ge=1, examples=[1])


class ReportedTest(Output):
    """How a test stands: its newest run."""

    test: str = Field(description="Name of the test", examples=["tf-mnist-example-cpu"])
    verdict: RunVerdict = Field(description="Verdict of the newest run", examples=["regression"])
    run_id: str = Field(description="Name of that run", examples=["3f2a9c1d"])
    job_status: JobStatus = Field(description="How its job ended", examples=["success"])
    start_time: str = Field(description="When it started, UTC", examples=["2026-11-21T02:00:00Z"])
    commit: str | None = Field(description="Git SHA of its configuration; null: not known", examples=["77e02c53aa"])
    runs: int = Field(description="Number of runs that were looked at", ge=1, examples=[42])
    summary: str = Field(description="How it stands, in a sentence", examples=["1 of 4 metrics out of bounds"])
    metrics: tuple[ReportedMetric, ...] = Field(description="Its metrics, those in trouble first")
    incidents: tuple[OpenIncident, ...] = Field(description="What is open and about none of these metrics")
    days: tuple[ReportedDay, ...] = Field(description="The last 60 days, oldest first, those without a run left out")


class MetricReport(Output):
    """How all tests stand, those with trouble first."""

    verdict: RunVerdict | None = Field(
        description="The worst verdict; null: there are no runs", examples=["regression"]
    )
    tests: tuple[ReportedTest, ...] = Field(description="The tests")
