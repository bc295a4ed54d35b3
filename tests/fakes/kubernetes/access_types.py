"""The types of ``rbac.authorization.k8s.io/v1``, written down from its documentation: none of it was recorded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from tests.fakes.kubernetes.model import Object

GROUP: Final = "rbac.authorization.k8s.io"
_PREFIX: Final = "io.k8s.api.rbac.v1."
_META: Final = "#/components/schemas/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"
_TEXT: Final[Object] = {"type": "string"}
_TEXTS: Final[Object] = {"type": "array", "items": _TEXT, "x-kubernetes-list-type": "atomic"}
_RULE: Final = ("apiGroups", "nonResourceURLs", "resourceNames", "resources", "verbs")


def _list_of(name: str) -> Object:
    reference = {"default": {}, "allOf": [{"$ref": f"#/components/schemas/{_PREFIX}{name}"}]}
    return {"type": "array", "items": reference, "x-kubernetes-list-type": "atomic"}


def _object(kind: str, *required: str, **fields: Any) -> Object:
    return {
        "type": "object",
        "required": [*required],
        "properties": {
            "apiVersion": {"type": "string"},
            "kind": {"type": "string"},
            "metadata": {"default": {}, "allOf": [{"$ref": _META}]},
            **fields,
        },
        "x-kubernetes-group-version-kind": [{"group": GROUP, "kind": kind, "version": "v1"}],
    }


def document(metadata: Object) -> Object:
    """The OpenAPI document of the group, with the types of `metadata` from another one."""
    types: Object = {
        "PolicyRule": {
            "type": "object",
            "required": ["verbs"],
            "properties": dict.fromkeys(_RULE, _TEXTS),
        },
        "Role": _object("Role", "rules", rules=_list_of("PolicyRule")),
        "RoleBinding": _object(
            "RoleBinding",
            "roleRef",
            roleRef={"default": {}, "allOf": [{"$ref": f"#/components/schemas/{_PREFIX}RoleRef"}]},
            subjects=_list_of("Subject"),
        ),
        "RoleRef": {
            "type": "object",
            "required": ["apiGroup", "kind", "name"],
            "properties": dict.fromkeys(("apiGroup", "kind", "name"), _TEXT),
            "x-kubernetes-map-type": "atomic",
        },
        "Subject": {
            "type": "object",
            "required": ["kind", "name"],
            "properties": {**dict.fromkeys(("kind", "name"), _TEXT), "apiGroup": _TEXT, "namespace": _TEXT},
            "x-kubernetes-map-type": "atomic",
        },
    }
    borrowed = {name: value for name, value in metadata.items() if name.startswith("io.k8s.apimachinery.")}
    return {"paths": {}, "components": {"schemas": {**borrowed, **{_PREFIX + name: types[name] for name in types}}}}
