"""What the cluster said about a job, in order of time."""

# ruff: noqa: E501  # sentences stand whole

from __future__ import annotations

from cajajejo import status
from tests.status import made, replays
from tests.status.made import condition, event, evidence, job, pod


def said(scenario: str) -> list[str]:
    """The entries of a recorded scenario at its end: what about, who, and the words."""
    return [f"{entry.subject} {entry.source}: {entry.text}" for entry in status.entries(replays.last(scenario))]


def test_a_recorded_life_is_told_from_its_beginning_to_its_end() -> None:
    assert said("oomkilled") == [
        "Job/eval-oom job: created",
        "Job/eval-oom job-controller: SuccessfulCreate: Created pod: eval-oom-w4b5m",
        "Pod/eval-oom-w4b5m pod: created",
        "Pod/eval-oom-w4b5m pod: PodScheduled=True",
        "Pod/eval-oom-w4b5m default-scheduler: Scheduled: Successfully assigned oomkilled/eval-oom-w4b5m to node-1",
        'Pod/eval-oom-w4b5m kubelet: Pulled: Container image "registry.example/python:1" already present on machine and can be accessed by the pod',
        "Pod/eval-oom-w4b5m kubelet: Created: Container created",
        "Pod/eval-oom-w4b5m kubelet: Started: Container started",
        "Pod/eval-oom-w4b5m pod: container eval started",
        "Pod/eval-oom-w4b5m pod: container eval ended: exit code 137 (OOMKilled)",
        "Pod/eval-oom-w4b5m pod: Ready=False (PodFailed)",
        "Pod/eval-oom-w4b5m pod: ContainersReady=False (PodFailed)",
        "Job/eval-oom job: FailureTarget=True (BackoffLimitExceeded: Job has reached the specified backoff limit)",
        "Job/eval-oom job: Failed=True (BackoffLimitExceeded: Job has reached the specified backoff limit)",
        "Job/eval-oom job-controller: BackoffLimitExceeded: Job has reached the specified backoff limit",
        "Pod/eval-oom-w4b5m pod: PodReadyToStartContainers=False",
    ]


def test_the_times_of_a_recorded_life_never_go_back() -> None:
    for scenario in replays.names():
        times = [entry.at for entry in status.entries(replays.last(scenario)) if entry.at is not None]
        assert times == sorted(times)


def test_the_sentence_of_the_scheduler_stands_there_whole() -> None:
    whole = (
        "default-scheduler: FailedScheduling: 0/1 nodes are available: 1 Insufficient nvidia.com/gpu. no new claims to "
        "deallocate, preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling."
    )
    assert any(line.endswith(whole) for line in said("pending-gpu"))


def test_repeated_events_say_how_often() -> None:
    assert any(line.endswith("not found (3 times)") or " times)" in line for line in said("missing-configmap-volume"))


def test_the_words_of_kueue_claims_and_waiting_containers_are_told() -> None:
    workload = {
        "metadata": {"name": "job-x"},
        "status": {"conditions": [condition("QuotaReserved", "False", "Pending", "no room")]},
    }
    claims = [{"metadata": {"name": "data"}, "spec": {"storageClassName": "ssd"}, "status": {"phase": "Pending"}}, {}]
    mine = job()
    mine["metadata"]["deletionTimestamp"] = made.at(60)
    going = pod(
        phase="Failed",
        reason="Evicted",
        message="low",
        containerStatuses=[{"name": "eval", "state": {"waiting": {"reason": "ErrImagePull", "message": "no"}}}],
    )
    going["metadata"]["deletionTimestamp"] = made.at(90)
    found = [
        f"{entry.subject.partition('/')[0]} {entry.text}"
        for entry in status.entries(evidence(mine, going, workload=workload, claims=claims))
    ]
    assert found == [
        "Job created",
        "Workload QuotaReserved=False (Pending: no room)",
        "Pod created",
        "Job being deleted",
        "Pod told to go by now",
        "PersistentVolumeClaim Pending, StorageClass ssd",
        "PersistentVolumeClaim not seen yet, StorageClass (default)",
        "Pod container eval waits: ErrImagePull: no",
        "Pod Failed: Evicted: low",
    ]


def test_events_of_the_newer_api_are_read_as_well() -> None:
    newer = {
        "regarding": {"kind": "Pod", "name": "p"},
        "reason": "R",
        "note": "words",
        "reportingController": "me",
        "series": {"count": 4, "lastObservedTime": made.at(5)},
    }
    found = status.entries(evidence(job(), events=[newer, event("X", "other", seconds=1)]))
    assert [(entry.source, entry.subject, entry.text) for entry in found[1:]] == [
        ("event", f"Pod/{made.NAME}-w4b5m", "X: other"),
        ("me", "Pod/p", "R: words (4 times)"),
    ]
    assert found[-1].at is not None
