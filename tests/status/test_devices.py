"""Pods without a GPU or TPU. What schedulers say here is documented, not recorded."""

# ruff: noqa: RUF001  # sentences stand whole

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from cajajejo import status
from tests.status import replays
from tests.status.made import (
    NO_GPU,
    TYPE,
    asks,
    container,
    evidence,
    for_gpu,
    gpu_node,
    job,
    told,
    unscheduled,
    user,
    wants,
)

TEAM = {"key": "team", "value": "b", "effect": "NoSchedule"}


def test_gpus_that_are_all_in_use_are_counted_and_a_free_type_is_named() -> None:
    nodes = [gpu_node(f"l4-{index}") for index in range(6)] + [
        gpu_node("t4", "nvidia-tesla-t4", 4),
        gpu_node("a100", "nvidia-a100-80gb"),
    ]
    others = [user(f"l4-{index}") for index in range(6)] + [user("t4"), user("a100")]
    assert for_gpu(nodes=nodes, other_pods=others) == (
        "Pending",
        "InsufficientGPU",
        "not enough GPUs: 1 × nvidia-l4 asked for, none free on 6 nodes that have them",
        f"wait, or take a type that is free now: nvidia-tesla-t4 (3 free), {TYPE}",
    )


@pytest.mark.parametrize(
    ("more", "count", "sentence", "do"),
    [
        ({}, 1, "none free", f"wait, or take another type, {TYPE}"),
        ({"nodes": [gpu_node("a")]}, 1, "none free on 1 node that has them", f"wait, or take another type, {TYPE}"),
        ({"nodes": [gpu_node("a", count=2)]}, 4, "no node has more than 2", f"ask for 2 at most, {TYPE}_count"),
        (
            {"nodes": [gpu_node("a", "nvidia-b200")]},
            1,
            "no node has any",
            f"take another cluster (--context), or a type that this one has, {TYPE}",
        ),
        (
            {"nodes": [gpu_node("a", count=4), gpu_node("b", count=4)], "other_pods": [user("a", 2), user("b", 3)]},
            4,
            "at most 2 free on each of 2 nodes that have them",
            f"wait, or take another type, {TYPE}",
        ),
        (
            {"nodes": [gpu_node("a"), gpu_node("t", "nvidia-tesla-t4", 8)], "other_pods": []},
            2,
            "no node has more than 1",
            f"take a type that is free now: nvidia-tesla-t4 (8 free), {TYPE}",
        ),
    ],
)
def test_not_enough_gpus_says_what_is_known(more: dict[str, Any], count: int, sentence: str, do: str) -> None:
    assert for_gpu(count=count, **more) == (
        "Pending",
        "InsufficientGPU",
        f"not enough GPUs: {count} × nvidia-l4 asked for, {sentence}",
        do,
    )


def test_devices_of_an_init_container_do_not_add_up_with_the_others() -> None:
    def asked(init: int) -> str:
        spec = {**wants(2), "initContainers": [container("init", resources=asks(count=init))]}
        return told(evidence(job(), unscheduled(NO_GPU, spec)))[2]

    assert asked(1) == "not enough GPUs: 2 × nvidia-l4 asked for, none free"
    assert asked(4) == "not enough GPUs: 4 × nvidia-l4 asked for, none free"


def test_more_gpus_than_any_node_has_are_told_where_only_some_nodes_are_tainted() -> None:
    message = "0/2 nodes are available: 1 Insufficient nvidia.com/gpu, 1 node(s) had untolerated taint(s)."
    assert for_gpu(message, 4, nodes=[gpu_node("a"), gpu_node("b", taints=[TEAM])])[1] == "InsufficientGPU"


def test_ended_pods_use_no_gpu_and_closed_nodes_offer_none() -> None:
    done = user("a")
    done["status"]["phase"] = "Succeeded"
    closed = gpu_node("t", "nvidia-tesla-t4", 4)
    closed["spec"]["unschedulable"] = True
    kept = gpu_node("v", "nvidia-tesla-v100", 4, [{"key": "team", "value": "b", "effect": "NoSchedule"}])
    found = for_gpu(nodes=[gpu_node("a", count=2), closed, kept], other_pods=[done, user("a")])
    assert found[2:] == (
        "not enough GPUs: 1 × nvidia-l4 asked for, at most 1 free on each of 1 node that has them",
        f"wait, or take another type, {TYPE}",
    )


def test_a_recorded_queue_for_one_gpu_with_the_recorded_node() -> None:
    recorded = json.loads((replays.SCENARIOS / "gpu-success" / "node.json").read_text("utf-8"))
    waiting = [
        status.of(replace(step.evidence, nodes=[recorded], other_pods=[user("node-1")])).message
        for step in replays.steps("gpu-success")
        if step.job == "eval-gpu-queued"
    ]
    assert "not enough GPUs: 1 × nvidia.com/gpu asked for, none free on 1 node that has them" in waiting


def test_tpus_are_called_tpus() -> None:
    selector = {"cloud.google.com/gke-tpu-accelerator": "tpu-v5-lite-podslice"}
    pod = unscheduled("0/2 nodes are available: 2 Insufficient google.com/tpu.", wants(4, selector, "google.com/tpu"))
    assert told(evidence(job(), pod))[2] == "not enough TPUs: 4 × tpu-v5-lite-podslice asked for, none free"
