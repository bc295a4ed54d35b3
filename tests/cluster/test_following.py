"""Jobs of a real cluster followed: what they wait for, how they end, and what is told of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cajajejo.jobs import following
from cajajejo.status import Reason, State, Status
from tests.cluster.conftest import PATIENCE_SECONDS, wait_until

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.cluster.conftest import Place

pytestmark = pytest.mark.cluster
SLEEP = "sleep 120"
ONCE = "test -f /kept/tried || { touch /kept/tried; exit 1; }"
KEPT = {
    "restartPolicy: Never": "restartPolicy: OnFailure",
    "backoffLimit: 0": "backoffLimit: 3",
    "        - {name: configs-volume, mountPath: /etc/configs}": (
        "        - {name: configs-volume, mountPath: /etc/configs}\n        - {name: kept, mountPath: /kept}"
    ),
    "      volumes:": "      volumes:\n      - {name: kept, emptyDir: {}}",
}
"""Changes of the spec: the container is started again in its pod, and finds what it left."""


def follow(place: Place, name: str, enough: Callable[[Status], bool]) -> Status:
    """The first status of the job that is enough."""
    job = place.get("Job", name)
    found = following.follow(place.ours, [job], timeout=PATIENCE_SECONDS)
    return next(status for status in found if status is not None and enough(status))


def end_of(place: Place, name: str) -> Status:
    """The status of the job at its end."""
    return follow(place, name, lambda status: status.state.is_end)


def waits_for(place: Place, name: str) -> Status:
    """The status of the job when it is known why it waits."""
    return follow(place, name, lambda status: status.reason is not None)


def told(status: Status) -> tuple[State, Reason | None, int | None]:
    """What scripts see of it."""
    return status.state, status.reason, status.exit_code


def test_a_job_succeeds(place: Place) -> None:
    place.send(place.spec("success"))
    status = end_of(place, "success")
    assert told(status) == (State.SUCCEEDED, None, 0)
    assert [attempt.exit_code for attempt in status.attempts] == [0]


def test_a_container_that_is_started_again_succeeds(place: Place) -> None:
    place.send(place.spec("fail-twice-then-success-onfailure", ONCE, **KEPT))
    assert told(end_of(place, "fail-twice-then-success-onfailure")) == (State.SUCCEEDED, None, 0)


def test_every_attempt_of_a_job_that_fails_is_told(place: Place) -> None:
    place.send(place.spec("backoff-limit-exceeded", "exit 1", **{"backoffLimit: 0": "backoffLimit: 1"}))
    status = end_of(place, "backoff-limit-exceeded")
    assert told(status) == (State.FAILED, Reason.CONTAINER_FAILED, 1)
    assert [attempt.exit_code for attempt in status.attempts] == [1, 1]


def test_a_container_over_its_memory_limit(place: Place) -> None:
    place.send(place.spec("oomkilled", "exec tail /dev/zero"))
    status = end_of(place, "oomkilled")
    assert told(status) == (State.FAILED, Reason.OOM_KILLED, 137)
    assert "memory limit of 64Mi" in status.message


def test_an_image_that_is_not_there(place: Place) -> None:
    absent = "registry.invalid/absent:1"
    place.send(place.spec("image-not-found", **{f"image: {place.image}": f"image: {absent}"}))
    status = waits_for(place, "image-not-found")
    assert told(status) == (State.STARTING, Reason.IMAGE_NOT_PULLED, None)


def test_a_secret_that_is_not_there(place: Place) -> None:
    volume = "      volumes:\n      - {name: key, secret: {secretName: absent}}"
    place.send(place.spec("missing-secret-volume", **{"      volumes:": volume}))
    assert told(waits_for(place, "missing-secret-volume")) == (State.STARTING, Reason.MISSING_SECRET, None)


def test_a_claim_that_is_not_there(place: Place) -> None:
    volume = "      volumes:\n      - {name: data, persistentVolumeClaim: {claimName: absent}}"
    place.send(place.spec("pending-pvc-not-found", **{"      volumes:": volume}))
    status = waits_for(place, "pending-pvc-not-found")
    assert told(status) == (State.PENDING, Reason.VOLUME_PENDING, None)


def test_more_gpus_than_there_are(place: Place) -> None:
    limits = "limits: {memory: 64Mi, nvidia.com/gpu: 1000}"
    place.send(place.spec("pending-gpu-too-many", **{"limits: {memory: 64Mi}": limits}))
    status = waits_for(place, "pending-gpu-too-many")
    assert told(status) == (State.PENDING, Reason.INSUFFICIENT_GPU, None)
    assert status.do is not None


def test_a_quota_without_room(place: Place) -> None:
    metadata = {"name": "no-pods", "namespace": place.namespace}
    place.ours.create(
        {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": metadata, "spec": {"hard": {"pods": "0"}}}
    )
    wait_until("the quota counts", lambda: "hard" in place.get("ResourceQuota", "no-pods").get("status", {}))
    place.send(place.spec("quota-exceeded"))
    status = waits_for(place, "quota-exceeded")
    assert told(status) == (State.PENDING, Reason.QUOTA_EXCEEDED, None)
    assert status.attempts == ()


def test_a_job_over_its_deadline(place: Place) -> None:
    place.send(place.spec("deadline-exceeded", SLEEP, **{"Seconds: 300": "Seconds: 8"}))
    status = end_of(place, "deadline-exceeded")
    assert (status.state, status.reason) == (State.FAILED, Reason.DEADLINE_EXCEEDED)
    assert status.exit_code in {137, 143}


def test_a_pod_that_is_evicted_is_told_and_replaced(place: Place) -> None:
    policy = (
        "backoffLimit: 0\n  podFailurePolicy:\n    rules:\n"
        '    - {action: Ignore, onPodConditions: [{type: DisruptionTarget, status: "True"}]}'
    )
    place.send(place.spec("pod-failure-policy-ignore-disruption", SLEEP, **{"backoffLimit: 0": policy}))
    job, evicted = place.get("Job", "pod-failure-policy-ignore-disruption"), None
    for status in following.follow(place.ours, [job], timeout=PATIENCE_SECONDS):
        if status is None or status.state is not State.RUNNING:
            continue
        if len(status.attempts) > 1:
            assert (status.attempts[0].reason, status.attempts[0].counted) == (Reason.EVICTED, False)
            return
        if evicted is None:
            evicted = status.attempts[0].pod
            place.evict(evicted)
    pytest.fail("no second attempt")


def test_a_job_that_is_deleted_in_the_middle(place: Place) -> None:
    place.send(place.spec("delete-background", SLEEP))
    job = place.get("Job", "delete-background")
    found = following.follow(place.ours, [job], timeout=PATIENCE_SECONDS)
    for status in found:
        if status is not None and status.state is State.RUNNING:
            place.ours.delete("Job", "delete-background", place.namespace)
            break
    last = [status for status in found if status is not None][-1]
    assert (last.state, last.reason) == (State.GONE, Reason.DELETED)


def test_a_job_whose_time_to_live_passes_has_succeeded(place: Place) -> None:
    place.send(place.spec("ttl-deletion", **{"Finished: 600": "Finished: 3"}))
    assert told(end_of(place, "ttl-deletion")) == (State.SUCCEEDED, None, 0)
    wait_until("the Job is gone", lambda: place.ours.get("Job", "ttl-deletion", place.namespace) is None)
