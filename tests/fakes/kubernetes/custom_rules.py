"""What the server checks of a custom resource: its metadata, the schema of its definition, and the CEL rules in it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from tests.fakes.kubernetes import cel, schema
from tests.fakes.kubernetes.causes import (
    OMITTED,
    invalid,
    not_supported,
    required,
    too_long,
    too_many,
    type_invalid,
)
from tests.fakes.kubernetes.metadata_rules import metadata, metadata_update

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.fakes.kubernetes.model import Cause, Object, Resource
    from tests.fakes.kubernetes.schema import Schema

_ROOT: Final = "<nil>"
_RULES: Final = "x-kubernetes-validations"
_BLOCKING: Final = frozenset(
    {"FieldValueNotSupported", "FieldValueRequired", "FieldValueTooLong", "FieldValueTooMany", "FieldValueTypeInvalid"}
)
_UNCHECKED: Final = (
    "some validation rules were not checked because the object was invalid; "
    "correct the existing errors to complete validation"
)
_PYTHON_TYPES: Final = {"object": dict, "array": list, "string": str, "boolean": bool, "integer": int}


def custom(resource: Resource, value: Object, old: Object | None) -> list[Cause]:
    """Every cause for which a custom resource is refused; the CEL rules are asked only where its types are right."""
    node = schema.of(resource)
    causes = metadata(resource, value) if old is None else metadata_update(value, old)
    causes += [
        invalid(name, value.get(name), f"must be {wanted}")
        for name, wanted in (("apiVersion", resource.api_version), ("kind", resource.kind))
        if value.get(name) != wanted
    ]
    for name, inner in node.fields.items():
        if name not in {"apiVersion", "kind", "metadata"} and name in value:
            causes += list(_checked(inner, value[name], name))
    causes += [required(name) for name in node.required if name not in value]
    if not _has_rules(node):
        return causes
    if any(cause.reason in _BLOCKING for cause in causes):
        return [*causes, invalid(_ROOT, None, _UNCHECKED)]
    return [*causes, *_judged(node, value, old, "")]


def _checked(node: Schema, value: Any, path: str) -> Iterator[Cause]:
    if value is None and node.raw.get("nullable"):
        return
    wrong = _wrong_type(node, value)
    if wrong:
        yield type_invalid(path, wrong, f'{path} in body must be of type {node.type}: "{wrong}"')
        return
    if isinstance(value, dict):
        yield from _object(node, value, path)
    elif isinstance(value, list):
        yield from _list(node, value, path)
    else:
        yield from _scalar(node, value, path)


def _wrong_type(node: Schema, value: Any) -> str:
    """The name of the type that a value has, where it is not the one that it should have."""
    if node.int_or_string and isinstance(value, int | str) and not isinstance(value, bool):
        return ""
    given = _type_of(value)
    allowed = {node.type, "integer"} if node.type == "number" else {node.type}
    return "" if not node.type or given in allowed else given


def _type_of(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, float):
        return "integer" if value.is_integer() else "number"
    if isinstance(value, bool):
        return "boolean"
    return next(name for name, kind in _PYTHON_TYPES.items() if isinstance(value, kind))


def _object(node: Schema, value: Object, path: str) -> Iterator[Cause]:
    least = node.raw.get("minProperties", 0)
    if len(value) < least:
        yield invalid(path, value, f"{path} in body should have at least {least} properties")
    for name in sorted(value):
        inner = node.child(name)
        if inner is not None:
            yield from _checked(inner, value[name], f"{path}.{name}")
    for name in node.required:
        if name not in value:
            yield required(f"{path}.{name}")


def _list(node: Schema, value: list[Any], path: str) -> Iterator[Cause]:
    least, most = node.raw.get("minItems", 0), node.raw.get("maxItems")
    if len(value) < least:
        yield invalid(path, len(value), f"{path} in body should have at least {least} items")
    if most is not None and len(value) > most:
        yield too_many(path, len(value), most)
    for number, item in enumerate(value):
        if node.items is not None:
            yield from _checked(node.items, item, f"{path}[{number}]")


def _scalar(node: Schema, value: Any, path: str) -> Iterator[Cause]:
    rules = node.raw
    if isinstance(value, str):
        if len(value) < rules.get("minLength", 0):
            yield invalid(path, value, f"{path} in body should be at least {rules['minLength']} chars long")
        if len(value) > rules.get("maxLength", len(value)):
            yield too_long(path, rules["maxLength"])
        if not re.search(rules.get("pattern", ""), value):
            yield invalid(path, value, f"{path} in body should match '{rules['pattern']}'")
    elif isinstance(value, int | float) and not isinstance(value, bool):
        if value < rules.get("minimum", value):
            yield invalid(path, value, f"{path} in body should be greater than or equal to {rules['minimum']}")
        if value > rules.get("maximum", value):
            yield invalid(path, value, f"{path} in body should be less than or equal to {rules['maximum']}")
    if value not in rules.get("enum", [value]):
        yield not_supported(path, value, map(str, rules["enum"]))


def _judged(node: Schema, value: Any, old: Any, path: str) -> Iterator[Cause]:
    """The causes of the CEL rules, those of an object before those of what is inside of it."""
    for rule in node.raw.get(_RULES, ()):
        if old is None and cel.needs_old(rule["rule"]):
            continue
        if not cel.holds(rule["rule"], value, old):
            shown = OMITTED if isinstance(value, dict | list) else value
            yield invalid(path or _ROOT, shown, rule.get("message") or f"failed rule: {rule['rule']}")
    if isinstance(value, dict):
        before = old if isinstance(old, dict) else {}
        for name in sorted(value):
            inner = node.child(name)
            if inner is not None:
                yield from _judged(inner, value[name], before.get(name), f"{path}.{name}" if path else name)
    elif isinstance(value, list) and node.items is not None:
        for number, item in enumerate(value):
            yield from _judged(node.items, item, _twin(node, item, old), f"{path}[{number}]")


def _twin(node: Schema, item: Any, old: Any) -> Any:
    """What `item` was before: the item of the old list with the same keys, if the list has keys."""
    if not isinstance(old, list) or node.list_type != "map" or not isinstance(item, dict):
        return None
    keys = [item.get(name) for name in node.list_map_keys]
    return next((each for each in old if [each.get(name) for name in node.list_map_keys] == keys), None)


def _has_rules(node: Schema) -> bool:
    """Whether a rule stands anywhere in the schema."""
    if node.raw.get(_RULES):
        return True
    inside = [inner for name, inner in node.fields.items() if name not in {"apiVersion", "kind", "metadata"}]
    more = [found for found in (node.items, node.values) if found is not None and found.raw]
    return any(_has_rules(inner) for inner in [*inside, *more])
