"""What the server says of an applied object that its schema does not allow: unknown fields and wrong types.

The server goes through the fields of a map in no order and stops at the first unknown one, so it names sometimes one
and sometimes several; here the order is that of the document.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tests.fakes.kubernetes import fields

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.fakes.kubernetes.schema import Schema


def of_value(schema: Schema, value: Any) -> str:
    """What is wrong with `value`; empty if nothing is."""
    found = [f"{path}: {reason}" if path else reason for path, reason in _errors(schema, value)]
    if len(found) <= 1:
        return "".join(found)
    return "\n  ".join(["errors:", *found])


def _errors(schema: Schema, value: Any) -> Iterator[tuple[str, str]]:
    wrong = _wrong_type(schema, value)
    if wrong:
        yield "", wrong
    elif isinstance(value, dict):
        yield from _in_map(schema, value)
    elif isinstance(value, list):
        yield from _in_list(schema, value)


def _in_map(schema: Schema, value: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for name, inner in value.items():
        declared = schema.child(name)
        if declared is None:
            yield f".{name}", "field not declared in schema"
            return
        yield from ((f".{name}{path}", reason) for path, reason in _errors(declared, inner))


def _in_list(schema: Schema, value: list[Any]) -> Iterator[tuple[str, str]]:
    seen: set[str] = set()
    for index, item in enumerate(value):
        element = f"i:{index}"
        if schema.list_type != "atomic":
            try:
                element = fields.item_element(schema, item)
            except ValueError as error:
                yield "", f"element {index}: {error}"
                return
            if element in seen:
                yield "", f"duplicate entries for key {fields.told_element(element)}"
            seen.add(element)
        where = fields.told_element(element)
        yield from ((f"{where}{path}", reason) for path, reason in _errors(fields.item_schema(schema), item))


def _wrong_type(schema: Schema, value: Any) -> str:
    kind, number = schema.type, isinstance(value, int | float) and not isinstance(value, bool)
    if value is None:
        return ""
    if kind == "string" and not isinstance(value, str):
        return f"expected string, got &value.valueUnstructured{{Value:{_go_syntax(value)}}}"
    if kind in {"integer", "number"} and not number:
        return f"expected numeric (int or float), got {_go_type(value)}"
    if kind == "boolean" and not isinstance(value, bool):
        return f"expected boolean, got &{{{go_text(value)}}}"
    if kind == "array" and not isinstance(value, list):
        return f"expected list, got &{{{go_text(value)}}}"
    if kind == "object" and not isinstance(value, dict):
        return f"expected map, got &{{{go_text(value)}}}"
    return ""


def _go_type(value: Any) -> str:
    kinds = {dict: "map[string]interface {}", list: "[]interface {}", str: "string", bool: "bool"}
    return kinds[type(value)]


def _go_syntax(value: Any) -> str:
    """What Go's ``%#v`` writes."""
    if isinstance(value, dict):
        inner = ", ".join(f"{json.dumps(name)}:{_go_syntax(value[name])}" for name in sorted(value))
        return f"map[string]interface {{}}{{{inner}}}"
    if isinstance(value, list):
        return f"[]interface {{}}{{{', '.join(map(_go_syntax, value))}}}"
    return "interface {}(nil)" if value is None else json.dumps(value, ensure_ascii=False)


def go_text(value: Any) -> str:
    """What Go's ``%v`` writes."""
    if isinstance(value, dict):
        return f"map[{' '.join(f'{name}:{go_text(value[name])}' for name in sorted(value))}]"
    if isinstance(value, list):
        return f"[{' '.join(map(go_text, value))}]"
    if isinstance(value, str):
        return value
    return "<nil>" if value is None else json.dumps(value)
