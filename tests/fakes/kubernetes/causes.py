"""The causes of a refusal with 422, one constructor for each kind, with values as Go prints them."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

from tests.fakes.kubernetes.model import Cause

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.fakes.kubernetes.model import Object

IMMUTABLE: Final = "field is immutable"
OMITTED: Final = object()
"""Given as a value: it is not shown."""
_HIDDEN_DUMP: Final = re.compile(r'Invalid value: \{"[A-Z].*\}: field is immutable', re.DOTALL)
_GO_NAMES: Final = {"dnsPolicy": "DNSPolicy", "dnsConfig": "DNSConfig", "os": "OS", "tty": "TTY"}
_HTML: Final = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"})


def required(field: str, detail: str = "") -> Cause:
    """A value is missing."""
    return Cause("FieldValueRequired", _text("Required value", detail), field)


def invalid(field: str, value: Any, detail: str) -> Cause:
    """A value cannot be used."""
    start = "Invalid value" if value is OMITTED else f"Invalid value: {shown(value)}"
    return Cause("FieldValueInvalid", _text(start, detail), field)


def type_invalid(field: str, value: Any, detail: str) -> Cause:
    """A value of a custom resource has the wrong type."""
    return Cause("FieldValueTypeInvalid", _text(f"Invalid value: {shown(value)}", detail), field)


def not_supported(field: str, value: Any, supported: Iterable[str]) -> Cause:
    """A value is none of the few that can be used."""
    listed = ", ".join(quoted(each) for each in supported)
    return Cause("FieldValueNotSupported", f"Unsupported value: {shown(value)}: supported values: {listed}", field)


def duplicate(field: str, value: Any) -> Cause:
    """A value that may be there once is there again."""
    return Cause("FieldValueDuplicate", f"Duplicate value: {shown(value)}", field)


def not_found(field: str, value: Any) -> Cause:
    """A value names something that is not there."""
    return Cause("FieldValueNotFound", f"Not found: {shown(value)}", field)


def forbidden(field: str, detail: str) -> Cause:
    """A field may not be set here."""
    return Cause("FieldValueForbidden", _text("Forbidden", detail), field)


def too_long(field: str, limit: int) -> Cause:
    """A value has too many bytes."""
    return Cause("FieldValueTooLong", f"Too long: may not be more than {limit} bytes", field)


def too_many(field: str, count: int, limit: int) -> Cause:
    """A list has too many items."""
    return Cause("FieldValueTooMany", f"Too many: {count}: must have at most {limit} items", field)


def unchanged(field: str, new: Any, old: Any) -> list[Cause]:
    """A cause if the field changed."""
    return [] if new == old else [invalid(field, new, IMMUTABLE)]


def not_negative(field: str, value: int | None) -> list[Cause]:
    """A cause if the number is below zero."""
    return [] if value is None or value >= 0 else [invalid(field, value, "must be greater than or equal to 0")]


def shown(value: Any) -> str:
    """The value in a message: text in quotes, numbers plain, all else as JSON with sorted keys."""
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, bool | int | float):
        return json.dumps(value)
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).translate(_HTML)


def quoted(text: str) -> str:
    """Text as Go's ``%q`` prints it."""
    return json.dumps(text, ensure_ascii=False)


def go_struct(value: Any) -> Any:
    """An object under the names that its fields have in Go: the frame of the dump that the server makes of a pod spec.

    The server also prints every field that is not set; which those are no document says. So a dump is a value made for
    the occasion, and `without_dump` takes it out of a message before messages are compared.
    """
    if isinstance(value, dict):
        return {_go_name(name): go_struct(inner) for name, inner in value.items()}
    return [go_struct(item) for item in value] if isinstance(value, list) else value


def without_dump(text: str) -> str:
    """A message or cause with ``{...}`` for a dump of a Go struct."""
    return _HIDDEN_DUMP.sub(f"Invalid value: {{...}}: {IMMUTABLE}", text)


def _go_name(name: str) -> str:
    if not re.fullmatch(r"[a-z][A-Za-z]*", name):
        return name
    return _GO_NAMES.get(name) or name[0].upper() + name[1:]


def _text(start: str, detail: str) -> str:
    return f"{start}: {detail}" if detail else start


def details_of(causes: Iterable[Cause]) -> list[Object]:
    """The causes as the details of a Status have them."""
    return [{"reason": cause.reason, "message": cause.message, "field": cause.field} for cause in causes]
