"""Paths of fields as managed fields have them: read, written (``FieldsV1``), told in messages, found in a value.

A path is a tuple of elements: ``f:spec`` (a field or key), ``k:{"name":"eval"}`` (an item of a keyed list), ``v:"x"``
(an item of a set). A set of paths is what a manager owns.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tests.fakes.kubernetes.model import Object
    from tests.fakes.kubernetes.schema import Schema

Path: TypeAlias = tuple[str, ...]
Fields: TypeAlias = frozenset[Path]

NONE: Final[Fields] = frozenset()
_KINDS: Final = "fkvi"


def decode(tree: Object) -> Fields:
    """The paths in `tree`, a ``FieldsV1``."""
    return frozenset(_paths(tree, ()))


def _paths(tree: Object, prefix: Path) -> Iterator[Path]:
    for element, inner in tree.items():
        if element == ".":
            yield prefix
            continue
        path = (*prefix, element)
        if not inner:
            yield path
        yield from _paths(inner, path)


def encode(fields: Iterable[Path]) -> Object:
    """The ``FieldsV1`` of `fields`, in the server's order."""
    tree: Object = {}
    for path in sorted(fields, key=lambda path: [_order(element) for element in path]):
        here = tree
        for element in path[:-1]:
            inner = here.setdefault(element, {})
            here = inner
        here.setdefault(path[-1], {})
    return _with_dots(tree, frozenset(fields), ())


def _with_dots(tree: Object, fields: Fields, prefix: Path) -> Object:
    inner = {element: _with_dots(below, fields, (*prefix, element)) for element, below in tree.items()}
    return {".": {}, **inner} if inner and prefix in fields else inner


def in_told_order(fields: Iterable[Path]) -> list[Path]:
    """`fields` in the order in which the server tells conflicts: at each level first what has nothing below it."""
    return sorted(fields, key=lambda path: [(at < len(path) - 1, _order(element)) for at, element in enumerate(path)])


def _order(element: str) -> tuple[Any, ...]:
    kind, _, rest = element.partition(":")
    if kind == "f":
        return (0, rest)
    value = json.loads(rest)
    inner = [(name, *_value_order(part)) for name, part in value.items()] if kind == "k" else [_value_order(value)]
    return (_KINDS.index(kind), inner)


def _value_order(value: Any) -> tuple[int, Any]:
    if isinstance(value, str):
        return (1, value)
    return (2, value) if isinstance(value, bool) else (0, value)


def told(path: Path) -> str:
    """`path` as messages have it: ``.spec.containers[name="eval"].image``."""
    return "".join(map(told_element, path))


def told_element(element: str) -> str:
    """One element as messages have it."""
    kind, _, rest = element.partition(":")
    if kind == "f":
        return f".{rest}"
    if kind == "k":
        return f"[{','.join(f'{name}={_json(value)}' for name, value in json.loads(rest).items())}]"
    return f"[={rest}]" if kind == "v" else f"[{rest}]"


def item_element(schema: Schema, item: Any) -> str:
    """The element of `item` in the keyed list or set that `schema` declares.

    Raises:
        ValueError: an item of this list cannot be like this; the text is the server's.
    """
    if schema.list_type == "set":
        if isinstance(item, dict):
            raise ValueError("associative list without keys has an element that's a map type")
        if item is None:
            raise ValueError("associative list without keys has an element that's an explicit null")
        return f"v:{_json(item)}"
    if item is None:
        raise ValueError("associative list with keys may not have a null element")
    if not isinstance(item, dict):
        raise ValueError("associative list with keys may not have non-map elements")  # noqa: TRY004  # as the others
    return f"k:{_json({name: _key(schema, item, name) for name in sorted(schema.list_map_keys)})}"


def _key(schema: Schema, item: Object, name: str) -> Any:
    if name in item:
        return item[name]
    declared = schema.items.child(name) if schema.items else None
    if declared is None or declared.default is None:
        reason = f'associative list with keys has an element that omits key field "{name}"'
        raise ValueError(f"{reason} (and doesn't have default value)")
    return declared.default


def of_value(schema: Schema, value: Any) -> Fields:
    """The paths that who applies `value` owns."""
    return frozenset(_owned(schema, value, ()))


def _owned(schema: Schema, value: Any, path: Path) -> Iterator[Path]:
    if is_atomic(schema, value):
        yield path
        return
    for element, inner in children(schema, value).items():
        under = (*path, element)
        declared = isinstance(value, dict) and element[2:] in schema.fields
        if inner is None or inner == {} or not declared:
            yield under
        if not isinstance(inner, tuple):
            yield from _owned(below(schema, element), inner, under)


def is_atomic(schema: Schema, value: Any) -> bool:
    """Whether `value` is owned as a whole."""
    if isinstance(value, dict):
        return schema.map_type == "atomic"
    return not isinstance(value, list) or schema.list_type == "atomic"


def children(schema: Schema, value: Any) -> dict[str, Any]:
    """What stands in a map or keyed list, by element; several items of one key, which POST allows, as a tuple."""
    if isinstance(value, dict):
        return {f"f:{name}": inner for name, inner in value.items()}
    found: dict[str, Any] = {}
    for item in value if isinstance(value, list) else ():
        element = item_element(schema, item)
        before = found.get(element, ())
        found[element] = (*(before if isinstance(before, tuple) else (before,)), item) if element in found else item
    return found


def with_named(schema: Schema, fields: Fields) -> Fields:
    """`fields` and every declared field on the way to one of them."""
    found = set(fields)
    for path in fields:
        here = schema
        for at, element in enumerate(path[:-1], start=1):
            if element.startswith("f:") and element[2:] in here.fields:
                found.add(path[:at])
            here = below(here, element)
    return frozenset(found)


def below(schema: Schema, element: str) -> Schema:
    """The schema of what stands at `element` inside `schema`."""
    return child(schema, element[2:]) if element.startswith("f:") else item_schema(schema)


def child(schema: Schema, name: str) -> Schema:
    """The schema of the field `name`, or one that allows anything."""
    return schema.child(name) or schema.anything


def item_schema(schema: Schema) -> Schema:
    """The schema of an item, or one that allows anything."""
    return schema.items or schema.anything


def _json(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
