"""The MLflow run of a Job: found by the Job's uid, made once, and what is known about the job written on it.

MLflow has no transactions. So nobody changes a tag that somebody else wrote, of two runs that are made at the same
moment the younger one goes, and what was written is read once more.
"""

from __future__ import annotations

import secrets
import time
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from cajajejo import tracking
from cajajejo.records import tags
from cajajejo.records.record import together
from cajajejo.status import State
from cajajejo.tracking import search
from cajajejo.tracking.search import SETTLE_SECONDS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cajajejo.records.record import Record
    from cajajejo.status import Status
    from cajajejo.tracking import NewRun, RunStatus

_TRIES: Final = 4
_ENDS: Final[Mapping[State, RunStatus]] = {
    State.SUCCEEDED: "FINISHED",
    State.FAILED: "FAILED",
    State.CANCELLED: "KILLED",
    State.GONE: "KILLED",
}


def find(
    uri: str, *, uid: str = "", job_name: str = "", namespace: str = "", experiments: Sequence[str] = ()
) -> Status | None:
    """What is known about a Job by its MLflow run; None where no run tells of it.

    Args:
        uri: the address of the tracking store.
        uid: of the Job; of several runs that have it, the one that was made first counts.
        job_name: where the uid is not known: its name; where it was used more than once, the newest Job counts.
        namespace: with `job_name`: where it was.
        experiments: the names of the experiments to look in; none: all of them.

    Raises:
        TrackingError: the store does not answer, or refuses.
    """
    given = {tags.UID: uid, tags.NAME: job_name, tags.NAMESPACE: namespace}
    wanted = {key: value for key, value in given.items() if value}
    with tracking.client(uri) as store:
        found = search.runs(store, _ids(store, experiments), wanted)
    if not uid:
        newest = next((run.data.tags[tags.UID] for run in found if run.data.tags.get(tags.UID)), None)
        found = [run for run in found if run.data.tags.get(tags.UID) == newest]
    return _told(min(found, key=search.age)) if found else None


def ensure(new: NewRun, uid: str, *, started_at: datetime | None = None, settle: float | None = None) -> str:
    """The id of the one MLflow run of the Job `uid`: the one that is there, else a new one.

    Two that find none at the same moment both make one. After a moment both look again, and the younger run is deleted.

    Args:
        new: what it is made with.
        uid: of the Job.
        started_at: when the job began; None: now.
        settle: seconds to wait before looking again; None: `SETTLE_SECONDS`.

    Raises:
        TrackingError: the store does not answer, or refuses.
    """
    milliseconds = None if started_at is None else int(started_at.timestamp() * 1000)
    waiting = SETTLE_SECONDS if settle is None else settle
    with tracking.client(new.uri) as store:
        inside = tracking.experiment(store, new.uri, new.experiment)
        return search.one(store, inside, new, {tags.UID: uid}, start_time=milliseconds, settle=waiting)


def write(uri: str, run_id: str, record: Record) -> Status:
    """Adds `record` to what is known on the run; what all tellers know together now.

    Writing it again changes nothing. One that knows less than what is there takes nothing away. Where the job has ended
    and MLflow does not know it, the run is ended, too.

    Raises:
        TrackingError: the store does not answer, or refuses; or there is no such run.
    """
    with tracking.client(uri) as store:
        for attempt in range(_TRIES):
            run = store.get_run(run_id)
            changes, whole = tags.changes(run.data.tags, record)
            if not changes:
                break
            if attempt:
                time.sleep(secrets.randbelow(200) / 1000)  # so that two writers do not meet again
            tracking.set_tags(store, run_id, changes)
        _end(store, run, whole)
    return replace(whole, mlflow_run_id=run_id)


def _end(store: Any, run: Any, whole: Status) -> None:
    """Ends the run as the job ended; one that has its results stays as it is."""
    status = _ENDS.get(whole.state)
    if status is None or run.info.status in {status, "FINISHED"}:
        return
    ended = whole.finished_at or whole.since or datetime.now(UTC)
    store.set_terminated(run.info.run_id, status=status, end_time=int(ended.timestamp() * 1000))


def _told(run: Any) -> Status | None:
    status = together(tags.read(run.data.tags))
    return None if status is None else replace(status, mlflow_run_id=search.run_id(run))


def _ids(store: Any, experiments: Sequence[str]) -> list[str]:
    """The ids of the experiments of these names; of all that were not deleted, where none of them is there."""
    named = [store.get_experiment_by_name(name) for name in experiments]
    ids = [str(known.experiment_id) for known in named if known is not None and known.lifecycle_stage == "active"]
    return ids or search.experiments(store)
