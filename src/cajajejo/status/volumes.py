"""A pod that waits for a volume: which claim, and what the storage says of it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from cajajejo import phrases
from cajajejo.status import scheduling
from cajajejo.status.model import Advice, Quote, Reason
from cajajejo.status.reading import items, plain, text
from cajajejo.status.verdicts import Verdict, cure, quoted

if TYPE_CHECKING:
    from cajajejo.status.facts import Facts
    from cajajejo.status.pods import Pod

_CLASS_FIELD: Final = "storage_config.scratch.storage_class_name"
_CLAIM_FIELD: Final = "storage_config.scratch.claim_name"
_NOT_FOUND: Final = re.compile(r'persistentvolumeclaim "([^"]*)" not found')
_BEING_DELETED: Final = re.compile(r'persistentvolumeclaim "([^"]*)" is being deleted')
_NO_CLASS: Final = re.compile(r'storageclass\.storage\.k8s\.io "([^"]*)" not found')
_ABOUT_VOLUMES: Final = re.compile(r"ephemeral volume controller|PersistentVolumeClaims")
_PROVISIONER: Final = re.compile(r"provisioner '([^']*)'")
_SAID: Final = frozenset(
    {"ProvisioningFailed", "ExternalProvisioning", "FailedBinding", "Provisioning", "ProvisioningSucceeded"}
)


def rule_volume_pending(facts: Facts) -> Verdict | None:
    """A claim of the waiting pod is not there, or has no volume yet and its storage is to blame."""
    pod = facts.waiting
    if pod is None or pod.is_on_a_node:
        return None
    said, quotes = scheduling.said(facts, pod)
    if found := _NOT_FOUND.search(said):
        return _claim_missing(facts, found[1], quotes)
    if found := _BEING_DELETED.search(said):
        message = f"its volume claim {found[1]} is being deleted"
        return Verdict(
            Reason.VOLUME_PENDING, message, cure("name another claim, or make it anew", _CLAIM_FIELD), quotes
        )
    if said and not _ABOUT_VOLUMES.search(said):
        return None
    for name in pod.claims:
        verdict = _claim_pending(facts, pod, name, quotes)
        if verdict is not None:
            return verdict
    if "unbound immediate PersistentVolumeClaims" in said:
        message = "a volume claim of its pod has no volume yet"
        return Verdict(
            Reason.VOLUME_PENDING,
            message,
            cure("check that its StorageClass is there and can make volumes", _CLASS_FIELD),
            quotes,
        )
    return None


def _claim_missing(facts: Facts, name: str, quotes: tuple[Quote, ...]) -> Verdict:
    message = f"namespace {facts.job.namespace} has no volume claim {name}"
    return Verdict(
        Reason.VOLUME_PENDING,
        message,
        cure("make it, then the job goes on by itself; or name another", _CLAIM_FIELD),
        quotes,
    )


def _called(pod: Pod, claim: str) -> str:
    """What people know a claim by: the volume of the pod that it was made for, else its own name."""
    volume = claim.removeprefix(f"{pod.name}-")
    return f"volume claim {claim}" if volume == claim else f"volume {volume}"


def _claim_pending(facts: Facts, pod: Pod, name: str, quotes: tuple[Quote, ...]) -> Verdict | None:
    """What the storage says of one claim that has no volume; None where it only waits for the pod's node."""
    claim = facts.claim(name)
    if claim is not None and text(claim, "status", "phase") == "Bound":
        return None
    events, called = facts.events_about_claim(name, _SAID), _called(pod, name)
    wanted = text(claim, "spec", "storageClassName") or _class_of(pod, name)
    classes = facts.evidence.storage_classes
    newest = events[0] if events else None
    said = newest.text if newest else ""
    missing = _NO_CLASS.search(said)
    if missing or (classes is not None and wanted and wanted not in classes):
        return _class_missing(facts, called, missing[1] if missing else wanted, (*quoted("storage", events), *quotes))
    if newest is None or newest.reason == "ProvisioningSucceeded":
        return None
    heard = (*quoted("storage", events), *quotes)
    of_class = f" (StorageClass {wanted})" if wanted else ""
    if newest.reason == "ExternalProvisioning":
        who = _PROVISIONER.search(said)
        maker = f"provisioner {who[1]}" if who else "its provisioner"
        message = f"{called}{of_class} is not there yet: {maker} has not answered"
        return Verdict(
            Reason.VOLUME_PENDING,
            message,
            cure("wait a minute, then check that the provisioner runs; or take another class", _CLASS_FIELD),
            heard,
        )
    if newest.reason == "FailedBinding":
        message = f"{called} is not there, and no StorageClass makes it"
        return Verdict(Reason.VOLUME_PENDING, message, cure("name a StorageClass", _CLASS_FIELD), heard)
    if newest.reason == "ProvisioningFailed":
        message = f"{called}{of_class} cannot be made: {plain(said, 200)}"
        return Verdict(Reason.VOLUME_PENDING, message, _provisioning_cure(said), heard)
    return Verdict(None, f"{called} is being made", None, heard)


def _provisioning_cure(said: str) -> Advice:
    if re.search(r"quota", said, re.IGNORECASE):
        return cure("ask for less, or have the quota for disks raised", "storage_config.scratch.size")
    return cure("take another class", _CLASS_FIELD)


def _class_missing(facts: Facts, called: str, name: str, quotes: tuple[Quote, ...]) -> Verdict:
    classes = facts.evidence.storage_classes
    names = sorted(plain(found) for found in classes or ())
    near = phrases.closest(name, names)
    there = f"; there is {', '.join(names[:5])}" if names else ""
    text_ = f"name one that is there{f', such as {near}' if near else ''}{there if not near else ''}"
    message = f"{called} is of StorageClass {name}, which the cluster does not have"
    return Verdict(Reason.VOLUME_PENDING, message, cure(text_, _CLASS_FIELD), quotes)


def _class_of(pod: Pod, claim: str) -> str:
    for volume in items(pod.spec, "volumes"):
        if f"{pod.name}-{text(volume, 'name')}" == claim:
            return text(volume, "ephemeral", "volumeClaimTemplate", "spec", "storageClassName")
    return ""
