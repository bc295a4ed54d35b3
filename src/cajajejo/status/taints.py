"""Nodes that would do, and keep the pod off by a taint that it does not tolerate."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cajajejo.status.model import Reason
from cajajejo.status.verdicts import Verdict, counted, cure, listed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cajajejo.status.nodes import Nodes
    from cajajejo.status.scheduling import Told

_CONDITIONS: Final = (
    ("node.kubernetes.io/not-ready", "not ready"),
    ("node.kubernetes.io/unreachable", "not reachable"),
    ("node.kubernetes.io/unschedulable", "cordoned"),
    ("node.kubernetes.io/disk-pressure", "short of disk"),
    ("node.kubernetes.io/memory-pressure", "short of memory"),
    ("node.kubernetes.io/pid-pressure", "short of process numbers"),
    ("node.kubernetes.io/network-unavailable", "without network"),
    ("node.cloudprovider.kubernetes.io/uninitialized", "still starting"),
    ("ToBeDeletedByClusterAutoscaler", "being removed by the autoscaler"),
    ("DeletionCandidateOfClusterAutoscaler", "about to be removed by the autoscaler"),
    ("cloud.google.com/impending-node-termination", "about to end"),
)
"""Taints that tell how a node is, and that no job should tolerate."""


def taint_verdict(nodes: Nodes | None, told: Told, devices: Mapping[str, int]) -> Verdict | None:
    """Why taints keep the pod off; None where none do."""
    count = sum(told.taints.values())
    if not count:
        return None
    named = [taint for taint in told.taints if taint] or (sorted(nodes.taints()) if nodes is not None else [])
    ill = listed(dict.fromkeys(word for key, word in _CONDITIONS if any(taint.startswith(key) for taint in named)))
    theirs = "has a taint" if count == 1 else "have a taint"
    if named and all(taint.startswith(tuple(key for key, _ in _CONDITIONS)) for taint in named):
        message = f"no node takes it: {counted(count, 'node')} {'is' if count == 1 else 'are'} {ill}"
        return Verdict(Reason.TAINT_NOT_TOLERATED, message, cure("wait; if it stays, ask those who run the cluster"))
    meant = [taint for taint in named if not taint.startswith(tuple(key for key, _ in _CONDITIONS))]
    which = f": {listed(meant[:3])}" if meant else ""
    message = f"no node takes it: {counted(count, 'node')} {theirs} that the job does not tolerate{which}"
    if any("gke-spot" in taint or "scalesetpriority" in taint for taint in meant):
        return Verdict(Reason.TAINT_NOT_TOLERATED, message, cure("let it run on spot nodes", "compute_config.spot"))
    if any("gpu" in taint or "tpu" in taint for taint in meant) and not devices:
        text = "ask for an accelerator, or for nodes without one: those that have one take no other jobs"
        return Verdict(Reason.TAINT_NOT_TOLERATED, message, cure(text, "compute_config.accelerator"))
    text = (
        "tolerate it, if the job may run there"
        if meant
        else "tolerate it, if the job may run there (kubectl describe nodes names it)"
    )
    return Verdict(Reason.TAINT_NOT_TOLERATED, message, cure(text, "compute_config.tolerations"))
