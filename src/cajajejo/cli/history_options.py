"""The arguments and options of ``cajajejo metrics export``, ``import``, ``sql`` and ``prune``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, TypeAlias

import typer

from cajajejo.cli.forms import RowsForm

RowsFormat: TypeAlias = Literal["csv", "parquet", "jsonl"]

ExportedTests = Annotated[
    list[str] | None, typer.Argument(metavar="[TEST]...", help="Names of tests; without: all.", show_default=False)
]
RowFormat = Annotated[
    RowsFormat | None,
    typer.Option(
        "--format",
        metavar="csv|parquet|jsonl",
        help="Format of the rows.",
        show_default="by the suffix of -o, else csv",
    ),
]
RowPath = Annotated[
    Path | None,
    typer.Option(
        "-o", "--output", metavar="PATH", help="File to write; .gz packs it; - is stdout.", show_default="stdout"
    ),
]
RunsSince = Annotated[
    str | None,
    typer.Option("--since", metavar="T", help="Only runs that started since then: 30d (ago), or a time."),
]
ImportedSources = Annotated[
    list[str],
    typer.Argument(metavar="SOURCE...", help="Files of rows, - for stdin, or mlflow:EXPERIMENT.", show_default=False),
]
ImportedFormat = Annotated[
    RowsFormat | None,
    typer.Option(
        "--format", metavar="csv|parquet|jsonl", help="Format of the files.", show_default="as each says itself"
    ),
]
JoinedTest = Annotated[
    str | None,
    typer.Option(
        "--test", metavar="NAME", help="Test that all runs join.", show_default="the row's, or the experiment's name"
    ),
]
MetricGlobs = Annotated[
    list[str] | None,
    typer.Option("--metric", metavar="GLOB", help="Only metrics that fit; repeatable.", show_default="all"),
]
ExperimentsUri = Annotated[
    str | None,
    typer.Option(
        "--tracking-uri",
        metavar="URI",
        envvar="MLFLOW_TRACKING_URI",
        help="MLflow's address.",
        show_default="mlflow.db in this directory",
    ),
]
Query = Annotated[
    str, typer.Argument(metavar="QUERY", help="A query in SQL; - reads it from stdin.", show_default=False)
]
AnswerFormat = Annotated[
    RowsForm | None,
    typer.Option(
        "--format", metavar="text|csv|json", help="Form of the answer.", show_default="by the suffix of -o, else text"
    ),
]
AnswerPath = Annotated[
    Path | None,
    typer.Option("-o", "--output", metavar="PATH", help="Write the answer there; - is stdout.", show_default="stdout"),
]
AnswerLimit = Annotated[
    int | None,
    typer.Option("--limit", metavar="N", min=0, help="At most N rows; 0: all.", show_default="all; on a terminal 50"),
]
PrunedTest = Annotated[str | None, typer.Argument(metavar="[TEST]", help="One test; without: all.", show_default=False)]
PrunedBefore = Annotated[
    str,
    typer.Option(
        "--before", metavar="T", help="Runs that started before then: 365d (ago), or a time.", show_default=False
    ),
]
KeptRuns = Annotated[
    int, typer.Option("--keep", metavar="N", min=0, help="The newest N runs of each test stay, however old.")
]
OnlyShow = Annotated[bool, typer.Option("--dry-run", help="Show what would be removed, and remove nothing.")]
