"""Pods that wait for a volume: documented, not recorded."""

# ruff: noqa: E501  # sentences stand whole

from __future__ import annotations

from typing import Any

import pytest

from tests.status import made
from tests.status.made import CONFIG, NAME, event, evidence, job, told


def claim(name: str = f"{NAME}-w4b5m-scratch", phase: str = "Pending", storage_class: str = "ssd") -> dict[str, Any]:
    return {"metadata": {"name": name}, "spec": {"storageClassName": storage_class}, "status": {"phase": phase}}


EPHEMERAL = {
    "volumes": [{"name": "scratch", "ephemeral": {"volumeClaimTemplate": {"spec": {"storageClassName": "ssd"}}}}]
}
CLASS = f"in {CONFIG}: storage_config.scratch.storage_class_name"


@pytest.mark.parametrize(
    ("reason", "said", "sentence", "do"),
    [
        ("FailedBinding", "no persistent volumes available for this claim and no storage class is set", "volume scratch is not there, and no StorageClass makes it", f"name a StorageClass, {CLASS}"),
        ("ProvisioningFailed", "rpc error: QUOTA_EXCEEDED: SSD_TOTAL_GB", "volume scratch (StorageClass ssd) cannot be made: rpc error: QUOTA_EXCEEDED: SSD_TOTAL_GB", f"ask for less, or have the quota for disks raised, in {CONFIG}: storage_config.scratch.size"),
        ("ProvisioningFailed", "rpc error: disk type pd-x does not exist", "volume scratch (StorageClass ssd) cannot be made: rpc error: disk type pd-x does not exist", f"take another class, {CLASS}"),
        ("ExternalProvisioning", "Waiting for a volume", "volume scratch (StorageClass ssd) is not there yet: its provisioner has not answered", f"wait a minute, then check that the provisioner runs; or take another class, {CLASS}"),
    ],
)  # fmt: skip
def test_a_claim_without_a_volume_is_told_with_what_the_storage_says(
    reason: str, said: str, sentence: str, do: str
) -> None:
    events = [event(reason, said, f"{NAME}-w4b5m-scratch", "PersistentVolumeClaim")]
    found = told(evidence(job(), made.unscheduled("", EPHEMERAL), claims=[claim()], events=events))
    assert found == ("Pending", "VolumePending", sentence, do)
    assert (
        told(evidence(job(), made.unscheduled("", EPHEMERAL), claims=[claim(phase="Bound")], events=events))[1] is None
    )


def test_a_volume_that_is_being_made_is_no_trouble() -> None:
    events = [
        event(
            "Provisioning",
            "External provisioner is provisioning volume",
            f"{NAME}-w4b5m-scratch",
            "PersistentVolumeClaim",
        )
    ]
    assert told(evidence(job(), made.unscheduled("", EPHEMERAL), events=events))[:3] == (
        "Pending",
        None,
        "volume scratch is being made",
    )


@pytest.mark.parametrize(
    ("classes", "do"),
    [
        (("ssd-1", "standard"), "name one that is there, such as ssd-1"),
        (("standard", "premium-rwo"), "name one that is there; there is premium-rwo, standard"),
        ((), "name one that is there"),
    ],
)
def test_a_storage_class_that_the_cluster_lacks_is_seen_before_the_storage_says_so(
    classes: tuple[str, ...], do: str
) -> None:
    found = told(evidence(job(), made.unscheduled("", EPHEMERAL), storage_classes=frozenset(classes)))
    assert found == (
        "Pending",
        "VolumePending",
        "volume scratch is of StorageClass ssd, which the cluster does not have",
        f"{do}, {CLASS}",
    )
    there = frozenset({*classes, "ssd"})
    assert told(evidence(job(), made.unscheduled("", EPHEMERAL), storage_classes=there))[1] is None


def test_a_named_claim_is_called_by_its_name() -> None:
    spec = {"volumes": [{"name": "models", "persistentVolumeClaim": {"claimName": "shared"}}]}
    events = [event("ProvisioningFailed", "no", "shared", "PersistentVolumeClaim")]
    assert (
        told(evidence(job(), made.unscheduled("", spec), events=events))[2] == "volume claim shared cannot be made: no"
    )
    said = '0/3 nodes are available: persistentvolumeclaim "shared" is being deleted.'
    assert told(evidence(job(), made.unscheduled(said, spec)))[2] == "its volume claim shared is being deleted"


def test_nodes_that_lack_room_count_before_old_words_about_a_claim() -> None:
    events = [event("ExternalProvisioning", "Waiting", f"{NAME}-w4b5m-scratch", "PersistentVolumeClaim")]
    found = made.unscheduled("0/1 nodes are available: 1 Insufficient cpu.", EPHEMERAL)
    assert told(evidence(job(), found, events=events))[1] == "InsufficientResources"
