"""What GKE Autopilot refuses."""

from __future__ import annotations

from typing import Any

import pytest

from cajajejo import manifest_checks
from tests.manifest_checks.objects import EVAL, INIT, POD, an, lines

GPU = (f"{EVAL}.resources.limits", {"nvidia.com/gpu": "2"})
SELECTOR = f"{POD}.nodeSelector"
ACCELERATOR = {"cloud.google.com/gke-accelerator": "nvidia-l4"}
COUNT = "cloud.google.com/gke-accelerator-count"
CLASS = "cloud.google.com/compute-class"
SPOT = {"cloud.google.com/gke-spot": "true"}
TOLERATION = (f"{POD}.tolerations", [{"key": "nvidia.com/gpu", "operator": "Exists"}])
DISK = "the pod asks for over 10Gi of ephemeral-storage, and Autopilot gives most pods no more (warning)"
REFUSED: dict[str, tuple[list[tuple[str, Any]], list[str]]] = {
    "GPU of no kind": (
        [GPU],
        [f"{SELECTOR}.cloud.google.com/gke-accelerator: required, where nvidia.com/gpu is requested"],
    ),
    "GPU of the class that is not enough": (
        [GPU, (SELECTOR, {CLASS: "Accelerator"})],
        [f"{SELECTOR}.cloud.google.com/gke-accelerator: required, where nvidia.com/gpu is requested"],
    ),
    "kind of GPU for no GPU": (
        [(SELECTOR, ACCELERATOR)],
        [
            (
                f"{SELECTOR}.cloud.google.com/gke-accelerator: "
                "asks for a node with GPUs, and no container requests nvidia.com/gpu (warning)"
            )
        ],
    ),
    "count that is a number": (
        [GPU, (SELECTOR, {**ACCELERATOR, COUNT: 2})],
        [f"{SELECTOR}.{COUNT}: must be text, not 2"],
    ),
    "count that is none": (
        [GPU, (SELECTOR, {**ACCELERATOR, COUNT: "two"})],
        [f"{SELECTOR}.{COUNT}: must be a whole number in quotes, not 'two'"],
    ),
    "count of too few": (
        [GPU, (SELECTOR, {**ACCELERATOR, COUNT: "1"})],
        [f"{SELECTOR}.{COUNT}: must be at least the 2 GPUs of the pod, not '1'"],
    ),
    "toleration of GPUs without one": (
        [TOLERATION],
        [f"{POD}.tolerations.0: tolerates nvidia.com/gpu, and no container requests one: Autopilot denies such a pod"],
    ),
    "spot and a compute class": (
        [(SELECTOR, {**SPOT, CLASS: "mine"})],
        [f"{SELECTOR}.cloud.google.com/gke-spot: cannot stand beside {CLASS}"],
    ),
    "spot and a long grace": (
        [(SELECTOR, SPOT), (f"{POD}.terminationGracePeriodSeconds", 26)],
        [f"{POD}.terminationGracePeriodSeconds: a spot node grants 25 seconds, not 26 (warning)"],
    ),
    "the host": (
        [
            (f"{POD}.hostNetwork", True),
            (f"{POD}.volumes.0", {"name": "configs", "hostPath": {"path": "/var/logs"}}),
            (f"{INIT}.securityContext", {"privileged": True}),
        ],
        [
            f"{POD}.hostNetwork: Autopilot refuses it",
            f"{POD}.volumes.0.hostPath: Autopilot refuses the path '/var/logs' of a host",
            f"{INIT}.securityContext.privileged: Autopilot refuses it",
        ],
    ),
    "a large disk": (
        [(f"{EVAL}.resources.requests.ephemeral-storage", "10.1Gi")],
        [f"{EVAL}.resources.requests.ephemeral-storage: {DISK}"],
    ),
    "a large disk for a start": (
        [(f"{INIT}.resources", {"limits": {"ephemeral-storage": "20Gi"}})],
        [f"{INIT}.resources.limits.ephemeral-storage: {DISK}"],
    ),
}
TERMS = [{"matchExpressions": [{"key": "cloud.google.com/gke-accelerator", "operator": "In", "values": ["nvidia-l4"]}]}]
TAKEN: dict[str, list[tuple[str, Any]]] = {
    "no GPU": [],
    "GPUs of a kind": [GPU, TOLERATION, (SELECTOR, {**ACCELERATOR, COUNT: "2"})],
    "GPUs by a compute class": [GPU, (SELECTOR, {CLASS: "mine"})],
    "GPUs by affinity": [
        GPU,
        (f"{POD}.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution", {"nodeSelectorTerms": TERMS}),
    ],
    "spot with a short grace": [(SELECTOR, SPOT), (f"{POD}.terminationGracePeriodSeconds", 25)],
    "logs of the host": [(f"{POD}.volumes.0", {"name": "configs", "hostPath": {"path": "/var/log"}})],
    "10Gi one after the other": [
        (f"{INIT}.resources", {"requests": {"ephemeral-storage": "10Gi"}}),
        (f"{EVAL}.resources.requests.ephemeral-storage", "10Gi"),
    ],
}


@pytest.mark.parametrize(("changes", "expected"), REFUSED.values(), ids=REFUSED)
def test_pod_that_autopilot_refuses_is_found(changes: list[tuple[str, Any]], expected: list[str]) -> None:
    assert lines(manifest_checks.gke_autopilot([an("ConfigMap"), an("Job", *changes)])) == expected


@pytest.mark.parametrize("changes", TAKEN.values(), ids=TAKEN)
def test_pod_that_autopilot_takes_passes(changes: list[tuple[str, Any]]) -> None:
    assert manifest_checks.gke_autopilot([an("Job", *changes)]) == []


def test_finding_names_its_document() -> None:
    found = manifest_checks.gke_autopilot([an("ConfigMap"), an("Job", GPU)])
    assert [(finding.document, finding.kind) for finding in found] == [(1, "Job")]
