"""One container: image, environment, resources, mounts, ports, probes, security."""

from __future__ import annotations

from typing import Any

import pytest

from cajajejo import manifest_checks
from tests.manifest_checks.objects import ABSENT, EVAL, INIT, POD, VERSION, an, check

RESOURCES = f"{EVAL}.resources"
CONTEXT = f"{EVAL}.securityContext"
GET = {"httpGet": {"port": 8080}}
WRONG: dict[str, tuple[list[tuple[str, Any]], list[str]]] = {
    "no image": ([(f"{EVAL}.image", ABSENT)], [f"{EVAL}.image: required, and not there"]),
    "empty image": ([(f"{EVAL}.image", "")], [f"{EVAL}.image: must not be empty"]),
    "misspelt image": ([(f"{EVAL}.image", ABSENT), (f"{EVAL}.imagee", "a")], [f"{EVAL}.imagee: unknown field"]),
    "image with a space": ([(f"{EVAL}.image", "a ")], [f"{EVAL}.image: must not begin or end with a space: 'a '"]),
    "image in capitals": (
        [(f"{EVAL}.image", "Registry.example/Evaluation::latest")],
        [f"{EVAL}.image: not a name of an image: 'Registry.example/Evaluation::latest' (warning)"],
    ),
    "pull policy": (
        [(f"{EVAL}.imagePullPolicy", "Sometimes")],
        [f"{EVAL}.imagePullPolicy: must be one of Always, IfNotPresent, Never, not 'Sometimes'"],
    ),
    "name": ([(f"{INIT}.name", "the_init")], [f"{INIT}.name: not a name (a DNS label): 'the_init'"]),
    "long name": ([(f"{INIT}.name", "a" * 64)], [f"{INIT}.name: must be at most 63 characters, not 64"]),
    "name that stands twice": (
        [(f"{INIT}.name", "eval")],
        [f"{EVAL}.name: must be unique: initContainers.0 has it, too"],
    ),
    "variable of no name": (
        [(f"{EVAL}.env.1", {"name": "A=B", "value": "1"})],
        [f"{EVAL}.env.1.name: not a name for an environment variable: 'A=B'"],
    ),
    "variable that is a number": (
        [(f"{EVAL}.env.1", {"name": "A", "value": 5})],
        [f"{EVAL}.env.1.value: must be text, not 5"],
    ),
    "variable that stands twice": (
        [(f"{EVAL}.env.1", {"name": "HOME", "value": "/"})],
        [f"{EVAL}.env.1.name: hides the 'HOME' of env.0 (warning)"],
    ),
    "variable of two sources": (
        [(f"{EVAL}.env.1", {"name": "A", "value": "1", "valueFrom": {}})],
        [f"{EVAL}.env.1.valueFrom: cannot stand beside value", f"{EVAL}.env.1.valueFrom: must have one source, not 0"],
    ),
    "variable of an unknown field": (
        [(f"{EVAL}.env.1", {"name": "A", "valueFrom": {"fieldRef": {"fieldPath": "metadata.nam"}}})],
        [f"{EVAL}.env.1.valueFrom.fieldRef.fieldPath: not a field that a variable can hold: 'metadata.nam'"],
    ),
    "variable of an unknown resource": (
        [(f"{EVAL}.env.1", {"name": "A", "valueFrom": {"resourceFieldRef": {"resource": "cpu"}}})],
        [f"{EVAL}.env.1.valueFrom.resourceFieldRef.resource: not a resource that a variable can hold: 'cpu'"],
    ),
    "variables from nowhere": (
        [(f"{EVAL}.envFrom", [{"prefix": "A_"}])],
        [f"{EVAL}.envFrom.0: must have one source, not 0"],
    ),
    "unknown resource": (
        [(f"{RESOURCES}.limits.gpu", 1)],
        [f"{RESOURCES}.limits.gpu: not a resource of a container: 'gpu'"],
    ),
    "quantity": (
        [
            (f"{RESOURCES}.requests.memory", "16GB"),
            (f"{RESOURCES}.limits.cpu", "two"),
            (f"{RESOURCES}.limits.memory", []),
        ],
        [
            f"{RESOURCES}.limits.cpu: not a quantity: 'two'",
            f"{RESOURCES}.limits.memory: must be a number or text, not a list",
            f"{RESOURCES}.requests.memory: not a quantity: '16GB'",
        ],
    ),
    "negative quantity": (
        [(f"{RESOURCES}.requests.cpu", "-1"), (f"{RESOURCES}.limits.cpu", -2)],
        [
            f"{RESOURCES}.limits.cpu: must be at least 0, not -2",
            f"{RESOURCES}.requests.cpu: must not be negative: '-1'",
        ],
    ),
    "request over its limit": (
        [(f"{RESOURCES}.limits.cpu", "1999m")],
        [f"{RESOURCES}.requests.cpu: must be at most the limit, '1999m', not '2'"],
    ),
    "a part of a byte": (
        [(f"{RESOURCES}.requests.memory", "512m"), (f"{RESOURCES}.limits.memory", "512m")],
        [
            f"{RESOURCES}.limits.memory: a part of a byte (warning)",
            f"{RESOURCES}.requests.memory: a part of a byte (warning)",
        ],
    ),
    "huge pages alone": (
        [(RESOURCES, {"limits": {"hugepages-2Mi": "4Mi"}})],
        [f"{RESOURCES}: hugepages-2Mi needs cpu or memory beside it"],
    ),
    "mount of no volume": (
        [(f"{EVAL}.volumeMounts.0.name", "config")],
        [f"{EVAL}.volumeMounts.0.name: no volume of the pod has the name 'config'"],
    ),
    "mounts at one path": (
        [(f"{EVAL}.volumeMounts.1.mountPath", "/etc/configs")],
        [f"{EVAL}.volumeMounts.1.mountPath: must be unique: volumeMounts.0 has it, too"],
    ),
    "paths inside of a volume": (
        [(f"{EVAL}.volumeMounts.0.subPath", "/a"), (f"{EVAL}.volumeMounts.0.subPathExpr", "a/../b")],
        [
            f"{EVAL}.volumeMounts.0.subPath: must be a relative path, not '/a'",
            f"{EVAL}.volumeMounts.0.subPathExpr: must not hold '..': 'a/../b'",
            f"{EVAL}.volumeMounts.0.subPathExpr: cannot stand beside subPath",
        ],
    ),
    "mount that reaches the host": (
        [(f"{EVAL}.volumeMounts.0.mountPropagation", "Bidirectional")],
        [f"{EVAL}.volumeMounts.0.mountPropagation: Bidirectional is for privileged containers only"],
    ),
    "ports": (
        [
            (
                f"{EVAL}.ports",
                [
                    {"containerPort": 0},
                    {"containerPort": 80, "name": "http"},
                    {"containerPort": 81, "name": "http"},
                    {"containerPort": 80, "name": "a-name-that-is-long"},
                    {"containerPort": 82, "name": "12"},
                ],
            )
        ],
        [
            f"{EVAL}.ports.0.containerPort: must be at least 1, not 0",
            f"{EVAL}.ports.2.name: must be unique: ports.1 has it, too",
            f"{EVAL}.ports.3: the same port as ports.1 (warning)",
            f"{EVAL}.ports.3.name: must be at most 15 characters, not 19",
            f"{EVAL}.ports.4.name: not a name of a port: '12'",
        ],
    ),
    "probes": (
        [
            (f"{EVAL}.livenessProbe", {**GET, "successThreshold": 2}),
            (f"{EVAL}.readinessProbe", {**GET, "exec": {"command": ["a"]}, "terminationGracePeriodSeconds": 5}),
            (f"{EVAL}.startupProbe", {"httpGet": {"port": 70_000}}),
            (f"{EVAL}.lifecycle", {"preStop": {}}),
        ],
        [
            f"{EVAL}.lifecycle.preStop: must ask in one way, not 0",
            f"{EVAL}.livenessProbe.successThreshold: must be 1",
            f"{EVAL}.readinessProbe: must ask in one way, not 2",
            f"{EVAL}.readinessProbe.terminationGracePeriodSeconds: must not stand in a readinessProbe",
            f"{EVAL}.startupProbe.httpGet.port: must be at most 65535, not 70000",
        ],
    ),
    "probe of an init container": (
        [(f"{INIT}.readinessProbe", GET)],
        [f"{INIT}.readinessProbe: is only for an init container with restartPolicy: Always"],
    ),
    "privileges": (
        [(f"{CONTEXT}", {"allowPrivilegeEscalation": False, "privileged": True, "procMount": "Unmasked"})],
        [
            f"{CONTEXT}.allowPrivilegeEscalation: cannot be false where privileged is true",
            f"{CONTEXT}.procMount: Unmasked needs hostUsers: false",
        ],
    ),
    "capabilities": (
        [(f"{CONTEXT}.capabilities.add", [5, "SYS_ADMIN"])],
        [
            f"{CONTEXT}.allowPrivilegeEscalation: cannot be false where SYS_ADMIN is added",
            f"{CONTEXT}.capabilities.add.0: must be text, not 5",
        ],
    ),
    "root that must not be": (
        [(f"{CONTEXT}.runAsUser", 0)],
        [f"{CONTEXT}.runAsUser: 0 is root, and runAsNonRoot is true: the container will not start (warning)"],
    ),
    "profiles": (
        [
            (f"{CONTEXT}.seccompProfile", {"type": "Localhost"}),
            (f"{CONTEXT}.appArmorProfile", {"type": "RuntimeDefault", "localhostProfile": "a"}),
        ],
        [
            f"{CONTEXT}.appArmorProfile.localhostProfile: must stand only where the type is Localhost",
            f"{CONTEXT}.seccompProfile.localhostProfile: required, where the type is Localhost",
        ],
    ),
}
GOOD: dict[str, list[tuple[str, Any]]] = {
    "image by its digest": [(f"{EVAL}.image", "a/b@sha256:" + "0" * 64)],
    "image of a local registry": [(f"{EVAL}.image", "localhost:5000/a/b_c--d:v1.2-3")],
    "variables of all sources": [
        (
            f"{EVAL}.env",
            [
                {"name": "a b", "value": ""},
                {"name": "FIELD", "value": "", "valueFrom": {"fieldRef": {"fieldPath": "metadata.labels['a/b']"}}},
                {"name": "NODE", "valueFrom": {"fieldRef": {"fieldPath": "spec.nodeName"}}},
                {"name": "CPU", "valueFrom": {"resourceFieldRef": {"resource": "limits.cpu"}}},
                {"name": "PAGES", "valueFrom": {"resourceFieldRef": {"resource": "limits.hugepages-2Mi"}}},
                {"name": "KEY", "valueFrom": {"secretKeyRef": {"name": "token", "key": "token"}}},
            ],
        ),
        (f"{EVAL}.envFrom", [{"configMapRef": {"name": "a"}}, {"secretRef": {"name": "b"}}]),
    ],
    "GPUs": [(f"{RESOURCES}.limits", {"nvidia.com/gpu": "2"})],
    "GPUs, asked for and limited": [
        (RESOURCES, {"requests": {"nvidia.com/gpu": 1}, "limits": {"nvidia.com/gpu": "1"}})
    ],
    "quantities of all forms": [(f"{RESOURCES}.requests", {"cpu": 0.5, "memory": "1e3", "ephemeral-storage": ".5Gi"})],
    "huge pages": [(RESOURCES, {"limits": {"hugepages-2Mi": "4Mi", "cpu": 1}})],
    "a number beyond counting": [(RESOURCES, {"requests": {"cpu": "1e99999999"}, "limits": {"cpu": 1}})],
    "ports": [(f"{EVAL}.ports", [{"containerPort": 53, "name": "dns"}, {"containerPort": 53, "protocol": "UDP"}])],
    "a native sidecar": [(f"{INIT}.restartPolicy", "Always"), (f"{INIT}.startupProbe", GET)],
    "root where it may be": [
        (f"{CONTEXT}.runAsUser", 0),
        (f"{CONTEXT}.runAsNonRoot", False),
    ],
    "a privileged mount": [
        (f"{CONTEXT}", {"privileged": True}),
        (f"{EVAL}.volumeMounts.0.mountPropagation", "Bidirectional"),
    ],
}


