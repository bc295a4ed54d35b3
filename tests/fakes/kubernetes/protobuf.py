"""The few messages that kubectl sends in protobuf, as the objects they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.fakes.kubernetes.errors import bad_request

if TYPE_CHECKING:
    from tests.fakes.kubernetes.model import Object

MEDIA_TYPE = "application/vnd.kubernetes.protobuf"
_MAGIC = b"k8s\0"
_TEXT = 2
_METADATA = {1: "name", 2: "generateName", 3: "namespace"}
_ATTRIBUTES = {1: "namespace", 2: "verb", 3: "group", 4: "version", 5: "resource", 6: "subresource", 7: "name"}
_SPECS: dict[str, dict[int, Any]] = {
    "Eviction": {},
    "Namespace": {},
    "SelfSubjectAccessReview": {
        1: ("resourceAttributes", _ATTRIBUTES),
        2: ("nonResourceAttributes", {1: "path", 2: "verb"}),
    },
    "SelfSubjectReview": {},
    "SelfSubjectRulesReview": {1: "namespace"},
}
"""For each kind the texts in its spec, by their numbers."""


def known(kind: str) -> bool:
    """Whether messages of this kind can be read."""
    return kind in _SPECS


def read(kind: str, api_version: str, body: bytes) -> Object:
    """The object in `body`: its name, its namespace, and what its spec says.

    Raises:
        ApiError: 400, this is something else.
    """
    if not body.startswith(_MAGIC):
        raise bad_request("the body of the request is not a protobuf message of Kubernetes")
    raw = _parts(body.removeprefix(_MAGIC)).get(2, b"")
    fields: dict[int, Any] = {1: ("metadata", _METADATA), **({2: ("spec", _SPECS[kind])} if _SPECS[kind] else {})}
    return {"kind": kind, "apiVersion": api_version, "metadata": {}, **_named(raw, fields)}


def _named(part: bytes, names: dict[int, Any]) -> Object:
    found: Object = {}
    for number, value in _parts(part).items():
        entry = names.get(number)
        if isinstance(entry, tuple):
            found[entry[0]] = _named(value, entry[1])
        elif entry and value:
            found[entry] = value.decode()
    return found


def _parts(data: bytes) -> dict[int, bytes]:
    """The length-delimited fields of a message, by their numbers."""
    found, place = {}, 0
    while place < len(data):
        key, place = _number(data, place)
        size, place = _number(data, place)
        if key & 7 != _TEXT:
            continue
        found[key >> 3] = data[place : place + size]
        place += size
    return found


def _number(data: bytes, place: int) -> tuple[int, int]:
    value = shift = 0
    while data[place] & 0x80:
        value |= (data[place] & 0x7F) << shift
        shift, place = shift + 7, place + 1
    return value | data[place] << shift, place + 1
