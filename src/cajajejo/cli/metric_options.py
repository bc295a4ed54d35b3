"""The arguments and options of ``cajajejo metrics`` that no other group has."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final, Literal

import typer

from cajajejo.cli.forms import RowsForm

DEFAULT_HISTORY: Final = "sqlite:///.cajajejo/history.db"

LogAddress = Annotated[
    str,
    typer.Argument(
        metavar="LOGDIR", help="Directory with TensorBoard event files, at any depth; also gs://... and s3://..."
    ),
]
TestName = Annotated[str, typer.Option("--test", metavar="NAME", help="Name of the test whose history this run joins.")]
MetricsConfigPath = Annotated[
    Path, typer.Option("--config", metavar="FILE", help="Metric configuration, YAML or JSON.")
]
HistoryUrl = Annotated[
    str,
    typer.Option(
        "--history",
        metavar="URL",
        envvar="CAJAJEJO_HISTORY",
        help="Metric history: sqlite:///FILE, postgresql://..., bigquery://PROJECT/DATASET.",
    ),
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
Alerting = Annotated[
    bool, typer.Option("--alert", help="Tell whom the project file names what is new, once, and that it is over.")
]
ReportPaths = Annotated[
    list[Path] | None,
    typer.Option(
        "-o", "--output", metavar="PATH", help="Write the result there; - is stdout; repeatable.", show_default="stdout"
    ),
]
LogsLink = Annotated[str | None, typer.Option("--logs-link", metavar="URL", help="Address of the run's log.")]
LogsCommand = Annotated[
    str | None, typer.Option("--logs-command", metavar="TEXT", help="Command that fetches the run's log.")
]
WorkloadLink = Annotated[
    str | None, typer.Option("--workload-link", metavar="URL", help="Address of the run's workload.")
]
TestType = Annotated[str | None, typer.Option("--test-type", metavar="TEXT", help="Type of the test, as func or conv.")]
AcceleratorName = Annotated[
    str | None, typer.Option("--accelerator", metavar="TEXT", help="Accelerator that the run had.")
]
FrameworkVersion = Annotated[
    str | None, typer.Option("--framework-version", metavar="TEXT", help="Version of its framework.")
]
Strict = Annotated[bool, typer.Option("--strict", help="Let every inconclusive metric decide the verdict.")]
HistoryTest = Annotated[str, typer.Argument(metavar="TEST", help="Name of the test.")]
HistoryMetric = Annotated[str | None, typer.Argument(metavar="[METRIC]", help="One metric; without: all.")]
HistoryFormat = Annotated[
    RowsForm | None,
    typer.Option("--format", metavar="text|csv|json", help="Form of the result.", show_default="text"),
]
Since = Annotated[
    str | None,
    typer.Option("--since", metavar="T", help="Only runs that started since then: 7d (ago), a date, or a time."),
]
Limit = Annotated[int, typer.Option("--limit", metavar="N", min=0, help="At most N rows, newest first; 0: all.")]
RunConfigVersion = Annotated[
    str | None,
    typer.Option(
        "--config-version",
        metavar="V",
        envvar="CONFIG_VERSION",
        help="Git SHA of the run's configuration, by which the commits of a regression are named.",
        show_default="not known",
    ),
]
Engine = Annotated[
    Literal["builtin", "otava", "kernelcpd"],
    typer.Option("--engine", metavar="builtin|otava|kernelcpd", help="Who looks for change points."),
]
# Accepting a level, and muting alerts
AcceptedMetric = Annotated[
    str, typer.Argument(metavar="METRIC", help="Name of the metric; * and ? as in a shell accept each that fits.")
]
MutedMetric = Annotated[
    str,
    typer.Argument(metavar="[METRIC]", help="One metric, or those that * and ? fit; without: all.", show_default=False),
]
FromRun = Annotated[
    str,
    typer.Option(
        "--from", metavar="RUN", help="First run of the new level: its id, or the beginning of it.", show_default=False
    ),
]
Why = Annotated[
    str, typer.Option("--reason", metavar="TEXT", help="Why; stands in the line to be reviewed.", show_default=False)
]
MutedUntil = Annotated[
    str,
    typer.Option("--until", metavar="T", help="Until when: +7d (from now), a date, or a time.", show_default=False),
]
By = Annotated[
    str | None,
    typer.Option("--by", metavar="NAME", help="Who decides that.", show_default="git's user.name, else the login"),
]
ReviewedConfigPath = Annotated[
    Path | None,
    typer.Option(
        "--config",
        metavar="FILE",
        help="Metric configuration of the test; the line goes into FILE's .baselines.yml.",
        show_default=False,
    ),
]
# Shifts in a history
ShiftsConfigPath = Annotated[
    Path | None,
    typer.Option(
        "--config",
        metavar="FILE",
        help="Metric configuration: what is worse, which changes count, and what is accepted.",
        show_default="up and down, all changes",
    ),
]