@pytest.mark.parametrize(("changes", "expected"), WRONG.values(), ids=WRONG)
def test_container_that_is_wrong_is_found(changes: list[tuple[str, Any]], expected: list[str]) -> None:
    assert check(an("Job", *changes)) == expected


@pytest.mark.parametrize("changes", GOOD.values(), ids=GOOD)
def test_container_that_is_right_passes(changes: list[tuple[str, Any]]) -> None:
    assert check(an("Job", *changes)) == []


@pytest.mark.parametrize(
    ("requests", "limits", "message"),
    [
        ({"nvidia.com/gpu": "1"}, {}, "limits.nvidia.com/gpu: required, where nvidia.com/gpu is requested"),
        ({"nvidia.com/gpu": "1"}, {"nvidia.com/gpu": "2"}, "requests.nvidia.com/gpu: must be equal to the limit, '2'"),
        ({}, {"nvidia.com/gpu": "500m"}, "limits.nvidia.com/gpu: must be a whole number of nvidia.com/gpu"),
        ({"cpu": "1", "hugepages-1Gi": "1Gi"}, {}, "limits.hugepages-1Gi: required, where hugepages-1Gi is requested"),
    ],
)
def test_what_cannot_be_shared_is_whole_and_limited(
    requests: dict[str, str], limits: dict[str, str], message: str
) -> None:
    job = an("Job", (RESOURCES, {"requests": requests, "limits": limits}))
    assert check(job) == [f"{RESOURCES}.{message}"]


def test_environment_variables_had_stricter_names_before_1_32() -> None:
    job = an("Job", (f"{EVAL}.env.0.name", "my var"))
    place = f"{EVAL}.env.0.name"
    assert check(job, version="1.32") == []
    assert check(job, version="1.31") == [f"{place}: not a name for an environment variable: 'my var'"]


def test_containers_have_restart_policies_of_their_own_since_1_35() -> None:
    job = an("Job", (f"{EVAL}.restartPolicy", "Always"))
    sidecar = an("Job", (f"{INIT}.restartPolicy", "Always"))
    place = f"{EVAL}.restartPolicy"
    assert check(job, version="1.35") == []
    assert check(job, version="1.34") == [f"{place}: must not stand here"]
    assert check(sidecar, version="1.29") == []


def test_volumes_are_named_where_a_mount_has_none() -> None:
    jobs = [
        an("Job", (f"{EVAL}.volumeMounts.0.name", name), *changes)
        for name, changes in [("config", []), ("other", []), ("other", [(f"{POD}.volumes", ABSENT)])]
    ]
    hints = [manifest_checks.check([job], version=VERSION)[0].hint for job in jobs]
    assert hints == ["did you mean configs?", "the volumes are configs, scratch", "the pod has no volumes"]
