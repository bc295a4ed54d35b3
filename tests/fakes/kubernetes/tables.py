"""The forms an object can be asked for in: whole, metadata only, or rows of a table as ``kubectl get`` prints them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.fakes.kubernetes.columns import NAME_TEXT, columns
from tests.fakes.kubernetes.model import ApiError

if TYPE_CHECKING:
    from tests.fakes.kubernetes.messages import Request
    from tests.fakes.kubernetes.model import Object, Resource

YAML = "application/yaml"
_PLAIN = ("application/json", "application/*", "*/*")
_FORMS = ("Table", "PartialObjectMetadataList", "PartialObjectMetadata")
AVAILABLE = (
    "application/json, application/yaml, application/vnd.kubernetes.protobuf, "
    "application/json;stream=watch, application/vnd.kubernetes.protobuf;stream=watch"
)
"""What the server says it could answer."""


def form(request: Request) -> str:
    """What the Accept header asks for: ``""`` (the object), ``Table`` or ``PartialObjectMetadata[List]``.

    Raises:
        ApiError: 406, nothing that the server has.
    """
    for choice in request.headers.get("accept", "*/*").split(","):
        kind, *parameters = [part.strip() for part in choice.split(";")]
        if kind not in (*_PLAIN, YAML):
            continue
        wanted = dict(part.split("=", 1) for part in parameters if "=" in part)
        if wanted.get("as", "") in ("", *_FORMS):
            return wanted.get("as", "")
    raise ApiError(406, "NotAcceptable", f"406: Not Acceptable\n\nAvailable representations: {AVAILABLE}", {})


def wants_yaml(request: Request) -> bool:
    """Whether YAML is what the client would rather have."""
    return request.headers.get("accept", "").partition(",")[0].strip() == YAML


def partial(value: Object) -> Object:
    """The metadata of an object alone."""
    return {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": value["metadata"]}


def table(resource: Resource, rows: list[Object], metadata: Object, *, include: str = "Metadata") -> Object:
    """Rows with the columns of the kind; `include` says how much of each object comes along."""
    shown = columns(resource)
    definitions = [
        {
            "name": each.name,
            "type": each.type,
            "format": "name" if each.name == "Name" else "",
            "description": NAME_TEXT if each.name == "Name" else each.description,
            "priority": each.priority,
        }
        for each in shown
    ]
    return {
        "kind": "Table",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": metadata,
        "columnDefinitions": definitions,
        "rows": [{"cells": [each.cell(row) for each in shown], **_object(row, include)} for row in rows],
    }


def _object(row: Object, include: str) -> Object:
    if include == "None":
        return {}
    return {"object": row if include == "Object" else partial(row)}
