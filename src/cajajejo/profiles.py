"""Cluster profiles: how a kind of cluster names its nodes, taints, disks and identities.

A profile is data; `placement` makes of it, and of what a job asks for, the parts of a pod that differ between clusters.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from cajajejo import accelerators
from cajajejo.accelerators import GPU, TPU
from cajajejo.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cajajejo.pod_config import ComputeConfig, ScratchConfig

Node = dict[str, str]

DEFAULT: Final = "gke-autopilot"
SPOT_GRACE_SECONDS: Final = 25
"""What GKE grants a pod on a spot node before it is killed."""
AUTOPILOT_DISK: Final = "10Gi"
"""The most ephemeral storage of a general pod on Autopilot."""
GKE_ACCELERATOR: Final = "cloud.google.com/gke-accelerator"
GKE_SPOT: Final = "cloud.google.com/gke-spot"
_SSD: Final = {"type": "pd-balanced"}


@dataclass(frozen=True, slots=True)
class Profile:
    """A kind of cluster.

    Attributes:
        name: as ``--profile`` takes it.
        title: as sentences name it.
        accelerator_label: node label with the accelerator's type, by resource; empty where there is none.
        accelerator_field: field of the catalogue that holds the value of this label; empty: the name itself.
        spot: label of nodes that can be taken away.
        taints: whether the nodes of `spot` and of accelerators are tainted, and nothing tolerates that for the pod.
        identity_selector: node labels that workload identity needs.
        identity_labels: pod labels that workload identity needs.
        storage_class: StorageClass of the scratch disk; None: the cluster's default.
        provisioner: who makes the disks of `storage_class`; None: the class is there already.
    """

    name: str
    title: str
    accelerator_label: Mapping[str, str] = field(default_factory=dict)
    accelerator_field: str = ""
    spot: Node = field(default_factory=dict)
    taints: bool = False
    identity_selector: Node = field(default_factory=dict)
    identity_labels: Node = field(default_factory=dict)
    storage_class: str | None = None
    provisioner: str | None = None

    @property
    def is_gke(self) -> bool:
        """Whether GKE's catalogue and versions hold."""
        return self.name.startswith("gke-")


_GKE: Final = {GPU: GKE_ACCELERATOR, TPU: "cloud.google.com/gke-tpu-accelerator"}

PROFILES: Final[Mapping[str, Profile]] = {
    profile.name: profile
    for profile in (
        # Autopilot adds the tolerations itself, and refuses some that are added by others.
        Profile(
            "gke-autopilot",
            "GKE",
            accelerator_label=_GKE,
            spot={GKE_SPOT: "true"},
            storage_class="ssd",
            provisioner="pd.csi.storage.gke.io",
        ),
        Profile(
            "gke-standard",
            "GKE",
            accelerator_label=_GKE,
            spot={GKE_SPOT: "true"},
            taints=True,
            identity_selector={"iam.gke.io/gke-metadata-server-enabled": "true"},
            storage_class="ssd",
            provisioner="pd.csi.storage.gke.io",
        ),
        # Nodes by Karpenter. Identity is in the annotations of the service account (IRSA), or in Pod Identity.
        Profile(
            "eks",
            "EKS",
            accelerator_label={GPU: "karpenter.k8s.aws/instance-gpu-name"},
            accelerator_field="eks",
            spot={"karpenter.sh/capacity-type": "spot"},
            taints=True,
        ),
        Profile(
            "aks",
            "AKS",
            spot={"kubernetes.azure.com/scalesetpriority": "spot"},
            taints=True,
            identity_labels={"azure.workload.identity/use": "true"},
        ),
        Profile("kind", "kind", storage_class="standard"),
        # Anything else: GPUs are found by the label of NVIDIA's GPU feature discovery.
        Profile("plain", "this cluster", accelerator_field="product", taints=True),
    )
}
ACCELERATOR_LABELS: Final = frozenset(
    label for profile in PROFILES.values() for label in profile.accelerator_label.values()
)
"""The labels, on any kind of cluster, whose value is the type of an accelerator."""
SPOT_LABELS: Final = tuple(label for profile in PROFILES.values() for label in profile.spot.items())
"""The labels, on any kind of cluster, of nodes that can be taken away, as name and value."""


def find(name: str) -> Profile:
    """The profile of this name.

    Raises:
        UsageError: there is none.
    """
    if name not in PROFILES:
        raise UsageError(f"no such profile: {name}", facts={"profiles": ", ".join(PROFILES)})
    return PROFILES[name]


