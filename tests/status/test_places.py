"""Pods without a node. What schedulers say here is documented, not recorded."""

# ruff: noqa: E501, RUF001  # sentences stand whole

from __future__ import annotations

from typing import Any

import pytest

from cajajejo import status
from tests.status import made
from tests.status.made import (
    CONFIG,
    NO_GPU,
    TYPE,
    container,
    event,
    evidence,
    for_gpu,
    gpu_node,
    job,
    node,
    told,
    unscheduled,
    wants,
)

UNMATCHED = "0/3 nodes are available: 3 node(s) didn't match Pod's node affinity/selector. preemption: 0/3 nodes are available: 3 Preemption is not helpful for scheduling."


@pytest.mark.parametrize(
    ("selector", "nodes", "sentence", "do"),
    [
        (
            {"cloud.google.com/gke-accelerator": "nvidia-l5"},
            [gpu_node("a"), gpu_node("b", "nvidia-tesla-t4")],
            "no node has the label cloud.google.com/gke-accelerator=nvidia-l5",
            f"take the nearest that there is: nvidia-l4, {TYPE}",
        ),
        (
            {"cloud.google.com/gke-accelerator": "x"},
            [gpu_node("a"), gpu_node("b", "nvidia-tesla-t4")],
            "no node has the label cloud.google.com/gke-accelerator=x",
            f"take one that there is: nvidia-l4, nvidia-tesla-t4, {TYPE}",
        ),
        (
            {"cloud.google.com/gke-spot": "true"},
            [node("a")],
            "no node has the label cloud.google.com/gke-spot=true",
            f"take another cluster (--context), or leave it out: no node here has this label at all, in {CONFIG}: compute_config.spot",
        ),
        (
            {"disk": "ssd", "zone": "a"},
            [node("1", {"disk": "ssd"}), node("2", {"zone": "a"})],
            "no node has the labels disk=ssd and zone=a together",
            f"leave one of them out, in {CONFIG}: compute_config.node_selector",
        ),
        (
            {"disk": "ssd"},
            None,
            "no node has the label disk=ssd",
            f"name one that nodes have (kubectl get nodes --show-labels), in {CONFIG}: compute_config.node_selector",
        ),
        ({}, None, "no node matches the affinity of its pod", "change the affinity"),
    ],
)
def test_a_label_that_no_node_has_is_named_with_the_nearest(
    selector: dict[str, str], nodes: list[Any] | None, sentence: str, do: str
) -> None:
    found = told(evidence(job(), unscheduled(UNMATCHED, {"nodeSelector": selector}), nodes=nodes))
    assert found == ("Pending", "NoMatchingNode", sentence, do)


@pytest.mark.parametrize(
    ("profile", "do"),
    [
        ("gke-autopilot", "wait: Autopilot makes a node for it, which takes some minutes, or says here why it cannot"),
        (
            "gke-standard",
            f"take another cluster (--context), or leave it out: no node here has this label at all, {TYPE}",
        ),
    ],
)
def test_a_cluster_that_makes_nodes_on_demand_is_waited_for(profile: str, do: str) -> None:
    ours = job()
    ours["metadata"]["annotations"]["cajajejo/profile"] = profile
    pod = unscheduled(UNMATCHED, {"nodeSelector": {"cloud.google.com/gke-accelerator": "nvidia-l4"}})
    label = "no node has the label cloud.google.com/gke-accelerator=nvidia-l4"
    assert told(evidence(ours, pod, nodes=[node("a")])) == ("Pending", "NoMatchingNode", label, do)


def test_labels_of_a_required_affinity_count_as_well() -> None:
    term = {
        "matchExpressions": [
            {"key": "zone", "operator": "In", "values": ["a", "b"]},
            {"key": "gone", "operator": "DoesNotExist"},
        ]
    }
    place = {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [term]}}}
    found = told(evidence(job(), unscheduled(UNMATCHED, {"affinity": place}), nodes=[node("1", {"zone": "c"})]))
    assert found[2] == "no node has the label zone=a|b"


