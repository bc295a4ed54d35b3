"""What GKE Autopilot refuses, or does otherwise than it reads: GPUs, spot nodes, hosts, disks."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final

from cajajejo import quantities
from cajajejo.accelerators import GPU
from cajajejo.findings import Finding, Findings
from cajajejo.manifest_checks.resources import amount
from cajajejo.manifest_checks.values import containers, inside, mapping, mappings, pod_spec, text, whole
from cajajejo.phrases import shown
from cajajejo.profiles import AUTOPILOT_DISK, GKE_ACCELERATOR, GKE_SPOT, SPOT_GRACE_SECONDS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from cajajejo.yamlfile import Location

ACCELERATOR_COUNT: Final = "cloud.google.com/gke-accelerator-count"
COMPUTE_CLASS: Final = "cloud.google.com/compute-class"
_READABLE_HOST_PATH: Final = "/var/log"


def gke_autopilot(documents: Sequence[Mapping[str, Any]]) -> list[Finding]:
    """What GKE Autopilot would say about the pods of a manifest, beyond what any cluster says."""
    result: list[Finding] = []
    for index, document in enumerate(documents):
        specified = pod_spec(mapping(document))
        if specified is not None:
            found = Findings(index, text(document.get("kind")), result)
            place, pod = specified
            gpus = _total(pod, GPU)
            _check_gpu(found, place, pod, gpus)
            _check_tolerations(found, place, pod, gpus)
            _check_spot(found, place, pod)
            _check_host(found, place, pod)
            _check_ephemeral_storage(found, place, pod)
    return result


def _total(pod: Mapping[str, Any], resource: str) -> Fraction:
    """How much of a resource a pod needs at once: its containers together, or the largest init container."""
    sums = {"initContainers": Fraction(0), "containers": Fraction(0)}
    for field, _, container in containers(pod):
        resources = mapping(container.get("resources"))
        asked = amount(inside(resources, "requests", resource))
        wanted = asked if asked is not None else amount(inside(resources, "limits", resource)) or Fraction(0)
        sums[field] = max(sums[field], wanted) if field == "initContainers" else sums[field] + wanted
    return max(sums.values())


def _check_gpu(found: Findings, place: Location, pod: Mapping[str, Any], gpus: Fraction) -> None:
    selector, here = mapping(pod.get("nodeSelector")), (*place, "nodeSelector")
    wished = {*selector, *_keys_of_affinity(pod)}
    if gpus and GKE_ACCELERATOR not in wished and selector.get(COMPUTE_CLASS, "Accelerator") == "Accelerator":
        hint = f"the node selector {GKE_ACCELERATOR}, or {COMPUTE_CLASS} with a compute class of your own"
        found.error((*here, GKE_ACCELERATOR), f"required, where {GPU} is requested", hint)
    if not gpus and GKE_ACCELERATOR in selector:
        found.warning((*here, GKE_ACCELERATOR), f"asks for a node with GPUs, and no container requests {GPU}")
    count = selector.get(ACCELERATOR_COUNT)
    where = (*here, ACCELERATOR_COUNT)
    if count is not None and not isinstance(count, str):
        found.error(where, f"must be text, not {shown(count)}", f'in quotes: "{shown(count)}"')
    elif count is not None and not (count.isascii() and count.isdecimal()):
        found.error(where, f"must be a whole number in quotes, not {shown(count)}")
    elif count is not None and Fraction(count) < gpus:
        found.error(where, f"must be at least the {gpus} GPUs of the pod, not {shown(count)}")


def _keys_of_affinity(pod: Mapping[str, Any]) -> Iterator[str]:
    required = inside(pod, "affinity", "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution")
    for _, term in mappings(mapping(required).get("nodeSelectorTerms")):
        for _, expression in mappings(term.get("matchExpressions")):
            yield text(expression.get("key"))


def _check_tolerations(found: Findings, place: Location, pod: Mapping[str, Any], gpus: Fraction) -> None:
    for index, toleration in mappings(pod.get("tolerations")):
        if toleration.get("key") == GPU and not gpus:
            message = f"tolerates {GPU}, and no container requests one: Autopilot denies such a pod"
            found.error((*place, "tolerations", index), message)


def _check_spot(found: Findings, place: Location, pod: Mapping[str, Any]) -> None:
    selector = mapping(pod.get("nodeSelector"))
    if selector.get(GKE_SPOT) != "true":
        return
    if COMPUTE_CLASS in selector:
        message = f"cannot stand beside {COMPUTE_CLASS}"
        found.error(
            (*place, "nodeSelector", GKE_SPOT), message, "the compute class says whether its nodes are spot nodes"
        )
    grace = whole(pod.get("terminationGracePeriodSeconds"))
    if (grace or 0) > SPOT_GRACE_SECONDS:
        message = f"a spot node grants {SPOT_GRACE_SECONDS} seconds, not {shown(grace)}"
        found.warning((*place, "terminationGracePeriodSeconds"), message)


def _check_host(found: Findings, place: Location, pod: Mapping[str, Any]) -> None:
    for field in ("hostNetwork", "hostPID", "hostIPC"):
        if pod.get(field) is True:
            found.error((*place, field), "Autopilot refuses it")
    for index, volume in mappings(pod.get("volumes")):
        path = inside(volume, "hostPath", "path")
        if path is not None and not f"{path}/".startswith(f"{_READABLE_HOST_PATH}/"):
            found.error((*place, "volumes", index, "hostPath"), f"Autopilot refuses the path {shown(path)} of a host")
    for field, index, container in containers(pod):
        if inside(container, "securityContext", "privileged") is True:
            found.error((*place, field, index, "securityContext", "privileged"), "Autopilot refuses it")


def _check_ephemeral_storage(found: Findings, place: Location, pod: Mapping[str, Any]) -> None:
    total = _total(pod, "ephemeral-storage")
    if total <= quantities.value(AUTOPILOT_DISK):
        return
    message = f"the pod asks for over {AUTOPILOT_DISK} of ephemeral-storage, and Autopilot gives most pods no more"
    hint = "a volume of the kind ephemeral (volumeClaimTemplate) may be larger"
    for field, index, container in containers(pod):
        resources = mapping(container.get("resources"))
        for kind in ("requests", "limits"):
            if inside(resources, kind, "ephemeral-storage") is not None:
                where = (*place, field, index, "resources", kind, "ephemeral-storage")
                found.warning(where, message, hint)
                break
