"""Jobs in a queue of Kueue, or of another controller: documented, not recorded."""

# ruff: noqa: E501  # sentences stand whole

from __future__ import annotations

from typing import Any

import pytest

from cajajejo import status
from cajajejo.status import State
from tests.status import made
from tests.status.made import CONFIG, condition, evidence, job, running, told

QUEUED: dict[str, Any] = {"spec": {"suspend": True}, "labels": {"kueue.x-k8s.io/queue-name": "gpu-batch"}}


def workload(*conditions: Any, name: str = "job-a", created: float = 0, **more: Any) -> dict[str, Any]:
    metadata = {"name": name, "uid": name, "creationTimestamp": made.at(created)}
    spec = {"queueName": "gpu-batch", **more.pop("spec", {})}
    return {"metadata": metadata, "spec": spec, "status": {"conditions": list(conditions), **more}}


def waiting_for(message: str, reason: str = "Pending") -> dict[str, Any]:
    return condition("QuotaReserved", "False", reason, message)


FIT = (
    "couldn't assign flavors to pod set main: insufficient unused quota for nvidia.com/gpu in flavor l4, 1 more needed"
)


@pytest.mark.parametrize(
    ("found", "sentence", "do"),
    [
        (workload(waiting_for(FIT)), "quota of nvidia.com/gpu used up: 1 more needed", "wait: it is admitted by itself when others end"),
        (
            workload(waiting_for("couldn't assign flavors to pod set main: insufficient quota for nvidia.com/gpu in flavor l4, request > maximum capacity (16 > 8)")),
            "it asks for more nvidia.com/gpu than the queue ever has: 16 of 8",
            f"ask for less, or take another queue, in {CONFIG}: kubernetes_config.queue_name",
        ),
        (
            workload(waiting_for("LocalQueue gpu-batch doesn't exist", "Inadmissible")),
            "LocalQueue gpu-batch does not exist",
            f"name a queue that takes jobs (kubectl get localqueues), in {CONFIG}: kubernetes_config.queue_name",
        ),
        (
            workload(waiting_for("ClusterQueue all is inactive", "Inadmissible")),
            "ClusterQueue all takes no jobs for now",
            f"name a queue that takes jobs (kubectl get localqueues), in {CONFIG}: kubernetes_config.queue_name",
        ),
        (
            workload(condition("Evicted", "True", "Preempted", "Preempted to accommodate a higher priority Workload"), waiting_for(FIT)),
            "it made room for another job (preempted), and waits again",
            "wait: it is admitted again by itself",
        ),
        (
            workload(condition("Evicted", "True", "PodsReadyTimeout", "Exceeded the PodsReady timeout")),
            "it was sent back to the queue (PodsReadyTimeout)",
            "wait: it is admitted again by itself",
        ),
        (
            workload(waiting_for(FIT), spec={"active": False}),
            "it was taken out of the queue (deactivated)",
            "ask who deactivated its Workload, or set spec.active to true",
        ),
        (
            workload(admissionChecks=[{"name": "dws", "state": "Pending", "message": "Waiting for resources. Currently there are not enough."}]),
            "admission check dws: Waiting for resources. Currently there are not enough.",
            "wait; if it stays, ask those who run the queue",
        ),
        (workload(waiting_for("Something new. And more.")), "Something new", "wait: it is admitted by itself when others end"),
    ],
)  # fmt: skip
def test_a_job_in_a_queue_of_kueue_is_told_why(found: dict[str, Any], sentence: str, do: str) -> None:
    expected = ("Queued", "QueuedInKueue", f"in queue gpu-batch: {sentence}", do)
    assert told(evidence(job(**QUEUED), workload=found)) == expected


def test_the_words_of_kueue_are_kept() -> None:
    found = status.of(evidence(job(**QUEUED), workload=workload(waiting_for(FIT))))
    assert [(quote.source, quote.text) for quote in found.quotes] == [("kueue", FIT)]
    assert found.since == made.BEGIN


def test_a_job_that_kueue_has_not_looked_at_is_queued() -> None:
    assert told(evidence(job(**QUEUED))) == (
        "Queued",
        "QueuedInKueue",
        "in queue gpu-batch: Kueue has not looked at it yet",
        "wait",
    )


def test_the_place_in_the_queue_counts_priority_then_age_and_leaves_out_who_does_not_wait() -> None:
    own = workload(waiting_for(FIT), name="own", created=100)
    others = [
        own,
        workload(waiting_for(FIT), name="older", created=50),
        workload(waiting_for(FIT), name="younger", created=150),
        workload(waiting_for(FIT), name="important", created=190, spec={"priority": 10}),
        workload(condition("QuotaReserved"), name="admitted", created=1),
        workload(waiting_for(FIT), condition("Finished"), name="done", created=2),
        workload(waiting_for(FIT), name="off", created=3, spec={"active": False}),
        workload(waiting_for(FIT), name="elsewhere", created=4, spec={"queueName": "cpu"}),
        workload(condition("Evicted", seconds=170), name="sent-back", created=5),
    ]
    found = status.of(evidence(job(**QUEUED), workload=own, workloads=others))
    assert found.message == "3rd in queue gpu-batch: quota of nvidia.com/gpu used up: 1 more needed"


@pytest.mark.parametrize(
    ("place", "words"),
    [(1, "1st"), (2, "2nd"), (4, "4th"), (11, "11th"), (12, "12th"), (13, "13th"), (21, "21st"), (112, "112th")],
)
def test_a_place_is_said_as_people_say_it(place: int, words: str) -> None:
    others = [workload(name=f"w{index:03}", created=index) for index in range(place)]
    assert told(evidence(job(**QUEUED), workload=others[-1], workloads=others))[2] == f"{words} in queue gpu-batch"


def test_a_job_that_kueue_has_admitted_is_no_longer_queued() -> None:
    found = status.of(evidence(job(labels={"kueue.x-k8s.io/queue-name": "gpu-batch"}), running(), workload=workload()))
    assert (found.state, found.message) == (State.RUNNING, "attempt 1 on node-1")


def test_a_job_of_another_controller_is_left_alone() -> None:
    found = told(evidence(job(spec={"managedBy": "example.com/controller"})))
    assert found == (
        "Pending",
        None,
        "left to the controller example.com/controller (spec.managedBy), which has done nothing yet",
        None,
    )


def test_the_job_controller_itself_is_no_other_controller() -> None:
    assert told(evidence(job(spec={"managedBy": "kubernetes.io/job-controller"})))[2] == "waiting for a node"
