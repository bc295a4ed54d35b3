"""The arguments and options of ``jobs evaluation compare`` that no other command has."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

ComparedRuns = Annotated[
    list[str],
    typer.Argument(metavar="RUN", help="RUN_A RUN_B...: MLflow runs, or directories with results, the baseline first."),
]
ComparedMetrics = Annotated[
    list[str] | None,
    typer.Option(
        "--metric", metavar="NAME", help="Only these metrics; * and ? as in a shell; repeatable.", show_default="all"
    ),
]
LowerIsBetter = Annotated[
    list[str] | None,
    typer.Option(
        "--lower-is-better",
        metavar="NAME",
        help="Of these metrics less is better (losses, toxicity); * and ? as in a shell; repeatable.",
        show_default="none",
    ),
]
MaxDrop = Annotated[
    float | None,
    typer.Option(
        "--max-drop",
        metavar="X",
        help="Tolerate a drop of X, in units of the metric.",
        show_default="0: any significant drop is worse",
    ),
]
Confidence = Annotated[
    float | None,
    typer.Option("--confidence", metavar="P", help="Of intervals and verdicts, over 0.5.", show_default="0.95"),
]
PolicyPath = Annotated[
    Path | None, typer.Option("--policy", metavar="FILE", help="A policy that decides in place of the verdicts, YAML.")
]
Flips = Annotated[
    int, typer.Option("--flips", metavar="N", min=0, help="Of each metric, tell at most N items that got worse.")
]
Seed = Annotated[
    int | None, typer.Option("--seed", metavar="N", min=0, help="Of what is drawn at random.", show_default="0")
]
Baseline = Annotated[
    str | None,
    typer.Option(
        "--baseline",
        metavar="B",
        help="In place of RUN_A: tag:KEY=VALUE, newest-passing, or a run. Then all RUNs are candidates.",
    ),
]
TrackingServer = Annotated[
    str | None,
    typer.Option("--tracking-uri", metavar="URI", help="MLflow's address.", show_default="as MLflow finds it"),
]
NoRecord = Annotated[bool, typer.Option("--no-record", help="Do not note the outcome on the MLflow run of RUN_B.")]
