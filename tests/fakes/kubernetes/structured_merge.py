"""Values along their schema: what differs between two, one merged into another, one less some of its fields."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from tests.fakes.kubernetes import fields

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.fakes.kubernetes.fields import Fields, Path
    from tests.fakes.kubernetes.schema import Schema

ABSENT: Final = object()
"""What stands for a field that is not there; None is a null that is."""


@dataclass
class Comparison:
    """The paths that differ between two values."""

    added: set[Path] = field(default_factory=set)
    modified: set[Path] = field(default_factory=set)
    removed: set[Path] = field(default_factory=set)

    @property
    def taken(self) -> Fields:
        """What the second value has and the first has not, or has otherwise."""
        return frozenset(self.added | self.modified)


def compare(schema: Schema, before: Any, after: Any) -> Comparison:
    """What differs between `before` and `after`."""
    found = Comparison()
    _compare(schema, before, after, (), found)
    return found


def _compare(schema: Schema, before: Any, after: Any, path: Path, found: Comparison) -> None:
    if _is_leaf(schema, before, after):
        if before is not ABSENT and after is not ABSENT and before != after:
            found.modified.add(path)
    else:
        old, new = fields.children(schema, before), fields.children(schema, after)
        for element in {**old, **new}:
            inner = fields.below(schema, element)
            _compare(inner, old.get(element, ABSENT), new.get(element, ABSENT), (*path, element), found)
    if before is ABSENT:
        found.added.add(path)
    elif after is ABSENT:
        found.removed.add(path)


def _is_leaf(schema: Schema, before: Any, after: Any) -> bool:
    full = [value for value in (before, after) if isinstance(value, dict | list) and value]
    if not full or len({type(value) for value in full}) > 1:
        return True
    if any(value not in (ABSENT, None, {}, []) and not isinstance(value, dict | list) for value in (before, after)):
        return True
    return fields.is_atomic(schema, full[0])


def merge(schema: Schema, live: Any, applied: Any) -> Any:
    """`live` with what is in `applied`; items of keyed lists are merged, and the order is that of `applied`."""
    if applied is ABSENT or live is ABSENT:
        return live if applied is ABSENT else applied
    if fields.is_atomic(schema, applied):
        return applied
    if isinstance(live, list) and isinstance(applied, list):
        return _merge_lists(schema, live, applied)
    if not isinstance(live, dict) or not isinstance(applied, dict):
        return applied
    merged = {name: merge(fields.child(schema, name), live.get(name, ABSENT), applied[name]) for name in applied}
    return {name: merged.get(name, live.get(name)) for name in {**live, **applied}}


def _merge_lists(schema: Schema, live: list[Any], applied: list[Any]) -> list[Any]:
    """Items of both in the order of `applied`; an item only in `live` comes before what follows it there."""
    old, new = fields.children(schema, live), fields.children(schema, applied)
    left, right = list(old), list(new)
    shared = [element for element in right if element in old]
    order: list[str] = []
    while left or right:
        if left and left[0] not in new:
            order.append(left.pop(0))
        elif left and right and left[0] != right[0] and shared and left[0] != shared[0]:
            left.pop(0)
        else:
            if left and left[0] in (*order, *right[:1]):
                left.pop(0)
            order += right[:1]
            shared = [element for element in shared if element not in right[:1]]
            right = right[1:]
    inner = fields.item_schema(schema)
    return _spread(merge(inner, old.get(element, ABSENT), new.get(element, ABSENT)) for element in order)


def _spread(values: Iterable[Any]) -> list[Any]:
    """A list of `values`; those that share a key stand there as a tuple."""
    return [item for value in values for item in (value if isinstance(value, tuple) else (value,))]


def without(schema: Schema, value: Any, removed: Fields) -> Any:
    """`value` less what stands at the paths `removed`; ABSENT if nothing is left of it."""
    if not isinstance(value, dict | list) or fields.is_atomic(schema, value):
        return value
    subsets: dict[str, set[Path]] = {}
    for path in removed:
        subsets.setdefault(path[0], set()).add(path[1:])
    kept: dict[str, Any] = {}
    for element, inner in fields.children(schema, value).items():
        subset = subsets.get(element, set())
        if () in subset:
            continue
        left = without(fields.below(schema, element), inner, frozenset(subset)) if subset else inner
        if left is not ABSENT:
            kept[element] = left
    if not kept:
        return ABSENT
    if isinstance(value, list):
        return _spread(kept.values())
    return {element[2:]: left for element, left in kept.items()}
