"""``jobs logs --source cloud`` without any cluster: a job that Kubernetes knows no more has its lines still."""

from __future__ import annotations

import os
import shlex
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from cajajejo.cli import screen
from cajajejo.errors import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from cajajejo.cli.log_output import Format
    from cajajejo.logs.cloud import CloudLogs
    from cajajejo.logs.cloud_place import Place
    from cajajejo.logs.lines import Item
    from cajajejo.logs.speakers import Wanted

_KEPT_DAYS: Final = 30
"""How long Cloud Logging keeps logs unless a project says otherwise."""


def archive(context: str = "") -> CloudLogs:
    """Cloud Logging of the project that the project file, `context` of the kubeconfig, or a variable names.

    Raises:
        CloudProjectError: none of them names one.
    """
    from cajajejo import settings
    from cajajejo.cli.progress import RetryNotes
    from cajajejo.logs.cloud import CloudLogs, Waiting
    from cajajejo.logs.cloud_place import place_of

    place = place_of(settings.gcp_here(os.environ), os.environ, context=context)
    return CloudLogs(place, os.environ, Waiting(say=RetryNotes()))


def needs_no_cluster(name: str, wanted: Wanted) -> bool:
    """Whether the lines can be had from Cloud Logging alone.

    Which job is the latest, and when one has ended, only a cluster knows.
    """
    from cajajejo import settings
    from cajajejo.logs.cloud_place import VARIABLE

    if wanted.source != "cloud" or wanted.follow or name.startswith("@"):
        return False
    return settings.gcp_here(os.environ) is not None or bool(os.environ.get(VARIABLE))


def show(
    name: str,
    namespace: str | None,
    wanted: Wanted,
    path: Path | None,
    save: Path | None,
    format_of: Callable[[set[tuple[str, str]], Path | None], Format],
) -> None:
    """Shows the lines of a job, of all its containers where none is named, or says that there are none.

    Args:
        name: the whole name of the job.
        namespace: the job's namespace; None: any.
        wanted: which lines.
        path: the file to write them to; None: stdout.
        save: the file to write them to as well.
        format_of: how they look there, with the pods and containers that speak.
    """
    from cajajejo.cli import log_output, log_saving
    from cajajejo.logs.cloud_query import Query
    from cajajejo.logs.lines import Line
    from cajajejo.logs.merging import last
    from cajajejo.logs.speakers import ALL

    archived, voices = archive(), set[tuple[str, str]]()
    since = wanted.since or datetime.now(UTC) - timedelta(days=_KEPT_DAYS)
    query = Query(name, namespace or "", tuple(each for each in wanted.containers if each != ALL))
    found: Iterable[Item] = archived.read(query, since, wanted.until)
    with log_output.opened(path, live=False, goes_on=save is not None) as lines, log_saving.saving(save) as saved:
        form = saved(format_of(voices, path))
        for line in found if wanted.tail is None else last(found, wanted.tail):
            if isinstance(line, Line):
                voices.add((line.pod, line.container))
                lines.write(form(line))
    if not lines.lines:
        screen.say(*nothing(name, archived.place, since, wanted.until))
    elif path is not None:
        screen.say(f"wrote {path} ({lines.lines:,} line{'s' * (lines.lines != 1)})")


def nothing(name: str, place: Place, since: datetime, until: datetime | None) -> list[str]:
    """That there is no line of a job, where and when was looked, and how to look further."""
    end = f"{until.astimezone():%Y-%m-%d %H:%M}" if until else "now"
    cluster = f", cluster {printable(place.cluster)} in {printable(place.location)}" if place.cluster else ""
    told = [
        f"Cloud Logging has no lines of {printable(name)} from {since.astimezone():%Y-%m-%d %H:%M} to {end}",
        f"looked at: project {printable(place.project)}{cluster}; the name of the job must be whole",
    ]
    if since > datetime.now(UTC) - timedelta(days=_KEPT_DAYS, hours=-1):
        further = shlex.join(["cajajejo", "jobs", "logs", name, "--source", "cloud", "--since", f"{_KEPT_DAYS}d"])
        told.append(
            f"Next: {printable(further)}     looks further back: it keeps {_KEPT_DAYS} days, if nobody changed that"
        )
    return told
