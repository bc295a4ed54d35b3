"""What the server checks of a Job and a CronJob, on create and on update, in its order."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any, Final

from tests.fakes.kubernetes.causes import (
    go_struct,
    invalid,
    not_negative,
    not_supported,
    required,
    too_long,
    unchanged,
)
from tests.fakes.kubernetes.metadata_rules import GENERATED
from tests.fakes.kubernetes.names import dns_label, qualified
from tests.fakes.kubernetes.pod_rules import template
from tests.fakes.kubernetes.policy_rules import pod_failure_policy, success_policy

if TYPE_CHECKING:
    from tests.fakes.kubernetes.model import Cause, Object

_MODES: Final = ("NonIndexed", "Indexed")
_COUNTS: Final = (
    "parallelism",
    "completions",
    "activeDeadlineSeconds",
    "backoffLimit",
    "ttlSecondsAfterFinished",
    "backoffLimitPerIndex",
    "maxFailedIndexes",
)
_MAX_PARALLELISM: Final = 100_000
_MAX_MANAGED_BY: Final = 63
_MAX_CRON_NAME: Final = 52


def job(value: Object) -> list[Cause]:
    """The causes in a Job, less those of its metadata."""
    spec = value.get("spec", {})
    return [*_generated(value), *_job_spec(spec, "spec"), *_selected(spec), *_index_names(value)]


def job_update(value: Object, old: Object) -> list[Cause]:
    """The causes in what changed of a Job; the server finds those of the new spec a second time."""
    spec, before = value.get("spec", {}), old.get("spec", {})
    return [
        *_job_spec(spec, "spec"),
        *_selected(spec),
        *_completions(spec, before),
        *unchanged("spec.selector", spec.get("selector"), before.get("selector")),
        *_template_update(spec, old),
        *unchanged("spec.completionMode", spec.get("completionMode"), before.get("completionMode")),
        *_unchanged_struct("podFailurePolicy", spec, before),
        *unchanged("spec.backoffLimitPerIndex", spec.get("backoffLimitPerIndex"), before.get("backoffLimitPerIndex")),
        *unchanged("spec.managedBy", spec.get("managedBy"), before.get("managedBy")),
        *_unchanged_struct("successPolicy", spec, before),
    ]


def cron_job(value: Object) -> list[Cause]:
    """The causes in a CronJob, less those of its metadata."""
    spec, name = value.get("spec", {}), value["metadata"].get("name", "")
    policies = ("Allow", "Forbid", "Replace")
    causes = [] if spec.get("schedule") else [required("spec.schedule")]
    causes += not_negative("spec.startingDeadlineSeconds", spec.get("startingDeadlineSeconds"))
    if spec.get("concurrencyPolicy") not in policies:
        causes.append(not_supported("spec.concurrencyPolicy", spec.get("concurrencyPolicy"), policies))
    causes += _job_spec(spec.get("jobTemplate", {}).get("spec", {}), "spec.jobTemplate.spec")
    for field in ("successfulJobsHistoryLimit", "failedJobsHistoryLimit"):
        causes += not_negative(f"spec.{field}", spec.get(field))
    if len(name) > _MAX_CRON_NAME:
        causes.append(invalid("metadata.name", name, f"must be no more than {_MAX_CRON_NAME} bytes"))
    return causes


def _generated(value: Object) -> list[Cause]:
    """The causes in the selector and the labels that the server generates, unless the selector is manual."""
    spec, metadata = value.get("spec", {}), value["metadata"]
    if spec.get("manualSelector") or "selector" not in spec:
        return []
    causes = [] if metadata.get("uid") else [required("metadata.uid")]
    labels = spec.get("template", {}).get("metadata", {}).get("labels", {})
    wanted = {label: metadata.get(field, "") for label, field in GENERATED.items()}
    for label, expected in wanted.items():
        causes += _has_label(labels, label, expected)
    if not _matches(spec["selector"], wanted):
        causes.append(invalid("spec.selector", spec["selector"], "`selector` not auto-generated"))
    return causes


def _has_label(labels: dict[str, str], label: str, expected: str) -> list[Cause]:
    field = "spec.template.metadata.labels"
    if label not in labels:
        return [required(f"{field}[{label}]", f"must be '{expected}'")]
    if labels[label] != expected:
        return [invalid(f"{field}[{label}]", labels, f"must be '{expected}'")]
    return []


def _matches(selector: Object, labels: dict[str, str]) -> bool:
    matched = selector.get("matchLabels", {})
    return all(labels.get(key) == text for key, text in matched.items()) and all(
        _requirement(found, labels) for found in selector.get("matchExpressions", [])
    )


def _requirement(found: dict[str, Any], labels: dict[str, str]) -> bool:
    value = labels.get(found["key"])
    match found["operator"]:
        case "In":
            return value in found.get("values", [])
        case "NotIn":
            return value not in found.get("values", [])
        case "Exists":
            return value is not None
    return value is None


def _selected(spec: Object) -> list[Cause]:
    if "selector" not in spec:
        return [required("spec.selector")]
    labels = spec.get("template", {}).get("metadata", {}).get("labels", {})
    if _matches(spec["selector"], labels):
        return []
    return [invalid("spec.template.metadata.labels", labels or None, "`selector` does not match template `labels`")]


def _index_names(value: Object) -> list[Cause]:
    spec, name = value.get("spec", {}), value["metadata"].get("name", "")
    if spec.get("completionMode") != "Indexed" or not spec.get("completions", 0) > 0:
        return []
    longest = f"{name}-{spec['completions'] - 1}"
    if not dns_label(longest):
        return []
    return [invalid("metadata.name", name, f"will not able to create pod with invalid DNS label: {longest}")]


def _job_spec(spec: Object, field: str) -> list[Cause]:
    causes = [cause for name in _COUNTS for cause in not_negative(f"{field}.{name}", spec.get(name))]
    if "maxFailedIndexes" in spec and "backoffLimitPerIndex" not in spec:
        causes.append(required(f"{field}.backoffLimitPerIndex", "when maxFailedIndexes is specified"))
    causes += _managed_by(spec.get("managedBy"), f"{field}.managedBy")
    causes += _mode(spec, field)
    if "podFailurePolicy" in spec:
        causes += pod_failure_policy(spec, f"{field}.podFailurePolicy")
    if "successPolicy" in spec:
        causes += success_policy(spec, f"{field}.successPolicy")
    causes += _replacement(spec, f"{field}.podReplacementPolicy")
    causes += template(spec.get("template", {}), f"{field}.template")
    return [*causes, *_restart_policy(spec, f"{field}.template.spec.restartPolicy")]


def _managed_by(name: str | None, field: str) -> list[Cause]:
    if name is None:
        return []
    causes = [] if "/" in name else [invalid(field, name, 'must be a domain-prefixed path (such as "acme.io/foo")')]
    causes += [invalid(field, name, told) for told in qualified(name)] if not causes else []
    return [*causes, *([too_long(field, _MAX_MANAGED_BY)] if len(name) > _MAX_MANAGED_BY else [])]


def _mode(spec: Object, field: str) -> list[Cause]:
    mode = spec.get("completionMode", "NonIndexed")
    if mode not in _MODES:
        return [not_supported(f"{field}.completionMode", mode, _MODES)]
    if mode == "Indexed":
        return _indexed(spec, field)
    told = "requires indexed completion mode"
    per_index = [name for name in ("backoffLimitPerIndex", "maxFailedIndexes") if name in spec]
    return [invalid(f"{field}.{name}", spec[name], told) for name in per_index]


def _indexed(spec: Object, field: str) -> list[Cause]:
    causes = []
    completions, failed = spec.get("completions"), spec.get("maxFailedIndexes")
    if completions is None:
        causes.append(required(f"{field}.completions", "when completion mode is Indexed"))
    if spec.get("parallelism", 0) > _MAX_PARALLELISM:
        told = f"must be less than or equal to {_MAX_PARALLELISM} when completion mode is Indexed"
        causes.append(invalid(f"{field}.parallelism", spec["parallelism"], told))
    if completions is not None and failed is not None and failed > completions:
        causes.append(invalid(f"{field}.maxFailedIndexes", failed, "must be less than or equal to completions"))
    return causes


def _replacement(spec: Object, field: str) -> list[Cause]:
    policy = spec.get("podReplacementPolicy")
    allowed = ["Failed"] if "podFailurePolicy" in spec else ["Failed", "TerminatingOrFailed"]
    return [] if policy is None or policy in allowed else [not_supported(field, policy, allowed)]


def _restart_policy(spec: Object, field: str) -> list[Cause]:
    policy = spec.get("template", {}).get("spec", {}).get("restartPolicy", "")
    if policy in {"Always", ""}:
        return [required(field, 'valid values: "OnFailure", "Never"')]
    if policy not in {"OnFailure", "Never"}:
        return [not_supported(field, policy, ("OnFailure", "Never"))]
    if "podFailurePolicy" in spec and policy != "Never":
        return [invalid(field, policy, 'only "Never" is supported when podFailurePolicy is specified')]
    return []


def _completions(spec: Object, before: Object) -> list[Cause]:
    new, old = spec.get("completions"), before.get("completions")
    if spec.get("completionMode") != "Indexed" or new == old:
        return unchanged("spec.completions", new, old)
    if new != spec.get("parallelism"):
        return [invalid("spec.completions", new, "can only be modified in tandem with spec.parallelism")]
    return []


def _unchanged_struct(name: str, spec: Object, before: Object) -> list[Cause]:
    if spec.get(name) == before.get(name):
        return []
    return unchanged(f"spec.{name}", go_struct(spec.get(name)), None)


def _template_update(spec: Object, old: Object) -> list[Cause]:
    """Of a suspended Job the resources may change, and before it ever started where its pods are to run, too."""
    new, before = spec.get("template", {}), copy.deepcopy(old.get("spec", {}).get("template", {}))
    suspended = old.get("spec", {}).get("suspend", False)
    if suspended and "startTime" not in old.get("status", {}):
        before = _with_placement(before, new)
    if not suspended:
        return [] if new == before else unchanged("spec.template", go_struct(new), None)
    pod, pod_before = new.get("spec", {}), _with_resources(before.get("spec", {}), new.get("spec", {}))
    return [] if pod == pod_before else unchanged("spec.template.spec", go_struct(pod), None)


def _with_placement(template: Object, other: Object) -> Object:
    """`template` with the node selection, tolerations, labels and annotations of `other`."""
    spec, metadata = template.get("spec", {}), template.get("metadata", {})
    theirs, marks = other.get("spec", {}), other.get("metadata", {})
    affinity = {name: inner for name, inner in spec.get("affinity", {}).items() if name != "nodeAffinity"}
    if "nodeAffinity" in theirs.get("affinity", {}):
        affinity["nodeAffinity"] = theirs["affinity"]["nodeAffinity"]
    kept = {name: inner for name, inner in spec.items() if name not in {"affinity", *_PLACEMENT}}
    if affinity or theirs.get("affinity") == {}:
        kept["affinity"] = affinity
    kept |= {name: theirs[name] for name in _PLACEMENT if name in theirs}
    marked = {name: inner for name, inner in metadata.items() if name not in {"labels", "annotations"}}
    marked |= {name: marks[name] for name in ("labels", "annotations") if name in marks}
    return {**template, "spec": kept, "metadata": marked}


_PLACEMENT: Final = ("nodeSelector", "tolerations", "schedulingGates")


def _with_resources(pod: Object, other: Object) -> Object:
    """`pod` with the resources of the containers of the same name in `other`."""
    changed = dict(pod)
    for name in ("containers", "initContainers"):
        mine, theirs = pod.get(name, []), other.get(name, [])
        if len(mine) == len(theirs):
            changed[name] = [
                {**container, "resources": twin["resources"]}
                if container.get("name") == twin.get("name") and "resources" in twin
                else container
                for container, twin in zip(mine, theirs, strict=True)
            ]
    return {name: inner for name, inner in changed.items() if name in pod or inner}
