"""Jobs that speak, on the fake cluster: what tests of logs arrange with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from tests import clusters
from tests.recordings import pods

if TYPE_CHECKING:
    from tests.fakes.kubernetes import FakeKubernetes

RUNNING: Final = pods.RUNNING
ENDED: Final = pods.ENDED
CREATING: Final = {"waiting": {"reason": "ContainerCreating"}}
JOB_LABEL: Final = "batch.kubernetes.io/job-name"
UID_LABEL = "batch.kubernetes.io/controller-uid"


def job(
    fake: FakeKubernetes, name: str = "a", *, containers: tuple[str, ...] = ("eval",), **spec: Any
) -> dict[str, Any]:
    """A Job with these containers, ``init`` as an init container."""
    value = clusters.job(name, **spec)
    rows = [{"name": each, "image": "registry.example/eval:1"} for each in containers]
    template = value["spec"]["template"]["spec"]
    template["containers"] = [row for row in rows if row["name"] != "init"]
    template["initContainers"] = [row for row in rows if row["name"] == "init"]
    return fake.put(value)


def pod(
    fake: FakeKubernetes,
    name: str = "a-1",
    *,
    job: str = "a",
    created: str = "2026-11-21T10:00:00Z",
    labels: dict[str, str] | None = None,
    restarts: int = 0,
    **states: dict[str, Any],
) -> dict[str, Any]:
    """A Pod of a Job, its containers in these states: ``eval=RUNNING``."""
    uid = fake.get("Job", job)["metadata"]["uid"]  # type: ignore[index]
    owners = [{"kind": "Job", "name": job, "uid": uid, "controller": True}]
    own = {JOB_LABEL: job, UID_LABEL: uid, **(labels or {})}
    metadata = {"creationTimestamp": created, "labels": own, "ownerReferences": owners}
    value = pods.pod(name, "default", states or {"eval": RUNNING}, metadata=metadata)
    if restarts:
        for row in value["status"]["containerStatuses"]:
            row["restartCount"] = restarts
    return fake.put(value)


def end_pod(fake: FakeKubernetes, name: str = "a-1", *, phase: str = "Succeeded", container: str = "eval") -> None:
    """The container ends, and the Pod with it."""
    found = fake.get("Pod", name)
    assert found is not None
    rows = [
        {**row, "state": ENDED if row["name"] == container else row["state"]}
        for row in found["status"]["containerStatuses"]
    ]
    fake.update("Pod", name, {"status": {"phase": phase, "containerStatuses": rows}})


def end_job(fake: FakeKubernetes, name: str = "a", kind: str = "Complete") -> None:
    """The Job ends."""
    fake.update("Job", name, {"status": {"conditions": [{"type": kind, "status": "True"}]}})


def at(nanoseconds: int) -> str:
    """The time of a line, so many nanoseconds after ten o'clock."""
    seconds, rest = divmod(nanoseconds, 10**9)
    return f"2026-11-21T10:{seconds // 60:02}:{seconds % 60:02}.{rest:09}Z"
