"""The rules of a pod: its containers, volumes, and where it may run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cajajejo.manifest_checks.containers import check_container, check_profile
from cajajejo.manifest_checks.resources import check_resources
from cajajejo.manifest_checks.scheduling import check_affinity, check_tolerations
from cajajejo.manifest_checks.values import containers, inside, mapping, text, whole
from cajajejo.manifest_checks.volumes import check_volumes
from cajajejo.phrases import shown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cajajejo.findings import Findings
    from cajajejo.yamlfile import Location


def check_pod(found: Findings, place: Location, pod: Mapping[str, Any]) -> None:
    """Everything about the pod that is specified at `place`."""
    volumes = check_volumes(found, (*place, "volumes"), pod.get("volumes"))
    names: dict[str, str] = {}
    for field, index, container in containers(pod):
        name, here = text(container.get("name")), f"{field}.{index}"
        if name and names.setdefault(name, here) != here:
            found.error((*place, field, index, "name"), f"must be unique: {names[name]} has it, too")
        check_container(found, (*place, field, index), container, pod, volumes)
    if pod.get("ephemeralContainers"):
        found.error((*place, "ephemeralContainers"), "cannot stand in a template of pods")
    if "resources" in pod:
        check_resources(found, (*place, "resources"), mapping(pod["resources"]))
    if "tolerations" in pod:
        check_tolerations(found, (*place, "tolerations"), pod["tolerations"])
    if "affinity" in pod:
        check_affinity(found, (*place, "affinity"), mapping(pod["affinity"]))
    _check_host(found, place, pod)
    context = mapping(pod.get("securityContext"))
    check_profile(found, (*place, "securityContext", "seccompProfile"), context.get("seccompProfile"))
    check_profile(found, (*place, "securityContext", "appArmorProfile"), context.get("appArmorProfile"))


def _check_host(found: Findings, place: Location, pod: Mapping[str, Any]) -> None:
    if pod.get("hostPID") is True and pod.get("shareProcessNamespace") is True:
        found.error((*place, "shareProcessNamespace"), "cannot be true where hostPID is")
    if pod.get("dnsPolicy") == "None" and not inside(pod, "dnsConfig", "nameservers"):
        found.error((*place, "dnsConfig", "nameservers"), "required, where dnsPolicy is None")
    grace = whole(pod.get("terminationGracePeriodSeconds"))
    if grace is not None and grace < 0:
        found.warning((*place, "terminationGracePeriodSeconds"), f"is taken as 1, not {shown(grace)}")
    if pod.get("hostNetwork") is True:
        for field, index, container in containers(pod):
            _check_host_ports(found, (*place, field, index, "ports"), container.get("ports"))


def _check_host_ports(found: Findings, place: Location, ports: object) -> None:
    for index, port in enumerate(ports if isinstance(ports, list) else ()):
        values = mapping(port)
        if values.get("hostPort") and values["hostPort"] != values.get("containerPort"):
            found.error((*place, index, "hostPort"), "must be the containerPort, where hostNetwork is true")
