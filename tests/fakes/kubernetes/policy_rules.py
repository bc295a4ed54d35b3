"""What the server checks of the podFailurePolicy and the successPolicy of a Job."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

from tests.fakes.kubernetes.causes import (
    OMITTED,
    duplicate,
    go_struct,
    invalid,
    not_negative,
    not_supported,
    required,
    too_many,
)
from tests.fakes.kubernetes.names import qualified

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.fakes.kubernetes.model import Cause, Object

_ACTIONS: Final = ("Count", "FailIndex", "FailJob", "Ignore")
_OPERATORS: Final = ("In", "NotIn")
_STATUSES: Final = ("False", "True", "Unknown")
_MAX_RULES: Final = 20
_MAX_VALUES: Final = 255
_INDEXES: Final = re.compile(r"[0-9]+(-[0-9]+)?(,[0-9]+(-[0-9]+)?)*")


def pod_failure_policy(spec: Object, field: str) -> list[Cause]:
    """The causes in spec.podFailurePolicy."""
    rules = spec["podFailurePolicy"].get("rules") or []
    causes = [too_many(f"{field}.rules", len(rules), _MAX_RULES)] if len(rules) > _MAX_RULES else []
    for number, rule in enumerate(rules):
        causes += _rule(spec, rule, f"{field}.rules[{number}]")
    return causes


def _rule(spec: Object, rule: Object, field: str) -> list[Cause]:
    action, codes, conditions = rule.get("action", ""), rule.get("onExitCodes"), rule.get("onPodConditions")
    causes = _one_of(action, _ACTIONS, f"{field}.action")
    if action == "FailIndex" and "backoffLimitPerIndex" not in spec:
        causes = [invalid(f"{field}.action", action, "requires the backoffLimitPerIndex to be set")]
    if codes is not None:
        causes += _exit_codes(spec, codes, f"{field}.onExitCodes")
    if conditions:
        causes += _conditions(conditions, f"{field}.onPodConditions")
    if codes is not None and conditions:
        causes.append(invalid(field, OMITTED, "specifying both OnExitCodes and OnPodConditions is not supported"))
    if codes is None and not conditions:
        causes.append(invalid(field, OMITTED, "specifying one of OnExitCodes and OnPodConditions is required"))
    return causes


def _one_of(value: str, allowed: Sequence[str], field: str) -> list[Cause]:
    if not value:
        listed = " ".join(json.dumps(each) for each in allowed)
        return [required(field, f"valid values: [{listed}]")]
    return [] if value in allowed else [not_supported(field, value, allowed)]


def _conditions(conditions: list[Object], field: str) -> list[Cause]:
    causes = [too_many(field, len(conditions), _MAX_RULES)] if len(conditions) > _MAX_RULES else []
    for number, condition in enumerate(conditions):
        here, kind = f"{field}[{number}]", condition.get("type", "")
        causes += [invalid(f"{here}.type", kind, told) for told in qualified(kind)]
        causes += _one_of(condition.get("status", ""), _STATUSES, f"{here}.status")
    return causes


def _exit_codes(spec: Object, codes: Object, field: str) -> list[Cause]:
    operator, name = codes.get("operator", ""), codes.get("containerName")
    causes = _one_of(operator, _OPERATORS, f"{field}.operator")
    pod = spec.get("template", {}).get("spec", {})
    known = [each.get("name") for key in ("containers", "initContainers") for each in pod.get(key, [])]
    if name is not None and name not in known:
        told = "must be one of the container or initContainer names in the pod template"
        causes.append(invalid(f"{field}.containerName", name, told))
    return [*causes, *_values(codes.get("values") or [], operator, f"{field}.values")]


def _values(values: list[int], operator: str, field: str) -> list[Cause]:
    causes: list[Cause] = []
    if not values:
        causes.append(invalid(field, None, "at least one value is required"))
    elif len(values) > _MAX_VALUES:
        causes.append(too_many(field, len(values), _MAX_VALUES))
    for number, value in enumerate(values):
        if operator == "In" and value == 0:
            causes.append(invalid(f"{field}[{number}]", value, "must not be 0 for the In operator"))
        if value in values[:number]:
            causes.append(duplicate(f"{field}[{number}]", value))
    return causes if values == sorted(values) else [*causes, invalid(field, values, "must be ordered")]


def success_policy(spec: Object, field: str) -> list[Cause]:
    """The causes in spec.successPolicy."""
    if spec.get("completionMode") != "Indexed":
        return [invalid(field, go_struct(spec["successPolicy"]), "requires indexed completion mode")]
    rules = spec["successPolicy"].get("rules") or []
    causes: list[Cause] = []
    if not rules:
        told = "at least one rules must be specified when the successPolicy is specified"
        causes.append(required(f"{field}.rules", told))
    if len(rules) > _MAX_RULES:
        causes.append(too_many(f"{field}.rules", len(rules), _MAX_RULES))
    for number, rule in enumerate(rules):
        causes += _success_rule(rule, spec.get("completions", 0), f"{field}.rules[{number}]")
    return causes


def _success_rule(rule: dict[str, Any], completions: int, field: str) -> list[Cause]:
    count, indexes = rule.get("succeededCount"), rule.get("succeededIndexes")
    if count is None and indexes is None:
        return [required(field, "at least one of succeededCount or succeededIndexes must be specified")]
    causes: list[Cause] = []
    if indexes and not _INDEXES.fullmatch(indexes):
        part = next(each for each in re.split("[,-]", indexes) if not each.isdecimal())
        problem = f'cannot convert string to integer for index: "{part}"'
        causes.append(invalid(f"{field}.succeededIndexes", indexes, f"error parsing succeededIndexes: {problem}"))
    if count is not None:
        causes += not_negative(f"{field}.succeededCount", count)
        if count > completions:
            told = f"must be less than or equal to {completions} (the number of specified completions)"
            causes.append(invalid(f"{field}.succeededCount", count, told))
    return causes
