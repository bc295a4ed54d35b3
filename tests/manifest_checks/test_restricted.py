"""The Pod Security Standard "restricted"."""

from __future__ import annotations

from typing import Any

import pytest

from cajajejo import manifest_checks
from tests.manifest_checks.objects import ABSENT, EVAL, INIT, POD, an, lines

CONTEXT = f"{EVAL}.securityContext"
REFUSED: dict[str, tuple[list[tuple[str, Any]], list[str]]] = {
    "the host": (
        [(f"{POD}.hostNetwork", True), (f"{POD}.hostPID", True), (f"{POD}.hostIPC", True)],
        [f"{POD}.{field}: {field}: true" for field in ("hostNetwork", "hostPID", "hostIPC")],
    ),
    "volumes": (
        [(f"{POD}.volumes.0", {"name": "configs", "hostPath": {"path": "/"}})],
        [f"{POD}.volumes.0.hostPath: a volume of hostPath"],
    ),
    "no contexts at all": (
        [(CONTEXT, ABSENT), (f"{INIT}.securityContext.capabilities", ABSENT), (f"{POD}.securityContext", ABSENT)],
        [
            f"{INIT}.securityContext.runAsNonRoot: a container that may run as root",
            f"{INIT}.securityContext.capabilities.drop: a container that keeps capabilities",
            f"{INIT}.securityContext.seccompProfile.type: a container without a seccompProfile",
            f"{CONTEXT}.runAsNonRoot: a container that may run as root",
            f"{CONTEXT}.allowPrivilegeEscalation: a container that may gain privileges",
            f"{CONTEXT}.capabilities.drop: a container that keeps capabilities",
            f"{CONTEXT}.seccompProfile.type: a container without a seccompProfile",
        ],
    ),
    "root": (
        [(f"{POD}.securityContext.runAsUser", 0), (f"{CONTEXT}.runAsUser", 0), (f"{CONTEXT}.runAsNonRoot", False)],
        [
            f"{POD}.securityContext.runAsUser: runAsUser: 0",
            f"{CONTEXT}.runAsUser: runAsUser: 0",
            f"{CONTEXT}.runAsNonRoot: a container that may run as root",
        ],
    ),
    "a pod that may be root": (
        [
            (f"{POD}.securityContext.runAsNonRoot", False),
            (f"{CONTEXT}.runAsNonRoot", True),
            (f"{INIT}.securityContext.runAsNonRoot", True),
        ],
        [f"{POD}.securityContext.runAsNonRoot: runAsNonRoot: false"],
    ),
    "profiles": (
        [
            (f"{POD}.securityContext.seccompProfile.type", "Unconfined"),
            (f"{CONTEXT}.seccompProfile", {"type": "Unconfined"}),
            (f"{CONTEXT}.appArmorProfile", {"type": "Unconfined"}),
            (f"{CONTEXT}.procMount", "Unmasked"),
        ],
        [
            f"{POD}.securityContext.seccompProfile.type: seccompProfile.type: Unconfined",
            f"{CONTEXT}.appArmorProfile.type: appArmorProfile.type: Unconfined",
            f"{CONTEXT}.procMount: procMount: Unmasked",
            f"{CONTEXT}.seccompProfile.type: seccompProfile.type: Unconfined",
        ],
    ),
    "privileges": (
        [(f"{CONTEXT}.privileged", True), (f"{CONTEXT}.capabilities.add", ["NET_BIND_SERVICE", "NET_RAW"])],
        [f"{CONTEXT}.privileged: privileged: true", f"{CONTEXT}.capabilities.add.1: the capability NET_RAW"],
    ),
    "options of SELinux and Windows": (
        [
            (f"{CONTEXT}.seLinuxOptions", {"user": "a", "role": "b", "type": "spc_t"}),
            (f"{POD}.securityContext.windowsOptions", {"hostProcess": True}),
        ],
        [
            f"{POD}.securityContext.windowsOptions.hostProcess: hostProcess: true",
            f"{CONTEXT}.seLinuxOptions.user: an seLinuxOptions.user",
            f"{CONTEXT}.seLinuxOptions.role: an seLinuxOptions.role",
            f"{CONTEXT}.seLinuxOptions.type: seLinuxOptions.type: spc_t",
        ],
    ),
    "settings of the kernel": (
        [
            (
                f"{POD}.securityContext.sysctls",
                [{"name": "net.ipv4.tcp_syncookies", "value": "1"}, {"name": "kernel.msgmax", "value": "1"}],
            )
        ],
        [f"{POD}.securityContext.sysctls.1.name: the sysctl kernel.msgmax"],
    ),
    "ports and hosts": (
        [
            (f"{EVAL}.ports", [{"containerPort": 80, "hostPort": 80}]),
            (f"{EVAL}.readinessProbe", {"httpGet": {"port": 80, "host": "10.0.0.1"}}),
            (f"{EVAL}.lifecycle", {"preStop": {"tcpSocket": {"port": 80, "host": "10.0.0.1"}}}),
            (f"{INIT}.ports", [{"containerPort": 80}]),
        ],
        [
            f"{EVAL}.ports.0.hostPort: a hostPort",
            f"{EVAL}.readinessProbe.httpGet.host: a host in httpGet",
            f"{EVAL}.lifecycle.preStop.tcpSocket.host: a host in tcpSocket",
        ],
    ),
}


@pytest.mark.parametrize(("changes", "expected"), REFUSED.values(), ids=REFUSED)
def test_rule_that_is_broken_is_a_warning(changes: list[tuple[str, Any]], expected: list[str]) -> None:
    places = (line.partition(": ") for line in expected)
    wanted = [f"{place}: pod security 'restricted' refuses {what} (warning)" for place, _, what in places]
    assert lines(manifest_checks.pod_security(an("Job", *changes))) == wanted


@pytest.mark.parametrize(
    "changes",
    [
        [],
        [(f"{POD}.hostUsers", False), (f"{POD}.securityContext.runAsNonRoot", ABSENT), (f"{CONTEXT}.runAsUser", 0)],
        [(f"{POD}.os", {"name": "windows"}), (CONTEXT, ABSENT)],
        [(f"{POD}.securityContext.seccompProfile", ABSENT)]
        + [(f"{place}.securityContext.seccompProfile", {"type": "Localhost"}) for place in (EVAL, INIT)],
    ],
    ids=["as it is", "users of its own", "Windows", "profiles of containers"],
)
def test_pod_that_keeps_to_the_rules_passes(changes: list[tuple[str, Any]]) -> None:
    assert manifest_checks.pod_security(an("Job", *changes)) == []


def test_object_without_pods_has_nothing_to_refuse() -> None:
    assert manifest_checks.pod_security(an("ConfigMap")) == []


def test_pods_of_a_deployment_are_looked_at_too() -> None:
    assert len(manifest_checks.pod_security(an("Deployment"), index=3)) == 4
    assert {finding.document for finding in manifest_checks.pod_security(an("Deployment"), index=3)} == {3}
