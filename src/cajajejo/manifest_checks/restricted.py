"""The Pod Security Standard "restricted": which of its rules a pod breaks, before a namespace refuses the pod."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from cajajejo.findings import Finding, Findings
from cajajejo.manifest_checks.values import containers, inside, mapping, mappings, pod_spec, text, texts
from cajajejo.phrases import cut

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cajajejo.yamlfile import Location

_VOLUMES: Final = frozenset(
    {
        "configMap",
        "csi",
        "downwardAPI",
        "emptyDir",
        "ephemeral",
        "image",
        "persistentVolumeClaim",
        "projected",
        "secret",
    }
)
_SECCOMP: Final = ("RuntimeDefault", "Localhost")
_SELINUX_TYPES: Final = ("", "container_t", "container_init_t", "container_kvm_t", "container_engine_t")
_SYSCTLS: Final = frozenset(
    {
        *("kernel.shm_rmid_forced", "net.ipv4.ip_local_port_range", "net.ipv4.ip_local_reserved_ports"),
        *("net.ipv4.ip_unprivileged_port_start", "net.ipv4.ping_group_range", "net.ipv4.tcp_fin_timeout"),
        *("net.ipv4.tcp_keepalive_intvl", "net.ipv4.tcp_keepalive_probes", "net.ipv4.tcp_keepalive_time"),
        *("net.ipv4.tcp_rmem", "net.ipv4.tcp_syncookies", "net.ipv4.tcp_wmem"),
    }
)
_PROBES: Final = ("livenessProbe", "readinessProbe", "startupProbe")


def pod_security(document: Mapping[str, Any], *, index: int = 0) -> list[Finding]:
    """A warning for each rule of "restricted" that the pods of `document` break; none for what has no pods."""
    specified = pod_spec(document)
    if specified is None:
        return []
    place, pod = specified
    refusals = _Refusals(Findings(index, text(document.get("kind")), []))
    linux = inside(pod, "os", "name") != "windows"
    _check_pod(refusals, place, pod, linux=linux)
    for field, number, container in containers(pod):
        here = (*place, field, number)
        _check_container(refusals, here, container)
        _check_user(refusals, here, container, pod)
        if linux:
            _check_linux(refusals, here, container, pod)
    return refusals.findings.found


class _Refusals:
    """Collects what the standard refuses, as warnings: a namespace need not enforce it."""

    def __init__(self, findings: Findings) -> None:
        self.findings = findings

    def add(self, place: Location, what: str, hint: str | None = None) -> None:
        self.findings.warning(place, f"pod security 'restricted' refuses {what}", hint)


def _check_pod(refusals: _Refusals, place: Location, pod: Mapping[str, Any], *, linux: bool) -> None:
    for field in ("hostNetwork", "hostPID", "hostIPC"):
        if pod.get(field) is True:
            refusals.add((*place, field), f"{field}: true")
    _check_volumes(refusals, (*place, "volumes"), pod.get("volumes"))
    context, here = mapping(pod.get("securityContext")), (*place, "securityContext")
    for index, sysctl in mappings(context.get("sysctls")):
        if (name := text(sysctl.get("name"))) not in _SYSCTLS:
            refusals.add((*here, "sysctls", index, "name"), f"the sysctl {cut(name)}")
    if context.get("runAsUser") == 0 and pod.get("hostUsers") is not False:
        refusals.add((*here, "runAsUser"), "runAsUser: 0", "any other number")
    if context.get("runAsNonRoot") is False and pod.get("hostUsers") is not False:
        refusals.add((*here, "runAsNonRoot"), "runAsNonRoot: false", "runAsNonRoot: true")
    _check_context(refusals, here, context)
    if linux and inside(context, "seccompProfile", "type") == "Unconfined":
        refusals.add((*here, "seccompProfile", "type"), "seccompProfile.type: Unconfined", "RuntimeDefault")


def _check_volumes(refusals: _Refusals, place: Location, volumes: object) -> None:
    for index, volume in mappings(volumes):
        for field in volume:
            if field != "name" and field not in _VOLUMES and volume[field] is not None:
                hint = f"one of {', '.join(sorted(_VOLUMES))}"
                refusals.add((*place, index, field), f"a volume of {cut(str(field))}", hint)


def _check_context(refusals: _Refusals, place: Location, context: Mapping[str, Any]) -> None:
    """What holds for the security context of a pod and of a container."""
    if inside(context, "windowsOptions", "hostProcess") is True:
        refusals.add((*place, "windowsOptions", "hostProcess"), "hostProcess: true")
    if inside(context, "appArmorProfile", "type") == "Unconfined":
        refusals.add((*place, "appArmorProfile", "type"), "appArmorProfile.type: Unconfined")
    options = mapping(context.get("seLinuxOptions"))
    for field in ("user", "role"):
        if options.get(field):
            refusals.add((*place, "seLinuxOptions", field), f"an seLinuxOptions.{field}")
    if text(options.get("type")) not in _SELINUX_TYPES:
        refusals.add((*place, "seLinuxOptions", "type"), f"seLinuxOptions.type: {cut(options['type'])}")


def _check_container(refusals: _Refusals, place: Location, container: Mapping[str, Any]) -> None:
    context, here = mapping(container.get("securityContext")), (*place, "securityContext")
    _check_context(refusals, here, context)
    if context.get("privileged") is True:
        refusals.add((*here, "privileged"), "privileged: true")
    if text(context.get("procMount")) not in {"", "Default"}:
        refusals.add((*here, "procMount"), f"procMount: {cut(context['procMount'])}")
    for index, port in mappings(container.get("ports")):
        if port.get("hostPort"):
            refusals.add((*place, "ports", index, "hostPort"), "a hostPort")
    for field in _PROBES:
        _check_handler(refusals, (*place, field), mapping(container.get(field)))
    for field in ("postStart", "preStop"):
        _check_handler(refusals, (*place, "lifecycle", field), mapping(inside(container, "lifecycle", field)))


def _check_handler(refusals: _Refusals, place: Location, handler: Mapping[str, Any]) -> None:
    for way in ("httpGet", "tcpSocket"):
        if inside(handler, way, "host"):
            refusals.add((*place, way, "host"), f"a host in {way}", "leave it out: the pod is asked itself")


def _check_user(refusals: _Refusals, place: Location, container: Mapping[str, Any], pod: Mapping[str, Any]) -> None:
    if pod.get("hostUsers") is False:
        return
    context, here = mapping(container.get("securityContext")), (*place, "securityContext")
    if context.get("runAsUser") == 0:
        refusals.add((*here, "runAsUser"), "runAsUser: 0", "any other number")
    if context.get("runAsNonRoot", inside(pod, "securityContext", "runAsNonRoot")) is not True:
        refusals.add((*here, "runAsNonRoot"), "a container that may run as root", "runAsNonRoot: true")


def _check_linux(refusals: _Refusals, place: Location, container: Mapping[str, Any], pod: Mapping[str, Any]) -> None:
    context, here = mapping(container.get("securityContext")), (*place, "securityContext")
    if context.get("allowPrivilegeEscalation") is not False:
        hint = "allowPrivilegeEscalation: false"
        refusals.add((*here, "allowPrivilegeEscalation"), "a container that may gain privileges", hint)
    capabilities = mapping(context.get("capabilities"))
    if "ALL" not in [name for _, name in texts(capabilities.get("drop"))]:
        refusals.add((*here, "capabilities", "drop"), "a container that keeps capabilities", "drop: [ALL]")
    for index, name in texts(capabilities.get("add")):
        if name != "NET_BIND_SERVICE":
            refusals.add((*here, "capabilities", "add", index), f"the capability {cut(name)}")
    own = inside(context, "seccompProfile", "type")
    if own is not None and own not in _SECCOMP:
        refusals.add((*here, "seccompProfile", "type"), f"seccompProfile.type: {cut(str(own))}", "RuntimeDefault")
    elif own is None and inside(pod, "securityContext", "seccompProfile", "type") is None:
        refusals.add((*here, "seccompProfile", "type"), "a container without a seccompProfile", "type: RuntimeDefault")
