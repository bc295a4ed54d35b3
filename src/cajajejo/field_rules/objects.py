"""The fields of whole objects, and of what makes pods: names, labels, data, jobs, deployments, services, roles."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from cajajejo import text_forms as forms
from cajajejo.field_rules.keywords import (
    FILLED,
    LABELS,
    NOT_NEGATIVE,
    PORT,
    PORT_OR_NAME,
    TEXT,
    exactly,
    needed,
    one_of,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    Schema = dict[str, Any]
    Rules = Mapping[str, Mapping[str, Schema]]

_DATA: Final[Schema] = {"propertyNames": forms.DATA_KEY.schema()}
_BINARY: Final[Schema] = {**_DATA, "additionalProperties": {**TEXT, **forms.BASE64.schema()}}


def _named(form: forms.Form, longest: int | None = None) -> Schema:
    """The metadata of a kind whose names have `form`."""
    name = {**form.schema(), **({} if longest is None else {"maxLength": longest})}
    return {"metadata": {"properties": {"name": name, "generateName": forms.NAME_PREFIX.schema(optional=True)}}}


def _pod(*restart_policies: str) -> Schema:
    """A template of pods that may restart by one of these policies."""
    policy = {"required": ["restartPolicy"], "properties": {"restartPolicy": {"enum": [*restart_policies]}}}
    return {"required": ["spec"], "properties": {"spec": policy}}


OBJECTS: Final[Rules] = {
    "ConfigMap": {**_named(forms.DNS_SUBDOMAIN), "data": _DATA, "binaryData": _BINARY},
    "CronJob": _named(forms.DNS_SUBDOMAIN, 52),
    "Deployment": _named(forms.DNS_SUBDOMAIN),
    "Job": _named(forms.DNS_SUBDOMAIN, 63),
    "PersistentVolumeClaim": _named(forms.DNS_SUBDOMAIN),
    "Role": _named(forms.PATH_SEGMENT),
    "RoleBinding": _named(forms.PATH_SEGMENT),
    "Secret": {**_named(forms.DNS_SUBDOMAIN), "data": _BINARY, "stringData": _DATA},
    "Service": _named(forms.SERVICE_NAME),
    "ServiceAccount": _named(forms.DNS_SUBDOMAIN),
    "StorageClass": {
        **_named(forms.DNS_SUBDOMAIN),
        "provisioner": forms.KEY_ANY_CASE.schema(),
        "reclaimPolicy": exactly("Delete", "Retain"),
        "volumeBindingMode": exactly("Immediate", "WaitForFirstConsumer"),
        "parameters": {"propertyNames": {"minLength": 1}},
    },
    "ObjectMeta": {
        "namespace": forms.DNS_LABEL.schema(optional=True),
        "labels": LABELS,
        "annotations": {"propertyNames": forms.KEY_ANY_CASE.schema()},
        "finalizers": {"items": needed(forms.KEY)},
    },
    "OwnerReference": dict.fromkeys(("apiVersion", "kind", "name", "uid"), FILLED),
    "LabelSelector": {"matchLabels": LABELS},
    "LabelSelectorRequirement": {
        "key": forms.KEY.schema(),
        "operator": exactly("In", "NotIn", "Exists", "DoesNotExist"),
    },
    "PolicyRule": {"verbs": {"minItems": 1}},
    "RoleRef": {
        "kind": exactly("Role", "ClusterRole"),
        "apiGroup": exactly("rbac.authorization.k8s.io"),
        "name": FILLED,
    },
    "Subject": {"kind": exactly("ServiceAccount", "User", "Group"), "name": FILLED},
}
WORKLOADS: Final[Rules] = {
    "CronJobSpec": {
        "schedule": FILLED,
        "concurrencyPolicy": one_of("Allow", "Forbid", "Replace"),
        "startingDeadlineSeconds": NOT_NEGATIVE,
        "failedJobsHistoryLimit": NOT_NEGATIVE,
        "successfulJobsHistoryLimit": NOT_NEGATIVE,
    },
    "JobSpec": {
        "template": _pod("OnFailure", "Never"),
        "activeDeadlineSeconds": NOT_NEGATIVE,
        "backoffLimit": NOT_NEGATIVE,
        "backoffLimitPerIndex": NOT_NEGATIVE,
        "completionMode": exactly("NonIndexed", "Indexed"),
        "completions": NOT_NEGATIVE,
        "managedBy": {**forms.KEY.schema(), "maxLength": 63},
        "maxFailedIndexes": {"minimum": 0, "maximum": 100_000},
        "parallelism": NOT_NEGATIVE,
        "podReplacementPolicy": exactly("TerminatingOrFailed", "Failed"),
        "ttlSecondsAfterFinished": NOT_NEGATIVE,
    },
    "PodFailurePolicy": {"rules": {"maxItems": 20}},
    "PodFailurePolicyRule": {
        "action": exactly("FailJob", "FailIndex", "Ignore", "Count"),
        "onPodConditions": {"maxItems": 20},
    },
    "PodFailurePolicyOnExitCodesRequirement": {
        "operator": exactly("In", "NotIn"),
        "values": {"minItems": 1, "maxItems": 255},
    },
    "PodFailurePolicyOnPodConditionsPattern": {
        "type": forms.KEY.schema(),
        "status": one_of("True", "False", "Unknown"),
    },
    "SuccessPolicy": {"rules": {"minItems": 1, "maxItems": 20}},
    "SuccessPolicyRule": {"succeededCount": NOT_NEGATIVE},
    "DeploymentSpec": {
        "template": {
            "required": ["spec"],
            "properties": {"spec": {"properties": {"restartPolicy": one_of("Always")}}},
        },
        "minReadySeconds": NOT_NEGATIVE,
        "progressDeadlineSeconds": NOT_NEGATIVE,
        "replicas": NOT_NEGATIVE,
        "revisionHistoryLimit": NOT_NEGATIVE,
    },
    "DeploymentStrategy": {"type": one_of("Recreate", "RollingUpdate")},
    "ServiceSpec": {
        "type": one_of("ClusterIP", "NodePort", "LoadBalancer", "ExternalName"),
        "selector": LABELS,
        "sessionAffinity": one_of("None", "ClientIP"),
        "externalTrafficPolicy": one_of("Cluster", "Local"),
        "internalTrafficPolicy": exactly("Cluster", "Local"),
        "ipFamilyPolicy": exactly("SingleStack", "PreferDualStack", "RequireDualStack"),
    },
    "ServicePort": {
        "port": PORT,
        "nodePort": {"minimum": 0, "maximum": 65535},
        "targetPort": PORT_OR_NAME,
        "protocol": one_of("TCP", "UDP", "SCTP"),
        "name": forms.DNS_LABEL.schema(optional=True),
    },
}
