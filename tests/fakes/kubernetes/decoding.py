"""A body becomes an object: what a create or an update takes, what it refuses with 400 and 415, what it warns of."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from tests.fakes.kubernetes import schema
from tests.fakes.kubernetes.custom_types import decode_custom
from tests.fakes.kubernetes.errors import bad_request
from tests.fakes.kubernetes.go_types import Decoder, GoTypeError
from tests.fakes.kubernetes.model import ApiError, Object, Resource
from tests.fakes.kubernetes.syntax import BodySyntaxError, Fields, Text, fields_of, plain, read_json, read_yaml

if TYPE_CHECKING:
    from collections.abc import Iterable

JSON: Final = "application/json"
YAML: Final = "application/yaml"
APPLY: Final = "application/apply-patch+yaml"
PROTOBUF: Final = "application/vnd.kubernetes.protobuf"
_SHOWN_BYTES: Final = 30
_HEAD_TYPE: Final = (
    'struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }'
)
_INTERNAL: Final = {"": "core", "storage.k8s.io": "storage"}
"""The Go packages of API groups, where they are not the first word of the group."""


@dataclass(frozen=True)
class Decoded:
    """The object in a body, and the texts of the Warning headers."""

    object: Object
    warnings: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class _Kind:
    """What a body says that it is, or what is meant where it does not say."""

    kind: str
    api_version: str

    @property
    def version(self) -> str:
        return self.api_version.rpartition("/")[2]

    @property
    def group(self) -> str:
        return self.api_version.rpartition("/")[0]

    def refused(self, wanted: Resource, problem: object) -> ApiError:
        """The error about a body whose kind is known."""
        about = f'{self.kind} in version "{self.version}" cannot be handled as a {wanted.kind}'
        return bad_request(f"{about}: {problem}")


def decode(  # what a request says
    body: bytes,
    content_type: str,
    resource: Resource,
    *,
    validation: str,
    namespace: str | None,
    name: str | None = None,
) -> Decoded:
    """The object in the body of a POST, a PUT (with the `name` of the URL), or a server-side apply.

    `validation` is the parameter fieldValidation: of unknown and repeated fields, "Strict" refuses all, "Warn" warns,
    "Ignore" drops them. An object to apply is taken as it is: its fields are the business of the apply.

    Raises:
        ApiError: 400 or 415, in the words of the server.
    """
    media = content_type.partition(";")[0].strip().lower() or JSON
    if media == APPLY:
        found = _to_apply(body, validation)
    elif media in {JSON, YAML}:
        found = _to_store(body, media, resource, validation)
    else:
        raise _unknown_media(resource)
    _check_name(found.object, name)
    return Decoded(_in_namespace(found.object, resource, namespace), found.warnings)


def decode_value(value: Object, resource: Resource, *, validation: str) -> Decoded:
    """The object in a value that was never text, such as the result of a patch; otherwise as `decode`.

    Raises:
        ApiError: 400, in the words of the server.
    """
    return _decoded(Text(fields_of(value)), b"{}", resource, validation)


def _unknown_media(resource: Resource) -> ApiError:
    known = ", ".join([JSON, YAML] if resource.custom else [JSON, YAML, PROTOBUF])
    message = f"the body of the request was in an unknown format - accepted media types include: {known}"
    return ApiError(415, "UnsupportedMediaType", message)


def _to_apply(body: bytes, validation: str) -> Decoded:
    try:
        text = read_yaml(body)
    except BodySyntaxError as problem:
        raise bad_request(f"error decoding YAML: error converting YAML to JSON: {problem}") from None
    if not isinstance(text.value, Fields | None):
        raise bad_request(
            "error decoding YAML: error unmarshaling JSON: while decoding JSON: json: cannot unmarshal "
            f"{_json_type(text.value)} into Go value of type map[string]interface {{}}"
        )
    if text.repeated and validation == "Strict":
        told = f"error converting YAML to JSON: {text.repeated_message}"
        raise bad_request(f"error strict decoding YAML: {told}")
    return Decoded(plain(text.value or Fields()), text.repeated if validation == "Warn" else [])


def _to_store(body: bytes, media: str, resource: Resource, validation: str) -> Decoded:
    return _decoded(_read(body, media, resource), body, resource, validation)


def _decoded(text: Text, body: bytes, resource: Resource, validation: str) -> Decoded:
    fields = text.value if isinstance(text.value, Fields) else Fields()
    kind = _kind(fields, body, resource)
    if not resource.custom:
        _check_kind(kind, resource)
    try:
        found, complaints = _typed(fields, kind, resource)
    except GoTypeError as problem:
        raise kind.refused(resource, problem) from None
    warnings = _judged(text, complaints, kind, resource, validation)
    if kind.api_version != resource.api_version:
        raise bad_request(
            f"the API version in the data ({kind.api_version}) does not match the expected API version "
            f"({resource.api_version})"
        )
    head = {"apiVersion": kind.api_version, "kind": kind.kind}
    return Decoded({**head, **{name: value for name, value in found.items() if name not in head}}, warnings)


def _read(body: bytes, media: str, resource: Resource) -> Text:
    try:
        text = read_json(body) if media == JSON else read_yaml(body)
    except BodySyntaxError as problem:
        prefix = "couldn't get version/kind; json parse error: " if media == JSON else ""
        raise _unrecognized(f"{prefix}{problem}", body, resource) from None
    if not isinstance(text.value, Fields | None):
        go_type = (
            'struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }'
        )
        problem_text = f"json: cannot unmarshal {_json_type(text.value)} into Go value of type {go_type}"
        raise _unrecognized(f"couldn't get version/kind; json parse error: {problem_text}", body, resource)
    return text


def _kind(fields: Fields, body: bytes, resource: Resource) -> _Kind:
    for name in ("apiVersion", "kind"):
        value = fields.last(name)
        if not isinstance(value, str | None):
            problem = f"json: cannot unmarshal {_json_type(value)} into Go struct field .{name} of type string"
            raise _unrecognized(f"couldn't get version/kind; json parse error: {problem}", body, resource)
    return _Kind(fields.last("kind") or resource.kind, fields.last("apiVersion") or resource.api_version)


def _unrecognized(problem: str, body: bytes, resource: Resource) -> ApiError:
    shown = "<empty>"
    if body:
        cut = " ..." if len(body) > _SHOWN_BYTES else ""
        part = body[:_SHOWN_BYTES]
        shown = (part.decode("utf-8", "replace") if body.startswith(b"{") else part.hex()) + cut
    return bad_request(f"the object provided is unrecognized (must be of type {resource.kind}): {problem} ({shown})")


def _check_kind(kind: _Kind, resource: Resource) -> None:
    if (kind.kind, kind.api_version) == (resource.kind, resource.api_version):
        return
    try:
        schema.of(Resource(kind.group, kind.version, kind.kind, ""))
    except LookupError:
        problem = (
            f'no kind "{kind.kind}" is registered for version "{kind.api_version}" '
            'in scheme "pkg/runtime/scheme.go:111"'
        )
        raise kind.refused(resource, problem) from None
    package = _INTERNAL.get(resource.group, resource.group.partition(".")[0])
    conversion = f"({kind.version}.{kind.kind}) to ({package}.{resource.kind})"
    raise kind.refused(resource, f"converting {conversion}: unknown conversion")


def _typed(fields: Fields, kind: _Kind, resource: Resource) -> tuple[Object, list[str]]:
    if resource.custom:
        served = kind.api_version == resource.api_version
        return decode_custom(schema.of(resource), fields, served=served)
    decoder = Decoder()
    return decoder.decode(schema.of(resource), fields, resource.kind), decoder.complaints


def _judged(text: Text, complaints: list[str], kind: _Kind, resource: Resource, validation: str) -> list[str]:
    if validation == "Ignore":
        return []
    if validation != "Strict":
        return [*text.repeated, *_once(complaints)]
    told = [*([text.repeated_message] if text.repeated else []), *complaints]
    if told:
        raise kind.refused(resource, f"strict decoding error: {', '.join(told)}")
    return []


def _once(texts: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(texts))


def _check_name(value: Object, name: str | None) -> None:
    if name is None:
        return
    given = _metadata(value).get("name") or ""
    if not given:
        problem = "name must be provided"
        raise bad_request(f"the name of the object ({name} based on URL) was undeterminable: {problem}")
    if given != name:
        raise bad_request(f"the name of the object ({given}) does not match the name on the URL ({name})")


def _in_namespace(value: Object, resource: Resource, namespace: str | None) -> Object:
    metadata = _metadata(value)
    given = metadata.get("namespace") or ""
    if not resource.namespaced or not namespace:
        kept = {key: inner for key, inner in metadata.items() if key != "namespace"}
    elif given not in {"", namespace}:
        raise bad_request("the namespace of the provided object does not match the namespace sent on the request")
    else:
        kept = {**metadata, "namespace": namespace}
    return {**value, "metadata": kept}


def _metadata(value: Object) -> Object:
    metadata = value.get("metadata")
    return metadata if isinstance(metadata, dict) else {}


def _json_type(value: Any) -> str:
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, int | float):
        return "number"
    return "string" if isinstance(value, str) else "array" if not isinstance(value, Fields) else "object"
