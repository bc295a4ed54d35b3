"""``cajajejo jobs logs``: what a job printed, and prints."""

from __future__ import annotations

import os
import shlex
import sys
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cajajejo.cli import clusters, screen
from cajajejo.cli.log_options import (
    Follow,
    LogAttempt,
    LogContainers,
    LogOutput,
    LogReplica,
    LogSource,
    LogsSince,
    LogsUntil,
    Previous,
    SaveLogs,
    TailLines,
    Timestamps,
)
from cajajejo.cli.options import (
    Context,
    DefaultNamespace,
    JobName,
    JobNamespace,
    JsonLines,
)
from cajajejo.errors import CajajejoError, UsageError

if TYPE_CHECKING:
    from cajajejo.cli.log_output import Format
    from cajajejo.cluster import Cluster
    from cajajejo.cluster.exchange import JsonObject
    from cajajejo.logs import Reading, Source, Wanted


def logs(
    name: JobName,
    follow: Follow = False,
    tail: TailLines = None,
    since: LogsSince = None,
    until: LogsUntil = None,
    containers: LogContainers = None,
    replica: LogReplica = "",
    attempt: LogAttempt = None,
    previous: Previous = False,
    timestamps: Timestamps = False,
    source: LogSource = "auto",
    output: LogOutput = None,
    save: SaveLogs = None,
    namespace: JobNamespace = None,
    default_namespace: DefaultNamespace = None,
    context: Context = None,
    as_json: JsonLines = False,
) -> None:
    """Logs of all attempts, live or from the archive.

    Example: cajajejo jobs logs merciful-crocodile -f --tail 100
    """
    from cajajejo.cli import cloud_logs, log_output, log_saving
    from cajajejo.logs import Reading, Wanted
    from cajajejo.moments import parse_time

    now = datetime.now(UTC)
    wanted = Wanted(
        follow,
        tail,
        parse_time(since, "--since", now) if since else None,
        parse_time(until, "--until", now) if until else None,
        tuple(containers or ()),
        attempt,
        replica,
        previous,
        source,
    )
    _check(wanted)
    path = None if output == Path("-") else output
    if path is not None:
        log_output.check(path)
    if save is not None:
        log_saving.check(save, shown=path, follow=follow)
    if cloud_logs.needs_no_cluster(name, wanted):
        cloud_logs.show(name, namespace, wanted, path, save, partial(_format, timestamps=timestamps, as_json=as_json))
        return
    with clusters.connect(context) as cluster:
        archive = _archive(cluster, source)
        place = clusters.place(cluster, namespace, default_namespace)
        job, missing = _job(cluster, name, place, archive, source)
        wanted = replace(wanted, source="cloud") if missing else wanted
        reading = Reading(cluster, job, wanted, cloud=archive)
        reading.begin()
        if follow and not (reading.voices or reading.is_over):
            screen.say(*_nothing_yet(cluster, job, wanted, missing))
        shown = log_output.opened(path, live=follow, goes_on=save is not None)
        with shown as lines, log_saving.saving(save) as saved:
            _copy(reading, lines, saved(_format(reading.voices, path, timestamps=timestamps, as_json=as_json)))
    if not lines.lines:
        if missing:
            raise missing
        if not follow or reading.is_over:
            screen.say(*_nothing(cluster, job, wanted, reading))
    elif path is not None:
        screen.say(f"wrote {path} ({lines.lines:,} line{'s' * (lines.lines != 1)})")


def _check(wanted: Wanted) -> None:
    """Returns where the options go together.

    Raises:
        UsageError: they do not.
    """
    if wanted.follow and wanted.until is not None:
        raise UsageError("-f ends with the job; --until goes without it")
    if wanted.since is not None and wanted.until is not None and wanted.since > wanted.until:
        raise UsageError("--since is later than --until, and nothing lies between")
    if wanted.source == "cloud" and (wanted.previous or wanted.attempt or wanted.replica):
        raise UsageError("--source cloud has all attempts as one; --attempt, --replica and --previous need the pods")


