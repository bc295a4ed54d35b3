"""Attempts that no recording has: documented, not recorded."""

# ruff: noqa: E501  # sentences stand whole

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from cajajejo import status
from cajajejo.status import Reason, State
from tests.status.made import (
    BEGIN,
    CONFIG,
    FAILED,
    NAME,
    POLICY,
    attempts,
    condition,
    container,
    ended,
    evidence,
    failed,
    job,
    oom,
    pod,
    running,
    told,
)

LOGS = f"see what it said: cajajejo jobs logs {NAME}"


def disrupted(why: str, spec: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    return ended(143, spec=spec, conditions=[condition("DisruptionTarget", "True", why)], **more)


def taken(word: str, spec: dict[str, Any] | None = None) -> dict[str, Any]:
    """A pod that its node ended, which says so in the pod's own status."""
    found = disrupted("TerminationByKubelet", spec)
    found["status"]["reason"] = word
    return found


def test_memory_that_ran_out_in_every_attempt_is_the_reason() -> None:
    found = status.of(evidence(job(FAILED, failed=3), oom("a"), oom("b", 700), oom("c", 1400)))
    assert (found.state, found.reason, found.exit_code) == (State.FAILED, Reason.OOM_KILLED, 137)
    assert found.message == "OOMKilled: container eval went over its memory limit of 16Gi in every attempt"
    assert found.advice == f"give it more memory (16Gi now) and submit again, in {CONFIG}: compute_config.memory"


def test_attempts_that_died_of_different_things_are_all_named() -> None:
    assert failed(oom("a"), ended(1, suffix="b", seconds=700)) == (
        "Failed",
        "BackoffLimitExceeded",
        "2 attempts failed: attempt 1 was OOMKilled: over its memory limit of 16Gi; attempt 2 failed with exit code 1 (something it needs failed: a download, a server, the harness)",
        LOGS,
    )


def test_of_many_different_attempts_the_last_three_are_named() -> None:
    pods = [oom("a"), *(ended(code, suffix=str(code), seconds=code * 700) for code in (1, 2, 3))]
    message = failed(*pods)[2]
    assert message.startswith("4 attempts failed: attempt 2 failed")
    assert message.count("attempt ") == 3


def test_one_reason_with_different_codes_is_told_by_the_last() -> None:
    assert failed(ended(1, suffix="a"), ended(3, suffix="b", seconds=700))[1:3] == (
        "ContainerFailed",
        "container eval failed with exit code 3 (a bug) in the last of 2 attempts",
    )


@pytest.mark.parametrize(
    ("code", "words", "do"),
    [
        (137, "exit code 137 (killed from outside, SIGKILL)", f"see what it did last (cajajejo jobs logs {NAME}); where nobody stopped it, memory is the usual cause"),
        (143, "exit code 143 (stopped from outside, SIGTERM)", LOGS),
        (135, "exit code 135 (bus error: often too little shared memory)", f"give it more shared memory and submit again, in {CONFIG}: compute_config.shared_memory"),
        (4, "exit code 4 (a metric is out of bounds)", LOGS),
        (42, "exit code 42", LOGS),
    ],
)  # fmt: skip
def test_an_exit_code_is_told_with_what_it_means(code: int, words: str, do: str) -> None:
    assert failed(ended(code)) == ("Failed", "ContainerFailed", f"container eval failed with {words}", do)


def test_137_alone_is_not_out_of_memory() -> None:
    assert failed(ended(137))[1] == "ContainerFailed"
    assert failed(ended(137, "OOMKilled"))[:3] == (
        "Failed",
        "OOMKilled",
        "OOMKilled: container eval went over the memory of its node",
    )


def test_a_limit_of_its_own_is_what_is_to_be_raised() -> None:
    own = {"requests": {"memory": "8Gi"}, "limits": {"memory": "16Gi"}}
    found = failed(ended(137, "OOMKilled", spec={"containers": [container(resources=own)]}))
    assert found[3] == f"give it more memory (16Gi now) and submit again, in {CONFIG}: compute_config.limits.memory"


def test_small_codes_of_other_peoples_programs_have_no_meaning() -> None:
    theirs = job(FAILED)
    theirs["metadata"]["labels"] = {}
    found = told(evidence(theirs, ended(2)))
    assert found[2:] == (
        "container eval failed with exit code 2",
        f"see what it said: kubectl logs job/{NAME} -n default",
    )


@pytest.mark.parametrize(
    ("message", "words", "field"),
    [
        ("Pod ephemeral local storage usage exceeds the total limit of containers 10Gi. ", "it wrote more than 10Gi to the disk of its containers", "compute_config.ephemeral_storage"),
        ('Container eval exceeded its local ephemeral storage limit "10Gi". ', "it wrote more than 10Gi to the disk of its containers", "compute_config.ephemeral_storage"),
        ('Usage of EmptyDir volume "dshm" exceeds the limit "2Gi". ', "its volume dshm went over 2Gi", "compute_config.shared_memory"),
        ('Usage of EmptyDir volume "scratch-volume" exceeds the limit "50Gi". ', "its volume scratch-volume went over 50Gi", "storage_config.scratch.size"),
        ("The node was low on resource: memory. Threshold quantity: 100Mi, available: 50Mi. ", "its node ran low (memory)", "compute_config.memory"),
        ("The node was low on resource: ephemeral-storage. ", "its node ran low (ephemeral-storage)", "compute_config.ephemeral_storage"),
        ("The node had condition: [MemoryPressure]. ", "its node ran low (MemoryPressure)", "compute_config.memory"),
    ],
)  # fmt: skip
def test_an_eviction_by_the_node_names_what_ran_out(message: str, words: str, field: str) -> None:
    found = failed(pod(phase="Failed", reason="Evicted", message=message))
    assert found[:3] == ("Failed", "Evicted", f"its pod was evicted: {words}")
    assert (found[3] or "").endswith(f", in {CONFIG}: {field}")


def test_an_eviction_without_a_known_cause_keeps_its_words() -> None:
    assert failed(pod(phase="Failed", reason="Evicted", message="Odd. "))[2] == "its pod was evicted by its node: Odd"
    assert failed(pod(phase="Failed", reason="Evicted"))[2] == "its pod was evicted by its node"


SPOT = {"nodeSelector": {"cloud.google.com/gke-spot": "true"}}
PREFERS_SPOT = {"tolerations": [{"key": "cloud.google.com/gke-spot", "operator": "Exists"}]}


@pytest.mark.parametrize(
    ("found", "reason", "words"),
    [
        (disrupted("DeletionByTaintManager"), "Preempted", "lost its node"),
        (disrupted("DeletionByTaintManager", SPOT), "Preempted", "was preempted (spot)"),
        (disrupted("DeletionByPodGC", PREFERS_SPOT), "Preempted", "was preempted (spot)"),
        (disrupted("TerminationByKubelet"), "Preempted", "was ended by its node"),
        (disrupted("PreemptionByScheduler", SPOT), "Preempted", "was preempted by a pod of higher priority"),
        (disrupted("EvictionByEvictionAPI", SPOT), "Evicted", "was evicted, as when a node is drained"),
        (disrupted("SomethingNew"), "Preempted", "was taken away by the cluster"),
        (taken("Terminated", SPOT), "Preempted", "was preempted (spot)"),
        (taken("NodeShutdown"), "Preempted", "lost its node, which was shut down"),
    ],
)  # fmt: skip
def test_a_disruption_is_told_and_counts_only_where_no_policy_ignores_it(found: Any, reason: str, words: str) -> None:
    assert attempts(found, spec=POLICY) == [(reason, f"{words}, not counted", False)]
    assert attempts(found) == [(reason, words, True)]


@pytest.mark.parametrize(
    ("word", "message", "reason", "words"),
    [
        (
            "OutOfnvidia.com/gpu",
            "",
            "InsufficientResources",
            "was turned away by its node, which had no nvidia.com/gpu left",
        ),
        ("OutOfcpu", "", "InsufficientResources", "was turned away by its node, which had no cpu left"),
        (
            "UnexpectedAdmissionError",
            "Allocate failed: no devices",
            "PodRefused",
            "was turned away by its node: Allocate failed: no devices",
        ),
        ("Odd", "strange", "ContainerFailed", "failed: Odd: strange"),
        ("", "", "ContainerFailed", "failed, and nothing says why"),
    ],
)
def test_a_pod_that_ended_without_its_containers_is_told(word: str, message: str, reason: str, words: str) -> None:
    assert attempts(pod(phase="Failed", reason=word, message=message)) == [(reason, words, True)]


def test_a_spot_interruption_does_not_make_a_job_failed_while_its_replacement_runs() -> None:
    found = status.of(evidence(job(spec=POLICY), disrupted("DeletionByTaintManager", SPOT), running("k9x2p", 700)))
    assert (found.state, found.reason, found.message) == (State.RUNNING, None, "attempt 2 on node-1")
    assert [attempt.state for attempt in found.attempts] == [State.FAILED, State.RUNNING]
    assert found.started_at == BEGIN + timedelta(seconds=5)
    assert found.since == BEGIN + timedelta(seconds=705)


def test_a_disruption_never_uses_up_an_attempt() -> None:
    spec = {**POLICY, "backoffLimit": 0}
    found = told(evidence(job(spec=spec), disrupted("DeletionByTaintManager", SPOT)))
    assert found == (
        "Pending",
        "Preempted",
        "attempt 1 was preempted (spot), not counted; the next one follows (1 attempt left)",
        None,
    )


@pytest.mark.parametrize(
    ("rule", "counted"),
    [
        ({"operator": "In", "values": [7]}, False),
        ({"operator": "In", "values": [8]}, True),
        ({"operator": "NotIn", "values": [7]}, True),
        ({"operator": "NotIn", "values": [8]}, False),
        ({"operator": "In", "values": [7], "containerName": "eval"}, False),
        ({"operator": "In", "values": [7], "containerName": "other"}, True),
    ],
)
def test_a_policy_that_ignores_exit_codes_is_read_as_kubernetes_reads_it(rule: dict[str, Any], counted: bool) -> None:  # noqa: FBT001
    spec = {"podFailurePolicy": {"rules": [{"action": "Ignore", "onExitCodes": rule}]}}
    assert attempts(ended(7), spec=spec)[0][2] is counted


@pytest.mark.parametrize(
    ("code", "words", "do"),
    [
        (2, "its environment, config or run specs are wrong", "correct what its last lines name, and submit again"),
        (5, "partial: what there is of results is kept", "what is finished is kept; see its last lines, and submit again when the cause is gone"),
        (126, "the image cannot run this program", f"take an image that has the program, in {CONFIG}: image"),
        (127, "the image has no such program", f"take an image that has the program, in {CONFIG}: image"),
    ],
)  # fmt: skip
def test_a_code_that_fails_the_job_at_once_is_told_in_words(code: int, words: str, do: str) -> None:
    said = f"Container eval for pod default/{NAME}-w4b5m failed with exit code {code} matching FailJob rule at index 1"
    end = condition("Failed", "True", "PodFailurePolicy", said)
    expected = f"container eval failed with exit code {code} ({words}); not tried again"
    assert told(evidence(job(end, spec=POLICY), ended(code))) == ("Failed", "PodFailurePolicy", expected, do)
    assert told(evidence(job(end, spec=POLICY)))[2] == expected
    assert told(evidence(job(spec=POLICY), ended(code)))[:3] == (
        "Running",
        "PodFailurePolicy",
        f"{expected}; the job is ending",
    )


def test_a_policy_may_fail_the_job_for_a_condition() -> None:
    said = f"Pod default/{NAME}-w4b5m has condition ConfigIssue matching FailJob rule at index 0"
    found = told(evidence(job(condition("Failed", "True", "PodFailurePolicy", said))))
    assert found[2] == f"pod {NAME}-w4b5m has the condition ConfigIssue; not tried again"
    assert told(evidence(job(condition("Failed", "True", "PodFailurePolicy", "odd"))))[2] == "odd; not tried again"
    nothing = told(evidence(job(condition("Failed", "True", "PodFailurePolicy"))))
    assert nothing[2] == "given up by its pod failure policy; not tried again"
