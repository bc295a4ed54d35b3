"""What ``metrics alerts`` prints with ``--json``: the document as a frozen value.

The document is made where its values are, and held against this model by tests.
"""

from __future__ import annotations

from pydantic import Field

from cajajejo.metric_outputs import AlertKind, Happening
from cajajejo.outputs import Output


class OpenAlert(Output):
    """Something that is wrong with a test, and was told."""

    test: str = Field(description="Name of the test", examples=["pythia"])
    kind: AlertKind = Field(description="What it is about", examples=["regression"])
    metric: str | None = Field(description="Name of the metric; null: the job", examples=["loss_final"])
    run_id: str = Field(description="Run that it was told of first", examples=["7be1c2a0"])
    start_time: str = Field(description="When that run started, UTC", examples=["2026-11-21T08:00:00Z"])
    message: str = Field(description="The sentence", examples=["loss_final is 0.520; it must be less than 0.450"])


class UnsentAlert(Output):
    """What somebody is still to be told."""

    sink: str = Field(description="Who is to be told, as its deliveries are called", examples=["slack by SLACK_URL"])
    test: str = Field(description="Name of the test", examples=["pythia"])
    metric: str | None = Field(description="Name of the metric; null: the job", examples=["loss_final"])
    happening: Happening = Field(description="What happened", examples=["opened"])
    run_id: str = Field(description="Run that it happened in", examples=["7be1c2a0"])
    message: str = Field(description="The sentence", examples=["loss_final is well again: 0.410"])
    since: str = Field(description="When that was decided, UTC", examples=["2026-11-21T08:00:04Z"])
    attempts: int = Field(description="Times that it was tried to be sent", ge=0, examples=[3])
    error: str | None = Field(
        description="What came of the last try; null: there was none, or nobody knows", examples=["503"]
    )
    next_try: str = Field(description="Not sent before, UTC", examples=["2026-11-21T08:05:04Z"])


class Alerts(Output):
    """What is wrong, and what is still to be told, as `metrics alerts` shows it."""

    alerts: tuple[OpenAlert, ...] = Field(description="Open alerts, oldest first")
    unsent: tuple[UnsentAlert, ...] = Field(description="What was not sent yet, oldest first")
