"""A pod that no node takes: what is short, what does not match, and what would do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cajajejo import phrases
from cajajejo.status import scheduling
from cajajejo.status.asked import accelerators, requested, selector
from cajajejo.status.autoscaling import scale_up
from cajajejo.status.devices import TYPE_FIELD, asked_for, no_device_free, only_behind_taints
from cajajejo.status.model import Advice, Reason
from cajajejo.status.nodes import Nodes, nodes_of
from cajajejo.status.reading import items, plain, text
from cajajejo.status.taints import taint_verdict
from cajajejo.status.verdicts import Verdict, counted, cure, listed

if TYPE_CHECKING:
    from cajajejo.status.autoscaling import ScaleUp
    from cajajejo.status.facts import Facts
    from cajajejo.status.pods import Pod
    from cajajejo.status.scheduling import Told

NO_NODE_YET: Final = "waiting for a node"
_AUTOPILOT: Final = cure("wait: Autopilot makes a node for it, which takes some minutes, or says here why it cannot")
_OF_NODES: Final = frozenset({Reason.INSUFFICIENT_GPU, Reason.INSUFFICIENT_RESOURCES, Reason.NO_MATCHING_NODE})
_RESOURCES: Final = {
    "memory": ("memory", "compute_config.memory"),
    "cpu": ("CPU", "compute_config.cpu"),
    "ephemeral-storage": ("disk", "compute_config.ephemeral_storage"),
}
_LABEL_FIELDS: Final = (
    ("gke-accelerator-count", "compute_config.accelerator_count"),
    ("topology", "compute_config.accelerator_topology"),
    ("accelerator", TYPE_FIELD),
    ("gpu", TYPE_FIELD),
    ("spot", "compute_config.spot"),
    ("", "compute_config.node_selector"),
)


def rule_not_scheduled(facts: Facts) -> Verdict | None:
    """The scheduler has no node for the pod, and counts why."""
    pod = facts.waiting
    if pod is None or pod.is_on_a_node:
        return None
    said, quotes = scheduling.said(facts, pod)
    told = scheduling.read(said)
    if told is None:
        return Verdict(None, _unread(pod, said), None, quotes)
    growth = scale_up(facts, pod)
    verdict = _decide(facts, pod, told, growth)
    if growth is None:
        do = _AUTOPILOT if facts.job.makes_nodes and verdict.reason in _OF_NODES else verdict.do
        return Verdict(verdict.reason, verdict.message + _room(pod), do, quotes)
    message = f"{verdict.message}{growth.suffix}{_room(pod)}"
    return Verdict(verdict.reason, message, growth.do or verdict.do, (*quotes, *growth.quotes))


def _room(pod: Pod) -> str:
    nominated = text(pod.object, "status", "nominatedNodeName")
    return f"; room is being made on {nominated}" if nominated else ""


def _unread(pod: Pod, said: str) -> str:
    gates = listed(text(gate, "name") for gate in items(pod.spec, "schedulingGates"))
    if gates:
        return f"its pod is held back by the scheduling gate {gates}"
    if not said or "ephemeral volume controller" in said:
        return NO_NODE_YET
    return f"no node for its pod yet: {plain(said, 200)}"


def _decide(facts: Facts, pod: Pod, told: Told, growth: ScaleUp | None) -> Verdict:
    """The node that comes nearest decides: it has the labels, takes the pod, and only lacks room."""
    nodes = nodes_of(facts, pod.object)
    devices = accelerators(pod.object)
    short = next((resource for resource in told.insufficient if resource in devices), None)
    tainted = taint_verdict(nodes, told, devices)
    if short is not None and not (tainted is not None and only_behind_taints(nodes, short, devices[short])):
        return no_device_free(pod, told, nodes, short, devices[short])
    if told.insufficient and short is None:
        return _not_enough(pod, told)
    if any("Too many pods" in other for other in told.others):
        every = "the node runs" if told.nodes == 1 else f"all {told.nodes:,} nodes run"
        do = cure("wait until other pods end")
        return Verdict(Reason.INSUFFICIENT_RESOURCES, f"no room: {every} as many pods as allowed", do)
    if any("volume node affinity conflict" in other for other in told.others):
        message = "its volume lies in a zone that has no node for it"
        return Verdict(Reason.VOLUME_PENDING, message, cure("take a volume of another zone", "storage_config.scratch"))
    if tainted is not None:
        return tainted
    if devices and growth is not None and growth.adds:
        resource, count = next(iter(devices.items()))
        return Verdict(Reason.INSUFFICIENT_GPU, f"{asked_for(pod, resource, count)}, no node has them yet")
    return _not_matching(pod, nodes) if told.unmatched else _kept_away(facts, told)


def _not_enough(pod: Pod, told: Told) -> Verdict:
    """Too little CPU, memory or disk on every node that would do."""
    short = sorted(told.insufficient, key=lambda name: (name != "memory", name))
    words = {name: _RESOURCES.get(name, (name, ""))[0] for name in short}
    asked = listed(f"{found} {words[name]}" for name in short if (found := requested(pod.object, name)))
    is_hopeless = told.helpless >= told.nodes
    where = "the node does not have" if told.nodes == 1 else f"none of {told.nodes:,} nodes has"
    free = "" if is_hopeless else " free"
    message = f"not enough {listed(words.values())}"
    if asked:
        message += f": {asked} asked for, which {where}{free}"
    text_ = "ask for less: waiting does not help" if is_hopeless else "wait until other jobs end, or ask for less"
    fields = ", ".join(_RESOURCES[name][1] for name in short if name in _RESOURCES)
    return Verdict(Reason.INSUFFICIENT_RESOURCES, message, cure(text_, fields))


def _not_matching(pod: Pod, nodes: Nodes | None) -> Verdict:
    """No node has the labels that the pod asks for: which is missing, and which comes nearest."""
    wanted = {key: "|".join(values) for key, values in selector(pod.object).items()}
    pairs = [f"{key}={value}" for key, value in wanted.items()]
    if not pairs:
        return Verdict(Reason.NO_MATCHING_NODE, "no node matches the affinity of its pod", cure("change the affinity"))
    if nodes is None or not nodes.missing:
        together = " together" if len(pairs) > 1 else ""
        message = f"no node has the label{'s' * (len(pairs) > 1)} {listed(pairs)}{together}"
        text_ = "leave one of them out" if together else "name one that nodes have (kubectl get nodes --show-labels)"
        return Verdict(Reason.NO_MATCHING_NODE, message, cure(text_, _field_of(next(iter(wanted)))))
    key, value = nodes.missing[0]
    there = nodes.values_of(key)
    near = phrases.closest(value, there) or (there[0] if len(there) == 1 else None)
    text_ = f"take the nearest that there is: {near}" if near else f"take one that there is: {', '.join(there[:5])}"
    text_ = text_ if there else "take another cluster (--context), or leave it out: no node here has this label at all"
    return Verdict(Reason.NO_MATCHING_NODE, f"no node has the label {key}={value}", cure(text_, _field_of(key)))


def _field_of(label: str) -> str:
    return next(field for part, field in _LABEL_FIELDS if part in label)


def _kept_away(facts: Facts, told: Told) -> Verdict:
    if told.cordoned and not told.others:
        who = "1 node takes" if told.cordoned == 1 else f"{counted(told.cordoned, 'node')} take"
        do = Advice("wait, or ask those who run the cluster")
        return Verdict(Reason.NO_MATCHING_NODE, f"no node takes it: {who} no pods for now (cordoned)", do)
    do = Advice(f"see the whole sentence: {facts.job.explain_command}")
    return Verdict(Reason.NO_MATCHING_NODE, f"no node takes it: {plain('; '.join(told.others), 200)}", do)
