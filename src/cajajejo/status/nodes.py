"""The nodes of a cluster: which have the labels a pod asks for, which taints stand on them, and what is free there."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

from cajajejo.status.asked import accelerators, amount, selector, tolerates, type_of_node
from cajajejo.status.pods import quantity
from cajajejo.status.reading import flag, items, labels, part, text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cajajejo.status.evidence import Object
    from cajajejo.status.facts import Facts

_REPELS: Final = ("NoSchedule", "NoExecute")


@dataclass(frozen=True, slots=True)
class Free:
    """How many devices of one type are free, and on one node at the most."""

    type: str
    free: int
    most: int


class Nodes:
    """The nodes as one pod sees them; only where nodes may be read."""

    def __init__(self, nodes: Sequence[Object], others: Sequence[Object] | None, pod: Object) -> None:
        self._nodes = nodes
        self._others = others
        self._pod = pod
        self._wanted = selector(pod)

    @cached_property
    def matching(self) -> list[Object]:
        """Those with every label that the pod asks for."""
        return [node for node in self._nodes if self._has(node, self._wanted)]

    def values_of(self, key: str) -> list[str]:
        """The values of the label `key` that there are."""
        found = (labels(node, "metadata", "labels").get(key) for node in self._nodes)
        return sorted({value for value in found if value})

    @cached_property
    def missing(self) -> list[tuple[str, str]]:
        """The labels asked for that no node has, with the value asked for."""
        return [
            (key, "|".join(values))
            for key, values in self._wanted.items()
            if not any(self._has(node, {key: values}) for node in self._nodes)
        ]

    def with_device(self, resource: str) -> list[Object]:
        """Those of the matching ones that have `resource` at all."""
        return [node for node in self.matching if _allocatable(node, resource)]

    def most(self, resource: str) -> int:
        """How much of a device the largest of the matching nodes has."""
        return max((_allocatable(node, resource) for node in self.matching), default=0)

    def free(self, node: Object, resource: str) -> int | None:
        """How much of a device is free on `node`; None where the pods of others may not be read."""
        if self._others is None:
            return None
        return max(0, _allocatable(node, resource) - self._used[text(node, "metadata", "name"), resource])

    @cached_property
    def _used(self) -> Counter[tuple[str, str]]:
        used: Counter[tuple[str, str]] = Counter()
        for other in self._others or ():
            if isinstance(other, dict) and text(other, "status", "phase") not in {"Succeeded", "Failed"}:
                for resource, count in accelerators(other).items():
                    used[text(other, "spec", "nodeName"), resource] += count
        return used

    def free_now(self, resource: str, count: int) -> list[Free]:
        """The types of which one node has `count` free, the most plentiful first; without the type asked for."""
        found: dict[str, list[int]] = {}
        for node in self._nodes:
            key, kind = type_of_node(node)
            free = self.free(node, resource)
            if kind and free and kind not in self._wanted.get(key, ()) and self.takes_with_device(node):
                found.setdefault(kind, []).append(free)
        fitting = [Free(kind, sum(free), max(free)) for kind, free in found.items() if max(free) >= count]
        return sorted(fitting, key=lambda free: (-free.free, free.type))

    def taints(self) -> Counter[str]:
        """The taints that keep the pod off the matching nodes, with the number of nodes: ``key=value:NoSchedule``."""
        return Counter(_taint_text(taint) for node in self.matching for taint in self._untolerated(node))

    def takes(self, node: Object) -> bool:
        """Whether no taint and no cordon keeps the pod off `node`."""
        return not self._untolerated(node) and not flag(node, "spec", "unschedulable")

    def takes_with_device(self, node: Object) -> bool:
        """The same for a job that asks for another type: that brings the tolerations which devices need."""
        device = ("nvidia.com/gpu", "cloud.google.com/gke-spot", "google.com/tpu")
        kept = [taint for taint in self._untolerated(node) if text(taint, "key") not in device]
        return not kept and not flag(node, "spec", "unschedulable")

    def _untolerated(self, node: Object) -> list[Object]:
        found = [taint for taint in items(node, "spec", "taints") if text(taint, "effect") in _REPELS]
        return [taint for taint in found if not tolerates(self._pod, taint)]

    def _has(self, node: Object, wanted: dict[str, tuple[str, ...]]) -> bool:
        found = labels(node, "metadata", "labels")
        return all(found.get(key) in values for key, values in wanted.items())


def nodes_of(facts: Facts, pod: Object) -> Nodes | None:
    """The nodes as `pod` sees them; None where nodes may not be read."""
    if facts.nodes is None:
        return None
    return Nodes(facts.nodes, facts.evidence.other_pods, pod)


def _allocatable(node: Object, resource: str) -> int:
    found = part(node, "status", "allocatable")
    return int(amount(quantity({"resources": {"limits": found}}, "limits", resource)))


def _taint_text(taint: Object) -> str:
    value = text(taint, "value")
    named = f"{text(taint, 'key')}={value}" if value else text(taint, "key")
    return f"{named}:{text(taint, 'effect')}"
