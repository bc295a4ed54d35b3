"""The arguments and options of ``cajajejo metrics report``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

ReportedTests = Annotated[
    list[str] | None,
    typer.Argument(metavar="TEST", help="Names of tests; * and ? as in a shell; without: all.", show_default=False),
]
OverviewFormat = Annotated[
    Literal["html", "markdown", "junit", "json"] | None,
    typer.Option(
        "--format",
        metavar="html|markdown|junit|json",
        help="Form of the report.",
        show_default="by the suffix of -o, else html",
    ),
]
OverviewPath = Annotated[
    Path | None,
    typer.Option("-o", "--output", metavar="PATH", help="Write the report there; - is stdout.", show_default="stdout"),
]
Serve = Annotated[bool, typer.Option("--serve", help="Show it at an address, made anew at each request; Ctrl-C ends.")]
Bind = Annotated[
    str,
    typer.Option("--bind", metavar="ADDR", help="With --serve: HOST:PORT or [IPV6]:PORT; port 0 is any that is free."),
]
OverviewSince = Annotated[
    str | None,
    typer.Option(
        "--since",
        metavar="T",
        help="Only runs that started since then: 30d (ago), or a time.",
        show_default="90 days before the newest run of each test",
    ),
]
