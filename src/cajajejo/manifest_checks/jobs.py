"""The rules of a Job: how it counts completions and failures, and what it makes of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from cajajejo.manifest_checks.scheduling import selects
from cajajejo.manifest_checks.values import containers, inside, mapping, mappings, text, whole
from cajajejo.phrases import closest, shown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cajajejo.findings import Findings
    from cajajejo.yamlfile import Location

_MAX_LABEL: Final = 63
_MAX_EXIT_CODE: Final = 255
_MANY_INDEXES: Final = 100_000
_NAME_LABELS: Final = ("job-name", "batch.kubernetes.io/job-name")
_ID_LABELS: Final = ("controller-uid", "batch.kubernetes.io/controller-uid")


def check_job(found: Findings, document: Mapping[str, Any]) -> None:
    """Everything about the Job `document` but its pod."""
    name, spec = text(inside(document, "metadata", "name")), mapping(document.get("spec"))
    if "." in name:
        found.warning(("metadata", "name"), "has dots, and its pods use it as a host name, which surprises")
    check_job_spec(found, ("spec",), spec)
    _check_selector(found, ("spec",), spec, name)
    completions = whole(spec.get("completions"))
    if spec.get("completionMode") == "Indexed" and completions and len(f"{name}-{completions - 1}") > _MAX_LABEL:
        found.error(("metadata", "name"), f"too long: with the index of a pod it has over {_MAX_LABEL} characters")


def check_job_spec(found: Findings, place: Location, spec: Mapping[str, Any]) -> None:
    """The specification at `place`, of a Job or of those that a CronJob makes."""
    indexed = spec.get("completionMode") == "Indexed"
    _check_indexes(found, place, spec, indexed=indexed)
    if spec.get("podFailurePolicy") is not None:
        _check_failure_policy(found, place, spec)
    if spec.get("successPolicy") is not None:
        if not indexed:
            found.error((*place, "successPolicy"), "needs completionMode: Indexed")
        for index, rule in mappings(inside(spec, "successPolicy", "rules")):
            if rule.get("succeededIndexes") is None and rule.get("succeededCount") is None:
                where = (*place, "successPolicy", "rules", index)
                found.error(where, "must say succeededIndexes, succeededCount or both")


def _check_indexes(found: Findings, place: Location, spec: Mapping[str, Any], *, indexed: bool) -> None:
    parallelism, completions = whole(spec.get("parallelism")), whole(spec.get("completions"))
    if indexed and completions is None and parallelism is not None:
        found.error((*place, "completions"), "required, where completionMode is Indexed and parallelism is given")
    if indexed and (parallelism or 0) > _MANY_INDEXES:
        found.error((*place, "parallelism"), f"must be at most {_MANY_INDEXES}, where completionMode is Indexed")
    per_index, most = whole(spec.get("backoffLimitPerIndex")), whole(spec.get("maxFailedIndexes"))
    if per_index is not None and not indexed:
        found.error((*place, "backoffLimitPerIndex"), "needs completionMode: Indexed")
    if per_index is not None and inside(spec, "template", "spec", "restartPolicy") == "OnFailure":
        found.error((*place, "template", "spec", "restartPolicy"), "must be Never beside backoffLimitPerIndex")
    if most is not None and per_index is None:
        found.error((*place, "backoffLimitPerIndex"), "required, where maxFailedIndexes is given")
    if most is not None and completions is not None and most > completions:
        found.error((*place, "maxFailedIndexes"), f"must be at most completions, {completions}, not {most}")


def _check_selector(found: Findings, place: Location, spec: Mapping[str, Any], name: str) -> None:
    selector, labels = spec.get("selector"), mapping(inside(spec, "template", "metadata", "labels"))
    if spec.get("manualSelector") is True:
        if not selector:
            found.error((*place, "selector"), "required, where manualSelector is true")
        elif not selects(selector, labels):
            found.error((*place, "template", "metadata", "labels"), "do not fit the selector")
        return
    if selector:
        found.error((*place, "selector"), "made by the cluster; a selector of your own needs manualSelector: true")
    for key in _NAME_LABELS:
        if name and labels.get(key, name) != name:
            message = f"must be the name of the Job, not {shown(labels[key])}"
            found.error((*place, "template", "metadata", "labels", key), message)
    for key in _ID_LABELS:
        if key in labels:
            found.error((*place, "template", "metadata", "labels", key), "only the cluster knows it")


def _check_failure_policy(found: Findings, place: Location, spec: Mapping[str, Any]) -> None:
    pod = mapping(inside(spec, "template", "spec"))
    if pod.get("restartPolicy") == "OnFailure":
        found.error(
            (*place, "template", "spec", "restartPolicy"), "must be Never beside podFailurePolicy, not 'OnFailure'"
        )
    if spec.get("podReplacementPolicy") == "TerminatingOrFailed":
        found.error((*place, "podReplacementPolicy"), "must be Failed beside podFailurePolicy")
    names = [text(container.get("name")) for _, _, container in containers(pod)]
    for index, rule in mappings(inside(spec, "podFailurePolicy", "rules")):
        here = (*place, "podFailurePolicy", "rules", index)
        codes, conditions = rule.get("onExitCodes"), rule.get("onPodConditions")
        if codes is not None and conditions:
            found.error(here, "cannot have both onExitCodes and onPodConditions")
        elif codes is None and not conditions:
            found.error(here, "must have onExitCodes or onPodConditions")
        if rule.get("action") == "FailIndex" and spec.get("backoffLimitPerIndex") is None:
            found.error((*here, "action"), "FailIndex needs backoffLimitPerIndex")
        _check_exit_codes(found, (*here, "onExitCodes"), mapping(codes), names)


def _check_exit_codes(found: Findings, place: Location, codes: Mapping[str, Any], names: list[str]) -> None:
    name = text(codes.get("containerName"))
    if name and names and name not in names:
        guess = closest(name, names)
        message = f"no container of the pod has the name {shown(name)}"
        found.error((*place, "containerName"), message, f"did you mean {guess}?" if guess else None)
    given = codes.get("values")
    values = [value for value in given if whole(value) is not None] if isinstance(given, list) else []
    seen: set[int] = set()
    for index, value in enumerate(values):
        where = (*place, "values", index)
        if value == 0 and codes.get("operator") == "In":
            found.error(where, "0 means success, and cannot stand beside operator In")
        elif value in seen:
            found.error(where, f"stands twice: {value}")
        elif not 0 <= value <= _MAX_EXIT_CODE:
            found.warning(where, f"no exit code is {shown(value)}: they are 0 to {_MAX_EXIT_CODE}")
        seen.add(value)
    if values != sorted(values):
        found.error((*place, "values"), "must be in ascending order")
