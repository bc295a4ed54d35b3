"""Not enough accelerators: how many were asked for, how many are free, and which type is free instead."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cajajejo.status.asked import accelerator_type
from cajajejo.status.model import Reason
from cajajejo.status.verdicts import Verdict, counted, cure

if TYPE_CHECKING:
    from cajajejo.status.model import Advice
    from cajajejo.status.nodes import Nodes
    from cajajejo.status.pods import Pod
    from cajajejo.status.scheduling import Told

TYPE_FIELD: Final = "compute_config.accelerator"
_COUNT_FIELD: Final = "compute_config.accelerator_count"
_OTHER_TYPE: Final = "take another cluster (--context), or a type that this one has"


def asked_for(pod: Pod, resource: str, count: int) -> str:
    """The beginning of the sentence: ``not enough GPUs: 1 × nvidia-l4 asked for``."""  # noqa: RUF002
    noun = "TPUs" if "tpu" in resource else "GPUs"
    return f"not enough {noun}: {count:,} × {accelerator_type(pod.object) or resource} asked for"  # noqa: RUF001


def only_behind_taints(nodes: Nodes | None, resource: str, count: int) -> bool:
    """Whether nodes have `count` of a device, all of them with a taint that keeps the pod off."""
    if nodes is None or nodes.most(resource) < count:
        return False
    return not any(nodes.takes(node) for node in nodes.with_device(resource))


def no_device_free(pod: Pod, told: Told, nodes: Nodes | None, resource: str, count: int) -> Verdict:
    """Too few of a device: none free, or more asked for than any node has."""
    beginning = asked_for(pod, resource, count)
    if nodes is None:
        return _unseen(beginning, told, resource, count)
    if nodes.most(resource) < count:
        most = nodes.most(resource)
        has = f"no node has more than {most:,}" if most else "no node has any"
        return Verdict(Reason.INSUFFICIENT_GPU, f"{beginning}, {has}", _smaller(nodes, resource, count, most))
    having = nodes.with_device(resource)
    frees = [found for node in having if (found := nodes.free(node, resource)) is not None]
    where = f"{counted(len(having), 'node')} that {'has' if len(having) == 1 else 'have'} them"
    most = max(frees, default=0)
    free = f"at most {most:,} free on each of {where}" if most else f"none free on {where}"
    others = _free_types(nodes, resource, count)
    text = f"wait, or take a type that is free now: {others}" if others else "wait, or take another type"
    return Verdict(Reason.INSUFFICIENT_GPU, f"{beginning}, {free}", cure(text, TYPE_FIELD))


def _unseen(beginning: str, told: Told, resource: str, count: int) -> Verdict:
    """The same where nodes may not be read: the scheduler tells at least whether waiting could help."""
    if told.helpless < told.nodes or told.insufficient[resource] < told.nodes:
        do = cure("wait, or take another type", TYPE_FIELD)
        return Verdict(Reason.INSUFFICIENT_GPU, f"{beginning}, none free", do)
    if count > 1:
        do = cure("ask for fewer, or for a type that the cluster has", _COUNT_FIELD)
        return Verdict(Reason.INSUFFICIENT_GPU, f"{beginning}, more than any node has", do)
    do = cure(_OTHER_TYPE, TYPE_FIELD)
    return Verdict(Reason.INSUFFICIENT_GPU, f"{beginning}, no node has any", do)


def _smaller(nodes: Nodes, resource: str, count: int, most: int) -> Advice:
    others = _free_types(nodes, resource, count)
    if others:
        return cure(f"take a type that is free now: {others}", TYPE_FIELD)
    return cure(f"ask for {most:,} at most", _COUNT_FIELD) if most else cure(_OTHER_TYPE, TYPE_FIELD)


def _free_types(nodes: Nodes, resource: str, count: int) -> str:
    return ", ".join(f"{free.type} ({free.free:,} free)" for free in nodes.free_now(resource, count)[:3])
