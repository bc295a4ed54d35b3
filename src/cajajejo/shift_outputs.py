"""What `metrics shifts` prints with ``--json``: each document as a frozen value.

The document is made where its numbers are, and held against these models by tests.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from cajajejo.outputs import Output


class LookedAt(Output):
    """A metric in whose history shifts were looked for."""

    name: str = Field(description="Name of the metric", examples=["boolq/exact_match_final"])
    runs: int = Field(description="Number of runs that count", ge=0, examples=[42])
    runs_needed: int = Field(description="Number of runs that it takes to tell a shift", ge=1, examples=[13])


class ShiftedRun(Output):
    """A run beside a shift."""

    run_id: str = Field(description="Name of the run", examples=["9c41d0e7"])
    start_time: str = Field(description="When the run started, UTC", examples=["2026-11-19T02:00:00Z"])
    commit: str | None = Field(description="Git SHA of its configuration; null: not known", examples=["10abfb1bf8"])


class AcceptedLevel(Output):
    """The line that takes a level as good."""

    start: str = Field(description="The run that the level is accepted from", examples=["3f2a9c1d"])
    reason: str = Field(description="Why", examples=["new tokenizer"])
    by: str = Field(description="Who decided that", examples=["jasper"])
    date: str = Field(description="When", examples=["2026-11-21"])


class LevelShift(Output):
    """One change of level."""

    metric: str = Field(description="Name of the metric", examples=["boolq/exact_match_final"])
    direction: Literal["up", "down"] = Field(description="Where the level went", examples=["down"])
    effect: Literal["better", "worse"] | None = Field(
        description="What that means by the condition of the metric; null: no condition says", examples=["worse"]
    )
    before: float = Field(description="Level before: the median from the shift before it on", examples=[0.912])
    after: float = Field(description="Level after: the median until the next shift", examples=[0.851])
    relative_change: float | None = Field(
        description="Change as a share of the level before; null: that was zero", examples=[-0.067]
    )
    deviations: float | None = Field(
        description="Change in standard deviations of one run; null: runs did not differ before", examples=[-18.4]
    )
    z: float | None = Field(
        description="Size in standard errors, as our own scan found it; null: not found by it", examples=[-4.8]
    )
    last_before: ShiftedRun = Field(description="The last run before it may have begun")
    most_likely_first: ShiftedRun = Field(description="The run that it most likely began with")
    first_after: ShiftedRun = Field(description="The first run that is of the new level for certain")
    commits: int | None = Field(
        description="How many commits lie between the two; null: not known, or the repository here has not both",
        examples=[3],
    )
    accepted: AcceptedLevel | None = Field(description="The line by which it is settled; null: nobody accepted it")


class Shifts(Output):
    """Changes of level in the whole history of a test, newest first, as `metrics shifts` shows them."""

    test: str = Field(description="Name of the test", examples=["pythia"])
    engine: Literal["builtin", "otava", "kernelcpd"] = Field(description="Who looked for them", examples=["builtin"])
    metrics: tuple[LookedAt, ...] = Field(description="What was looked at, by name")
    shifts: tuple[LevelShift, ...] = Field(description="What was found; with --limit the newest")