def _archive(cluster: Cluster, source: str) -> Source | None:
    """Cloud Logging, where it is asked for, or where the project file or the context names a Google Cloud project."""
    if source == "pods":
        return None
    from cajajejo import settings
    from cajajejo.cli import cloud_logs

    context = cluster.target.context
    if source == "auto" and settings.gcp_here(os.environ) is None and not context.startswith("gke_"):
        return None
    return cloud_logs.archive(context)


def _job(
    cluster: Cluster, name: str, place: str, archive: Source | None, source: str
) -> tuple[JsonObject, CajajejoError | None]:
    """The job; where it is gone and there is an archive, what is left of it: its name; and why it was not found.

    Raises:
        CajajejoError: it was not found, and there is no archive.
    """
    from cajajejo.cluster.errors import ClusterError
    from cajajejo.cluster.exchange import pasted
    from cajajejo.jobs import finding

    try:
        return finding.find(cluster, name, place), None
    except (finding.NoSuchJobError, ClusterError) as error:
        gone = isinstance(error, finding.NoSuchJobError) or source == "cloud"
        if archive is None or not gone or name == finding.LATEST:
            if isinstance(error, finding.NoSuchJobError):
                error.run += (f"cajajejo jobs status {pasted(name)}     tells the end of one that is gone",)
            raise
        return {"metadata": {"name": name, "namespace": place}, "spec": {}}, error


def _format(voices: set[tuple[str, str]], path: Path | None, *, timestamps: bool, as_json: bool) -> Format:
    from cajajejo.cli import log_output

    if as_json:
        return log_output.as_json
    style = screen.out_style()
    if path is None and style.width is not None:
        return log_output.Screen(voices, style, timestamps=timestamps)
    return log_output.Raw(voices, log_output.bar(style), timestamps=timestamps)


def _copy(reading: Reading, lines: Any, form: Format) -> None:
    from cajajejo.logs import Block, Gap

    for item in reading.items():
        if isinstance(item, Gap):
            lines.flush()
            screen.warn(item.why)
        else:
            lines.write(form(item), item.count if isinstance(item, Block) else 1)


def _nothing_yet(cluster: Cluster, job: JsonObject, wanted: Wanted, missing: CajajejoError | None) -> list[str]:
    """What a follower waits for, where nothing was printed so far."""
    return [] if missing or wanted.source == "cloud" else [f"{_stands(cluster, job)}; waiting for its log"]


def _nothing(cluster: Cluster, job: JsonObject, wanted: Wanted, reading: Reading) -> list[str]:
    """Why there is no line."""
    name = job["metadata"]["name"]
    if wanted.source == "cloud":
        return [f"Cloud Logging has no such lines of {name}"]
    if reading.voices:
        narrowed = wanted.since or wanted.until or wanted.tail == 0
        return [f"{name} has printed nothing" + (" that was asked for" if narrowed else ""), *_elsewhere(cluster, job)]
    if reading.lost:
        return []  # the gaps say so
    again = shlex.join(["cajajejo", *sys.argv[1:], "-f"])
    return [_stands(cluster, job), *([] if reading.is_over else [f"Next: {again}     waits for its log"])]


def _elsewhere(cluster: Cluster, job: JsonObject) -> list[str]:
    """Where to look for what the init container said, where it failed and the main one never ran."""
    from cajajejo.jobs import gathering
    from cajajejo.status import Reason

    status = gathering.look(cluster, job)
    container = status.attempts[-1].container if status.attempts else ""
    if status.reason is not Reason.INIT_CONTAINER_FAILED or not container:
        return []
    return ["Next: " + shlex.join(["cajajejo", *sys.argv[1:], "-c", container]) + "     why it never ran"]


def _stands(cluster: Cluster, job: JsonObject) -> str:
    """That a job has printed nothing, and how it stands."""
    from cajajejo.jobs import gathering

    status = gathering.look(cluster, job)
    why = f": {status.message}" if status.message else ""
    word = "printed nothing" if status.state.is_end else "not printed anything yet"
    return f"{status.name} has {word}: {status.state}{why}"