SPOT = {"key": "cloud.google.com/gke-spot", "value": "true", "effect": "NoSchedule"}
TEAM = {"key": "team", "value": "b", "effect": "NoSchedule"}
DEVICE = {"key": "nvidia.com/gpu", "value": "present", "effect": "NoSchedule"}
ILL = {"key": "node.kubernetes.io/not-ready", "effect": "NoExecute"}
TOLERATE = f"tolerate it, if the job may run there, in {CONFIG}: compute_config.tolerations"


@pytest.mark.parametrize(
    ("message", "nodes", "sentence", "do"),
    [
        (
            "1 node(s) had untolerated taint(s).",
            [node("a", taints=[TEAM])],
            "1 node has a taint that the job does not tolerate: team=b:NoSchedule",
            TOLERATE,
        ),
        (
            "2 node(s) had untolerated taint {team: b}.",
            None,
            "2 nodes have a taint that the job does not tolerate: team=b",
            TOLERATE,
        ),
        (
            "1 node(s) had untolerated taint {cloud.google.com/gke-spot: true}.",
            None,
            "1 node has a taint that the job does not tolerate: cloud.google.com/gke-spot=true",
            f"let it run on spot nodes, in {CONFIG}: compute_config.spot",
        ),
        (
            "1 node(s) had untolerated taint(s).",
            [node("a", taints=[DEVICE])],
            "1 node has a taint that the job does not tolerate: nvidia.com/gpu=present:NoSchedule",
            f"ask for an accelerator, or for nodes without one: those that have one take no other jobs, {TYPE}",
        ),
        (
            "2 node(s) had untolerated taint(s).",
            [node("a", taints=[ILL])],
            "2 nodes are not ready",
            "wait; if it stays, ask those who run the cluster",
        ),
        (
            "1 node(s) had untolerated taint {node.kubernetes.io/disk-pressure: }.",
            None,
            "1 node is short of disk",
            "wait; if it stays, ask those who run the cluster",
        ),
    ],
)
def test_a_taint_that_keeps_the_pod_off_is_named(message: str, nodes: list[Any] | None, sentence: str, do: str) -> None:
    found = told(evidence(job(), unscheduled(f"0/2 nodes are available: {message}", {}), nodes=nodes))
    assert found == ("Pending", "TaintNotTolerated", f"no node takes it: {sentence}", do)


def test_tolerated_taints_are_not_named() -> None:
    tolerations = [{"key": "team", "operator": "Exists"}, {"key": "x", "value": "1", "effect": "NoSchedule"}]
    nodes = [
        node(
            "a",
            taints=[
                TEAM,
                {"key": "x", "value": "1", "effect": "NoSchedule"},
                {"key": "x", "value": "2", "effect": "NoSchedule"},
                {"key": "y", "effect": "PreferNoSchedule"},
            ],
        )
    ]
    pod = unscheduled("0/1 nodes are available: 1 node(s) had untolerated taint(s).", {"tolerations": tolerations})
    assert told(evidence(job(), pod, nodes=nodes))[2].endswith("does not tolerate: x=2:NoSchedule")


def test_gpus_behind_a_taint_are_a_matter_of_the_taint() -> None:
    message = "0/3 nodes are available: 2 Insufficient nvidia.com/gpu, 1 node(s) had untolerated taint(s)."
    nodes = [node("cpu-1"), node("cpu-2"), node("gpu", taints=[DEVICE], nvidia_com__gpu="1")]
    tainted = told(evidence(job(), unscheduled(message, wants(selector={})), nodes=nodes))
    assert tainted[:3] == (
        "Pending",
        "TaintNotTolerated",
        "no node takes it: 1 node has a taint that the job does not tolerate: nvidia.com/gpu=present:NoSchedule",
    )
    nodes[0]["status"]["allocatable"] = {"nvidia.com/gpu": "1"}
    assert told(evidence(job(), unscheduled(message, wants(selector={})), nodes=nodes))[1] == "InsufficientGPU"


