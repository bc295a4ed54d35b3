"""Jobs, pods, events and nodes as a cluster shows them, made by hand: for what no recording has."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from cajajejo import status

if TYPE_CHECKING:
    from cajajejo.status import Evidence, Status

Object = dict[str, Any]
BEGIN = datetime(2026, 11, 21, 14, 2, 11, tzinfo=UTC)
NOW = BEGIN + timedelta(minutes=12)
NAME = "eval-neurips-merciful-crocodile-3f2a9c1d"
CONFIG = "jobs/evaluation/jasper.job_config.yml"


def at(seconds: float) -> str:
    """So many seconds after the beginning, as Kubernetes writes it."""
    return (BEGIN + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


def condition(kind: str, status_: str = "True", reason: str = "", message: str = "", seconds: float = 0) -> Object:
    return {"type": kind, "status": status_, "reason": reason, "message": message, "lastTransitionTime": at(seconds)}


def job(*conditions: Object, spec: Object | None = None, labels: Object | None = None, **more: Any) -> Object:
    """A Job of ours, of which `more` stands in its status."""
    ours = {"app.kubernetes.io/managed-by": "cajajejo", "app.kubernetes.io/component": "evaluation"}
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {
            "name": NAME,
            "namespace": "default",
            "uid": "job-uid",
            "creationTimestamp": at(0),
            "labels": {**ours, **(labels or {})},
            "annotations": {"cajajejo/config-path": CONFIG, "cajajejo/config-version": "10abfb1bf8a0"},
        },
        "spec": {"backoffLimit": 3, "completions": 1, "parallelism": 1, **(spec or {})},
        "status": {"startTime": at(0), "conditions": list(conditions), **more},
    }


def container(name: str = "eval", **more: Any) -> Object:
    return {"name": name, "image": "registry.example/evaluation:10abfb1bf8", **more}


def asks(resource: str = "nvidia.com/gpu", count: int | str = 1) -> Object:
    """The resources of a container that asks for a device."""
    return {"limits": {resource: str(count)}, "requests": {resource: str(count)}}


def pod(suffix: str = "w4b5m", *, spec: Object | None = None, seconds: float = 0, **status_: Any) -> Object:
    """A pod of the Job; what stands in its status is given as Kubernetes names it."""
    return {
        "metadata": {
            "name": f"{NAME}-{suffix}",
            "namespace": "default",
            "uid": suffix,
            "creationTimestamp": at(seconds),
        },
        "spec": {"restartPolicy": "Never", "containers": [container()], **(spec or {})},
        "status": {"phase": "Pending", **status_},
    }


def unscheduled(message: str, spec: Object | None = None, **status_: Any) -> Object:
    """A pod that the scheduler has no node for, in these words."""
    told = condition("PodScheduled", "False", "Unschedulable", message)
    return pod(spec=spec, conditions=[told], **status_)


def waits(reason: str, message: str = "", name: str = "eval", spec: Object | None = None, **more: Any) -> Object:
    """A pod on a node with a container that waits."""
    state = {"name": name, "state": {"waiting": {"reason": reason, "message": message}}}
    return pod(spec={"nodeName": "node-1", **(spec or {})}, containerStatuses=[state], **more)


def ended(
    code: int,
    reason: str = "Error",
    *,
    suffix: str = "w4b5m",
    seconds: float = 0,
    spec: Object | None = None,
    **more: Any,
) -> Object:
    """A pod whose main container has ended, ten minutes after the pod was made."""
    end = {"exitCode": code, "reason": reason, "startedAt": at(seconds + 5), "finishedAt": at(seconds + 600)}
    phase = "Failed" if code else "Succeeded"
    states = [{"name": "eval", "state": {"terminated": end}}]
    return pod(
        suffix,
        spec={"nodeName": "node-1", **(spec or {})},
        seconds=seconds,
        **{"phase": phase, "containerStatuses": states, **more},
    )


def running(suffix: str = "w4b5m", seconds: float = 0, spec: Object | None = None, **more: Any) -> Object:
    state = {"name": "eval", "state": {"running": {"startedAt": at(seconds + 5)}}}
    return pod(
        suffix,
        spec={"nodeName": "node-1", **(spec or {})},
        seconds=seconds,
        phase="Running",
        containerStatuses=[state],
        **more,
    )


def event(reason: str, message: str, about: str = "", kind: str = "Pod", seconds: float = 0, **more: Any) -> Object:
    """What was said about the pod ``w4b5m``, or about the object `about`."""
    return {
        "involvedObject": {"kind": kind, "name": about or (NAME if kind == "Job" else f"{NAME}-w4b5m")},
        "reason": reason,
        "message": message,
        "lastTimestamp": at(seconds),
        **more,
    }


def refused(message: str) -> Evidence:
    """A Job whose pods the API server refuses."""
    said = f'Error creating: pods "{NAME}-" is forbidden: {message}'
    return evidence(job(), events=[event("FailedCreate", said, kind="Job")])


def node(name: str, labels: Object | None = None, taints: list[Object] | None = None, **allocatable: Any) -> Object:
    named = {key.replace("__", "/").replace("_", "."): value for key, value in allocatable.items()}
    return {
        "metadata": {"name": name, "labels": labels or {}},
        "spec": {"taints": taints or []},
        "status": {"allocatable": named},
    }


def gpu_node(name: str, kind: str = "nvidia-l4", count: int = 1, taints: list[Object] | None = None) -> Object:
    return node(name, {"cloud.google.com/gke-accelerator": kind}, taints, nvidia_com__gpu=str(count))


def user(on: str, count: int = 1) -> Object:
    """A pod of somebody else that uses devices of a node."""
    return {
        "spec": {"nodeName": on, "containers": [container(resources=asks(count=count))]},
        "status": {"phase": "Running"},
    }


def evidence(job_: Object, *pods: Object, **more: Any) -> Evidence:
    return status.Evidence(**{"job": job_, "now": NOW, "pods": pods, **more})


def told(evidence_: Evidence) -> tuple[str, str | None, str, str | None]:
    """State, reason, sentence and advice."""
    found: Status = status.of(evidence_)
    return found.state, found.reason, found.message, found.advice


FAILED = condition("Failed", "True", "BackoffLimitExceeded", "Job has reached the specified backoff limit", seconds=650)
POLICY = {
    "podFailurePolicy": {
        "rules": [
            {"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}]},
            {
                "action": "FailJob",
                "onExitCodes": {"containerName": "eval", "operator": "In", "values": [2, 5, 126, 127]},
            },
        ]
    }
}
MEMORY = {"containers": [container(resources={"limits": {"memory": "16Gi"}})]}


def oom(suffix: str = "w4b5m", seconds: float = 0) -> dict[str, Any]:
    return ended(137, "OOMKilled", suffix=suffix, seconds=seconds, spec=MEMORY)


def failed(*pods: dict[str, Any], spec: dict[str, Any] | None = None) -> tuple[str, str | None, str, str | None]:
    return told(evidence(job(FAILED, spec=spec, failed=len(pods)), *pods))


def attempts(
    *pods: dict[str, Any], spec: dict[str, Any] | None = None, **more: Any
) -> list[tuple[str | None, str, bool]]:
    found = status.of(evidence(job(spec=spec), *pods, **more)).attempts
    return [(attempt.reason, attempt.message, attempt.counted) for attempt in found]


L4 = {"cloud.google.com/gke-accelerator": "nvidia-l4"}
TYPE = f"in {CONFIG}: compute_config.accelerator"
NO_GPU = (
    "0/6 nodes are available: 6 Insufficient nvidia.com/gpu. preemption: 0/6 nodes are available: "
    "6 No preemption victims found for incoming pod."
)


def wants(count: int = 1, selector: dict[str, str] | None = None, resource: str = "nvidia.com/gpu") -> dict[str, Any]:
    return {
        "containers": [container(resources=asks(resource, count))],
        "nodeSelector": L4 if selector is None else selector,
    }


def for_gpu(message: str = NO_GPU, count: int = 1, **more: Any) -> tuple[str, str | None, str, str | None]:
    return told(evidence(job(), unscheduled(message, wants(count)), **more))
