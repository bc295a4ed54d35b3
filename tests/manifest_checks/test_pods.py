"""Pods: volumes, claims, tolerations, affinity, and what they share with their host."""

from __future__ import annotations

from typing import Any

import pytest

from tests.manifest_checks.objects import ABSENT, EVAL, POD, an, check

VOLUME = f"{POD}.volumes.0"
CLAIM = f"{POD}.volumes.1.ephemeral.volumeClaimTemplate"
MODES = "ReadWriteOnce, ReadOnlyMany, ReadWriteMany, ReadWriteOncePod"
AFFINITY = f"{POD}.affinity"
REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
NODES = f"nodeAffinity.{REQUIRED}.nodeSelectorTerms"
PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"


def node_affinity(*expressions: dict[str, Any]) -> tuple[str, Any]:
    terms = [{"matchExpressions": list(expressions)}]
    node = {REQUIRED: {"nodeSelectorTerms": terms}}
    return f"{POD}.affinity", {"nodeAffinity": node}


WRONG: dict[str, tuple[list[tuple[str, Any]], list[str]]] = {
    "no containers": (
        [(f"{POD}.containers", []), ("spec.podFailurePolicy", ABSENT)],
        [f"{POD}.containers: must not be empty"],
    ),
    "volumes of one name": (
        [(f"{POD}.volumes.2", {"name": "configs", "emptyDir": {}})],
        [f"{POD}.volumes.2.name: must be unique: volumes.0 has it, too"],
    ),
    "volume of two sources": ([(f"{VOLUME}.emptyDir", {})], [f"{VOLUME}: must have one source, not 2"]),
    "volume of no source": (
        [(f"{VOLUME}.configMap", ABSENT)],
        [f"{VOLUME}: has no source, and will be an emptyDir (warning)"],
    ),
    "volume of an unknown source": (
        [(VOLUME, {"name": "configs", "configmap": {"name": "a"}})],
        [f"{VOLUME}.configmap: unknown field"],
    ),
    "ConfigMap without a name": (
        [(f"{VOLUME}.configMap", {"items": [{"key": "a b", "path": "../a"}, {"key": "a", "path": "/a", "mode": 512}]})],
        [
            f"{VOLUME}.configMap.items.0.key: not a key of a ConfigMap or Secret: 'a b'",
            f"{VOLUME}.configMap.items.0.path: must not hold '..': '../a'",
            f"{VOLUME}.configMap.items.1.mode: must be at most 511, not 512",
            f"{VOLUME}.configMap.items.1.path: must be a relative path, not '/a'",
            f"{VOLUME}.configMap.name: required, and not there",
        ],
    ),
    "disk of another medium": (
        [(VOLUME, {"name": "configs", "emptyDir": {"medium": "memory", "sizeLimit": "-1Gi"}})],
        [
            f"{VOLUME}.emptyDir.medium: should be Memory or HugePages, not 'memory' (warning)",
            f"{VOLUME}.emptyDir.sizeLimit: must not be negative: '-1Gi'",
        ],
    ),
    "path of a host": (
        [(VOLUME, {"name": "configs", "hostPath": {"path": "/a/../b", "type": "Folder"}})],
        [
            f"{VOLUME}.hostPath.path: must not hold '..': '/a/../b'",
            (
                f"{VOLUME}.hostPath.type: must be one of DirectoryOrCreate, Directory, FileOrCreate, File, Socket, "
                "CharDevice, BlockDevice, not 'Folder'"
            ),
        ],
    ),
    "projected volumes": (
        [
            (
                VOLUME,
                {
                    "name": "configs",
                    "projected": {
                        "sources": [
                            {},
                            {"secret": {"name": "a", "items": [{"key": "b", "path": ".."}]}},
                            {"serviceAccountToken": {"path": "token", "expirationSeconds": 60}},
                        ]
                    },
                },
            )
        ],
        [
            f"{VOLUME}.projected.sources.0: must have one source, not 0",
            f"{VOLUME}.projected.sources.1.secret.items.0.path: must not hold '..': '..'",
            f"{VOLUME}.projected.sources.2.serviceAccountToken.expirationSeconds: must be at least 600, not 60",
        ],
    ),
    "claim": (
        [
            (f"{CLAIM}.metadata", {"name": "a", "labels": {"type": "scratch"}}),
            (f"{CLAIM}.spec.accessModes", ["RW", "ReadWriteOncePod"]),
            (f"{CLAIM}.spec.resources.requests.storage", "0"),
        ],
        [
            f"{CLAIM}.metadata.name: only labels and annotations can stand here",
            f"{CLAIM}.spec.accessModes: ReadWriteOncePod cannot stand beside another access mode",
            f"{CLAIM}.spec.accessModes.0: must be one of {MODES}, not 'RW'",
            f"{CLAIM}.spec.resources.requests.storage: must be more than zero",
        ],
    ),
    "claim without a size": (
        [(f"{CLAIM}.spec.resources", {"requests": {}})],
        [f"{CLAIM}.spec.resources.requests.storage: required, and not there"],
    ),
    "resources of the whole pod": (
        [(f"{POD}.resources", {"requests": {"cpu": 2}, "limits": {"cpu": 1}})],
        [f"{POD}.resources.requests.cpu: must be at most the limit, 1, not 2"],
    ),
    "tolerations": (
        [
            (
                f"{POD}.tolerations",
                [
                    {"operator": "Equal", "value": "a"},
                    {"key": "a", "operator": "Exists", "value": "b"},
                    {"key": "a", "value": "b c"},
                    {"key": "a", "operator": "Exists", "effect": "NoSchedule", "tolerationSeconds": 5},
                    {"key": "a b", "operator": "Is", "effect": "Never"},
                ],
            )
        ],
        [
            f"{POD}.tolerations.0.operator: must be Exists where there is no key",
            f"{POD}.tolerations.1.value: must not stand beside operator Exists",
            f"{POD}.tolerations.2.value: not a label value: 'b c'",
            f"{POD}.tolerations.3.effect: must be NoExecute beside tolerationSeconds",
            f"{POD}.tolerations.4.effect: must be one of NoSchedule, PreferNoSchedule, NoExecute, not 'Never'",
            f"{POD}.tolerations.4.key: not a key: 'a b'",
            f"{POD}.tolerations.4.operator: must be one of Exists, Equal, Lt, Gt, not 'Is'",
        ],
    ),
    "affinity to nodes": (
        [
            node_affinity(
                {"key": "a", "operator": "In"},
                {"key": "a", "operator": "Exists", "values": ["b"]},
                {"key": "a", "operator": "Gt", "values": ["1", "2"]},
                {"key": "a", "operator": "NotIn", "values": ["b", "c d"]},
                {"key": "a", "operator": "is", "values": ["b"]},
                {"key": "a", "operator": "Lt", "values": ["b"]},
            )
        ],
        [
            f"{AFFINITY}.{NODES}.0.matchExpressions.0.values: required, where the operator is In",
            f"{AFFINITY}.{NODES}.0.matchExpressions.1.values: must not stand beside operator Exists",
            f"{AFFINITY}.{NODES}.0.matchExpressions.2.values: must be one number, where the operator is Gt",
            f"{AFFINITY}.{NODES}.0.matchExpressions.3.values: not a label value: 'c d'",
            (
                f"{AFFINITY}.{NODES}.0.matchExpressions.4.operator: "
                "must be one of In, NotIn, Exists, DoesNotExist, Gt, Lt, not 'is'"
            ),
            (
                f"{AFFINITY}.{NODES}.0.matchExpressions.5.values: "
                "fits no node: 'b' is not a whole number, as text (warning)"
            ),
        ],
    ),
    "preferred affinity": (
        [
            (
                f"{POD}.affinity",
                {
                    "nodeAffinity": {
                        PREFERRED: [{"weight": 0, "preference": {"matchExpressions": [{"key": "a", "operator": "In"}]}}]
                    },
                    "podAntiAffinity": {
                        PREFERRED: [
                            {
                                "weight": 100,
                                "podAffinityTerm": {
                                    "topologyKey": "",
                                    "labelSelector": {"matchExpressions": [{"key": "a", "operator": "In"}]},
                                },
                            }
                        ]
                    },
                    "podAffinity": {
                        REQUIRED: [{"topologyKey": "zone", "labelSelector": {"matchLabels": {"a": "b c"}}}]
                    },
                },
            )
        ],
        [
            (
                f"{AFFINITY}.nodeAffinity.{PREFERRED}.0.preference.matchExpressions.0.values: "
                "required, where the operator is In"
            ),
            f"{AFFINITY}.nodeAffinity.{PREFERRED}.0.weight: must be at least 1, not 0",
            (f"{AFFINITY}.podAffinity.{REQUIRED}.0.labelSelector.matchLabels.a: not a label value: 'b c'"),
            (
                f"{AFFINITY}.podAntiAffinity.{PREFERRED}.0.podAffinityTerm.labelSelector.matchExpressions.0.values: "
                "required, where the operator is In"
            ),
            f"{AFFINITY}.podAntiAffinity.{PREFERRED}.0.podAffinityTerm.topologyKey: not a key: ''",
        ],
    ),
    "what is shared with the host": (
        [(f"{POD}.hostPID", True), (f"{POD}.shareProcessNamespace", True), (f"{POD}.dnsPolicy", "None")],
        [
            f"{POD}.dnsConfig.nameservers: required, where dnsPolicy is None",
            f"{POD}.shareProcessNamespace: cannot be true where hostPID is",
        ],
    ),
    "ports of the host": (
        [(f"{POD}.hostNetwork", True), (f"{EVAL}.ports", [{"containerPort": 80, "hostPort": 81}])],
        [f"{EVAL}.ports.0.hostPort: must be the containerPort, where hostNetwork is true"],
    ),
    "grace": (
        [(f"{POD}.terminationGracePeriodSeconds", -5)],
        [f"{POD}.terminationGracePeriodSeconds: is taken as 1, not -5 (warning)"],
    ),
    "containers for debugging": (
        [(f"{POD}.ephemeralContainers", [{"name": "debug", "image": "busybox"}])],
        [f"{POD}.ephemeralContainers: cannot stand in a template of pods"],
    ),
    "security": (
        [(f"{POD}.securityContext", {"runAsUser": -1, "fsGroup": 2**31, "seccompProfile": {"type": "Default"}})],
        [
            f"{POD}.securityContext.fsGroup: must be at most 2147483647, not 2147483648",
            f"{POD}.securityContext.runAsUser: must be at least 0, not -1",
            (
                f"{POD}.securityContext.seccompProfile.type: must be one of RuntimeDefault, Localhost, Unconfined, "
                "not 'Default'"
            ),
        ],
    ),
    "node selector": (
        [(f"{POD}.nodeSelector", {"a/b/c": "x", "d": "y z", "count": 1})],
        [
            f"{POD}.nodeSelector.a/b/c: not a key: 'a/b/c'",
            f"{POD}.nodeSelector.count: must be text, not 1",
            f"{POD}.nodeSelector.d: not a label value: 'y z'",
        ],
    ),
}
GOOD: dict[str, list[tuple[str, Any]]] = {
    "volumes of all sources": [
        (f"{POD}.volumes.2", {"name": "a", "emptyDir": {"medium": "Memory", "sizeLimit": "1Gi"}}),
        (f"{POD}.volumes.3", {"name": "b", "persistentVolumeClaim": {"claimName": "models"}}),
        (f"{POD}.volumes.4", {"name": "c", "image": {"reference": "a/b:1", "pullPolicy": "IfNotPresent"}}),
        (f"{POD}.volumes.5", {"name": "d", "csi": {"driver": "gcsfuse.csi.storage.gke.io"}}),
        (f"{POD}.volumes.6", {"name": "e", "emptyDir": {"medium": "HugePages-2Mi"}}),
        (f"{POD}.volumes.7", {"name": "f", "downwardAPI": {"items": [{"path": "a", "fieldRef": {"fieldPath": "b"}}]}}),
    ],
    "tolerations": [
        (
            f"{POD}.tolerations",
            [{"operator": "Exists"}, {"key": "a", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 5}],
        )
    ],
    "affinity": [
        node_affinity(
            {"key": "a", "operator": "In", "values": ["b"]},
            {"key": "a", "operator": "DoesNotExist"},
            {"key": "a", "operator": "Lt", "values": ["5"]},
        )
    ],
    "ports of the host": [
        (f"{POD}.hostNetwork", True),
        (f"{EVAL}.ports", [{"containerPort": 80, "hostPort": 80}, {"containerPort": 81}]),
    ],
    "name servers of its own": [(f"{POD}.dnsPolicy", "None"), (f"{POD}.dnsConfig", {"nameservers": ["1.1.1.1"]})],
}


@pytest.mark.parametrize(("changes", "expected"), WRONG.values(), ids=WRONG)
def test_pod_that_is_wrong_is_found(changes: list[tuple[str, Any]], expected: list[str]) -> None:
    assert check(an("Job", *changes)) == expected


@pytest.mark.parametrize("changes", GOOD.values(), ids=GOOD)
def test_pod_that_is_right_passes(changes: list[tuple[str, Any]]) -> None:
    assert check(an("Job", *changes)) == []
