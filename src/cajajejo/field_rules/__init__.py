"""What one field of a Kubernetes object may hold, where the published schemas do not say it.

Kubernetes checks these when it is given an object (``pkg/apis/*/validation``), and its schemas say only the type. Each
rule stands under the definition and the field that it is about, as keywords that are added to the schema there.
Rules about several fields are in `manifest_checks`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from cajajejo import text_forms as forms
from cajajejo.field_rules.keywords import exactly, one_of
from cajajejo.field_rules.objects import OBJECTS, WORKLOADS
from cajajejo.field_rules.pods import CONTAINERS, PODS, VOLUMES

if TYPE_CHECKING:
    from collections.abc import Mapping

    Schema = dict[str, Any]
    Rules = Mapping[str, Mapping[str, Schema]]

_RULES: Final[Rules] = {**OBJECTS, **WORKLOADS, **PODS, **CONTAINERS, **VOLUMES}
_REQUIRED: Final[Mapping[str, tuple[str, ...]]] = {
    **dict.fromkeys(("ConfigMap", "Role", "RoleBinding", "Secret", "ServiceAccount", "StorageClass"), ("metadata",)),
    **dict.fromkeys(("CronJob", "Deployment", "Job", "PersistentVolumeClaim", "Service"), ("metadata", "spec")),
    **dict.fromkeys(("ConfigMapEnvSource", "SecretEnvSource", "LocalObjectReference"), ("name",)),
    **dict.fromkeys(("ConfigMapKeySelector", "SecretKeySelector"), ("name",)),
    **dict.fromkeys(("ConfigMapVolumeSource", "ConfigMapProjection", "SecretProjection"), ("name",)),
    "Container": ("image",),
    "EphemeralVolumeSource": ("volumeClaimTemplate",),
    "ImageVolumeSource": ("reference",),
    "PersistentVolumeClaimSpec": ("accessModes", "resources"),
    "SecretVolumeSource": ("secretName",),
}
_WHOLE: Final[Mapping[str, Schema]] = {"Quantity": {**forms.QUANTITY.schema(), "minimum": 0}}
_NEVER_RESTARTED: Final[Schema] = {"$ref": "#/$defs/Container", "properties": {"restartPolicy": exactly()}}
"""A container whose pod alone says when it is started again."""
_SINCE: Final[Mapping[tuple[str, str], tuple[int, Schema]]] = {
    ("EnvVar", "name"): (32, forms.OLD_ENV_NAME.schema()),
    ("EnvFromSource", "prefix"): (32, forms.OLD_ENV_NAME.schema(optional=True)),
    ("Container", "restartPolicy"): (35, exactly("Always")),
    ("PodSpec", "containers"): (35, {"minItems": 1, "items": _NEVER_RESTARTED}),
    ("Toleration", "operator"): (35, one_of("Exists", "Equal")),
}
"""Fields whose rule is younger than the oldest version: since which minor version it holds, and the rule before."""


def added_to(definitions: Mapping[str, Schema], minor: str) -> dict[str, Schema]:
    """`definitions` with all rules that hold in the version `minor`; what that version does not have is passed over."""
    number = int(minor.partition(".")[2])
    result = {}
    for name, schema in definitions.items():
        changed = {**schema, **_WHOLE.get(name, {})}
        if "properties" in schema:
            changed["properties"] = {
                field: {**inner, **_rule(name, field, number)} for field, inner in schema["properties"].items()
            }
        if name in _REQUIRED:
            changed["required"] = sorted({*schema.get("required", ()), *_REQUIRED[name]})
        result[name] = changed
    return result


def _rule(name: str, field: str, number: int) -> Schema:
    since, before = _SINCE.get((name, field), (0, {}))
    return before if number < since else dict(_RULES.get(name, {}).get(field, {}))
