"""What the server's OpenAPI documents say of a field: its type, how its list or map is keyed, how it is patched.

``of(resource)`` gives the node of a whole object; `Schema.fields`, `Schema.items` and `Schema.values` lead down, and
``$ref`` is resolved on the way. The documents are those that the real server served; each is read once.
"""

from __future__ import annotations

import gzip
import json
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from tests.fakes.kubernetes import access_types

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.fakes.kubernetes.model import Object, Resource

_DOCUMENTS: Final = Path(__file__).parents[2] / "recordings" / "kubernetes-1.36" / "openapi-v3"


class Schema:
    """One place in an object, as the schema declares it."""

    def __init__(self, declared: Object, types: Mapping[str, Object]) -> None:
        self._types = types
        self.type_name = _reference(declared)
        """``io.k8s.api.core.v1.PodSpec``; empty for what is declared in place."""
        self.raw: Object = {**types.get(self.type_name, {}), **declared}
        """What is declared here and in the type that it refers to, in one."""

    @property
    def type(self) -> str:
        """``object``, ``array``, ``string``, ``integer``, ``number``, ``boolean``; empty where several are allowed."""
        return str(self.raw.get("type", ""))

    @property
    def format(self) -> str:
        """``int32``, ``date-time``, ``byte``...; empty where there is none."""
        return str(self.raw.get("format", ""))

    @property
    def int_or_string(self) -> bool:
        """Whether both an integer and a text are allowed."""
        return self.format == "int-or-string" or bool(self.raw.get("x-kubernetes-int-or-string"))

    @property
    def default(self) -> Any:
        """The default; None where there is none. ``{}`` in a built-in type: the field is always there."""
        return self.raw.get("default")

    @property
    def required(self) -> tuple[str, ...]:
        """The fields that must be there."""
        return tuple(self.raw.get("required", ()))

    @cached_property
    def fields(self) -> dict[str, Schema]:
        """The declared fields of an object by name, in alphabetical order; empty for anything else."""
        return {name: Schema(inner, self._types) for name, inner in self.raw.get("properties", {}).items()}

    @cached_property
    def items(self) -> Schema | None:
        """What stands in the list."""
        declared = self.raw.get("items")
        return None if declared is None else Schema(declared, self._types)

    @cached_property
    def values(self) -> Schema | None:
        """What stands under any key of a map; None where only the declared fields may be there."""
        declared = self.raw.get("additionalProperties")
        if isinstance(declared, dict):
            return Schema(declared, self._types)
        return self.anything if self.open else None

    @property
    def anything(self) -> Schema:
        """A schema that allows anything."""
        return Schema({}, {})

    @property
    def open(self) -> bool:
        """Whether undeclared fields are kept: nothing is declared, or ``x-kubernetes-preserve-unknown-fields``."""
        bare = self.type == "object" and not self.raw.keys() & {"properties", "additionalProperties"}
        return not self.type or bare or bool(self.raw.get("x-kubernetes-preserve-unknown-fields"))

    def child(self, name: str) -> Schema | None:
        """The schema of the field or key `name`; None where it is not declared."""
        return self.fields.get(name) or self.values

    @property
    def list_type(self) -> str:
        """``atomic``, ``set`` or ``map``."""
        declared = str(self.raw.get("x-kubernetes-list-type", ""))
        if declared:
            return declared
        if "merge" not in self.patch_strategy:
            return "atomic"
        return "map" if self.patch_merge_key else "set"

    @property
    def list_map_keys(self) -> tuple[str, ...]:
        """The fields that tell the items of a ``map`` list apart."""
        keys = tuple(self.raw.get("x-kubernetes-list-map-keys", ()))
        return keys or ((self.patch_merge_key,) if self.list_type == "map" else ())

    @property
    def map_type(self) -> str:
        """``atomic`` or ``granular``."""
        return str(self.raw.get("x-kubernetes-map-type", "granular"))

    @property
    def patch_strategy(self) -> tuple[str, ...]:
        """Of ``merge``, ``replace`` and ``retainKeys`` what a strategic merge patch does here."""
        return tuple(filter(None, str(self.raw.get("x-kubernetes-patch-strategy", "")).split(",")))

    @property
    def patch_merge_key(self) -> str:
        """The field by which a strategic merge patch finds an item; empty where there is none."""
        return str(self.raw.get("x-kubernetes-patch-merge-key", ""))


def of(resource: Resource) -> Schema:
    """The schema of a whole object.

    Raises:
        LookupError: there is no document of the group and version, or no such kind in it.
    """
    return _kind(resource.group, resource.version, resource.kind)


def has_status(resource: Resource) -> bool:
    """Whether the resource has a ``status`` subresource, so that its status cannot be written with the rest."""
    paths = _document(resource.group, resource.version)["paths"]
    return any(path.endswith(f"/{resource.plural}/{{name}}/status") for path in paths)


@cache
def _kind(group: str, version: str, kind: str) -> Schema:
    types: dict[str, Object] = _document(group, version)["components"]["schemas"]
    wanted = {"group": group, "version": version, "kind": kind}
    found = [declared for declared in types.values() if wanted in declared.get("x-kubernetes-group-version-kind", ())]
    if not found:
        raise LookupError(f"no schema of {group}/{version} {kind}")
    return Schema(found[0], types)


@cache
def _document(group: str, version: str) -> Object:
    if (group, version) == (access_types.GROUP, "v1"):
        return access_types.document(_document("batch", "v1")["components"]["schemas"])
    path = _DOCUMENTS / (f"apis-{group}-{version}.json.gz" if group else f"api-{version}.json.gz")
    if not path.is_file():
        raise LookupError(f"no schema of {group}/{version}")
    document: Object = json.loads(gzip.decompress(path.read_bytes()))
    return document


def _reference(declared: Object) -> str:
    for place in (declared, *declared.get("allOf", ())):
        if "$ref" in place:
            return str(place["$ref"]).rpartition("/")[2]
    return ""
