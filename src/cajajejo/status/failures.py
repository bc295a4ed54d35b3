"""Why one pod ended without success: what its containers died of, or who took it away."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from cajajejo.status import exits, policies
from cajajejo.status.disruptions import by_disruption, by_kubelet
from cajajejo.status.model import Advice, Reason
from cajajejo.status.pods import quantity
from cajajejo.status.reading import plain
from cajajejo.status.verdicts import Failure, cure

if TYPE_CHECKING:
    from cajajejo.status.job import Job
    from cajajejo.status.pods import Container, Ended, Pod

_PROGRAM: Final = re.compile(r'exec: "([^"]*)"')
_STOPPED: Final = frozenset({137, 143})
_SIGKILL: Final = 137
_SIGBUS: Final = 135
_NO_PROGRAM: Final = frozenset({126, 127})


def failure_of(pod: Pod, job: Job, *, stopped_by_job: bool = False) -> Failure | None:
    """Why `pod` ended, or is about to end, without success; None where it succeeded, or nobody can tell yet.

    `stopped_by_job` tells that the Job controller deleted it.
    """
    if pod.has_succeeded:
        return None
    found = (
        by_kubelet(pod)
        or by_disruption(pod)
        or (_by_job(pod, job) if stopped_by_job else None)
        or _by_init_container(pod, job)
        or _by_container(pod, job)
        or _by_deletion(pod)
        or _by_unknown(pod)
    )
    if found is None or policies.is_counted(pod, job):
        return found
    return replace(found, counted=False)


def _by_job(pod: Pod, job: Job) -> Failure | None:
    """The Job controller deleted it: suspended, past the deadline, or no longer needed."""
    main, end = pod.main, job.verdict
    if main.ended is not None and not main.ended.is_failure:
        return None
    suspended = job.conditions.get("Suspended")
    since = suspended.at if suspended is not None else None
    if job.is_suspended or (since is not None and pod.created_at is not None and pod.created_at < since):
        message = "was stopped when the job was suspended"
        return Failure(Reason.SUSPENDED, message, message, counted=False, container=main.name, end=main.ended)
    if end is not None and end.reason == "DeadlineExceeded":
        message = "was stopped at the deadline of the job"
        return Failure(Reason.DEADLINE_EXCEEDED, message, message, container=main.name, end=main.ended)
    if end is not None and end.type in {"Complete", "SuccessCriteriaMet"}:
        message = "was stopped once the job had succeeded"
        return Failure(Reason.DELETED, message, message, counted=False, container=main.name, end=main.ended)
    return None


def _by_init_container(pod: Pod, job: Job) -> Failure | None:
    for container in pod.init_containers:
        end = container.ended or container.last_end
        if end is None or not end.is_failure or container.is_sidecar or container.is_running:
            continue
        if end.reason == "OOMKilled":
            return _out_of_memory(container, end)
        named, code = f"init container {container.name}", exits.told(end.exit_code, ours=False)
        task = ", which fetches the model," if job.is_ours else ""
        do = cure(f"see what it said: kubectl logs {pod.name} -c {container.name} -n {job.namespace}")
        if job.is_ours:
            do = cure("check that the model is there and that the job may read it", "model_config")
        message, sentence = f"failed in {named} with {code}", f"{named}{task} failed with {code}"
        return Failure(Reason.INIT_CONTAINER_FAILED, message, sentence, container=container.name, end=end, do=do)
    return None


def _by_container(pod: Pod, job: Job) -> Failure | None:
    """The main container failed, or another one where the main one did not."""
    for container in (pod.main, *(container for container in pod.containers if container is not pod.main)):
        end = container.ended
        if end is None or not end.is_failure:
            continue
        if end.reason == "OOMKilled":
            return _out_of_memory(container, end)
        if pod.is_going and end.exit_code in _STOPPED:
            continue  # it was told to go: who told it is said by another rule
        if end.reason in {"StartError", "ContainerCannotRun"}:
            return _not_started(container, end)
        code = exits.told(end.exit_code, ours=job.is_ours and container is pod.main)
        where = "" if container is pod.main else f" in container {container.name}"
        message, sentence = f"failed{where} with {code}", f"container {container.name} failed with {code}"
        do = _cure_of(end.exit_code, job)
        return Failure(Reason.CONTAINER_FAILED, message, sentence, container=container.name, end=end, do=do)
    return None


def _out_of_memory(container: Container, end: Ended) -> Failure:
    limit = container.limit("memory")
    over = f"its memory limit of {limit}" if limit else "the memory of its node"
    kind = "init container" if container.is_init else "container"
    is_more_than_asked_for = quantity(container.spec, "requests", "memory") not in {"", limit}
    raised = "compute_config.limits.memory" if is_more_than_asked_for else "compute_config.memory"
    field = "" if container.is_init else raised
    return Failure(
        Reason.OOM_KILLED,
        f"was OOMKilled: over {over}",
        f"OOMKilled: {kind} {container.name} went over {over}",
        container=container.name,
        end=end,
        do=cure(f"give it more memory{f' ({limit} now)' if limit else ''} and submit again", field),
    )


def _not_started(container: Container, end: Ended) -> Failure:
    message = f"could not be started: {not_started(end.message)}"
    do = cure("take an image that has the program", "image")
    sentence = f"container {container.name} {message}"
    return Failure(Reason.CONTAINER_FAILED, message, sentence, container=container.name, end=end, do=do)


def not_started(said: str) -> str:
    """Why a container could not be started, in few words of what its runtime said."""
    program = _PROGRAM.search(said)
    if program and ("no such file or directory" in said or "executable file not found" in said):
        return f"the image has no {plain(program[1], 120)}"
    if program and "permission denied" in said:
        return f"the image does not let it run {plain(program[1], 120)}"
    return plain(said[-200:], 200) or "its node does not say why"


def _cure_of(code: int | None, job: Job) -> Advice:
    if code in _NO_PROGRAM:
        return cure("take an image that has the program", "image")
    if code == _SIGBUS:
        return cure("give it more shared memory and submit again", "compute_config.shared_memory")
    if code == _SIGKILL:
        return cure(f"see what it did last ({job.logs_command}); where nobody stopped it, memory is the usual cause")
    return cure(f"see what it said: {job.logs_command}")


def _by_deletion(pod: Pod) -> Failure | None:
    """It was told to go; who told it can only be said when it has gone and nothing else explains it."""
    if not pod.is_going or not (pod.is_ended or pod.main.ended is not None):
        return None
    message = "was deleted by someone"
    return Failure(Reason.DELETED, message, f"its pod {message}", container=pod.main.name, end=pod.main.ended)


def _by_unknown(pod: Pod) -> Failure | None:
    if pod.phase != "Failed":
        return None
    word = ": ".join(plain(part, 200) for part in (pod.reason, pod.message) if part)
    message = f"failed: {word}" if word else "failed, and nothing says why"
    return Failure(Reason.CONTAINER_FAILED, message, f"its pod {message}", container=pod.main.name, end=pod.main.ended)
