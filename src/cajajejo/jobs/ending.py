"""Jobs that are stopped, and finished ones that are removed, each with all that belongs to it.

What belongs to a job is given to it before it is deleted, so that the cluster itself removes everything together: a
kill at any moment leaves either a job that the same command finds again, or nothing. Deleting is bound to the very Job
that was looked at, so that a new one of the same name is never met.
"""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, Literal

from cajajejo import moments, sameness
from cajajejo.cluster import STRATEGIC_MERGE_PATCH
from cajajejo.cluster.errors import ConflictError, InvalidObjectError, MissingObjectError, NotAllowedError
from cajajejo.cluster.exchange import pasted, plain
from cajajejo.errors import CajajejoError
from cajajejo.jobs import gathering, remembering
from cajajejo.jobs.finding import OURS, is_ours
from cajajejo.jobs.gathering import CANCELLED
from cajajejo.naming import INSTANCE
from cajajejo.status import State, of
from cajajejo.status.reading import mapping

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cajajejo.cluster import Cluster
    from cajajejo.status import Status

Object = dict[str, Any]

_BELONGING: Final = ("ConfigMap", "RoleBinding", "Role")
_ATTEMPTS: Final = 5
_YOUNG: Final = timedelta(minutes=1)
_LONGEST_REASON: Final = 1000

Outcome = Literal["cancelled", "deleted", "ended", "gone"]


class NotOursError(CajajejoError):
    """The job was not made by us, so that it is not ours to end."""


class StillRunsError(CajajejoError):
    """The job has not ended, and only finished ones are deleted."""


@dataclass(slots=True)
class Ending:
    """What became of one job that was to be cancelled or deleted.

    Attributes:
        name: of the Job.
        namespace: where it was.
        outcome: cancelled or deleted, now; ended: it had ended before, and nothing was done; gone: somebody else was
            quicker.
        status: how it stood.
        run_id: the MLflow run that holds its end.
        warnings: what could not be done beside.
    """

    name: str
    namespace: str
    outcome: Outcome
    status: Status | None = None
    run_id: str | None = None
    warnings: list[str] = field(default_factory=list)


def cancel(cluster: Cluster, job: Object, *, by: str = "", reason: str = "") -> Ending:
    """Stops `job`, after noting its end on its MLflow run, and removes its objects; one that has ended is left alone.

    Args:
        cluster: where it is.
        job: the Job, as it was found.
        by: who does it.
        reason: why.

    Raises:
        NotOursError: we did not make it.
        ClusterError: the cluster does not answer, or does not let us delete the Job.
    """
    _check_ours(job)
    ending = Ending(job["metadata"]["name"], job["metadata"]["namespace"], "gone")
    for attempt in range(_ATTEMPTS):
        live = _same(cluster, job) if attempt else job
        if live is None or live["metadata"].get("deletionTimestamp"):
            return ending
        if sameness.state(live).kind != "active":
            ending.outcome, ending.status = "ended", gathering.look(cluster, live)
            if attempt:  # its end was noted as cancelled a moment ago
                _remember(cluster, live, ending)
            return ending
        as_it_was = attempt < _ATTEMPTS - 1
        with contextlib.suppress(ConflictError, MissingObjectError):  # it changed: perhaps it has ended, or is gone
            if not attempt:
                _check_allowed(cluster, live)
            live = _note(cluster, live, by, reason, ending)
            if sameness.state(live).kind != "active":
                continue  # it has ended since it was looked at
            late = _adopt(cluster, live)
            if ending.status is None:
                ending.status = _cancelled(cluster, live, reason)
                _remember(cluster, live, ending)
            ending.outcome = "cancelled" if _delete(cluster, live, late, as_it_was=as_it_was) else "gone"
            return ending
    return ending


def delete(cluster: Cluster, job: Object) -> Ending:
    """Removes `job`, which has ended, with its objects, after noting its end on its MLflow run where that is missing.

    Raises:
        NotOursError: we did not make it.
        StillRunsError: it has not ended.
        ClusterError: the cluster does not answer, or does not let us.
    """
    _check_ours(job)
    name, namespace = job["metadata"]["name"], job["metadata"]["namespace"]
    ending = Ending(name, namespace, "gone")
    if job["metadata"].get("deletionTimestamp"):
        return ending
    if sameness.state(job).kind == "active":
        command = f"cajajejo jobs cancel {pasted(name)} -n {pasted(namespace)}"
        raise StillRunsError(f"the job {plain(name)} has not ended", run=command)
    ending.status = gathering.look(cluster, job)
    _remember(cluster, job, ending)
    with contextlib.suppress(ConflictError):  # another job has the name by now
        ending.outcome = "deleted" if _delete(cluster, job, _adopt(cluster, job), as_it_was=False) else "gone"
    return ending


def orphans(cluster: Cluster, namespace: str, now: datetime) -> list[Object]:
    """What was made for Jobs that never came: ours, without an owner, older than a minute, and no Job has the name."""
    found = list(cluster.list("ConfigMap", namespace, selector=OURS))
    found += [row for kind in _BELONGING[1:] for row in _listed(cluster, kind, namespace, OURS)]
    alone = [row for row in found if not row["metadata"].get("ownerReferences") and _age(row, now) > _YOUNG]
    if not alone:
        return []
    jobs = {job["metadata"]["name"] for job in cluster.list("Job", namespace)}
    return [row for row in alone if _job_of(row) not in jobs]


