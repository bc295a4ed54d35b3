"""The Go decoder of built-in types: which types stand where is read from the OpenAPI documents.

A wrong type is an error with the Go names of the field; an unknown or repeated field is noted, and dropped. What Go
does not keep apart from an absent field (null, an empty text, list or map) is dropped, too.
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import TYPE_CHECKING, Any, Final

from tests.fakes.kubernetes import quantities
from tests.fakes.kubernetes.syntax import Fields, plain

if TYPE_CHECKING:
    from tests.fakes.kubernetes.model import Object
    from tests.fakes.kubernetes.schema import Schema

_QUANTITY: Final = "resource.Quantity"
_TIME: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[-+]\d\d:\d\d)")
_POINTERS: Final = frozenset({"storageClassName", "volumeAttributesClassName", "runtimeClassName", "timeZone"})
"""Optional texts that are pointers in Go, so that an empty one is kept; the OpenAPI documents do not say it."""
_PLAIN: Final = frozenset({"readOnly", "stdin", "stdinOnce", "tty", "hostNetwork", "hostPID", "hostIPC", "hostPort"})
"""Optional flags and numbers that are no pointers in Go, so that false and 0 are dropped; as above."""
_RANGES: Final = {"int32": 2**31, "int64": 2**63}


class GoTypeError(ValueError):
    """A value does not fit its field; in Go's words."""


class Decoder:
    """Turns the fields of one body into an object; `complaints` are what a strict decoder has against it."""

    def __init__(self) -> None:
        self.complaints: list[str] = []
        self._first: str = ""

    def decode(self, schema: Schema, fields: Fields, kind: str) -> Object:
        """The object of a kind.

        Raises:
            GoTypeError: a value has the wrong type. As in Go, a text that is no quantity or time ends the decoding at
                once, of all other problems the first one is told at the end.
        """
        decoded = self._struct(schema, fields, _Place((), "", kind))
        if self._first:
            raise GoTypeError(self._first)
        return decoded

    def _struct(self, schema: Schema, fields: Fields, place: _Place) -> Object:
        """The object in `fields`; `place` is inside of it."""
        found: Object = {}
        seen = set()
        for name, value in fields:
            here = f"{place.path}.{name}" if place.path else name
            inner = schema.child(name)
            if inner is None:
                self.complaints.append(f'unknown field "{here}"')
                continue
            if name in seen:
                self.complaints.append(f'duplicate field "{here}"')
            seen.add(name)
            is_field = name in schema.fields
            names = (*place.names, name) if is_field else place.names
            kept = self._value(inner, value, _Place(names, here, place.struct))
            if kept is None or (is_field and _is_left_out(schema, name, kept)):
                found.pop(name, None)
            else:
                found[name] = kept
        return found

    def _value(self, schema: Schema, value: Any, place: _Place) -> Any:
        if value is None:
            return None
        own = next((read for name, read in _OWN.items() if schema.type_name.endswith(name)), None)
        if own is not None:
            return own(value)
        if schema.open:
            return plain(value)
        match schema.type, value:
            case "object", Fields():
                return self._inside(schema, value, place)
            case "array", list() if not isinstance(value, Fields) and schema.items is not None:
                items = schema.items
                return [
                    self._value(items, item, place.item(number)) if item is not None else _zero(items)
                    for number, item in enumerate(value)
                ]
            case ("string", str()) | ("boolean", bool()):
                return _bytes(value) if schema.format == "byte" else value
            case "number", int() | float() if not isinstance(value, bool):
                return value
            case "integer", int() if not isinstance(value, bool) and _fits(schema, value):
                return value
        self._complain(schema, value, place)
        return None

    def _inside(self, schema: Schema, value: Fields, place: _Place) -> Object:
        if schema.fields:
            struct = schema.type_name.rpartition(".")[2] or place.struct
            return self._struct(schema, value, _Place(place.names, place.path, struct))
        values = schema.values
        assert values is not None
        found: Object = {}
        for name, inner in value:
            if name in found:
                self.complaints.append(f'duplicate field "{place.path}.{name}"')
            kept = self._value(values, inner, place.key(name))
            found[name] = _zero(values) if kept is None else kept
        return found

    def _complain(self, schema: Schema, value: Any, place: _Place) -> None:
        is_number = schema.type == "integer" and isinstance(value, int | float) and not isinstance(value, bool)
        given = f"number {value}" if is_number else _json_type(value)
        field = f"{place.struct}.{'.'.join(place.names)}"
        text = f"json: cannot unmarshal {given} into Go struct field {field} of type {_go_type(schema)}"
        self._first = self._first or text


