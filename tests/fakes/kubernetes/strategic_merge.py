"""Strategic merge patch: a merge patch that merges keyed lists item by item, and takes directives.

The directives are ``$patch: replace`` and ``delete``, ``$retainKeys``, ``$setElementOrder/<list>`` and
``$deleteFromPrimitiveList/<list>``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from tests.fakes.kubernetes import errors, fields
from tests.fakes.kubernetes.model import ApiError
from tests.fakes.kubernetes.schemaerrors import go_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.fakes.kubernetes.model import Object
    from tests.fakes.kubernetes.schema import Schema

_PATCH: Final = "$patch"
_RETAIN: Final = "$retainKeys"
_ORDER: Final = "$setElementOrder/"
_DELETE: Final = "$deleteFromPrimitiveList/"


def patched(node: Schema, live: Object, change: Object) -> Object:
    """`live`, an object of `node`, after `change`.

    Raises:
        ApiError: a directive is not as it must be (400), or an item has no merge key (500).
    """
    if _PATCH in change:
        return _directed(change)
    names = [name for name in change if name != _RETAIN and not name.startswith((_ORDER, _DELETE))]
    result = {name: value for name, value in live.items() if name in _retained(change, names, live)}
    for name in names:
        if change[name] is None:
            result.pop(name, None)
        else:
            result[name] = _value(fields.child(node, name), result.get(name), change[name])
    for prefix, edit in ((_DELETE, _deleted), (_ORDER, _ordered)):
        for directive in change:
            name = directive.removeprefix(prefix)
            if directive.startswith(prefix) and (name in live or name in result):
                kept = result.get(name, [])
                result[name] = edit(fields.child(node, name), live.get(name) or [], kept, change[directive])
    return result


def _directed(change: Object) -> Object:
    directive = change[_PATCH]
    if directive == "replace":
        return {name: value for name, value in change.items() if name != _PATCH}
    if directive == "delete":
        return {}
    raise ApiError(500, "", f"unknown patch type: {go_text(directive)} in map: {go_text(change)}")


def _retained(change: Object, names: list[str], live: Object) -> list[str]:
    if _RETAIN not in change:
        return list(live)
    retained = change[_RETAIN]
    if not isinstance(retained, list) or any(change[name] is not None and name not in retained for name in names):
        raise errors.bad_request("invalid patch format of retainKeys")
    return retained


def _value(node: Schema, live: Any, change: Any) -> Any:
    replace = "replace" in node.patch_strategy
    if isinstance(change, dict):
        return patched(node, live if isinstance(live, dict) and not replace else {}, change)
    if isinstance(change, list) and "merge" in node.patch_strategy and not replace:
        return _list(node, live if isinstance(live, list) else [], change)
    return change


def _list(node: Schema, live: list[Any], change: list[Any]) -> list[Any]:
    key = node.patch_merge_key
    if not key and not any(isinstance(item, dict | list) for item in change):
        return _in_order(list(dict.fromkeys([*live, *change])), change, live, lambda item: item)
    if not key or not all(isinstance(item, dict) for item in change):
        raise ApiError(500, "", f"expected a list of {'maps' if key else 'scalars'}, but received {go_text(change)}")
    for item in change:
        if key not in item and item.get(_PATCH) != "replace":
            raise ApiError(500, "", f"map: {go_text(item)} does not contain declared merge key: {key}")
    kept, inner = _after_deletions(live, change, key), fields.item_schema(node)
    for item in change:
        if _PATCH in item:
            continue
        at = next((at for at, old in enumerate(kept) if old.get(key) == item[key]), len(kept))
        kept[at:] = [patched(inner, kept[at] if at < len(kept) else {}, item), *kept[at + 1 :]]
    return _in_order(
        kept, [item[key] for item in change if _PATCH not in item], [item.get(key) for item in live], _by(key)
    )


def _by(key: str) -> Callable[[Any], Any]:
    return lambda item: item.get(key)


def _after_deletions(live: list[Any], change: list[Any], key: str) -> list[Any]:
    directives = [item for item in change if _PATCH in item]
    for item in directives:
        if item[_PATCH] not in {"replace", "delete"}:
            raise ApiError(500, "", f"unknown patch type: {go_text(item[_PATCH])} in map: {go_text(item)}")
    if any(item[_PATCH] == "replace" for item in directives):
        return []
    gone = [item[key] for item in directives]
    return [item for item in live if item.get(key) not in gone]


def _deleted(_: Schema, __: list[Any], kept: list[Any], gone: Any) -> list[Any]:
    if not isinstance(gone, list):
        raise errors.bad_request("invalid patch format of primitive list")
    return [item for item in kept if item not in gone]


def _ordered(node: Schema, live: list[Any], kept: list[Any], order: Any) -> list[Any]:
    if not isinstance(order, list):
        raise errors.bad_request("invalid patch format of setElementOrder list")
    key = node.patch_merge_key
    if not key:
        return _in_order(kept, order, live, lambda item: item)
    if not all(isinstance(item, dict) and key in item for item in order):
        raise errors.bad_request("invalid patch format of setElementOrder list")
    return _in_order(kept, [item[key] for item in order], [item.get(key) for item in live], _by(key))


def _in_order(items: list[Any], wanted: list[Any], live: list[Any], key: Callable[[Any], Any]) -> list[Any]:
    """`items`: those that are `wanted` in that order, the others in that of `live` and before what followed them."""
    named = sorted((item for item in items if key(item) in wanted), key=lambda item: wanted.index(key(item)))
    others = [item for item in items if key(item) not in wanted]
    merged: list[Any] = []
    while named and others:
        mine, other = key(named[0]), key(others[0])
        first = mine in live and other in live and live.index(other) < live.index(mine)
        merged.append(others.pop(0) if first else named.pop(0))
    return [*merged, *named, *others]
