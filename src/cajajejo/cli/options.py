"""The arguments and options of every command: one type, one meaning, one help text each."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer


def group(help_text: str, example: str) -> typer.Typer:
    """A group of commands: plain help, no Rich, help on stderr and exit code 2 when it is called bare."""
    return typer.Typer(
        help=f"{help_text}\n\n{example}",
        no_args_is_help=True,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        add_completion=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )


Trace = Annotated[bool, typer.Option("--trace", envvar="CAJAJEJO_TRACE", help="Debug log and tracebacks on stderr.")]
Quiet = Annotated[
    bool, typer.Option("-q", "--quiet", envvar="CAJAJEJO_QUIET", help="Only warnings and errors on stderr.")
]
Color = Annotated[
    Literal["auto", "always", "never"],
    typer.Option("--color", envvar="CAJAJEJO_COLOR", metavar="auto|always|never", help="Colour."),
]
ConfigPath = Annotated[Path, typer.Argument(metavar="CONFIG", help="Evaluation job config, a YAML file.")]
HelmConfigPath = Annotated[Path, typer.Argument(metavar="HELM_CONFIG", help="HELM run specs (run_specs.conf).")]
OutputPath = Annotated[Path, typer.Argument(metavar="OUTPUT", help="File to write; - is stdout.")]
ConfigVersion = Annotated[
    str, typer.Option("--config-version", metavar="V", help="Git SHA that the run is tagged with.")
]
Settings = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="PATH=VALUE", help="Override one field of the config; repeatable."),
]
Local = Annotated[bool, typer.Option("--local", help="This machine: no Kubernetes, no cloud log sink.")]
ScratchDir = Annotated[
    Path | None,
    typer.Option("--scratch", metavar="DIR", help="Directory to work in.", show_default=".cajajejo/scratch/<hash>"),
]
Resume = Annotated[bool, typer.Option("--resume/--no-resume", help="Continue what an earlier run left, or begin anew.")]
MaxInstances = Annotated[
    int | None, typer.Option("--max-instances", metavar="N", min=1, help="At most N questions a scenario.")
]
AllowPartial = Annotated[bool, typer.Option("--allow-partial", help="Exit 0 although scenarios failed.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout.")]
LogDir = Annotated[Path, typer.Argument(metavar="LOGDIR", help="Directory with TensorBoard event files, at any depth.")]
TestName = Annotated[str, typer.Option("--test", metavar="NAME", help="Name of the test whose history this run joins.")]
MetricsConfigPath = Annotated[
    Path, typer.Option("--config", metavar="FILE", help="Metric configuration, YAML or JSON.")
]
HistoryUrl = Annotated[
    str, typer.Option("--history", metavar="URL", envvar="CAJAJEJO_HISTORY", help="Metric history, sqlite:///FILE.")
]
CollectConfigPath = Annotated[
    Path | None,
    typer.Option("--config", metavar="FILE", help="Metric configuration, YAML or JSON; without: final values."),
]
RunId = Annotated[
    str | None, typer.Option("--run-id", metavar="ID", help="Name of the run; without: a digest of its events.")
]
JobStatusOption = Annotated[
    Literal["success", "failure", "timeout", "missed"],
    typer.Option("--job-status", help="How the job of the run ended."),
]
StartTime = Annotated[
    str | None, typer.Option("--start-time", metavar="T", help="When the run started: epoch seconds or ISO 8601.")
]
StopTime = Annotated[
    str | None, typer.Option("--stop-time", metavar="T", help="When the run stopped: epoch seconds or ISO 8601.")
]
NoStore = Annotated[bool, typer.Option("--no-store", help="Judge the run, and store nothing.")]
Strict = Annotated[bool, typer.Option("--strict", help="Let every inconclusive metric decide the verdict.")]
HistoryTest = Annotated[str, typer.Argument(metavar="TEST", help="Name of the test.")]
HistoryMetric = Annotated[str | None, typer.Argument(metavar="[METRIC]", help="One metric; without: all.")]
Limit = Annotated[int, typer.Option("--limit", metavar="N", min=0, help="At most N rows, newest first; 0: all.")]
