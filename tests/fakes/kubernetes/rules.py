"""What the server refuses with 422, in its order and words, and what it only warns of.

``problems`` gives the causes, ``invalid`` the answer that they make; what is refused gets no ``warnings``. Of a change
of an immutable pod template the real server prints the whole pod spec as a Go struct; here only the fields that are
set are printed, so compare such messages through ``causes.without_dump``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tests.fakes.kubernetes import quantities
from tests.fakes.kubernetes.causes import details_of
from tests.fakes.kubernetes.config_rules import config_map, immutable_data, secret, storage_class, storage_class_update
from tests.fakes.kubernetes.custom_rules import custom
from tests.fakes.kubernetes.job_rules import cron_job, job, job_update
from tests.fakes.kubernetes.metadata_rules import metadata, metadata_update
from tests.fakes.kubernetes.model import ApiError
from tests.fakes.kubernetes.names import dns_label
from tests.fakes.kubernetes.pod_rules import pod_spec
from tests.fakes.kubernetes.volume_rules import claim_spec

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.fakes.kubernetes.model import Cause, Object, Resource

_DEPRECATED_LABELS: Final = {
    "beta.kubernetes.io/arch": ("v1.14", "kubernetes.io/arch"),
    "beta.kubernetes.io/os": ("v1.14", "kubernetes.io/os"),
    "beta.kubernetes.io/instance-type": ("v1.17", "node.kubernetes.io/instance-type"),
    "failure-domain.beta.kubernetes.io/region": ("v1.17", "topology.kubernetes.io/region"),
    "failure-domain.beta.kubernetes.io/zone": ("v1.17", "topology.kubernetes.io/zone"),
}

_CHECKED_AS_NEW: Final = frozenset({"Job", "StorageClass"})
"""Kinds whose changed objects are checked as if they were new, and then for the change, so that causes come twice."""


def problems(resource: Resource, value: Object, old: Object | None = None) -> list[Cause]:
    """Every cause for which the server refuses to create `value`, or to make it of `old`; none where it takes it."""
    if resource.custom:
        return custom(resource, value, old)
    check, check_update = _BY_KIND.get((resource.group, resource.kind), (_nothing, _no_change))
    if old is None:
        return [*metadata(resource, value), *check(value)]
    changes = [*metadata_update(value, old), *check_update(value, old)]
    if resource.kind in _CHECKED_AS_NEW:
        return [*metadata(resource, value), *check(value), *changes]
    return [*changes, *check(value)]


def warnings(resource: Resource, value: Object) -> list[str]:
    """The texts of the Warning headers about an object in which there are no problems."""
    if resource.custom:
        return []
    if resource.kind == "Job":
        return [*_job_name(value), *_pod(_template(value.get("spec", {})), "spec.template.spec")]
    if resource.kind == "CronJob":
        inner = value.get("spec", {}).get("jobTemplate", {}).get("spec", {})
        return [*_job_name(value), *_pod(_template(inner), "spec.jobTemplate.spec.template.spec")]
    return _pod(value.get("spec", {}), "spec") if resource.kind == "Pod" else []


def _template(spec: Object) -> Object:
    found: Object = spec.get("template", {}).get("spec", {})
    return found


def _job_name(value: Object) -> list[str]:
    told = dns_label(value["metadata"].get("name", ""))
    text = (
        "metadata.name: this is used in Pod names and hostnames, which can result in surprising behavior; "
        f"a DNS label is recommended: [{' '.join(told)}]"
    )
    return [text] if told else []


def _pod(spec: Object, field: str) -> list[str]:
    selector = spec.get("nodeSelector", {})
    told = [
        f'{field}.nodeSelector[{label}]: deprecated since {since}; use "{instead}" instead'
        for label, (since, instead) in _DEPRECATED_LABELS.items()
        if label in selector
    ]
    for kind in ("initContainers", "containers"):
        for number, container in enumerate(spec.get(kind, [])):
            told += _container(container, f"{field}.{kind}[{number}]")
    return told


def _container(container: Object, field: str) -> list[str]:
    told = []
    for kind in ("limits", "requests"):
        for name in ("memory", "ephemeral-storage"):
            text = container.get("resources", {}).get(kind, {}).get(name, "0")
            if quantities.parse(text).value.denominator != 1:
                place = f"{field}.resources.{kind}[{name}]"
                told.append(f'{place}: fractional byte value "{text}" is invalid, must be an integer')
    return [*told, *_hidden_variables(container.get("env", []), f"{field}.env")]


def _hidden_variables(variables: Sequence[Object], field: str) -> list[str]:
    names = [variable.get("name", "") for variable in variables]
    return [
        f'{field}[{number}]: hides previous definition of "{name}", which may be dropped when using apply'
        for number, name in enumerate(names)
        if name in names[:number]
    ]


def invalid(resource: Resource, name: str, causes: Sequence[Cause]) -> ApiError:
    """The answer 422: in the message each cause stands once, in the details as often as it was found."""
    kind = f"{resource.kind}.{resource.group}" if resource.group else resource.kind
    told = list(dict.fromkeys(f"{cause.field}: {cause.message}" for cause in causes))
    listed = told[0] if len(told) == 1 else f"[{', '.join(told)}]"
    details: Object = {"name": name} if name else {}
    if resource.group:
        details["group"] = resource.group
    details |= {"kind": resource.kind, "causes": details_of(causes)}
    return ApiError(422, "Invalid", f'{kind} "{name}" is invalid: {listed}', details)


def _nothing(value: Object) -> list[Cause]:  # noqa: ARG001  # as all checks
    return []


def _no_change(value: Object, old: Object) -> list[Cause]:  # noqa: ARG001  # as all checks
    return []


def _pod_object(value: Object) -> list[Cause]:
    return pod_spec(value.get("spec", {}), "spec")


def _claim(value: Object) -> list[Cause]:
    return claim_spec(value.get("spec", {}), "spec")


_BY_KIND: Final[
    dict[tuple[str, str], tuple[Callable[[Object], list[Cause]], Callable[[Object, Object], list[Cause]]]]
] = {
    ("batch", "Job"): (job, job_update),
    ("batch", "CronJob"): (cron_job, _no_change),
    ("", "ConfigMap"): (config_map, immutable_data),
    ("", "Secret"): (secret, immutable_data),
    ("", "Pod"): (_pod_object, _no_change),
    ("", "PersistentVolumeClaim"): (_claim, _no_change),
    ("storage.k8s.io", "StorageClass"): (storage_class, storage_class_update),
}
