"""What the server adds to an object before it is checked and stored: defaults, and what it generates for a Job.

``fill`` is both; ``with_defaults`` and ``with_generated`` are the two steps, because the field manager of a request
owns the defaults but not what is generated.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any, Final

from tests.fakes.kubernetes import quantities, schema
from tests.fakes.kubernetes.pod_defaults import BY_TYPE

if TYPE_CHECKING:
    from tests.fakes.kubernetes.model import Object, Resource
    from tests.fakes.kubernetes.schema import Schema

_WITHOUT_STRUCT: Final = ("v1.Time", "v1.MicroTime", "resource.Quantity", "intstr.IntOrString")
"""Go structs that are written as text or number, and are left out where they are empty."""
_INT32_MAX: Final = 2**31 - 1
_JOB_LABELS: Final = ("controller-uid", "batch.kubernetes.io/controller-uid")
_NAME_LABELS: Final = ("job-name", "batch.kubernetes.io/job-name")


def fill(resource: Resource, value: Object) -> Object:
    """A copy of `value` with everything that the server adds; the uid of a Job is that of its metadata."""
    return with_generated(resource, with_defaults(resource, value))


def with_defaults(resource: Resource, value: Object) -> Object:
    """A copy of `value` with the defaults of its kind, and quantities in canonical form."""
    node = schema.of(resource)
    if resource.custom:
        rest = {name: inner for name, inner in value.items() if name != "metadata"}
        kept = {"metadata": copy.deepcopy(value["metadata"])} if "metadata" in value else {}
        filled: Object = _custom(node, rest)
        return {**filled, **kept}
    of_kind = _BY_KIND.get(resource.kind, _unchanged)
    return of_kind(_built_in(node, value))


def with_generated(resource: Resource, value: Object) -> Object:
    """A copy of `value` with the selector and the labels of a Job that has no manual selector."""
    if resource.kind != "Job" or resource.group != "batch":
        return copy.deepcopy(value)
    return _generated_job(copy.deepcopy(value))


def _unchanged(value: Object) -> Object:
    return value


def _built_in(node: Schema, value: Any) -> Any:
    if node.type_name.endswith("resource.Quantity"):
        return quantities.canonical(str(value))
    if isinstance(value, list) and node.items is not None:
        return [_built_in(node.items, item) for item in value]
    if not isinstance(value, dict) or node.open:
        return copy.deepcopy(value)
    if node.values is not None and node.values.type_name.endswith("resource.Quantity"):
        return {name: str(quantities.rounded(quantities.parse(str(inner)))) for name, inner in value.items()}
    if node.type_name.endswith(_WITHOUT_STRUCT):
        return value
    given = BY_TYPE.get(".".join(node.type_name.rsplit(".", 3)[1:]), _unchanged)(value)
    filled = {name: _child(node, name, inner) for name, inner in given.items()}
    missing = {name: inner for name, inner in node.fields.items() if name not in filled}
    for name, inner in missing.items():
        default = _declared(node, name, inner)
        if default is not None:
            filled[name] = _built_in(inner, default)
    return filled


def _child(node: Schema, name: str, value: Any) -> Any:
    inner = node.child(name)
    return copy.deepcopy(value) if inner is None else _built_in(inner, value)


def _declared(node: Schema, name: str, inner: Schema) -> Any:
    """The default that the schema declares; empty ones only count where Go always writes the field."""
    default = inner.default
    if default == {}:
        return None if inner.type_name.endswith(_WITHOUT_STRUCT) else {}
    if default in ("", 0, False):
        return default if name in node.required else None
    return default


def _custom(node: Schema, value: Any) -> Any:
    if isinstance(value, list):
        return [_custom(node.items, item) if node.items is not None else copy.deepcopy(item) for item in value]
    if not isinstance(value, dict):
        return value
    filled: Object = {}
    for name, inner in value.items():
        declared = node.child(name)
        if inner is None and declared is not None and declared.default is not None and not declared.raw.get("nullable"):
            continue
        filled[name] = copy.deepcopy(inner) if declared is None else _custom(declared, inner)
    for name, declared in node.fields.items():
        if name not in filled and declared.default is not None:
            filled[name] = _custom(declared, copy.deepcopy(declared.default))
    return filled


def _job(value: Object) -> Object:
    return {**value, "spec": _job_spec(value.get("spec", {}))}


def _job_spec(spec: Object) -> Object:
    policy = spec.get("podFailurePolicy")
    defaults: Object = {
        "parallelism": 1,
        "backoffLimit": _INT32_MAX if "backoffLimitPerIndex" in spec else 6,
        "completionMode": "NonIndexed",
        "suspend": False,
        "manualSelector": False,
        "podReplacementPolicy": "Failed" if policy else "TerminatingOrFailed",
    }
    if "completions" not in spec and "parallelism" not in spec:
        defaults["completions"] = 1
    return {**defaults, **spec}


def _generated_job(value: Object) -> Object:
    metadata, spec = value["metadata"], value["spec"]
    template = spec.setdefault("template", {}).setdefault("metadata", {})
    if not spec.get("manualSelector"):
        uid = metadata.get("uid", "")
        generated = dict.fromkeys(_JOB_LABELS, uid) | dict.fromkeys(_NAME_LABELS, metadata.get("name", ""))
        template["labels"] = {**generated, **template.get("labels", {})}
        matched = spec.setdefault("selector", {}).setdefault("matchLabels", {})
        matched.setdefault("batch.kubernetes.io/controller-uid", uid)
    if template.get("labels") and not metadata.get("labels"):
        metadata["labels"] = dict(template["labels"])
    return value


def _cron_job(value: Object) -> Object:
    defaults = {
        "concurrencyPolicy": "Allow",
        "suspend": False,
        "successfulJobsHistoryLimit": 3,
        "failedJobsHistoryLimit": 1,
    }
    return {**value, "spec": {**defaults, **value.get("spec", {})}}


def _storage_class(value: Object) -> Object:
    return {"reclaimPolicy": "Delete", "volumeBindingMode": "Immediate", **value}


def _secret(value: Object) -> Object:
    return {"type": "Opaque", **value}


def _claim(value: Object) -> Object:
    return {**value, "status": {"phase": "Pending", **value.get("status", {})}}


def _pod(value: Object) -> Object:
    spec = {"enableServiceLinks": True, **value.get("spec", {})}
    for name in ("containers", "initContainers"):
        if name in spec:
            spec[name] = [_with_requests(container) for container in spec[name]]
    return {**value, "spec": spec, "status": {"phase": "Pending", **value.get("status", {})}}


def _with_requests(container: Object) -> Object:
    resources = container.get("resources", {})
    if not resources.get("limits"):
        return container
    requests = {**resources["limits"], **resources.get("requests", {})}
    return {**container, "resources": {**resources, "requests": requests}}


_BY_KIND: Final = {
    "Job": _job,
    "CronJob": _cron_job,
    "StorageClass": _storage_class,
    "Secret": _secret,
    "PersistentVolumeClaim": _claim,
    "Pod": _pod,
}
