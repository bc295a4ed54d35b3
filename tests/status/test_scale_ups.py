"""Nodes that are added, or not. What autoscalers say here is documented, not recorded."""

# ruff: noqa: E501, RUF001  # sentences stand whole

from __future__ import annotations

import pytest

from cajajejo import status
from tests.status.made import NO_GPU, TYPE, event, evidence, for_gpu, job, unscheduled, wants

SCALED = {
    "cluster adds": ("TriggeredScaleUp", "pod triggered scale-up: [{gke-l4 0->1 (max: 10)}]", "; the cluster adds a node"),
    "at most": ("NotTriggerScaleUp", "pod didn't trigger scale-up: 1 max node group size reached", "; no node is added: its node pools are at their largest"),
    "limit": ("NotTriggerScaleUp", "pod didn't trigger scale-up: 2 max cluster cpu limit reached", "; no node is added: the cluster is at its largest"),
    "other": ("NotTriggerScaleUp", "pod didn't trigger scale-up: 2 node(s) didn't match Pod's node affinity/selector", ""),
}  # fmt: skip


@pytest.mark.parametrize("case", SCALED)
def test_what_the_autoscaler_does_stands_behind_the_reason(case: str) -> None:
    reason, message, suffix = SCALED[case]
    found = status.of(evidence(job(), unscheduled(NO_GPU, wants()), events=[event(reason, message, seconds=700)]))
    assert found.message == f"not enough GPUs: 1 × nvidia-l4 asked for, none free{suffix}"
    assert [(quote.source, quote.text) for quote in found.quotes] == [("scheduler", NO_GPU), ("autoscaler", message)]
    assert (found.advice == "wait: a new node takes a few minutes") is (reason == "TriggeredScaleUp")


def test_a_node_that_does_not_come_is_not_promised_for_ever() -> None:
    events = [event("TriggeredScaleUp", "pod triggered scale-up: [...]", seconds=-200)]
    assert for_gpu(events=events)[2].endswith("none free; a node was to be added, and has not come")


def test_on_autopilot_the_first_node_of_a_type_is_being_added() -> None:
    message = "0/3 nodes are available: 3 node(s) didn't match Pod's node affinity/selector."
    events = [event("TriggeredScaleUp", "pod triggered scale-up: [...]", seconds=700)]
    assert for_gpu(message, events=events) == (
        "Pending",
        "InsufficientGPU",
        "not enough GPUs: 1 × nvidia-l4 asked for, no node has them yet; the cluster adds a node",
        "wait: a new node takes a few minutes",
    )


FAILED_SCALE_UPS = {
    "Node scale up in zones europe-west4-a associated with this pod failed: GCE out of resources. Pod is at risk of not being scheduled.": (
        "the cloud has none left in europe-west4-a (stock-out)", f"wait, or take another type, {TYPE}"),
    "scale.up.error.out.of.resources": (
        "the cloud has none left (stock-out)", f"wait, or take another type, {TYPE}"),
    "Node scale up in zones us-central1-c, us-central1-a associated with this pod failed: GCE quota exceeded. Pod is at risk of not being scheduled.": (
        "the quota of the cloud project is used up in us-central1-c, us-central1-a", f"have the quota raised, or take another type, {TYPE}"),
    "scale.up.error.quota.exceeded": (
        "the quota of the cloud project is used up", f"have the quota raised, or take another type, {TYPE}"),
    "scale.up.error.ip.space.exhausted": (
        "its network has no addresses left", "tell those who run the cluster: the subnet needs a larger range"),
    "scale.up.error.service.account.deleted": (
        "the service account of its nodes is gone", "tell those who run the cluster"),
    "something new": (
        "something new", "wait, it is tried again; or tell those who run the cluster"),
}  # fmt: skip


@pytest.mark.parametrize("said", FAILED_SCALE_UPS)
def test_a_node_that_could_not_be_added_is_told_with_its_cause(said: str) -> None:
    why, do = FAILED_SCALE_UPS[said]
    found = for_gpu(events=[event("FailedScaleUp", said, seconds=700)])
    assert found == ("Pending", "ScaleUpFailed", f"the cluster cannot add a node: {why}", do)


def test_a_back_off_after_a_failed_scale_up_keeps_the_cause() -> None:
    stock_out = event("FailedScaleUp", "failed: GCE out of resources.", seconds=600)
    back_off = event(
        "NotTriggerScaleUp", "pod didn't trigger scale-up: 1 in backoff after failed scale-up", seconds=700
    )
    assert (
        for_gpu(events=[stock_out, back_off])[2] == "the cluster cannot add a node: the cloud has none left (stock-out)"
    )
    assert for_gpu(events=[back_off])[2] == "the cluster cannot add a node: that has just failed"
