"""``cajajejo jobs cancel`` and ``delete``: stopping what runs, removing what is finished."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from cajajejo import moments
from cajajejo.cli import clusters, screen
from cajajejo.cli.options import (
    AsJson,
    Context,
    DefaultNamespace,
    JobNames,
    JobNamespace,
    OlderThan,
    Orphans,
    Reason,
    Selector,
    Yes,
)
from cajajejo.errors import CajajejoError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cajajejo.cluster import Cluster
    from cajajejo.cluster.exchange import JsonObject
    from cajajejo.jobs.ending import Ending

_SHOWN: Final = 10
_PAST: Final = {"Cancel": "cancelled", "Delete": "deleted"}
_WORDS: Final = {"cancelled": "cancelled", "deleted": "deleted", "ended": "unchanged", "gone": "unchanged"}


class NotEndedError(CajajejoError):
    """Some of several jobs could not be cancelled or deleted."""


@dataclass(frozen=True, slots=True)
class Try:
    """One job that was to be ended: what became of it, or the error."""

    name: str
    ending: Ending | None = None
    error: CajajejoError | None = None


def cancel(
    names: JobNames = None,
    selector: Selector = "",
    yes: Yes = False,
    reason: Reason = "",
    namespace: JobNamespace = None,
    default_namespace: DefaultNamespace = None,
    context: Context = None,
    as_json: AsJson = False,
) -> None:
    """Stop jobs, put their end on record, and remove their objects.

    Example: cajajejo jobs cancel eval-neurips-merciful-crocodile-3f2a9c1d --reason "wrong model"
    """
    from cajajejo import provenance
    from cajajejo.jobs import ending

    _check(names, selector=selector)
    by = provenance.user()
    with clusters.connect(context) as cluster:
        place = clusters.place(cluster, namespace, default_namespace)
        jobs, tries = _named(cluster, place, names or [])
        if selector:
            jobs = [job for job in _labelled(cluster, place, selector) if _runs(job)]
            _ask("Cancel", jobs, place, yes=yes)
        tries += [_try(job, lambda job: ending.cancel(cluster, job, by=by, reason=reason)) for job in jobs]
    _tell(tries, "cancelled", as_json=as_json)


def delete(
    names: JobNames = None,
    selector: Selector = "",
    older_than: OlderThan = None,
    orphans: Orphans = False,
    yes: Yes = False,
    namespace: JobNamespace = None,
    default_namespace: DefaultNamespace = None,
    context: Context = None,
    as_json: AsJson = False,
) -> None:
    """Remove finished jobs and their objects; one that runs is refused.

    Example: cajajejo jobs delete --older-than 7d
    """
    from cajajejo.jobs import ending

    _check(names, selector=selector, older_than=older_than, orphans=orphans)
    seconds = moments.parse_duration(older_than, "--older-than") if older_than else 0.0
    with clusters.connect(context) as cluster:
        place = clusters.place(cluster, namespace, default_namespace)
        if orphans:
            _remove_orphans(cluster, place, yes=yes, as_json=as_json)
            return
        jobs, tries = _named(cluster, place, names or [])
        if not names:
            jobs = [job for job in _labelled(cluster, place, selector) if _ended_before(job, seconds)]
        _ask("Delete", jobs, place, yes=yes)
        tries += [_try(job, lambda job: ending.delete(cluster, job)) for job in jobs]
    _tell(tries, "deleted", as_json=as_json)


def _check(names: Sequence[str] | None, *, selector: str, older_than: str | None = None, orphans: bool = False) -> None:
    """Returns where it is said in one way what is meant.

    Raises:
        UsageError: it is not.
    """
    if orphans and (names or selector or older_than):
        raise UsageError("--orphans is about what no job has; no NAME, -l or --older-than goes with it")
    if names and (selector or older_than):
        raise UsageError("either names, or --selector and --older-than")
    if not (names or selector or older_than or orphans):
        raise UsageError("which job? Give a NAME, or labels: --selector K=V")


def _named(cluster: Cluster, namespace: str, names: Sequence[str]) -> tuple[list[JsonObject], list[Try]]:
    """The jobs of these names, each once; of those that are gone their record, of other names their error.

    Raises:
        CajajejoError: the only name fits none, or more than one.
    """
    from cajajejo.jobs import finding

    found: dict[str, JsonObject] = {}
    others = []
    for name in names:
        try:
            job = finding.find(cluster, name, namespace)
        except (finding.NoSuchJobError, finding.AmbiguousNameError) as error:
            ended = _ended(cluster, name, namespace)
            if len(names) == 1 and ended is None:
                raise
            others.append(Try(name, ended) if ended else Try(name, error=error))
        else:
            found[job["metadata"]["uid"]] = job
    return list(found.values()), others


def _ended(cluster: Cluster, name: str, namespace: str) -> Ending | None:
    """How the job of this very name ended that is gone, where that is on record: there is nothing left to do."""
    from cajajejo.jobs import ending, remembering

    known = remembering.recall(name, namespace, context=cluster.target.context, warn=screen.warn)
    if known is None or known.name != name or not known.state.is_end:
        return None
    return ending.Ending(name, namespace, "ended", known, known.mlflow_run_id)


def _labelled(cluster: Cluster, namespace: str, selector: str) -> list[JsonObject]:
    from cajajejo.jobs import finding

    return finding.find_all(cluster, namespace, selector=selector)


def _runs(job: JsonObject) -> bool:
    from cajajejo import sameness

    return sameness.state(job).kind == "active"


def _ended_before(job: JsonObject, seconds: float) -> bool:
    """Whether a job ended at least so many seconds ago."""
    from cajajejo import sameness

    state = sameness.state(job)
    ended_at = moments.parse_timestamp(state.when)
    if state.kind == "active" or ended_at is None:
        return False
    return datetime.now(UTC) - ended_at >= timedelta(seconds=seconds)


def _ask(verb: str, jobs: Sequence[JsonObject], namespace: str, *, yes: bool) -> None:
    if yes or not jobs:
        return
    names = [job["metadata"]["name"] for job in jobs]
    if len(names) == 1:
        question = f"{verb} the job {names[0]} in namespace {namespace}?"
    else:
        screen.say(*(f"  {name}" for name in names[:_SHOWN]))
        screen.say(*[f"  and {len(names) - _SHOWN} more"] * (len(names) > _SHOWN))
        question = f"{verb} {len(names)} jobs in namespace {namespace}?"
    screen.confirm(question, no=f"nothing was {_PAST[verb]}")


def _try(job: JsonObject, act: Callable[[JsonObject], Ending]) -> Try:
    name = job["metadata"]["name"]
    try:
        return Try(name, act(job))
    except CajajejoError as error:
        return Try(name, error=error)


def _tell(tries: Sequence[Try], done: str, *, as_json: bool) -> None:
    """What became of each job.

    Raises:
        CajajejoError: one was not ended: its error; of several an account.
    """
    endings = [attempt.ending for attempt in tries if attempt.ending is not None]
    for ending in endings:
        for warning in ending.warnings:
            screen.warn(warning)
        screen.say(_line(ending))
    if as_json:
        screen.result_json(_document(tries))
    else:
        screen.result(*(ending.name for ending in endings if ending.outcome == done))
    if not tries:
        screen.say("no job is meant by this")
    failed = [attempt for attempt in tries if attempt.error is not None]
    if len(tries) == 1 and failed and failed[0].error:
        raise failed[0].error
    if failed:
        facts = {attempt.name: attempt.error.message for attempt in failed[:_SHOWN] if attempt.error}
        if len(failed) > _SHOWN:
            facts["and"] = f"{len(failed) - _SHOWN} more"
        raise NotEndedError(f"{len(failed)} of {len(tries)} jobs were not {done}", facts=facts)


def _line(ending: Ending) -> str:
    """``14:02:11  cancelled   eval-…, recorded on mlflow run 7be1c2a0``."""
    status = ending.status
    told = ending.name
    if ending.outcome == "ended" and status is not None:
        told += f" had ended: {status.state}"
    elif ending.outcome == "gone":
        told += " is gone, or going: somebody else deleted it"
    if ending.run_id:
        told += f", recorded on mlflow run {ending.run_id}"
    return f"{time.strftime('%H:%M:%S')}  {_WORDS[ending.outcome]:<10}  {told}"


def _document(tries: Sequence[Try]) -> dict[str, object]:
    from cajajejo.job_outputs import EndedJob, EndedJobs

    rows = []
    for attempt in tries:
        ending = attempt.ending
        rows.append(
            EndedJob(
                name=attempt.name,
                outcome=ending.outcome if ending else "failed",
                message=attempt.error.message if attempt.error else None,
                mlflow_run_id=ending.run_id if ending else None,
            )
        )
    return EndedJobs(jobs=tuple(rows)).as_json()


def _remove_orphans(cluster: Cluster, namespace: str, *, yes: bool, as_json: bool) -> None:
    """Shows what was made for jobs that never came, asks, and removes it."""
    from cajajejo.job_outputs import RemovedObject, RemovedObjects
    from cajajejo.jobs import ending

    now = datetime.now(UTC)
    found = ending.orphans(cluster, namespace, now)
    screen.say(*(_orphan_line(orphan, now) for orphan in found))
    if found and not yes:
        number = f"{len(found)} object{'s' * (len(found) != 1)}"
        screen.confirm(f"Delete {number} in namespace {namespace}?", no="nothing was deleted")
    rows = []
    for orphan in found:
        kind, name = orphan["kind"], orphan["metadata"]["name"]
        removed = ending.remove_orphan(cluster, orphan)
        rows.append(RemovedObject(kind=kind, name=name, outcome="removed" if removed else "left"))
    if as_json:
        screen.result_json(RemovedObjects(objects=tuple(rows)).as_json())
    else:
        screen.result(*(f"{row.kind}/{row.name}" for row in rows if row.outcome == "removed"))
    left = [f"{row.kind}/{row.name}" for row in rows if row.outcome == "left"]
    screen.say(*(f"{name} was left: somebody changed or removed it just now" for name in left))
    screen.say(*(["no orphans"] if not found else []))


def _orphan_line(orphan: JsonObject, now: datetime) -> str:
    made = moments.parse_timestamp(orphan["metadata"].get("creationTimestamp"))
    age = f"made {moments.ago((now - made).total_seconds())} ago" if made else ""
    return f"  {orphan['kind']:<11}  {orphan['metadata']['name']}  {age}".rstrip()
