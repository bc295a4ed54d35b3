"""What ``metrics sql`` and ``metrics prune`` print with ``--json``: each document as a frozen value."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from cajajejo.outputs import Output


class Answer(Output):
    """What a query found, as `metrics sql` prints it."""

    columns: tuple[str, ...] = Field(description="Names of the columns", examples=[["test_name", "runs"]])
    rows: tuple[tuple[Any, ...], ...] = Field(
        description="The rows, each in the order of the columns; null: NULL, or no finite number",
        examples=[[["pythia", 42]]],
    )
    complete: bool = Field(description="Whether these are all rows; false: --limit cut them", examples=[True])


class PrunedTest(Output):
    """One test of a history that old runs are removed from."""

    test: str = Field(description="Name of the test", examples=["pythia"])
    removed: int = Field(description="Runs that were removed or, with --dry-run, would be", examples=[1204])
    kept: int = Field(description="Runs that stay", examples=[30])


class Pruned(Output):
    """What old runs were removed, as `metrics prune` did it."""

    dry_run: bool = Field(description="Whether nothing was removed, only shown", examples=[False])
    removed: int = Field(description="Runs that were removed or, with --dry-run, would be", examples=[1204])
    tests: tuple[PrunedTest, ...] = Field(description="The tests that have such runs, by name")
