"""ConfigMaps, Secrets, claims, Deployments, Services, Roles, and what every object says about itself."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from tests.manifest_checks.objects import ABSENT, OBJECTS, an, check

MEBIBYTE = 1024 * 1024
TOO_LONG = f"too long: {MEBIBYTE + 1} bytes in all, and {MEBIBYTE} is the most"
SERVER = "spec.template.spec.containers.0"
Case = tuple[str, list[tuple[str, Any]], list[str]]
WRONG: dict[str, Case] = {
    "name in capitals": (
        "ConfigMap",
        [("metadata.name", "Eval_Configs")],
        ["metadata.name: not a name (a DNS subdomain): 'Eval_Configs'"],
    ),
    "name over 253": (
        "ConfigMap",
        [("metadata.name", "a" * 254)],
        ["metadata.name: must be at most 253 characters, not 254"],
    ),
    "no name": ("ConfigMap", [("metadata", {"labels": {"a": "b"}})], ["metadata.name: required, and not there"]),
    "no metadata": ("ConfigMap", [("metadata", ABSENT)], ["metadata: required, and not there"]),
    "namespace": (
        "ConfigMap",
        [("metadata.namespace", "a.b")],
        ["metadata.namespace: not a name (a DNS label): 'a.b'"],
    ),
    "labels": (
        "ConfigMap",
        [("metadata.labels", {"-team": "a", "a": "b" * 64, "n": 1})],
        [
            "metadata.labels.-team: not a key: '-team'",
            f"metadata.labels.a: not a label value: '{'b' * 58}…",
            "metadata.labels.n: must be text, not 1",
        ],
    ),
    "annotations": (
        "ConfigMap",
        [("metadata.annotations", {"a b": "c", "n": True})],
        ["metadata.annotations.a b: not a key: 'a b'", "metadata.annotations.n: must be text, not true"],
    ),
    "long annotations": (
        "ConfigMap",
        [("metadata.annotations", {"a": "é" * 131_072})],
        ["metadata.annotations: too long: over 262144 bytes in all"],
    ),
    "owners": (
        "ConfigMap",
        [
            (
                "metadata.ownerReferences",
                [{"kind": "Job", "name": "a", "controller": True, "apiVersion": "", "uid": "1"}] * 2,
            )
        ],
        [
            "metadata.ownerReferences.0.apiVersion: must not be empty",
            "metadata.ownerReferences.1.apiVersion: must not be empty",
            "metadata.ownerReferences.1.controller: only one owner can be the controller; number 0 is",
        ],
    ),
    "what the server writes": (
        "ConfigMap",
        [("metadata.resourceVersion", "5"), ("metadata.creationTimestamp", "today")],
        ["metadata.creationTimestamp: not a time: 'today'", "metadata.resourceVersion: only the server may set it"],
    ),
    "key": ("ConfigMap", [("data", {"a/b": ""})], ["data.a/b: not a key of a ConfigMap or Secret: 'a/b'"]),
    "key that leads out": (
        "ConfigMap",
        [("data", {"..a": ""})],
        ["data...a: not a key of a ConfigMap or Secret: '..a'"],
    ),
    "value": ("ConfigMap", [("data", {"n": 5})], ["data.n: must be text, not 5"]),
    "key in both": (
        "ConfigMap",
        [("binaryData", {"eval_config.yml": ""})],
        ["binaryData.eval_config.yml: stands in data, too"],
    ),
    "one byte too many": ("ConfigMap", [("data", {"a": "x" * MEBIBYTE, "b": "x"})], [f"data: {TOO_LONG}"]),
    "one byte too many, with accents": (
        "ConfigMap",
        [("data", {"a": "é" * (MEBIBYTE // 2) + "x"})],
        [f"data: {TOO_LONG}"],
    ),
    "one byte too many, as Base64": (
        "ConfigMap",
        [("data", ABSENT), ("binaryData", {"a": base64.b64encode(b"x" * (MEBIBYTE + 1)).decode()})],
        [f"data: {TOO_LONG}"],
    ),
    "secret that is no Base64": ("Secret", [("data.token", "secret!")], ["data.token: not Base64 text: 'secret!'"]),
    "secret too long": ("Secret", [("stringData", {"token": "x" * (MEBIBYTE + 1)})], [f"data: {TOO_LONG}"]),
    "secret without its keys": (
        "Secret",
        [("type", "kubernetes.io/tls"), ("stringData", {"tls.crt": "a"})],
        ["data.tls.key: required in a Secret of type kubernetes.io/tls"],
    ),
    "claim": (
        "PersistentVolumeClaim",
        [
            ("spec.resources", {"requests": {"storage": "2Gi"}, "limits": {"storage": "1Gi"}}),
            ("spec.volumeMode", "block"),
        ],
        [
            "spec.resources.requests.storage: must be at most the limit, '1Gi', not '2Gi'",
            "spec.volumeMode: must be one of Filesystem, Block, not 'block'",
        ],
    ),
    "storage class": (
        "StorageClass",
        [("volumeBindingMode", "Later"), ("reclaimPolicy", "Recycle"), ("metadata.namespace", "default")],
        [
            "metadata.namespace: a StorageClass belongs to the cluster, not to a namespace",
            "reclaimPolicy: must be one of Delete, Retain, not 'Recycle'",
            "volumeBindingMode: must be one of Immediate, WaitForFirstConsumer, not 'Later'",
        ],
    ),
    "provisioner": ("StorageClass", [("provisioner", ABSENT)], ["provisioner: required, and not there"]),
    "deployment of other pods": (
        "Deployment",
        [("spec.selector.matchExpressions", [{"key": "tier", "operator": "Exists"}])],
        ["spec.template.metadata.labels: do not fit the selector"],
    ),
    "deployment by an unknown operator": (
        "Deployment",
        [("spec.selector.matchExpressions", [{"key": "tier", "operator": "Is"}])],
        ["spec.selector.matchExpressions.0.operator: must be one of In, NotIn, Exists, DoesNotExist, not 'Is'"],
    ),
    "deployment of all pods": ("Deployment", [("spec.selector", {})], ["spec.selector: must not be empty"]),
    "deployment of pods that end": (
        "Deployment",
        [("spec.template.spec.restartPolicy", "Never"), ("spec.template.spec.activeDeadlineSeconds", 5)],
        [
            "spec.template.spec.activeDeadlineSeconds: must not stand in a Deployment",
            "spec.template.spec.restartPolicy: must be Always, not 'Never'",
        ],
    ),
    "deployment's numbers": (
        "Deployment",
        [
            ("spec.minReadySeconds", 600),
            ("spec.strategy", {"type": "Recreate", "rollingUpdate": {}}),
            ("spec.replicas", -1),
        ],
        [
            "spec.progressDeadlineSeconds: must be more than minReadySeconds, 600",
            "spec.replicas: must be at least 0, not -1",
            "spec.strategy.rollingUpdate: must not stand beside type Recreate",
        ],
    ),
    "service's name": ("Service", [("metadata.name", "1a")], ["metadata.name: not a name of a Service: '1a'"]),
    "service without ports": ("Service", [("spec.ports", [])], ["spec.ports: required, unless clusterIP is None"]),
    "service's ports": (
        "Service",
        [("spec.ports", [{"port": 80, "name": "a"}, {"port": 80, "name": "a"}, {"port": 0}])],
        [
            "spec.ports.1.name: must be unique: ports.0 has it, too",
            "spec.ports.1.port: must be unique: ports.0 has it, too",
            "spec.ports.2.name: required, where there are several ports",
            "spec.ports.2.port: must be at least 1, not 0",
        ],
    ),
    "service elsewhere": (
        "Service",
        [("spec", {"type": "ExternalName"})],
        ["spec.externalName: required, where the type is ExternalName"],
    ),
    "role": (
        "Role",
        [("rules", [{"verbs": []}, {"verbs": ["get"], "nonResourceURLs": ["/healthz"]}])],
        [
            "rules.0.apiGroups: required, and not there",
            "rules.0.resources: required, and not there",
            "rules.0.verbs: must not be empty",
            "rules.1.nonResourceURLs: a Role is for a namespace, and URLs belong to the cluster",
        ],
    ),
    "role's name": ("Role", [("metadata.name", "a/b")], ["metadata.name: not a name: 'a/b'"]),
    "role binding": (
        "RoleBinding",
        [
            ("roleRef.kind", "role"),
            (
                "subjects",
                [
                    {"kind": "ServiceAccount", "name": "a", "apiGroup": "b"},
                    {"kind": "User", "name": "c", "apiGroup": "d"},
                ],
            ),
        ],
        [
            "roleRef.kind: must be one of Role, ClusterRole, not 'role'",
            "subjects.0.apiGroup: must be empty for a ServiceAccount",
            "subjects.0.namespace: required, and not there",
            "subjects.1.apiGroup: must be rbac.authorization.k8s.io",
        ],
    ),
}
GOOD: dict[str, tuple[str, list[tuple[str, Any]]]] = {
    **{f"{kind} as it is": (kind, []) for kind in OBJECTS},
    "as many bytes as there may be": ("ConfigMap", [("data", {"a": "x" * MEBIBYTE})]),
    "as many bytes, as Base64": (
        "ConfigMap",
        [("data", ABSENT), ("binaryData", {"a": base64.b64encode(b"x" * MEBIBYTE).decode()})],
    ),
    "a hidden file": ("ConfigMap", [("data", {".a": "", "_b-c.d": None})]),
    "a name with a domain": ("ConfigMap", [("metadata.labels", {"a.example/B_c": "", "d": "1.0"})]),
    "annotations hold any text": ("ConfigMap", [("metadata.annotations", {"A.example/b": "\n{}"})]),
    "a time": (
        "ConfigMap",
        [("metadata.creationTimestamp", None), ("metadata.deletionTimestamp", "2026-11-21T16:00:00Z")],
    ),
    "a secret of a type": ("Secret", [("type", "kubernetes.io/ssh-auth"), ("stringData", {"ssh-privatekey": "a"})]),
    "a secret over several lines": ("Secret", [("data", {"token": "c2Vj\ncmV0\n"})]),
    "a headless service": ("Service", [("spec", {"clusterIP": "None"})]),
    "a service elsewhere": ("Service", [("spec", {"type": "ExternalName", "externalName": "a.example"})]),
    "two protocols": (
        "Service",
        [("spec.ports", [{"port": 53, "name": "a"}, {"port": 53, "name": "b", "protocol": "UDP"}])],
    ),
    "a selector by expressions": (
        "Deployment",
        [
            (
                "spec.selector",
                {
                    "matchExpressions": [
                        {"key": "app", "operator": "In", "values": ["tracking"]},
                        {"key": "app", "operator": "NotIn", "values": ["other"]},
                        {"key": "app", "operator": "Exists"},
                        {"key": "tier", "operator": "DoesNotExist"},
                    ]
                },
            )
        ],
    ),
    "a user": ("RoleBinding", [("subjects", [{"kind": "User", "name": "a", "apiGroup": "rbac.authorization.k8s.io"}])]),
}


@pytest.mark.parametrize(("kind", "changes", "expected"), WRONG.values(), ids=WRONG)
def test_object_that_a_server_would_refuse_is_found(
    kind: str, changes: list[tuple[str, Any]], expected: list[str]
) -> None:
    assert check(an(kind, *changes)) == expected


@pytest.mark.parametrize(("kind", "changes"), GOOD.values(), ids=GOOD)
def test_object_that_a_server_would_take_passes(kind: str, changes: list[tuple[str, Any]]) -> None:
    assert check(an(kind, *changes)) == []


@pytest.mark.parametrize(
    ("api_version", "kind", "expected"),
    [
        ("batch/v1beta1", "Job", "apiVersion: unknown apiVersion of Job: 'batch/v1beta1'"),
        ("batch/v1", "Jobs", "kind: unknown kind of batch/v1: 'Jobs'"),
        ("apps", "Job", "apiVersion: unknown apiVersion of Job: 'apps'"),
        ("storage.k8s.io/v2", "StorageClass", "apiVersion: unknown apiVersion of StorageClass: 'storage.k8s.io/v2'"),
        ("bach/v1", "Thing", "apiVersion: unknown apiVersion of Thing: 'bach/v1'"),
        ("v1", "Pod", "kind: not checked: there is no schema here for Pod (warning)"),
        (
            "kueue.x-k8s.io/v1beta2",
            "LocalQueue",
            "kind: not checked: LocalQueue of kueue.x-k8s.io/v1beta2 does not belong to Kubernetes 1.36 (warning)",
        ),
        (None, "Job", "apiVersion: required, and not there"),
        ("batch/v1", None, "kind: required, and not there"),
        ("batch/v1", 5, "kind: must be text, not 5"),
    ],
)
def test_type_that_has_no_schema_is_named(api_version: object, kind: object, expected: str) -> None:
    assert check({"apiVersion": api_version, "kind": kind, "metadata": {"name": "a"}}) == [expected]


def test_object_of_a_foreign_kind_has_a_name_and_labels_all_the_same() -> None:
    queue = {"apiVersion": "kueue.x-k8s.io/v1beta2", "kind": "LocalQueue"}
    foreign = "kind: not checked: LocalQueue of kueue.x-k8s.io/v1beta2 does not belong to Kubernetes 1.36 (warning)"
    assert check({**queue, "metadata": {"name": "A", "labels": {"a b": "c"}}}) == [
        foreign,
        "metadata.labels.a b: not a key: 'a b'",
        "metadata.name: not a name (a DNS subdomain): 'A'",
    ]
    assert check(queue) == [foreign, "metadata: required, and not there"]
    assert check({**queue, "metadata": []}) == [foreign, "metadata: must be a mapping of fields, not a list"]


def test_role_of_the_cluster_may_have_colons_in_its_name() -> None:
    role = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": "system:a"}}
    assert check(role) == ["kind: not checked: there is no schema here for ClusterRole (warning)"]
