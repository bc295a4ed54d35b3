"""The decoder of custom resources: all but the metadata stays as it was written, less what the schema does not know."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.fakes.kubernetes.go_types import Decoder
from tests.fakes.kubernetes.syntax import Fields

if TYPE_CHECKING:
    from tests.fakes.kubernetes.model import Object
    from tests.fakes.kubernetes.schema import Schema


def decode_custom(schema: Schema, fields: Fields, *, served: bool) -> tuple[Object, list[str]]:
    """The object, and what a strict decoder has against it: repeated fields in order, unknown ones sorted.

    Of a version that is not served nothing but the metadata is known.

    Raises:
        GoTypeError: the metadata has a wrong type.
    """
    metadata = Decoder()
    unknown: list[str] = []
    repeated: list[str] = []
    found: Object = {}
    for name, value in fields:
        inner = schema.fields.get(name)
        if name in {"apiVersion", "kind"}:
            found[name] = value
        elif name == "metadata" and inner is not None and isinstance(value, Fields):
            found[name] = _metadata(metadata, schema, value)
        elif inner is None or not served:
            unknown.append(name)
        else:
            found[name] = _known(inner, value, name, unknown)
    _note_repeated(fields, "", repeated)
    told = [*repeated, *metadata.complaints, *(f'unknown field "{path}"' for path in sorted(unknown))]
    return found, told


def _metadata(decoder: Decoder, schema: Schema, value: Fields) -> Object:
    whole = decoder.decode(schema, Fields([("metadata", value)]), "ObjectMeta")
    decoded: Object = whole.get("metadata", {})
    return decoded


def _known(schema: Schema, value: Any, path: str, unknown: list[str]) -> Any:
    if isinstance(value, Fields):
        kept: Object = {}
        for name, inner in value:
            declared = schema.child(name)
            here = f"{path}.{name}"
            if declared is None:
                unknown.append(here)
            else:
                kept[name] = _known(declared, inner, here, unknown)
        return kept
    if isinstance(value, list):
        items = schema.items or schema
        return [_known(items, item, f"{path}[{number}]", unknown) for number, item in enumerate(value)]
    return value


def _note_repeated(value: Any, path: str, repeated: list[str]) -> None:
    if isinstance(value, Fields):
        seen: set[str] = set()
        for name, inner in value:
            here = f"{path}.{name}" if path else name
            if name in seen:
                repeated.append(f'duplicate field "{here}"')
            seen.add(name)
            _note_repeated(inner, here, repeated)
    elif isinstance(value, list):
        for number, item in enumerate(value):
            _note_repeated(item, f"{path}[{number}]", repeated)
