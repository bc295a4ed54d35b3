"""What an object says about itself: apiVersion and kind, names, annotations, owners."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from cajajejo import kubernetes_schemas
from cajajejo.manifest_checks.values import mapping, mappings, text
from cajajejo.phrases import REQUIRED, closest, cut, did_you_mean, shown
from cajajejo.text_forms import DNS_SUBDOMAIN, KEY

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cajajejo.findings import Findings
    from cajajejo.kubernetes_schemas import KubernetesVersion

_MAX_ANNOTATIONS: Final = 256 * 1024
_CLUSTER_SCOPED: Final = frozenset({"StorageClass"})
_SET_BY_THE_SERVER: Final = ("resourceVersion", "managedFields")


def check_type(found: Findings, document: Mapping[str, Any], version: KubernetesVersion) -> bool:
    """Whether there is a schema for the apiVersion and kind of `document`; says so where there is none."""
    if kubernetes_schemas.has_schema(document, version):
        return True
    api_version, kind = document.get("apiVersion"), document.get("kind")
    unnamed = [name for name, value in (("apiVersion", api_version), ("kind", kind)) if not text(value)]
    for name in unnamed:
        value = document.get(name)
        found.error((name,), REQUIRED if value is None else f"must be text, not {shown(value)}")
    if not unnamed:
        _check_known(found, str(api_version), str(kind), version)
    return False


def _check_known(found: Findings, api_version: str, kind: str, version: KubernetesVersion) -> None:
    kinds = kubernetes_schemas.kinds(version)
    if api_version in kinds:
        if kind in kinds[api_version]:
            found.warning(("kind",), f"not checked: there is no schema here for {kind}")
            return
        found.error(("kind",), f"unknown kind of {api_version}: {shown(kind)}", did_you_mean(kind, kinds[api_version]))
        return
    served = [name for name, inner in kinds.items() if kind in inner]
    if served or _is_built_in(api_version):
        guess = " or ".join(served) or closest(api_version, kinds)
        hint = f"did you mean {guess}?" if guess else None
        found.error(("apiVersion",), f"unknown apiVersion of {cut(kind)}: {shown(api_version)}", hint)
        return
    names = [name for inner in kinds.values() for name in inner]
    guess = closest(api_version, kinds)
    found.warning(
        ("kind",),
        f"not checked: {cut(kind)} of {cut(api_version)} does not belong to Kubernetes {version.minor}",
        f"did you mean {guess}?" if guess and closest(kind, names) else None,
    )


def _is_built_in(api_version: str) -> bool:
    """Whether only Kubernetes itself could serve it: the groups of others have a dot."""
    group, slash, _ = api_version.rpartition("/")
    return not slash or "." not in group


def check_metadata(found: Findings, document: Mapping[str, Any], kind: str) -> None:
    """Names, the size of annotations, owners, and what only the server writes."""
    metadata = mapping(document.get("metadata"))
    if not metadata:
        return
    if not metadata.get("name") and not metadata.get("generateName"):
        found.error(("metadata", "name"), REQUIRED)
    if kind in _CLUSTER_SCOPED and metadata.get("namespace"):
        found.error(("metadata", "namespace"), f"a {kind} belongs to the cluster, not to a namespace")
    annotations = metadata.get("annotations")
    if annotations and _size(mapping(annotations)) > _MAX_ANNOTATIONS:
        found.error(("metadata", "annotations"), f"too long: over {_MAX_ANNOTATIONS} bytes in all")
    if "ownerReferences" in metadata:
        _check_owners(found, metadata)
    for field in _SET_BY_THE_SERVER:
        if metadata.get(field):
            found.error(("metadata", field), "only the server may set it")


def _size(annotations: Mapping[str, Any]) -> int:
    return sum(len(text(part).encode(errors="replace")) for pair in annotations.items() for part in pair)


def _check_owners(found: Findings, metadata: Mapping[str, Any]) -> None:
    controllers = [index for index, owner in mappings(metadata["ownerReferences"]) if owner.get("controller") is True]
    for index in controllers[1:]:
        where = ("metadata", "ownerReferences", index, "controller")
        found.error(where, f"only one owner can be the controller; number {controllers[0]} is")


def check_foreign_metadata(found: Findings, document: Mapping[str, Any]) -> None:
    """Name and labels of an object that there is no schema for."""
    metadata = document.get("metadata")
    if not isinstance(metadata, dict):
        found.error(
            ("metadata",), REQUIRED if metadata is None else f"must be a mapping of fields, not {shown(metadata)}"
        )
        return
    check_metadata(found, document, "")
    name = metadata.get("name")
    if isinstance(name, str) and name and not DNS_SUBDOMAIN.fits(name) and not _may_have_colons(document):
        found.error(("metadata", "name"), *DNS_SUBDOMAIN.problem(name))
    for key in mapping(metadata.get("labels")):
        if isinstance(key, str) and not KEY.fits(key):
            found.error(("metadata", "labels", key), *KEY.problem(key))


def _may_have_colons(document: Mapping[str, Any]) -> bool:
    return text(document.get("apiVersion")).startswith("rbac.authorization.k8s.io/")
