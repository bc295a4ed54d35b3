"""Where a pod may run: tolerations, affinity and label selectors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from cajajejo.manifest_checks.values import inside, mapping, mappings, text, texts
from cajajejo.phrases import shown
from cajajejo.text_forms import LABEL_VALUE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cajajejo.findings import Findings
    from cajajejo.yamlfile import Location

_REQUIRED: Final = "requiredDuringSchedulingIgnoredDuringExecution"
_PREFERRED: Final = "preferredDuringSchedulingIgnoredDuringExecution"


def check_tolerations(found: Findings, place: Location, tolerations: object) -> None:
    """Operator, key, value and effect of each toleration go together."""
    for index, toleration in mappings(tolerations):
        here = (*place, index)
        key, operator, value = (text(toleration.get(field)) for field in ("key", "operator", "value"))
        if not key and operator != "Exists":
            found.error((*here, "operator"), "must be Exists where there is no key")
        if operator == "Exists" and value:
            found.error((*here, "value"), "must not stand beside operator Exists")
        elif not LABEL_VALUE.fits(value):
            found.error((*here, "value"), *LABEL_VALUE.problem(value))
        if toleration.get("tolerationSeconds") is not None and toleration.get("effect") != "NoExecute":
            found.error((*here, "effect"), "must be NoExecute beside tolerationSeconds")


def check_affinity(found: Findings, place: Location, affinity: Mapping[str, Any]) -> None:
    """The expressions of node and pod affinity."""
    node = (*place, "nodeAffinity")
    required = inside(affinity, "nodeAffinity", _REQUIRED, "nodeSelectorTerms")
    for index, term in mappings(required):
        _check_term(found, (*node, _REQUIRED, "nodeSelectorTerms", index), term)
    for index, preferred in mappings(inside(affinity, "nodeAffinity", _PREFERRED)):
        _check_term(found, (*node, _PREFERRED, index, "preference"), mapping(preferred.get("preference")))
    for field in ("podAffinity", "podAntiAffinity"):
        for index, term in mappings(inside(affinity, field, _REQUIRED)):
            check_selector(found, (*place, field, _REQUIRED, index, "labelSelector"), term.get("labelSelector"))
        for index, weighted in mappings(inside(affinity, field, _PREFERRED)):
            selector = inside(weighted, "podAffinityTerm", "labelSelector")
            check_selector(found, (*place, field, _PREFERRED, index, "podAffinityTerm", "labelSelector"), selector)


def _check_term(found: Findings, place: Location, term: Mapping[str, Any]) -> None:
    for field in ("matchExpressions", "matchFields"):
        _check_expressions(found, (*place, field), term.get(field))


def check_selector(found: Findings, place: Location, selector: object) -> None:
    """The expressions of a label selector."""
    _check_expressions(found, (*place, "matchExpressions"), mapping(selector).get("matchExpressions"))


def _check_expressions(found: Findings, place: Location, expressions: object) -> None:
    for index, expression in mappings(expressions):
        here, operator = (*place, index, "values"), text(expression.get("operator"))
        values = [value for _, value in texts(expression.get("values"))]
        if operator in {"In", "NotIn"} and not values:
            found.error(here, f"required, where the operator is {operator}")
        elif operator in {"Exists", "DoesNotExist"} and values:
            found.error(here, f"must not stand beside operator {operator}")
        elif operator in {"Gt", "Lt"} and len(values) != 1:
            found.error(here, f"must be one number, where the operator is {operator}")
        elif operator in {"Gt", "Lt"} and not values[0].isdecimal():
            found.warning(here, f"fits no node: {shown(values[0])} is not a whole number, as text")
        elif not all(map(LABEL_VALUE.fits, values)):
            wrong = next(value for value in values if not LABEL_VALUE.fits(value))
            found.error(here, *LABEL_VALUE.problem(wrong))


def selects(selector: object, labels: object) -> bool:
    """Whether a label selector takes these labels; one that is wrong in itself does."""
    held = mapping(labels)
    if any(held.get(key) != value for key, value in mapping(mapping(selector).get("matchLabels")).items()):
        return False
    return all(_holds(expression, held) for _, expression in mappings(mapping(selector).get("matchExpressions")))


def _holds(expression: Mapping[str, Any], labels: Mapping[str, Any]) -> bool:
    key, values = text(expression.get("key")), [value for _, value in texts(expression.get("values"))]
    match expression.get("operator"):
        case "In":
            return labels.get(key) in values
        case "NotIn":
            return labels.get(key) not in values
        case "Exists":
            return key in labels
        case "DoesNotExist":
            return key not in labels
        case _:
            return True