class _Place:
    """Where the decoder is: the names of the fields, the path with indices and keys, and the Go struct around it."""

    def __init__(self, names: tuple[str, ...], path: str, struct: str) -> None:
        self.names, self.path, self.struct = names, path, struct

    def item(self, number: int) -> _Place:
        return _Place(self.names, f"{self.path}[{number}]", self.struct)

    def key(self, name: str) -> _Place:
        return _Place(self.names, f"{self.path}.{name}", self.struct)


def _is_left_out(schema: Schema, name: str, value: Any) -> bool:
    inner = schema.fields[name]
    if name in schema.required or inner.open:
        return False
    if inner.type == "object" and inner.fields:
        return False
    if value in ("", [], {}) and not isinstance(value, bool):
        return name not in _POINTERS
    return name in _PLAIN and not value


def _go_type(schema: Schema) -> str:
    if schema.type_name:
        return ".".join(schema.type_name.rsplit(".", 2)[1:])
    if schema.type == "array" and schema.items is not None:
        return f"[]{_go_type(schema.items)}"
    if schema.type == "object" and schema.values is not None:
        quantities_inside = schema.values.type_name.endswith(_QUANTITY)
        return "v1.ResourceList" if quantities_inside else f"map[string]{_go_type(schema.values)}"
    if schema.format == "byte":
        return "[]uint8"
    return {"boolean": "bool", "number": "float64", "integer": schema.format or "int64"}.get(schema.type, schema.type)


def _json_type(value: Any) -> str:
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, str):
        return "string"
    if isinstance(value, int | float):
        return "number"
    return "object" if isinstance(value, Fields) else "array"


def _fits(schema: Schema, value: int) -> bool:
    limit = _RANGES.get(schema.format, 2**63)
    return -limit <= value < limit


def _zero(schema: Schema) -> Any:
    return {"string": "", "integer": 0, "number": 0, "boolean": False, "array": None}.get(schema.type, {})


def _quantity(value: Any) -> str:
    text = value if isinstance(value, str) else _text(value)
    try:
        quantities.parse(text.strip())
    except quantities.QuantityError as error:
        raise GoTypeError(str(error)) from None
    return text.strip()


def _text(value: Any) -> str:
    return repr(value).lower() if isinstance(value, bool | int | float) else ""


def _time(value: Any) -> str:
    if not isinstance(value, str):
        raise GoTypeError(f"json: cannot unmarshal {_json_type(value)} into Go value of type string")
    if not _TIME.fullmatch(value):
        raise GoTypeError(f'parsing time "{value}" as "2006-01-02T15:04:05Z07:00": cannot parse "{value}" as "2006"')
    return value


def _int_or_string(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise GoTypeError(f"json: cannot unmarshal {_json_type(value)} into Go value of type int32")
    return value


def _bytes(value: Any) -> Any:
    try:
        base64.b64decode(value, validate=True)
    except binascii.Error:
        wrong = re.search(r"[^A-Za-z0-9+/]", value)
        raise GoTypeError(f"illegal base64 data at input byte {wrong.start() if wrong else len(value)}") from None
    return value


_OWN: Final = {
    _QUANTITY: _quantity,
    "v1.Time": _time,
    "v1.MicroTime": _time,
    "intstr.IntOrString": _int_or_string,
}
"""By the last words of the name of a type how it reads itself."""
