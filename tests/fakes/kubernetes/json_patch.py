"""JSON patch (RFC 6902): operations one after the other, all or none."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any, Final

from tests.fakes.kubernetes import errors
from tests.fakes.kubernetes.model import ApiError

if TYPE_CHECKING:
    from tests.fakes.kubernetes.model import Object

_MISSING: Final = object()


class _FailedError(Exception):
    """An operation that cannot be done; the server does not say which."""


def patched(live: Object, operations: Any) -> Object:
    """`live` after `operations`.

    Raises:
        ApiError: they are no list of operations (400), or one cannot be done (422).
    """
    if not isinstance(operations, list):
        raise errors.bad_request(f"json: cannot unmarshal {_kind(operations)} into Go value of type jsonpatch.Patch")
    for operation in operations:
        if not isinstance(operation, dict):
            kind = _kind(operation)
            raise errors.bad_request(f"json: cannot unmarshal {kind} into Go value of type jsonpatch.Operation")
    holder: Object = {"": copy.deepcopy(live)}
    try:
        for operation in operations:
            _do(holder, operation)
    except _FailedError as error:
        raise _refused() from error
    if not isinstance(holder[""], dict):
        raise _refused()
    return holder[""]


def _kind(value: Any) -> str:
    if isinstance(value, dict | list):
        return "object" if isinstance(value, dict) else "array"
    return {str: "string", bool: "bool"}.get(type(value), "number")


def _refused() -> ApiError:
    return ApiError(422, "Invalid", "the server rejected our request due to an error in our request", {})


def _do(holder: Object, operation: Object) -> None:
    kind, path = operation.get("op"), _pointer(operation.get("path"))
    if kind == "test":
        if _get(holder, path, default=None) != operation.get("value"):
            raise _FailedError
    elif kind == "remove":
        _remove(holder, path)
    elif kind in {"add", "replace"}:
        if "value" not in operation:
            raise _FailedError
        _put(holder, path, copy.deepcopy(operation["value"]), replace=kind == "replace")
    elif kind in {"copy", "move"}:
        source = _pointer(operation.get("from"))
        value = copy.deepcopy(_get(holder, source))
        if kind == "move":
            _remove(holder, source)
        _put(holder, path, value, replace=False)
    else:
        raise _FailedError


def _pointer(text: Any) -> list[str]:
    if not isinstance(text, str) or (text and not text.startswith("/")):
        raise _FailedError
    return [part.replace("~1", "/").replace("~0", "~") for part in text.split("/")]


def _get(holder: Object, path: list[str], default: Any = _MISSING) -> Any:
    here: Any = holder
    for part in path:
        here = _child(here, part)
        if here is _MISSING:
            if default is _MISSING:
                raise _FailedError
            return default
    return here


def _child(here: Any, part: str) -> Any:
    if isinstance(here, dict):
        return here.get(part, _MISSING)
    if isinstance(here, list) and part.isdecimal() and int(part) < len(here):
        return here[int(part)]
    return _MISSING


def _remove(holder: Object, path: list[str]) -> None:
    _get(holder, path)
    parent = _get(holder, path[:-1]) if path[:-1] else holder
    if isinstance(parent, dict):
        del parent[path[-1]]
    else:
        del parent[int(path[-1])]


def _put(holder: Object, path: list[str], value: Any, *, replace: bool) -> None:
    parent = _get(holder, path[:-1]) if path[:-1] else holder
    last = path[-1]
    if replace:
        _get(holder, path)
    if isinstance(parent, dict):
        parent[last] = value
    elif isinstance(parent, list) and replace:
        parent[int(last)] = value
    elif isinstance(parent, list) and (last == "-" or (last.isdecimal() and int(last) <= len(parent))):
        parent.insert(len(parent) if last == "-" else int(last), value)
    else:
        raise _FailedError
