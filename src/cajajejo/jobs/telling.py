"""How the job of a name stands: told by the cluster, and of one that is gone by its record."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from cajajejo import status
from cajajejo.cluster.exchange import plain
from cajajejo.jobs import finding, gathering, remembering

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from cajajejo.cluster import Cluster
    from cajajejo.status import Entry, Status


@dataclass(frozen=True, slots=True)
class Told:
    """How one job stands, and whether that was told by its record, because it is gone from the cluster."""

    status: Status
    recalled: bool = False


@dataclass(frozen=True, slots=True)
class Explained:
    """How one job stands, and all that tells so, in order of time; of a job that is gone nothing is left of it."""

    told: Told
    entries: tuple[Entry, ...] = ()


def tell(cluster: Cluster, name: str, namespace: str, *, now: datetime, warn: Callable[[str], None]) -> Told:
    """How the job of this name stands.

    Args:
        cluster: where to look first.
        name: as the user gave it.
        namespace: where it is, or was.
        now: the time of looking.
        warn: who hears of a tracking server that is away.

    Raises:
        NoSuchJobError: neither the cluster nor the records know it.
        AmbiguousNameError: a part of a name fits several jobs.
        ClusterError: the cluster does not answer, or does not let us look.
    """
    try:
        job = finding.find(cluster, name, namespace)
    except finding.NoSuchJobError as error:
        return _recall(cluster, name, namespace, warn, error)
    return Told(_with_record(gathering.look(cluster, job, now=now)))


def explain(cluster: Cluster, name: str, namespace: str, *, now: datetime, warn: Callable[[str], None]) -> Explained:
    """How the job of this name stands, and all that tells so; the arguments are those of `tell`.

    Raises:
        NoSuchJobError: neither the cluster nor the records know it.
        AmbiguousNameError: a part of a name fits several jobs.
        ClusterError: the cluster does not answer, or does not let us look.
    """
    try:
        job = finding.find(cluster, name, namespace)
    except finding.NoSuchJobError as error:
        return Explained(_recall(cluster, name, namespace, warn, error))
    evidence = gathering.gather(cluster, job, now=now)
    return Explained(Told(_with_record(status.of(evidence))), status.entries(evidence))


def _with_record(found: Status) -> Status:
    """`found` with the MLflow run that its end is on record with, where that is known here."""
    return replace(found, mlflow_run_id=found.mlflow_run_id or remembering.run_of(found.name, found.uid))


def _recall(
    cluster: Cluster, name: str, namespace: str, warn: Callable[[str], None], error: finding.NoSuchJobError
) -> Told:
    """What the record of a job says that is gone; the `error` where there is no record."""
    context = cluster.target.context
    found = remembering.recall(name, namespace, context=context, warn=warn)
    if found is None:
        error.facts["looked at"] = f"context {plain(context)}, and what this project has on record"
        raise error
    return Told(found, recalled=True)
