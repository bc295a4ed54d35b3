"""The end of a job on its MLflow run, and the same read again when the job is gone.

What is to be written is first put into a file under ``.cajajejo/records/`` and stays there until MLflow has it. So
nothing is lost where the tracking server is away, or this program is killed in between: the next `remember`, `recall`
or `send_kept` in this directory, of any job, sends it. Sending twice changes nothing.

What this project sent or followed is noted under ``.cajajejo/jobs/``: where the run of a job is, what it is made with,
and how the job stood when it was looked at last. So a job that is gone is found by a part of its name, too.
"""

from __future__ import annotations

import os
import time
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from cajajejo import local_state, provenance, records, tracking, validation, yamlfile
from cajajejo.cluster.exchange import plain
from cajajejo.config import POD_VARIABLES, EvaluationJobConfig
from cajajejo.errors import CajajejoError
from cajajejo.jobs import stores
from cajajejo.jobs.finding import LATEST, AmbiguousNameError, is_ours
from cajajejo.jobs.notes import Note, Notes
from cajajejo.jobs.subjects import uid_of
from cajajejo.records import Record
from cajajejo.status import Evidence, Reason, State, of
from cajajejo.status.reading import number

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cajajejo.cluster import Cluster
    from cajajejo.cluster.exchange import JsonObject
    from cajajejo.status import Status
    from cajajejo.tracking import NewRun

MOST_NOTES: Final = 1000

_CONFIG: Final = "eval_config.yml"
_CONFIG_VOLUME: Final = "configs-volume"
_CONTAINER: Final = "eval"
_SHOWN: Final = 10


def _say_nothing(_: str) -> None: ...


def note(cluster: Cluster, job: JsonObject, config_map: Mapping[str, Any] | None = None) -> None:
    """Notes that this project sent `job`, or follows it; never raises.

    The config of a job goes with the job, and tells where its MLflow run is. So it is read now.

    Args:
        cluster: where the job is.
        job: the Job.
        config_map: the one that holds its config; None: it is looked up on the cluster, where it is not noted yet.
    """
    known = _notes().of(job["metadata"]["name"], uid_of(job))
    if known is None or known.run is None:
        with suppress(OSError):
            run = _new_run(cluster, job, config_map)
            record = Record(of(Evidence(job, datetime.now(UTC))))
            _notes().put(Note(record, cluster.target.context, run, _ttl(job)))


def remember(
    cluster: Cluster, job: JsonObject, status: Status, *, warn: Callable[[str], None] = _say_nothing
) -> str | None:
    """The id of the MLflow run that how `job` stands is written on, made where there is none; None where that failed.

    It is over in seconds, and never raises for what is wrong with the tracking. What could not be written is kept, and
    sent later. That a server is away is said once.

    Args:
        cluster: where the job is, or was.
        job: the Job, also when it has been deleted since.
        status: how it stands.
        warn: who hears, in a sentence, of what could not be written.
    """
    if not is_ours(job):
        return None
    status = replace(status, uid=status.uid or uid_of(job))
    seen = Note(Record(status), cluster.target.context, ttl_seconds=_ttl(job))
    seen = seen.added_to(_notes().of(status.name, status.uid))
    if seen.run is None:
        seen = replace(seen, run=_new_run(cluster, job, None))
    _put(_notes(), seen, _say_nothing)
    trouble = _trouble(seen.run)
    if trouble:
        warn(f"the end of {plain(status.name)} is not on record: {trouble}")
        return None
    run_id = _send(_put(_kept(), seen, warn) or seen, warn)
    if run_id is not None:
        _put(_notes(), replace(seen, record=Record(replace(status, mlflow_run_id=run_id))), _say_nothing)
        send_kept()
    return run_id


def _trouble(new: NewRun | None) -> str | None:
    if new is None:
        return "its config, which names its MLflow run, cannot be read"
    if not stores.is_within_reach(new.uri):
        return f"the tracking store that its config names is not on this machine: {stores.shown(new.uri)}"
    return None


def store_of(name: str, uid: str) -> str | None:
    """The address of the store that the MLflow run of a job is in; None where that is not known."""
    noted = _notes().of(name, uid)
    return None if noted is None or noted.run is None else noted.run.uri


def run_of(name: str, uid: str) -> str | None:
    """The id of the MLflow run that the end of a job was put on from here; None where it was not."""
    noted = _notes().of(name, uid)
    return None if noted is None else noted.status.mlflow_run_id


def send_kept(*, warn: Callable[[str], None] = _say_nothing) -> int:
    """Writes what was kept for want of a tracking server on its MLflow runs; how much of it is still kept.

    It is over in seconds; what there is no time for stays for the next occasion.
    """
    until = time.monotonic() + stores.SECONDS
    waiting = _kept().all()
    sent = 0
    for one in waiting:
        if time.monotonic() > until:
            break
        sent += _send(one, warn) is not None
    return len(waiting) - sent


def recall(
    name: str, namespace: str, *, context: str | None = None, warn: Callable[[str], None] = _say_nothing
) -> Status | None:
    """How a job ended that is not on the cluster any more; None where nothing is known of one of this name.

    It is looked for in the notes of this project, then on its MLflow run, and by its full name also on the server of
    ``MLFLOW_TRACKING_URI``. Where no end is on record, it is Gone, with what was known of it last.

    Args:
        name: the full name, a part of the name of one that is noted, or ``@latest``.
        namespace: where it was.
        context: the cluster that it was on; None: any.
        warn: who hears of a tracking server that is away.

    Raises:
        AmbiguousNameError: the part fits several.
    """
    send_kept(warn=warn)
    noted = _noted(name, namespace, context)
    known = None if noted is None else noted.record
    addresses = [noted.run.uri] if noted is not None and noted.run is not None else []
    addresses += [os.environ.get("MLFLOW_TRACKING_URI", "")]
    for uri in filter(stores.is_within_reach, dict.fromkeys(addresses)):
        found = _found(uri, noted, name, namespace, warn)
        if found is not None:
            return _gone(Record(found).added_to(known).status, noted)
    return None if noted is None else _gone(noted.status, noted)


