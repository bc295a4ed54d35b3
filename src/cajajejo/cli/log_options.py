"""The options of ``cajajejo jobs logs``, each as a type."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

Follow = Annotated[bool, typer.Option("-f", "--follow", help="Also show what comes, until the job has ended.")]
TailLines = Annotated[
    int | None, typer.Option("--tail", metavar="N", min=0, help="The last N lines of all attempts.", show_default="all")
]
LogsSince = Annotated[
    str | None, typer.Option("--since", metavar="T", help="Only lines since then: 2h (ago), or a time.")
]
LogsUntil = Annotated[
    str | None, typer.Option("--until", metavar="T", help="Only lines until then: 30m (ago), or a time.")
]
LogContainers = Annotated[
    list[str] | None,
    typer.Option(
        "-c", "--container", metavar="C", help="Container, init, or all; repeatable.", show_default="eval, or the first"
    ),
]
LogReplica = Annotated[
    str, typer.Option("--replica", metavar="R", help="Of several pods this one: 0, worker-1.", show_default="all")
]
LogAttempt = Annotated[
    int | None, typer.Option("--attempt", metavar="N", min=1, help="Only attempt N, from 1.", show_default="all")
]
Previous = Annotated[bool, typer.Option("--previous", help="What the container said before its last restart.")]
Timestamps = Annotated[bool, typer.Option("--timestamps", help="The time in front of every line.")]
LogSource = Annotated[
    Literal["auto", "pods", "cloud"],
    typer.Option(
        "--source",
        metavar="auto|pods|cloud",
        envvar="CAJAJEJO_LOG_SOURCE",
        help="From the pods, from Cloud Logging, or auto: what there is of both.",
    ),
]
LogOutput = Annotated[
    Path | None, typer.Option("-o", "--output", metavar="PATH", help="Write the lines there.", show_default="stdout")
]
SaveLogs = Annotated[
    Path | None,
    typer.Option("--save", metavar="PATH", help="Write them there as well, as a JSON array.", show_default=False),
]
