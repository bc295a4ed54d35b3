"""Valid objects, changed in one place, and findings as lines: what the tests of manifest checks arrange and assert."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any, Final

from cajajejo import kubernetes_schemas, manifest_checks

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from cajajejo.findings import Finding

VERSION: Final = kubernetes_schemas.version("1.36")
ABSENT: Final = object()
"""Given as a value: what stands there is left out."""
POD: Final = "spec.template.spec"
EVAL: Final = f"{POD}.containers.0"
INIT: Final = f"{POD}.initContainers.0"

_POD_SPEC: Final[dict[str, Any]] = {
    "restartPolicy": "Never",
    "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
    "initContainers": [
        {
            "name": "init",
            "image": "google/cloud-sdk:slim",
            "volumeMounts": [{"name": "scratch", "mountPath": "/scratch"}],
            "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
        }
    ],
    "containers": [
        {
            "name": "eval",
            "image": "registry.example:5000/evaluation:10abfb1",
            "env": [{"name": "HOME", "value": "/scratch"}],
            "resources": {"requests": {"cpu": "2", "memory": "4Gi"}, "limits": {"memory": "4Gi"}},
            "volumeMounts": [
                {"name": "configs", "mountPath": "/etc/configs"},
                {"name": "scratch", "mountPath": "/scratch"},
            ],
            "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
        }
    ],
    "volumes": [
        {"name": "configs", "configMap": {"name": "eval-configs"}},
        {
            "name": "scratch",
            "ephemeral": {
                "volumeClaimTemplate": {
                    "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "50Gi"}}}
                }
            },
        },
    ],
}
_RULES: Final = [
    {"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}]},
    {"action": "FailJob", "onExitCodes": {"containerName": "eval", "operator": "In", "values": [2, 126]}},
]
OBJECTS: Final[dict[str, dict[str, Any]]] = {
    "Job": {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": "eval", "namespace": "default", "labels": {"app.kubernetes.io/name": "cajajejo"}},
        "spec": {"backoffLimit": 3, "podFailurePolicy": {"rules": _RULES}, "template": {"spec": _POD_SPEC}},
    },
    "CronJob": {
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "metadata": {"name": "nightly"},
        "spec": {"schedule": "0 3 * * 1", "jobTemplate": {"spec": {"template": {"spec": _POD_SPEC}}}},
    },
    "ConfigMap": {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "eval-configs"},
        "data": {"eval_config.yml": "version: v4\n"},
    },
    "Deployment": {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "tracking"},
        "spec": {
            "selector": {"matchLabels": {"app": "tracking"}},
            "template": {
                "metadata": {"labels": {"app": "tracking"}},
                "spec": {"containers": [{"name": "server", "image": "mlflow"}]},
            },
        },
    },
    "PersistentVolumeClaim": {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": "models"},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "50Gi"}}},
    },
    "Role": {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "Role",
        "metadata": {"name": "reader:pods"},
        "rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}],
    },
    "RoleBinding": {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "RoleBinding",
        "metadata": {"name": "reader"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "reader:pods"},
        "subjects": [{"kind": "ServiceAccount", "name": "kubernetes", "namespace": "default"}],
    },
    "Secret": {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "token"},
        "type": "Opaque",
        "data": {"token": "c2VjcmV0"},
    },
    "Service": {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "tracking"},
        "spec": {"selector": {"app": "tracking"}, "ports": [{"port": 5000}]},
    },
    "ServiceAccount": {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "kubernetes"}},
    "StorageClass": {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {"name": "ssd"},
        "provisioner": "pd.csi.storage.gke.io",
        "volumeBindingMode": "WaitForFirstConsumer",
        "parameters": {"type": "pd-balanced"},
    },
}


def an(kind: str, *changes: tuple[str, Any]) -> dict[str, Any]:
    """A valid object of `kind`, but for the `changes`: a place (``spec.template``) and the value that goes there."""
    document = copy.deepcopy(OBJECTS[kind])
    for at, value in changes:
        put(document, [int(part) if part.isdecimal() else part for part in at.split(".")], value)
    return document


def put(document: dict[str, Any], at: Sequence[str | int], value: object) -> None:
    """`value` at the place `at`, making mappings on the way; `ABSENT` takes away what is there."""
    here: Any = document
    for part in at[:-1]:
        here = here.setdefault(part, {}) if isinstance(here, dict) else here[part]
    if value is ABSENT:
        del here[at[-1]]
    elif isinstance(here, list) and at[-1] == len(here):
        here.append(copy.deepcopy(value))
    else:
        here[at[-1]] = copy.deepcopy(value)


def line(finding: Finding) -> str:
    """The finding as one line, without its hint."""
    warning = " (warning)" if finding.level == "warning" else ""
    return f"{'.'.join(map(str, finding.location))}: {finding.message}{warning}"


def lines(findings: Iterable[Finding]) -> list[str]:
    """The findings, each as one line."""
    return [line(finding) for finding in findings]


def check(*documents: dict[str, Any], version: str = "1.36") -> list[str]:
    """What `manifest_checks.check` finds in the documents, as lines."""
    return lines(manifest_checks.check(documents, version=kubernetes_schemas.version(version)))