def test_the_node_that_comes_nearest_decides() -> None:
    mixed = "0/10 nodes are available: 4 node(s) didn't match Pod's node affinity/selector, 5 node(s) were unschedulable, 1 Insufficient nvidia.com/gpu."
    assert for_gpu(mixed)[1] == "InsufficientGPU"
    assert (
        told(
            evidence(
                job(),
                unscheduled("0/3 nodes are available: 2 Insufficient memory, 1 node(s) had untolerated taint(s)."),
            )
        )[1]
        == "InsufficientResources"
    )


@pytest.mark.parametrize(
    ("said", "reason", "sentence"),
    [
        ("0/2 nodes are available: 2 Insufficient memory.", "InsufficientResources", "not enough memory: 32Gi memory asked for, which none of 2 nodes has free"),
        ("0/1 nodes are available: 1 Insufficient ephemeral-storage.", "InsufficientResources", "not enough disk: 10Gi disk asked for, which the node does not have free"),
        ("0/1 nodes are available: 1 Insufficient hugepages-2Mi.", "InsufficientResources", "not enough hugepages-2Mi"),
        ("0/2 nodes are available: 2 Too many pods.", "InsufficientResources", "no room: all 2 nodes run as many pods as allowed"),
        ("0/1 nodes are available: 1 Too many pods.", "InsufficientResources", "no room: the node runs as many pods as allowed"),
        ("0/3 nodes are available: 3 node(s) had volume node affinity conflict.", "VolumePending", "its volume lies in a zone that has no node for it"),
        ("0/2 nodes are available: 2 node(s) were unschedulable.", "NoMatchingNode", "no node takes it: 2 nodes take no pods for now (cordoned)"),
        ("0/1 nodes are available: 1 node(s) were unschedulable.", "NoMatchingNode", "no node takes it: 1 node takes no pods for now (cordoned)"),
        ("0/1 nodes are available: 1 node(s) didn't have free ports for the requested pod ports.", "NoMatchingNode", "no node takes it: 1 node(s) didn't have free ports for the requested pod ports"),
        ("no nodes available to schedule pods", None, "no node for its pod yet: no nodes available to schedule pods"),
    ],
)  # fmt: skip
def test_other_words_of_the_scheduler(said: str, reason: str | None, sentence: str) -> None:
    resources = {"requests": {"memory": "32Gi", "ephemeral-storage": "10Gi", "cpu": "8"}}
    found = told(evidence(job(), unscheduled(said, {"containers": [container(resources=resources)]})))
    assert found[:3] == ("Pending", reason, sentence)


def test_what_is_short_names_its_field() -> None:
    def field(resource: str) -> str | None:
        return told(evidence(job(), unscheduled(f"0/1 nodes are available: 1 Insufficient {resource}.")))[3]

    for resource in ("cpu", "memory"):
        assert field(resource) == f"wait until other jobs end, or ask for less, in {CONFIG}: compute_config.{resource}"
    assert (
        field("ephemeral-storage")
        == f"wait until other jobs end, or ask for less, in {CONFIG}: compute_config.ephemeral_storage"
    )


def test_a_pod_that_a_gate_holds_back_names_it() -> None:
    pod = unscheduled("", {"schedulingGates": [{"name": "kueue.x-k8s.io/admission"}]})
    assert told(evidence(job(), pod))[2] == "its pod is held back by the scheduling gate kueue.x-k8s.io/admission"


def test_the_scheduler_is_heard_in_an_event_before_the_pod_says_so() -> None:
    events = [{**event("FailedScheduling", NO_GPU), "lastTimestamp": None, "eventTime": "2026-11-21T14:03:00.123456Z"}]
    found = status.of(evidence(job(), made.pod(spec=wants()), events=events))
    assert found.message == "not enough GPUs: 1 × nvidia-l4 asked for, none free"
    assert found.quotes[0].at is not None


def test_the_time_of_the_quote_is_the_last_time_it_was_said() -> None:
    again = event("FailedScheduling", NO_GPU, seconds=300)
    found = status.of(
        evidence(job(), unscheduled(NO_GPU, wants()), events=[event("FailedScheduling", NO_GPU, seconds=60), again])
    )
    assert [quote.at.strftime("%H:%M:%S") for quote in found.quotes if quote.at] == ["14:07:11"]