def remove_orphan(cluster: Cluster, orphan: Object) -> bool:
    """Whether `orphan` was removed; not where it was changed since it was seen, for then a Job may have taken it."""
    metadata = orphan["metadata"]
    only = {"uid": metadata["uid"], "version": metadata["resourceVersion"]}
    try:
        return cluster.delete(orphan["kind"], metadata["name"], metadata["namespace"], **only)
    except ConflictError:
        return False


def _check_ours(job: Object) -> None:
    metadata = job["metadata"]
    if not is_ours(job):
        command = f"kubectl delete job {pasted(metadata['name'])} -n {pasted(metadata['namespace'])}"
        raise NotOursError(f"the job {plain(metadata['name'])} was not made by cajajejo", run=command)


def _check_allowed(cluster: Cluster, job: Object) -> None:
    """Returns where the Job may be deleted; for an end that does not come must not be put on record.

    Raises:
        NotAllowedError: it may not.
    """
    metadata = job["metadata"]
    with contextlib.suppress(ConflictError, InvalidObjectError):  # also where something does not know of dry runs
        cluster.delete("Job", metadata["name"], metadata["namespace"], uid=metadata["uid"], dry_run=True)


def _same(cluster: Cluster, job: Object) -> Object | None:
    """The Job as it is now; None where it is gone, also where another one has its name."""
    live = cluster.get("Job", job["metadata"]["name"], job["metadata"]["namespace"])
    return live if live is not None and live["metadata"]["uid"] == job["metadata"]["uid"] else None


def _note(cluster: Cluster, job: Object, by: str, reason: str, ending: Ending) -> Object:
    """The Job with the annotation that tells those who watch it that it did not just vanish; the first one stays."""
    metadata = job["metadata"]
    if CANCELLED in mapping(metadata, "annotations"):
        return job
    told = {"by": by, "at": moments.rfc3339(datetime.now(UTC)), "reason": plain(reason, _LONGEST_REASON)}
    change = {"metadata": {"uid": metadata["uid"], "annotations": {CANCELLED: json.dumps(told)}}}
    try:
        return cluster.patch("Job", metadata["name"], metadata["namespace"], change)
    except NotAllowedError as error:
        ending.warnings.append(f"{error.message}; to those who watch the job, it is deleted, and not cancelled")
        return job
    except InvalidObjectError as error:  # of a uid that is not that of the Job
        if _same(cluster, job) is not None:
            raise
        raise MissingObjectError(error.message) from error


def _cancelled(cluster: Cluster, job: Object, reason: str) -> Status:
    """How the job stands once it is cancelled: what it waited for until then is no reason any more."""
    evidence = gathering.gather(cluster, job)
    evidence = gathering.with_last_lines(cluster, evidence, of(evidence))
    told = of(replace(evidence, cancelled=reason[:_LONGEST_REASON]))
    return replace(told, state=State.CANCELLED, since=datetime.now(UTC), exit_code=None)


def _remember(cluster: Cluster, job: Object, ending: Ending) -> None:
    if ending.status is not None:
        ending.run_id = remembering.remember(cluster, job, ending.status, warn=ending.warnings.append)


def _adopt(cluster: Cluster, job: Object) -> list[Object]:
    """Gives the Job what was made for it and has no owner; what we may not give it comes back, to be removed later."""
    metadata = job["metadata"]
    owner = {"apiVersion": "batch/v1", "kind": "Job", "name": metadata["name"], "uid": metadata["uid"]}
    change = {"metadata": {"ownerReferences": [owner]}}
    late = []
    for row in _belongings(cluster, job):
        name, namespace = row["metadata"]["name"], row["metadata"]["namespace"]
        try:
            cluster.patch(row["kind"], name, namespace, change, content_type=STRATEGIC_MERGE_PATCH)
        except NotAllowedError:
            late.append(row)
        except (ConflictError, MissingObjectError):
            continue  # it went, or has got an owner
    return late


def _belongings(cluster: Cluster, job: Object) -> Iterator[Object]:
    """What was made for the Job, and is nobody's: where its adoption was cut short, or kubectl applied it."""
    metadata = job["metadata"]
    instance = mapping(metadata, "labels").get(INSTANCE)
    if not instance:
        return
    for kind in _BELONGING:
        for row in _listed(cluster, kind, metadata["namespace"], f"{OURS},{INSTANCE}={instance}"):
            if not row["metadata"].get("ownerReferences"):
                yield row


def _delete(cluster: Cluster, job: Object, late: list[Object], *, as_it_was: bool) -> bool:
    """Deletes the Job, its pods and what it owns, then `late`; with `as_it_was` only if the Job has not changed.

    False: it was gone.
    """
    metadata = job["metadata"]
    version = metadata["resourceVersion"] if as_it_was else None
    done = cluster.delete("Job", metadata["name"], metadata["namespace"], uid=metadata["uid"], version=version)
    for row in late:
        remove_orphan(cluster, row)
    return done


def _listed(cluster: Cluster, kind: str, namespace: str, selector: str) -> list[Object]:
    """The objects of a kind; none where we may not list them, for then we have not made any."""
    try:
        return list(cluster.list(kind, namespace, selector=selector))
    except NotAllowedError:
        return []


def _job_of(row: Object) -> str:
    """The name of the Job that an object was made for."""
    return str(mapping(row, "metadata", "labels").get(INSTANCE) or row["metadata"]["name"])


def _age(row: Object, now: datetime) -> timedelta:
    made = moments.parse_timestamp(row["metadata"].get("creationTimestamp"))
    return now - made if made else timedelta(0)