@dataclass(frozen=True, slots=True)
class Placement:
    """What a profile makes of a job: everything in the pod that names nodes, devices or disks.

    Attributes:
        profile: the profile.
        resource: what a container asks for to get its accelerators, for example ``nvidia.com/gpu``; None: nothing.
        node_selector: labels that a node must have.
        tolerations: taints that the pod tolerates, as Kubernetes writes them.
        affinity: affinity of the pod, as Kubernetes writes it; empty: none.
        labels: further labels of the pod.
        storage_class: StorageClass of the scratch disk; None: the cluster's default.
        storage_class_parameters: those of the StorageClass that the spec holds; None: the spec holds none.
    """

    profile: Profile
    resource: str | None
    node_selector: Node
    tolerations: list[dict[str, Any]]
    affinity: dict[str, Any]
    labels: Node
    storage_class: str | None
    storage_class_parameters: Mapping[str, str] | None


def placement(profile: Profile, compute: ComputeConfig, scratch: ScratchConfig) -> Placement:
    """Where a job that asks for `compute` and `scratch` runs on a cluster of this kind."""
    entry = accelerators.find(compute.accelerator) if compute.accelerator else None
    resource = _resource(profile, compute.accelerator, entry)
    storage_class, parameters = _storage_class(profile, scratch)
    required, preferred = _terms(profile, compute, entry)
    return Placement(
        profile=profile,
        resource=resource,
        node_selector=_selector(profile, compute, resource, entry),
        tolerations=_tolerations(profile, compute, resource),
        affinity={"nodeAffinity": {**required, **preferred}} if required or preferred else {},
        labels=dict(profile.identity_labels),
        storage_class=storage_class,
        storage_class_parameters=parameters,
    )


def _resource(profile: Profile, name: str | None, entry: accelerators.Accelerator | None) -> str | None:
    if name is None or entry:
        return entry.resource if entry else None
    return TPU if profile.is_gke and name.startswith("tpu") else GPU


def _selector(
    profile: Profile, compute: ComputeConfig, resource: str | None, entry: accelerators.Accelerator | None
) -> Node:
    selector: Node = {}
    label = profile.accelerator_label.get(resource or "")
    if label and compute.accelerator:
        native = entry.eks if entry and profile.accelerator_field == "eks" else None
        selector[label] = native or compute.accelerator
    if compute.accelerator_topology and profile.is_gke:
        selector["cloud.google.com/gke-tpu-topology"] = compute.accelerator_topology
    if compute.spot is True:
        selector |= profile.spot
    return {**selector, **profile.identity_selector, **compute.node_selector}


def _tolerations(profile: Profile, compute: ComputeConfig, resource: str | None) -> list[dict[str, Any]]:
    tolerations: list[dict[str, Any]] = []
    if profile.taints and resource:
        tolerations.append({"key": resource, "operator": "Exists", "effect": "NoSchedule"})
    if profile.name == "aks" and resource:
        tolerations.append({"key": "sku", "operator": "Equal", "value": "gpu", "effect": "NoSchedule"})
    if profile.taints and compute.spot:
        for key, value in profile.spot.items():
            tolerations.append({"key": key, "operator": "Equal", "value": value, "effect": "NoSchedule"})
    own = [toleration.model_dump(by_alias=True, exclude_none=True) for toleration in compute.tolerations]
    return [*tolerations, *(toleration for toleration in own if toleration not in tolerations)]


def _terms(
    profile: Profile, compute: ComputeConfig, entry: accelerators.Accelerator | None
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The node affinity that must hold, and the one that is preferred."""
    required: dict[str, Any] = {}
    preferred: dict[str, Any] = {}
    if profile.accelerator_field == "product" and compute.accelerator:
        values = list(entry.product) if entry and entry.product else [compute.accelerator]
        term = {"matchExpressions": [_expression("nvidia.com/gpu.product", values)]}
        required = {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [term]}}
    if compute.spot == "preferred" and profile.spot:
        expressions = [_expression(key, [value]) for key, value in profile.spot.items()]
        wish = [{"weight": 100, "preference": {"matchExpressions": expressions}}]
        preferred = {"preferredDuringSchedulingIgnoredDuringExecution": wish}
    return required, preferred


def _expression(key: str, values: list[str]) -> dict[str, Any]:
    return {"key": key, "operator": "In", "values": values}


def _storage_class(profile: Profile, scratch: ScratchConfig) -> tuple[str | None, Mapping[str, str] | None]:
    """The name of the StorageClass, and its parameters where the spec is to hold it."""
    if scratch.kind != "ephemeral":
        return None, None
    given, parameters = scratch.storage_class_name, scratch.storage_class_parameters
    usual = given in {None, profile.storage_class} or parameters is not None
    create = scratch.create_storage_class
    if not (profile.provisioner and usual if create is None else create):
        return given or profile.storage_class, None
    wanted = parameters or _SSD
    name = given or profile.storage_class or "cajajejo"
    if given is None and wanted != _SSD:
        name += "-" + hashlib.sha256(json.dumps(wanted, sort_keys=True).encode()).hexdigest()[:8]
    return name, wanted
