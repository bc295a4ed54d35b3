"""The arguments and options of every command: one type, one meaning, one help text each."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

Trace = Annotated[bool, typer.Option("--trace", envvar="CAJAJEJO_TRACE", help="Debug log and tracebacks on stderr.")]
Quiet = Annotated[
    bool, typer.Option("-q", "--quiet", envvar="CAJAJEJO_QUIET", help="Only warnings and errors on stderr.")
]
Color = Annotated[
    Literal["auto", "always", "never"],
    typer.Option("--color", envvar="CAJAJEJO_COLOR", metavar="auto|always|never", help="Colour."),
]
ConfigPath = Annotated[Path, typer.Argument(metavar="CONFIG", help="Evaluation job config, a YAML file.")]
OutputPath = Annotated[
    Path | None,
    typer.Argument(metavar="OUTPUT", help="File to write, always the last path; - is stdout.", show_default=False),
]
HelmConfigPathOrNone = Annotated[
    Path | None,
    typer.Argument(metavar="HELM_CONFIG", help="Run specs of HELM; no other harness has them.", show_default=False),
]
ConfigPathOrNone = Annotated[
    Path | None, typer.Argument(metavar="CONFIG", help="Evaluation job config, a YAML file.", show_default=False)
]
ConfigOrSpecPath = Annotated[
    Path, typer.Argument(metavar="CONFIG", help="Evaluation job config, or a job spec that parse-job wrote.")
]
ConfigVersion = Annotated[
    str | None,
    typer.Option(
        "--config-version", metavar="V", help="Git SHA that the run is tagged with.", show_default="of the repository"
    ),
]
SpecConfigVersion = Annotated[
    str, typer.Option("--config-version", metavar="V", help="Git SHA that the run is tagged with.")
]
Profile = Annotated[
    str,
    typer.Option(
        "--profile",
        metavar="NAME",
        envvar="CAJAJEJO_PROFILE",
        help="Kind of cluster: gke-autopilot, gke-standard, eks, aks, kind or plain.",
    ),
]
TemplatesDir = Annotated[
    Path | None,
    typer.Option(
        "--templates",
        metavar="DIR",
        envvar="CAJAJEJO_TEMPLATES",
        help="Templates of your site, which extend the packaged ones.",
    ),
]
Namespace = Annotated[
    str | None,
    typer.Option(
        "-n",
        "--namespace",
        metavar="NS",
        envvar="CAJAJEJO_NAMESPACE",
        help="Kubernetes namespace.",
        show_default="the config's, else default",
    ),
]
DefaultNamespace = Annotated[
    str | None,
    typer.Option(
        "--default-namespace", envvar="CAJAJEJO_DEFAULT_NAMESPACE", hidden=True, help="That of the project file."
    ),
]
Context = Annotated[
    str | None,
    typer.Option(
        "--context",
        metavar="NAME",
        envvar="CAJAJEJO_CONTEXT",
        help="Context of the kubeconfig.",
        show_default="the current one",
    ),
]
JobName = Annotated[
    str, typer.Argument(metavar="NAME", help="Name of the job, a part of it that fits no other, or @latest.")
]
JobNames = Annotated[
    list[str] | None,
    typer.Argument(metavar="NAME", help="Names of jobs, parts of them that fit no other, or @latest."),
]
JobNamespace = Annotated[
    str | None,
    typer.Option(
        "-n",
        "--namespace",
        metavar="NS",
        envvar="CAJAJEJO_NAMESPACE",
        help="Kubernetes namespace.",
        show_default="the project file's, else the context's",
    ),
]
AllNamespaces = Annotated[bool, typer.Option("-A", "--all-namespaces", help="Every namespace.")]
Selector = Annotated[
    str, typer.Option("-l", "--selector", metavar="K=V[,...]", help="Only jobs with these labels.", show_default="all")
]
JobKind = Annotated[
    str | None, typer.Option("--kind", metavar="KIND", help="Only jobs of this kind: evaluation, training or test.")
]
JobStates = Annotated[
    list[str] | None,
    typer.Option("--state", metavar="S", help="Only jobs in this state (Pending, Failed, ...); repeatable."),
]
JobsSince = Annotated[
    str | None, typer.Option("--since", metavar="T", help="Only jobs sent since then: 2h (ago), or a time.")
]
JobLimit = Annotated[
    int | None,
    typer.Option(
        "--limit",
        metavar="N",
        min=0,
        help="At most N jobs, newest first; 0: all.",
        show_default="all; on a terminal 50",
    ),
]
WatchList = Annotated[bool, typer.Option("-w", "--watch", help="Redraw the list as it changes.")]
AllowUnknownAccelerator = Annotated[
    bool, typer.Option("--allow-unknown-accelerator", help="Take an accelerator that the catalogue does not know.")
]
KubernetesVersion = Annotated[
    str | None,
    typer.Option(
        "--kubernetes-version",
        metavar="V",
        help="Version of the cluster, 1.36 or 1.31.4-gke.1072000.",
        show_default="the newest known",
    ),
]
StrictWarnings = Annotated[bool, typer.Option("--strict", help="Exit 1 for warnings, too.")]
JobSpecPath = Annotated[
    Path | None, typer.Option("--job-spec-path", metavar="FILE", help="A job spec that parse-job wrote.")
]
PathToConfig = Annotated[
    Path | None, typer.Option("--path-to-config", metavar="FILE", help="Evaluation job config, a YAML file.")
]
PathToHelmConfig = Annotated[
    Path | None,
    typer.Option("--path-to-helm-config", metavar="FILE", help="Run specs of HELM; no other harness has them."),
]
JobSpecOutputPath = Annotated[
    Path | None,
    typer.Option("--job-spec-output-path", metavar="FILE", help="Write what is sent there; a directory for a matrix."),
]
AllowDirtyRepo = Annotated[
    bool, typer.Option("--allow-dirty-repo", help="Send although the repository has changes; the tag says -dirty.")
]
DryRun = Annotated[
    Literal["client", "server"] | None,
    typer.Option(
        "--dry-run", metavar="client|server", help="Show what would be sent, or let the server check it; store nothing."
    ),
]
Rerun = Annotated[bool, typer.Option("--rerun", help="Do the same again, although it is finished.")]
Yes = Annotated[bool, typer.Option("-y", "--yes", help="Do not ask.")]
ExitCodeOption = Annotated[bool, typer.Option("--exit-code", help="Exit 1 when something would change.")]
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
KeptAddress = Annotated[
    str,
    typer.Argument(
        metavar="DIR_OR_URI",
        help="What was kept: a scratch directory, or a directory of the spool, with one evaluation or several.",
    ),
]
TrackingUri = Annotated[
    str | None,
    typer.Option(
        "--tracking-uri", metavar="URI", help="MLflow's address.", show_default="that of the config of the evaluation"
    ),
]
AllowPartial = Annotated[bool, typer.Option("--allow-partial", help="Exit 0 although scenarios failed.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout.")]
JsonOrLines = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout; with -w one a line.")]
JsonLines = Annotated[bool, typer.Option("--json", help="Print one JSON object a line on stdout.")]
SchemaName = Annotated[str | None, typer.Argument(metavar="[NAME]", help="One schema; without: the list.")]
AllSchemas = Annotated[bool, typer.Option("--all", help="Every schema, each into a file; with -o.")]
SchemaDirectory = Annotated[
    Path | None, typer.Option("-o", "--output", metavar="DIR", help="Directory to write the files into.")
]

# Fetching models
OptionalConfigPath = Annotated[
    Path | None, typer.Argument(metavar="[CONFIG]", help="Evaluation job config; or --uri.", show_default=False)
]
ModelUri = Annotated[
    str | None,
    typer.Option(
        "--uri",
        metavar="URI",
        help="The model itself: gs://…, s3://…, hf://ORG/REPO[@REVISION], runs:/RUN_ID/PATH, or a directory.",
    ),
]
FetchTo = Annotated[
    Path, typer.Option("-o", "--output", metavar="DIR", help="Directory that the model's own directory is put into.")
]
CacheDir = Annotated[
    Path | None,
    typer.Option(
        "--cache",
        metavar="DIR",
        envvar="CAJAJEJO_CACHE_DIR",
        help="Models that several evaluations share.",
        show_default="that of the pod; elsewhere ~/.cache/cajajejo/models, but for what is on this machine",
    ),
]
Verify = Annotated[bool, typer.Option("--verify/--no-verify", help="Take checksums, or compare sizes only.")]
Parallel = Annotated[
    int, typer.Option("--parallel", metavar="N", min=1, max=64, help="Files, or parts of files, at the same time.")
]
# Staying until jobs end, stopping and removing them
Wait = Annotated[
    bool, typer.Option("--wait", help="After sending, watch the job to its end, and exit with its exit code.")
]
Timeout = Annotated[
    str | None,
    typer.Option(
        "--timeout", metavar="D", help="Stop waiting after D: 90s, 30m, 12h; 0s asks once. The job goes on; exit 124."
    ),
]
WaitFor = Annotated[
    Literal["succeeded", "finished", "running"],
    typer.Option("--for", metavar="succeeded|finished|running", help="What to wait for."),
]
WatchLogs = Annotated[bool, typer.Option("--logs", help="Show the last 10 lines of the log, too.")]
Reason = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why; put on record.", show_default=False)]
OlderThan = Annotated[
    str | None, typer.Option("--older-than", metavar="D", help="Only jobs that ended longer ago: 12h, 7d.")
]
Orphans = Annotated[
    bool, typer.Option("--orphans", help="Remove what was made for jobs that never came, in place of jobs.")
]
# What was found, as people and programs read it
ReportFormat = Annotated[
    Literal["text", "markdown", "junit", "json"] | None,
    typer.Option(
        "--format",
        metavar="text|markdown|junit|json",
        help="Form of the result.",
        show_default="by the suffix of -o, else text",
    ),
]
ReportPath = Annotated[
    Path | None,
    typer.Option("-o", "--output", metavar="PATH", help="Write the result there; - is stdout.", show_default="stdout"),
]
