"""What the server checks of a pod template and its spec, in its order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from tests.fakes.kubernetes.causes import forbidden, go_struct, invalid, not_supported, required
from tests.fakes.kubernetes.container_rules import containers, init_containers
from tests.fakes.kubernetes.metadata_rules import wrong_annotations, wrong_labels
from tests.fakes.kubernetes.names import dns_label, dns_subdomain, label_value, qualified
from tests.fakes.kubernetes.volume_rules import volumes

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.fakes.kubernetes.model import Cause, Object

_RESTART: Final = ("Always", "OnFailure", "Never")
_DNS: Final = ("ClusterFirstWithHostNet", "ClusterFirst", "Default", "None")
_EFFECTS: Final = ("NoSchedule", "PreferNoSchedule", "NoExecute")
_VALUED: Final = ("In", "NotIn")
_NAMED: Final = {
    "serviceAccountName": dns_subdomain,
    "nodeName": dns_subdomain,
    "hostname": dns_label,
    "subdomain": dns_label,
    "priorityClassName": dns_subdomain,
    "runtimeClassName": dns_subdomain,
}
_INT32_MAX: Final = 2**31 - 1


def template(value: Object, field: str) -> list[Cause]:
    """The causes in a pod template."""
    metadata = value.get("metadata", {})
    return [
        *wrong_labels(metadata.get("labels", {}), f"{field}.labels"),
        *wrong_annotations(metadata.get("annotations", {}), f"{field}.annotations"),
        *pod_spec(value.get("spec", {}), f"{field}.spec"),
    ]


def pod_spec(spec: Object, field: str) -> list[Cause]:
    """The causes in the spec of a pod."""
    causes, mountable = volumes(spec.get("volumes", []), f"{field}.volumes")
    grown = [
        *causes,
        *containers(spec.get("containers", []), mountable, f"{field}.containers"),
        *init_containers(spec, mountable, f"{field}.initContainers"),
        *_choice(spec.get("restartPolicy", ""), _RESTART, f"{field}.restartPolicy"),
        *_choice(spec.get("dnsPolicy", ""), _DNS, f"{field}.dnsPolicy"),
        *wrong_labels(spec.get("nodeSelector", {}), f"{field}.nodeSelector"),
        *_affinity(spec.get("affinity", {}), f"{field}.affinity"),
        *_name(spec, "serviceAccountName", field),
        *_name(spec, "nodeName", field),
        *_deadline(spec.get("activeDeadlineSeconds"), f"{field}.activeDeadlineSeconds"),
        *_name(spec, "hostname", field),
        *_name(spec, "subdomain", field),
    ]
    for number, toleration in enumerate(spec.get("tolerations", [])):
        grown += _toleration(toleration, f"{field}.tolerations[{number}]")
    return [*grown, *_name(spec, "priorityClassName", field), *_name(spec, "runtimeClassName", field)]


def _choice(value: str, allowed: Sequence[str], field: str) -> list[Cause]:
    if not value:
        return [required(field)]
    return [] if value in allowed else [not_supported(field, value, allowed)]


def _name(spec: Object, name: str, field: str) -> list[Cause]:
    check: Callable[[str], list[str]] = _NAMED[name]
    value = spec.get(name, "")
    return [invalid(f"{field}.{name}", value, told) for told in check(value)] if value else []


def _deadline(seconds: int | None, field: str) -> list[Cause]:
    if seconds is None or 1 <= seconds <= _INT32_MAX:
        return []
    return [invalid(field, seconds, f"must be between 1 and {_INT32_MAX}, inclusive")]


def _affinity(affinity: Object, field: str) -> list[Cause]:
    """The causes in what a node must be; the preferences and the affinities to pods are taken as they are."""
    wanted = affinity.get("nodeAffinity", {}).get("requiredDuringSchedulingIgnoredDuringExecution")
    if wanted is None:
        return []
    here = f"{field}.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms"
    terms = wanted.get("nodeSelectorTerms") or []
    if not terms:
        return [required(here, "must have at least one node selector term")]
    return [
        cause
        for number, term in enumerate(terms)
        for place, found in enumerate(term.get("matchExpressions", []))
        for cause in _requirement(found, f"{here}[{number}].matchExpressions[{place}]")
    ]


def _requirement(found: dict[str, Any], field: str) -> list[Cause]:
    operator, values = found.get("operator", ""), found.get("values", [])
    causes: list[Cause] = []
    if operator in _VALUED and not values:
        causes.append(required(f"{field}.values", "must be specified when `operator` is 'In' or 'NotIn'"))
    elif operator in {"Exists", "DoesNotExist"} and values:
        told = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"
        causes.append(forbidden(f"{field}.values", told))
    elif operator in {"Gt", "Lt"} and len(values) != 1:
        causes.append(required(f"{field}.values", "must be specified single value when `operator` is 'Lt' or 'Gt'"))
    elif operator not in {*_VALUED, "Exists", "DoesNotExist", "Gt", "Lt"}:
        causes.append(invalid(f"{field}.operator", operator, "not a valid selector operator"))
    key = found.get("key", "")
    causes += [invalid(f"{field}.key", key, told) for told in qualified(key)]
    for number, value in enumerate(values):
        causes += [invalid(f"{field}.values[{number}]", value, told) for told in label_value(value)]
    return causes


def _toleration(found: dict[str, Any], field: str) -> list[Cause]:
    key, operator, value = found.get("key", ""), found.get("operator", ""), found.get("value", "")
    effect = found.get("effect", "")
    causes = [invalid(f"{field}.key", key, told) for told in qualified(key)] if key else []
    if not key and operator != "Exists":
        told = 'operator must be Exists when `key` is empty, which means "match all values and all keys"'
        causes.append(invalid(f"{field}.operator", operator, told))
    if "tolerationSeconds" in found and effect != "NoExecute":
        causes.append(invalid(f"{field}.effect", effect, "effect must be 'NoExecute' when `tolerationSeconds` is set"))
    if operator in {"", "Equal"}:
        causes += [invalid(f"{field}.operator", value, told) for told in label_value(value)]
    elif operator == "Exists":
        if value:
            told = "value must be empty when `operator` is 'Exists'"
            causes.append(invalid(f"{field}.operator", go_struct(found), told))
    else:
        causes.append(not_supported(f"{field}.operator", operator, ("Equal", "Exists")))
    if effect and effect not in _EFFECTS:
        causes.append(not_supported(f"{field}.effect", effect, _EFFECTS))
    return causes
