"""Jobs by name, as people give them: the full name, a part that fits one only, or the newest of one's own."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from cajajejo import moments, provenance
from cajajejo.cluster.errors import ClusterError
from cajajejo.cluster.exchange import pasted, plain
from cajajejo.errors import CajajejoError
from cajajejo.jobs.subjects import JOB_UID, job_uids, name_of, uid_of
from cajajejo.phrases import closest
from cajajejo.status import Evidence, of
from cajajejo.status.reading import text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cajajejo.cluster import Cluster
    from cajajejo.cluster.exchange import JsonObject

OURS: Final = "app.kubernetes.io/managed-by=cajajejo"
"""The label of what we made."""
LATEST: Final = "@latest"
"""In place of a name: the newest job of ours that this user submitted."""
SUBMITTED_BY: Final = "cajajejo/submitted-by"
"""Annotation of a Job that was sent: the user who did it. It says nothing about what the job is."""

_COMPONENT: Final = "app.kubernetes.io/component"
_NAME: Final = re.compile(r"[a-z0-9]([-a-z0-9.]*[a-z0-9])?")
_LONGEST_NAME: Final = 253
_SHOWN: Final = 10


class NoSuchJobError(CajajejoError):
    """No job has the name."""


class AmbiguousNameError(CajajejoError):
    """A part of a name fits several jobs."""


def find(cluster: Cluster, name: str, namespace: str | None = None) -> JsonObject:
    """The Job that `name` means: one of this full name, ours or not; the only one of ours with this part; ``@latest``.

    Args:
        cluster: where to look.
        name: as the user gave it.
        namespace: where; None: the context's namespace.

    Raises:
        NoSuchJobError: there is none.
        AmbiguousNameError: the part fits several; the first ten are named, newest first.
        ClusterError: the cluster does not answer, or does not let us look.
    """
    if name == LATEST:
        return _latest(cluster, namespace)
    if len(name) <= _LONGEST_NAME and _NAME.fullmatch(name):
        job = cluster.get("Job", name, namespace)
        if job is not None:
            return job
    ours = find_all(cluster, namespace)
    fitting = [job for job in ours if name and name in name_of(job)]
    if len(fitting) == 1:
        return fitting[0]
    place = _place(cluster, namespace)
    raise _ambiguous(cluster, name, fitting, place) if fitting else _missing(name, ours, place)


def find_all(
    cluster: Cluster, namespace: str | None = None, *, selector: str = "", kind: str | None = None
) -> list[JsonObject]:
    """The Jobs that we made, newest first.

    Args:
        cluster: where to look.
        namespace: where; None: the context's namespace.
        selector: a label selector, besides.
        kind: only ``evaluation``, ``training`` or ``test``.

    Raises:
        ClusterError: the cluster does not answer, or does not let us look.
    """
    chosen = [OURS, *[f"{_COMPONENT}={kind}"] * bool(kind), *[selector] * bool(selector)]
    jobs = cluster.list("Job", namespace, selector=",".join(chosen))
    return sorted(jobs, key=_newest_first)


def is_ours(thing: JsonObject) -> bool:
    """Whether we made `thing`."""
    key, _, value = OURS.partition("=")
    return text(thing, "metadata", "labels", key) == value


def _latest(cluster: Cluster, namespace: str | None) -> JsonObject:
    ours, user = find_all(cluster, namespace), provenance.user()
    known = [job for job in ours if _submitter(job)]
    mine = [job for job in ours if user and _submitter(job) == user] if known else ours
    if mine:
        return mine[0]
    place = _place(cluster, namespace)
    facts = {"context": plain(cluster.target.context)}
    if known:
        newest = known[0]
        facts["newest"] = f"{name_of(newest)}, submitted by {plain(_submitter(newest), 100)}"
    whose = f"submitted by {plain(user, 100)}" if known and user else "of ours"
    raise NoSuchJobError(f"there is no job {whose} in namespace {plain(place)}", facts=facts, run=_list(place))


def _missing(name: str, ours: Sequence[JsonObject], place: str) -> NoSuchJobError:
    facts = {"jobs there": str(len(ours)) if ours else "none of ours"}
    guess = _guess(name, [name_of(job) for job in ours])
    if guess:
        facts["did you mean"] = plain(guess, _LONGEST_NAME)
    shown = plain(name, 100) or "(an empty name)"
    return NoSuchJobError(f"there is no job {shown} in namespace {plain(place)}", facts=facts, run=_list(place))


def _guess(name: str, names: Sequence[str]) -> str | None:
    """The job whose name, or a word of whose name, is probably meant."""
    whole = closest(name, names)
    if whole is not None:
        return whole
    words = {word: full for full in reversed(names) for word in full.split("-") if len(word) > 3}  # noqa: PLR2004
    word = closest(name, words)
    return words[word] if word else None


def _ambiguous(cluster: Cluster, name: str, fitting: Sequence[JsonObject], place: str) -> AmbiguousNameError:
    now, shown = datetime.now(UTC), fitting[:_SHOWN]
    pods = _pods_of(cluster, shown, place)
    lines = [_line(Evidence(job, now, [pod for pod in pods if uid_of(job) in set(job_uids(pod))])) for job in shown]
    if len(fitting) > _SHOWN:
        lines.append(f"and {len(fitting) - _SHOWN} more")
    message = f"{plain(name, 100)} fits {len(fitting)} jobs in namespace {plain(place)}; give more of the name"
    return AmbiguousNameError(message, facts={"newest": "\n".join(lines)}, run=_list(place))


def _pods_of(cluster: Cluster, jobs: Sequence[JsonObject], place: str) -> list[JsonObject]:
    """The pods of the jobs; none where they cannot be read."""
    uids = ",".join(map(uid_of, jobs))
    try:
        return list(cluster.list("Pod", place, selector=f"{JOB_UID} in ({uids})"))
    except ClusterError:
        return []


def _line(evidence: Evidence) -> str:
    job = evidence.job
    made = _made(job)
    age = f"  {moments.age((evidence.now - made).total_seconds())}" if made else ""
    return f"{plain(name_of(job), _LONGEST_NAME)}  {of(evidence).state}{age}"


def _list(place: str) -> str:
    return f"cajajejo jobs list -n {pasted(place)}"


def _place(cluster: Cluster, namespace: str | None) -> str:
    return namespace or cluster.target.namespace or "default"


def _submitter(job: JsonObject) -> str:
    annotations = job["metadata"].get("annotations")
    return str(annotations.get(SUBMITTED_BY) or "") if isinstance(annotations, dict) else ""


def _made(job: JsonObject) -> datetime | None:
    return moments.parse_timestamp(job["metadata"].get("creationTimestamp"))


def _newest_first(job: JsonObject) -> tuple[float, str]:
    made = _made(job)
    return (-made.timestamp() if made else 0.0, name_of(job))
