"""Pods that the API server refuses: documented, not recorded."""

# ruff: noqa: E501  # sentences stand whole

from __future__ import annotations

import pytest

from cajajejo import status
from tests.status import made
from tests.status.made import CONFIG, event, evidence, job, pod, refused, told

AUTOPILOT = (
    'admission webhook "warden-validating.common-webhooks.networking.gke.io" denied the request: GKE Warden rejected the request because it violates one or more constraints.\n'
    "Violations details: {\"[denied by autogke-gpu-limitation]\":[\"When requesting 'nvidia.com/gpu' resources, you must specify either node selector 'cloud.google.com/gke-accelerator' with accelerator type or node selector 'cloud.google.com/compute-class'.\"]}\n"
    "Requested by user: 'system:serviceaccount:kube-system:job-controller', groups: 'system:serviceaccounts'."
)  # fmt: skip


@pytest.mark.parametrize(
    ("message", "reason", "sentence", "do"),
    [
        (
            "exceeded quota: team, requested: requests.memory=32Gi,requests.nvidia.com/gpu=1, used: requests.memory=10Gi,requests.nvidia.com/gpu=8, limited: requests.memory=64Gi,requests.nvidia.com/gpu=8",
            "QuotaExceeded",
            "quota team of namespace default is used up (requests.memory: 32Gi asked for, 10Gi of 64Gi used and requests.nvidia.com/gpu: 1 asked for, 8 of 8 used)",
            "wait until other jobs of the namespace end, or ask for a larger quota",
        ),
        (
            "exceeded quota: team, requested: requests.memory=32Gi, used: requests.memory=0, limited: requests.memory=16Gi",
            "QuotaExceeded",
            "quota team of namespace default is too small (requests.memory: 32Gi asked for, 0 of 16Gi used)",
            f"ask for a larger quota, since waiting will not help, or ask for less, in {CONFIG}: compute_config.memory",
        ),
        (
            "failed quota: team: must specify limits.cpu for: eval,init",
            "PodRefused",
            "quota team wants limits.cpu to be given for container eval and init",
            f"give them, in {CONFIG}: compute_config.limits.cpu",
        ),
        (
            "failed quota: team: must specify limits.memory for: init",
            "PodRefused",
            "quota team wants limits.memory to be given for container init",
            "give them, or have a LimitRange made that gives defaults",
        ),
        (
            "minimum cpu usage per Pod is 2, but request is 500m",
            "PodRefused",
            "namespace default allows at least 2 of cpu per pod, the job asks for 500m",
            f"ask for more (500m now), or take another namespace, in {CONFIG}: compute_config.cpu",
        ),
        (
            'admission webhook "policy.example.com" denied the request: images must come from registry.example',
            "PodRefused",
            "the admission webhook policy.example.com refuses it: images must come from registry.example",
            "change what it objects to, and submit again; who runs the cluster knows the rule",
        ),
        (
            AUTOPILOT,
            "PodRefused",
            "GKE Autopilot refuses it (autogke-gpu-limitation): When requesting 'nvidia.com/gpu' resources, you must specify either node selector 'cloud.google.com/gke-accelerator' with accelerator type or node selector 'cloud.google.com/compute-class'",
            f"name a type that Autopilot has, in {CONFIG}: compute_config.accelerator",
        ),
        (
            "ValidatingAdmissionPolicy 'no-latest' with binding 'all' denied request: the tag latest is not allowed",
            "PodRefused",
            "the admission policy no-latest refuses it: the tag latest is not allowed",
            "change what it objects to, and submit again; who runs the cluster knows the rule",
        ),
        (
            "no PriorityClass with name urgent was found",
            "PodRefused",
            "the cluster has no PriorityClass urgent",
            f"name one that is there (kubectl get priorityclasses), or none, in {CONFIG}: kubernetes_config.priority_class_name",
        ),
        (
            "unable to create new content in namespace default because it is being terminated",
            "PodRefused",
            "the cluster refuses it: unable to create new content in namespace default because it is being terminated",
            "change what it objects to, and submit again",
        ),
    ],
)  # fmt: skip
def test_a_pod_that_is_refused_is_told_with_who_refuses(message: str, reason: str, sentence: str, do: str) -> None:
    assert told(refused(message)) == ("Pending", reason, f"no pod: {sentence}", do)


def test_a_webhook_that_does_not_answer_is_told() -> None:
    said = 'Error creating: Internal error occurred: failed calling webhook "policy.example.com": failed to call webhook: connection refused'
    found = told(evidence(job(), events=[event("FailedCreate", said, kind="Job")]))
    assert found[2] == "no pod: the cluster asks the admission webhook policy.example.com, which does not answer"


def test_a_refusal_is_forgotten_when_a_pod_is_there() -> None:
    events = [event("FailedCreate", "Error creating: exceeded quota", kind="Job", seconds=10)]
    assert told(evidence(job(), pod(), events=events))[1] is None
    gone = made.ended(1, seconds=20)
    assert told(evidence(job(failed=1), gone, events=events))[1] == "ContainerFailed"
    later = [event("FailedCreate", "Error creating: no", kind="Job", seconds=700)]
    assert told(evidence(job(failed=1), gone, events=later))[1] == "PodRefused"


def test_a_quota_that_cannot_be_read_as_numbers_is_told_all_the_same() -> None:
    found = told(refused("exceeded quota: team, requested: pods=one, used: pods=1, limited: pods=1"))
    assert found[2] == "no pod: quota team of namespace default is used up (pods: one asked for, 1 of 1 used)"


def test_an_event_of_an_older_object_of_the_same_name_is_not_heard() -> None:
    said = event("FailedCreate", "Error creating: old", kind="Job")
    said["involvedObject"]["uid"] = "another-uid"
    assert told(evidence(job(), events=[said]))[2] == "waiting for a node"
    said["involvedObject"]["uid"] = "job-uid"
    assert told(evidence(job(), events=[said]))[2] == "no pod: the cluster refuses it: old"


def test_the_newest_refusal_counts() -> None:
    events = [
        event("FailedCreate", "Error creating: old", kind="Job", seconds=1),
        event("FailedCreate", "Error creating: new", kind="Job", seconds=3),
        event("FailedCreate", "Error creating: middle", kind="Job", seconds=2),
        event("FailedCreate", "Error creating: other job", "another", kind="Job", seconds=9),
    ]
    found = status.of(evidence(job(), events=events))
    assert found.message == "no pod: the cluster refuses it: new"
    assert [(quote.source, quote.text) for quote in found.quotes] == [("cluster", "Error creating: new")]