def _noted(name: str, namespace: str, context: str | None) -> Note | None:
    there = [
        noted for noted in _notes().all() if noted.status.namespace == namespace and context in {None, noted.context}
    ]
    if name == LATEST:
        mine = {"", provenance.user()}
        return next((noted for noted in there if noted.status.submitted_by in mine), None)
    exact = [noted for noted in there if noted.status.name == name]
    fitting = exact or [noted for noted in there if name and name in noted.status.name]
    names = list(dict.fromkeys(noted.status.name for noted in fitting))
    if len(names) > 1:
        listed = [*names[:_SHOWN], *([f"and {len(names) - _SHOWN} more"] if len(names) > _SHOWN else [])]
        message = f"{plain(name, 100)} fits {len(names)} jobs of namespace {plain(namespace)} that are gone"
        raise AmbiguousNameError(f"{message}; give more of the name", facts={"newest": "\n".join(listed)})
    return next(iter(fitting), None)


def _found(uri: str, noted: Note | None, name: str, namespace: str, warn: Callable[[str], None]) -> Status | None:
    """What the runs of one store tell; nothing where it is away."""
    if noted is None:
        return stores.ask(uri, lambda: records.find(uri, job_name=name, namespace=namespace), warn)
    inside = () if noted.run is None or noted.run.uri != uri else (noted.run.experiment,)
    return stores.ask(uri, lambda: records.find(uri, uid=noted.status.uid, experiments=inside), warn)


def _gone(status: Status, noted: Note | None) -> Status:
    """`status` as it is told of a job that is no more: its end, or that it is Gone."""
    if status.state is State.SUCCEEDED:
        return replace(status, last_lines=None)  # they explain a failure
    if status.state.is_end:
        return status
    ttl = None if noted is None else noted.ttl_seconds
    if status.submitted_at is None or ttl is None:
        reason, message = Reason.DELETED, "it is not there any more, and nobody saw its end"
    elif datetime.now(UTC) < status.submitted_at + timedelta(seconds=ttl):
        reason, message = Reason.DELETED, "it was deleted before its end was seen"
    else:
        reason, message = Reason.TTL_PASSED, "nobody saw its end; its time to live has passed, or it was deleted"
    return replace(status, state=State.GONE, reason=reason, message=message, do=None, since=None)


def _new_run(cluster: Cluster, job: JsonObject, config_map: Mapping[str, Any] | None) -> NewRun | None:
    """What the MLflow run of a job is made with, as its pod would make it; None where its config cannot be had."""
    try:
        metadata = job["metadata"]
        found = config_map or cluster.get("ConfigMap", _config_map_name(job), metadata["namespace"])
        document = yamlfile.parse(found["data"][_CONFIG], _CONFIG) if found else None
        if document is None:
            return None
        return tracking.new_run(validation.validate(EvaluationJobConfig, document), _identity(job))
    except (CajajejoError, KeyError, TypeError, AttributeError):  # it was deleted, or is not one of ours
        return None


def _config_map_name(job: JsonObject) -> str:
    volumes = job["spec"]["template"]["spec"].get("volumes") or []
    names = [volume["configMap"]["name"] for volume in volumes if volume["name"] == _CONFIG_VOLUME]
    return str(next(iter(names), job["metadata"]["name"]))


def _identity(job: JsonObject) -> dict[str, str]:
    """The four variables as the program in the pod reads them, where a doubled dollar sign is one."""
    containers = job["spec"]["template"]["spec"]["containers"]
    variables = next((one.get("env") or [] for one in containers if one["name"] == _CONTAINER), [])
    values = {one["name"]: str(one.get("value", "")).replace("$$", "$") for one in variables}
    values.setdefault("JOB_NAME", str(job["metadata"]["name"]))
    return {name: values.get(name, "") for name in POD_VARIABLES}


def _send(waiting: Note, warn: Callable[[str], None]) -> str | None:
    """The id of the run that what is kept was written on, and forgotten; None where it stays."""
    new, record, status = waiting.run, waiting.record, waiting.status
    if new is None or not status.uid:
        return None

    def write() -> str:
        run_id = records.ensure(new, status.uid, started_at=status.submitted_at or status.started_at)
        records.write(new.uri, run_id, record)
        return run_id

    def complain(why: str) -> None:
        warn(f"the end of {plain(status.name)} is kept in {_kept().directory}, and not yet on its MLflow run: {why}")

    run_id = stores.ask(new.uri, write, complain)
    if run_id is not None:
        _kept().drop(waiting)
    return run_id


def _put(place: Notes, seen: Note, warn: Callable[[str], None]) -> Note | None:
    try:
        return place.put(seen)
    except OSError as error:
        warn(f"nothing can be kept in {place.directory}: {error.strerror or error}")
        return None


def _notes() -> Notes:
    return Notes(local_state.DIRECTORY / "jobs", MOST_NOTES)


def _kept() -> Notes:
    return Notes(local_state.DIRECTORY / "records")


def _ttl(job: JsonObject) -> int | None:
    return number(job, "spec", "ttlSecondsAfterFinished")
