"""What a pod asks for: accelerators, CPU, memory, labels of its node, and which taints it tolerates."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from typing import TYPE_CHECKING, Final

from cajajejo import quantities
from cajajejo.status.pods import quantity
from cajajejo.status.reading import items, labels, mapping, text, texts

if TYPE_CHECKING:
    from cajajejo.status.evidence import Object

_TYPE_LABELS: Final = (
    "cloud.google.com/gke-accelerator",
    "cloud.google.com/gke-tpu-accelerator",
    "nvidia.com/gpu.product",
    "amd.com/gpu.product-name",
    "gpu.nvidia.com/class",
    "karpenter.k8s.aws/instance-gpu-name",
    "k8s.amazonaws.com/accelerator",
    "accelerator",
)
_LONGEST: Final = 40
_MOST: Final = Fraction(10**18)
_ORDINARY: Final = frozenset({"cpu", "memory", "ephemeral-storage", "pods", "storage"})


def is_accelerator(resource: str) -> bool:
    """Whether `resource` is a device: ``nvidia.com/gpu``, ``google.com/tpu``, ``amd.com/gpu``, a slice of one."""
    return (
        "/" in resource and not resource.startswith(("hugepages-", "attachable-volumes-")) and resource not in _ORDINARY
    )


def amount(text_: str) -> Fraction:
    """The number of a quantity, which no machine has more of than `_MOST`; 0 where it is none."""
    try:
        return min(quantities.value(text_[:_LONGEST]), _MOST)
    except ValueError:
        return Fraction(0)


def accelerators(pod: Object) -> dict[str, int]:
    """The devices that the containers of `pod` ask for, by resource; init containers do not add up with the others."""
    together: Counter[str] = Counter()
    for container in items(pod, "spec", "containers"):
        together.update(_devices(container))
    for container in items(pod, "spec", "initContainers"):
        for resource, count in _devices(container).items():
            together[resource] = max(together[resource], count)
    return {resource: count for resource, count in together.items() if count > 0}


def _devices(container: Object) -> dict[str, int]:
    named = {**mapping(container, "resources", "requests"), **mapping(container, "resources", "limits")}
    found = {str(name): _count(container, str(name)) for name in named if is_accelerator(str(name))}
    return {name: count for name, count in found.items() if count}


def _count(container: Object, resource: str) -> int:
    return int(amount(quantity(container, "limits", resource) or quantity(container, "requests", resource)))


def requested(pod: Object, resource: str) -> str:
    """How much of `resource` the largest container of `pod` asks for, as it was written; empty: nothing."""
    containers = (*items(pod, "spec", "containers"), *items(pod, "spec", "initContainers"))
    found = [quantity(item, "requests", resource) or quantity(item, "limits", resource) for item in containers]
    return max((one for one in found if one), key=amount, default="")


def selector(pod: Object) -> dict[str, tuple[str, ...]]:
    """The labels that a node must have, each with the values that do; from node selector and required affinity."""
    wanted: dict[str, tuple[str, ...]] = {key: (value,) for key, value in labels(pod, "spec", "nodeSelector").items()}
    place = ("spec", "affinity", "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution", "nodeSelectorTerms")
    terms = items(pod, *place)
    for expression in items(terms[0], "matchExpressions") if len(terms) == 1 else ():
        if text(expression, "operator") == "In":
            wanted.setdefault(text(expression, "key"), tuple(texts(expression, "values")))
    return wanted


def accelerator_type(pod: Object) -> str:
    """The type of device that `pod` asks for, by the label of the node; empty: any."""
    wanted = selector(pod)
    return next((wanted[key][0] for key in _TYPE_LABELS if wanted.get(key)), "")


def type_of_node(node: Object) -> tuple[str, str]:
    """The label that tells the type of a node's devices, and the type; both empty where none does."""
    found = labels(node, "metadata", "labels")
    return next(((key, found[key]) for key in _TYPE_LABELS if found.get(key)), ("", ""))


def tolerates(pod: Object, taint: Object) -> bool:
    """Whether `pod` may be put on a node with `taint`."""
    return any(_tolerates(toleration, taint) for toleration in items(pod, "spec", "tolerations"))


def _tolerates(toleration: Object, taint: Object) -> bool:
    key, effect = text(toleration, "key"), text(toleration, "effect")
    if (effect and effect != text(taint, "effect")) or (key and key != text(taint, "key")):
        return False
    if text(toleration, "operator") == "Exists":
        return True
    return bool(key) and text(toleration, "value") == text(taint, "value")
