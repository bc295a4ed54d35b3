"""What is known about a job: the objects of the cluster that tell how it stands."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

Object: TypeAlias = dict[str, Any]
"""An API object as JSON has it."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """The objects that tell how one job stands; each as it was seen last.

    Attributes:
        job: the Job, also when it has been deleted since.
        now: the time of looking, with its time zone.
        pods: its pods, those that are gone among them.
        events: events about the Job, its pods and its claims, in any order.
        deleted: whether the Job has been deleted.
        workload: the Workload that Kueue made of it.
        workloads: those of the same queue, where they can be read: they tell its place.
        claims: the PersistentVolumeClaims that its pods use, where they can be read.
        storage_classes: the names of the StorageClasses; None: they may not be read.
        quotas: the ResourceQuotas of the namespace.
        nodes: the nodes; None: they may not be read.
        other_pods: pods of the whole cluster that use accelerators; None: they may not be read.
        cancelled: the reason given when we cancelled it; None: we did not.
        away_since: since when the API server has not answered; None: it does.
    """

    job: Object
    now: datetime
    pods: Sequence[Object] = ()
    events: Sequence[Object] = ()
    deleted: bool = False
    workload: Object | None = None
    workloads: Sequence[Object] = ()
    claims: Sequence[Object] = ()
    storage_classes: frozenset[str] | None = None
    quotas: Sequence[Object] = ()
    nodes: Sequence[Object] | None = None
    other_pods: Sequence[Object] | None = None
    cancelled: str | None = None
    away_since: datetime | None = None
    last_lines: tuple[str, ...] = field(default=())
    """What the container printed that failed last."""
