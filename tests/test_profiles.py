"""Cluster profiles: where a job runs on each kind of cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from cajajejo import profiles
from cajajejo.errors import UsageError
from cajajejo.pod_config import ComputeConfig, ScratchConfig

if TYPE_CHECKING:
    from cajajejo.profiles import Placement

MACHINE = {"cpu": "4", "memory": "16Gi"}
L4 = {**MACHINE, "accelerator": "nvidia-l4"}
TPU = {**MACHINE, "accelerator": "tpu-v6e-slice", "accelerator_count": 4, "accelerator_topology": "2x2"}
GPU_TAINT = {"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}
SKU_TAINT = {"key": "sku", "operator": "Equal", "value": "gpu", "effect": "NoSchedule"}
WORKLOAD_IDENTITY = {"iam.gke.io/gke-metadata-server-enabled": "true"}
GKE_L4 = {"cloud.google.com/gke-accelerator": "nvidia-l4"}
GKE_SPOT = {"cloud.google.com/gke-spot": "true"}
EKS_SPOT = {"karpenter.sh/capacity-type": "spot"}
AKS_SPOT = {"kubernetes.azure.com/scalesetpriority": "spot"}


def taint(label: dict[str, str]) -> dict[str, str]:
    ((key, value),) = label.items()
    return {"key": key, "operator": "Equal", "value": value, "effect": "NoSchedule"}


def wish(label: dict[str, str]) -> dict[str, Any]:
    ((key, value),) = label.items()
    term = {"matchExpressions": [{"key": key, "operator": "In", "values": [value]}]}
    return {"preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 100, "preference": term}]}


def product(*names: str) -> dict[str, Any]:
    term = {"matchExpressions": [{"key": "nvidia.com/gpu.product", "operator": "In", "values": list(names)}]}
    return {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [term]}}


def place(profile: str, compute: dict[str, Any], **scratch: Any) -> Placement:
    return profiles.placement(
        profiles.find(profile), ComputeConfig.model_validate(compute), ScratchConfig.model_validate(scratch)
    )


NODES: list[tuple[str, dict[str, Any], dict[str, str], list[dict[str, Any]], dict[str, Any]]] = [
    # profile, what is asked for, node selector, tolerations, node affinity
    ("gke-autopilot", MACHINE, {}, [], {}),
    ("gke-autopilot", L4, GKE_L4, [], {}),
    ("gke-autopilot", {**L4, "spot": True}, {**GKE_L4, **GKE_SPOT}, [], {}),
    ("gke-autopilot", {**L4, "spot": "preferred"}, GKE_L4, [], wish(GKE_SPOT)),
    (
        "gke-autopilot",
        TPU,
        {"cloud.google.com/gke-tpu-accelerator": "tpu-v6e-slice", "cloud.google.com/gke-tpu-topology": "2x2"},
        [],
        {},
    ),
    ("gke-standard", MACHINE, WORKLOAD_IDENTITY, [], {}),
    ("gke-standard", L4, {**GKE_L4, **WORKLOAD_IDENTITY}, [GPU_TAINT], {}),
    (
        "gke-standard",
        {**L4, "spot": True},
        {**GKE_L4, **GKE_SPOT, **WORKLOAD_IDENTITY},
        [GPU_TAINT, taint(GKE_SPOT)],
        {},
    ),
    ("gke-standard", {**MACHINE, "spot": "preferred"}, WORKLOAD_IDENTITY, [taint(GKE_SPOT)], wish(GKE_SPOT)),
    (
        "gke-standard",
        TPU,
        {
            "cloud.google.com/gke-tpu-accelerator": "tpu-v6e-slice",
            "cloud.google.com/gke-tpu-topology": "2x2",
            **WORKLOAD_IDENTITY,
        },
        [{**GPU_TAINT, "key": "google.com/tpu"}],
        {},
    ),
    ("eks", MACHINE, {}, [], {}),
    ("eks", L4, {"karpenter.k8s.aws/instance-gpu-name": "l4"}, [GPU_TAINT], {}),
    ("eks", {**MACHINE, "accelerator": "l40s"}, {"karpenter.k8s.aws/instance-gpu-name": "l40s"}, [GPU_TAINT], {}),
    (
        "eks",
        {**L4, "spot": True},
        {"karpenter.k8s.aws/instance-gpu-name": "l4", **EKS_SPOT},
        [GPU_TAINT, taint(EKS_SPOT)],
        {},
    ),
    ("aks", L4, {}, [GPU_TAINT, SKU_TAINT], {}),
    ("aks", {**MACHINE, "spot": "preferred"}, {}, [taint(AKS_SPOT)], wish(AKS_SPOT)),
    ("kind", MACHINE, {}, [], {}),
    ("kind", L4, {}, [], {}),
    ("plain", MACHINE, {}, [], {}),
    ("plain", L4, {}, [GPU_TAINT], product("NVIDIA-L4")),
    ("plain", {**MACHINE, "accelerator": "nvidia-tesla-t4"}, {}, [GPU_TAINT], product("Tesla-T4", "NVIDIA-T4")),
    ("plain", {**MACHINE, "accelerator": "NVIDIA-GH200"}, {}, [GPU_TAINT], product("NVIDIA-GH200")),
]


@pytest.mark.parametrize(
    ("profile", "compute", "selector", "tolerations", "affinity"),
    NODES,
    ids=[f"{profile}-{compute.get('accelerator')}-{compute.get('spot')}" for profile, compute, *_ in NODES],
)
def test_where_a_job_runs(
    profile: str,
    compute: dict[str, Any],
    selector: dict[str, str],
    tolerations: list[dict[str, Any]],
    affinity: dict[str, Any],
) -> None:
    found = place(profile, compute)
    assert (found.node_selector, found.tolerations) == (selector, tolerations)
    assert found.affinity == ({"nodeAffinity": affinity} if affinity else {})


@pytest.mark.parametrize("profile", profiles.PROFILES)
def test_what_a_config_adds_stands_beside_what_the_profile_sets(profile: str) -> None:
    own = {"key": "team", "operator": "Equal", "value": "nlp", "effect": "NoSchedule"}
    plain, more = place(profile, L4), place(profile, {**L4, "node_selector": {"pool": "a"}, "tolerations": [own]})
    assert more.node_selector == {**plain.node_selector, "pool": "a"}
    assert more.tolerations == [*plain.tolerations, own]


def test_a_toleration_that_the_profile_has_stands_once() -> None:
    assert place("gke-standard", {**L4, "tolerations": [GPU_TAINT]}).tolerations == [GPU_TAINT]


@pytest.mark.parametrize("profile", profiles.PROFILES)
@pytest.mark.parametrize("compute", [MACHINE, L4, {**L4, "spot": True}, {**L4, "spot": "preferred"}, TPU])
def test_every_label_and_taint_is_text(profile: str, compute: dict[str, Any]) -> None:
    found = place(profile, compute)
    assert all(isinstance(text, str) for pair in found.node_selector.items() for text in pair)
    assert all(isinstance(value, str) for toleration in found.tolerations for value in toleration.values())


@pytest.mark.parametrize(
    ("accelerator", "resource"),
    [
        (None, None),
        ("nvidia-l4", "nvidia.com/gpu"),
        ("tpu-v5p-slice", "google.com/tpu"),
        ("other", "nvidia.com/gpu"),
        ("tpu7x", "google.com/tpu"),
    ],
)
def test_what_a_container_asks_for(accelerator: str | None, resource: str | None) -> None:
    assert place("gke-autopilot", {**MACHINE, "accelerator": accelerator}).resource == resource


def test_only_aks_labels_the_pod_for_workload_identity() -> None:
    labelled = {name: place(name, MACHINE).labels for name in profiles.PROFILES if place(name, MACHINE).labels}
    assert labelled == {"aks": {"azure.workload.identity/use": "true"}}


SSD = {"type": "pd-balanced"}
DISKS = [
    # profile, scratch, name of the StorageClass, parameters of the one in the spec
    ("gke-autopilot", {}, "ssd", SSD),
    ("gke-standard", {}, "ssd", SSD),
    ("eks", {}, None, None),
    ("aks", {}, None, None),
    ("kind", {}, "standard", None),
    ("plain", {}, None, None),
    ("plain", {"storage_class_name": "fast"}, "fast", None),
    ("gke-autopilot", {"storage_class_name": "ssd"}, "ssd", SSD),
    ("gke-autopilot", {"storage_class_name": "premium-rwo"}, "premium-rwo", None),
    ("gke-autopilot", {"create_storage_class": False}, "ssd", None),
    ("gke-autopilot", {"storage_class_name": "fast", "create_storage_class": True}, "fast", SSD),
    ("gke-autopilot", {"storage_class_parameters": SSD}, "ssd", SSD),
    (
        "gke-autopilot",
        {"storage_class_name": "fast", "storage_class_parameters": {"type": "pd-ssd"}},
        "fast",
        {"type": "pd-ssd"},
    ),
    ("gke-autopilot", {"kind": "empty_dir"}, None, None),
    ("gke-autopilot", {"kind": "claim", "claim_name": "a"}, None, None),
]


@pytest.mark.parametrize(("profile", "scratch", "name", "parameters"), DISKS)
def test_which_disk_a_job_works_on(
    profile: str, scratch: dict[str, Any], name: str | None, parameters: dict[str, str] | None
) -> None:
    found = place(profile, MACHINE, **scratch)
    assert (found.storage_class, found.storage_class_parameters) == (name, parameters)


def test_other_parameters_have_another_name_because_a_storage_class_cannot_be_changed() -> None:
    names = [
        place("gke-autopilot", MACHINE, storage_class_parameters={"type": kind}).storage_class
        for kind in ("pd-ssd", "pd-standard", "pd-ssd")
    ]
    assert names[0] == names[2] != names[1]
    assert str(names[0]).startswith("ssd-")


def test_an_unknown_profile_is_a_usage_error() -> None:
    with pytest.raises(UsageError) as raised:
        profiles.find("gke")
    assert raised.value.lines() == [
        "Error: no such profile: gke",
        "  profiles    gke-autopilot, gke-standard, eks, aks, kind, plain",
    ]
