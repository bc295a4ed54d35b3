"""What the server checks of the metadata of any object, on create and on update."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from tests.fakes.kubernetes import names
from tests.fakes.kubernetes.causes import forbidden, invalid, required, too_long, unchanged

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.fakes.kubernetes.model import Cause, Object, Resource

ANNOTATIONS_LIMIT: Final = 256 * 1024
_FIXED: Final = ("name", "namespace", "uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds")
_FINALIZERS: Final = frozenset({"orphan", "foregroundDeletion", "kubernetes"})
_LABEL_NAMED: Final = frozenset({"Namespace", "Service"})
GENERATED: Final = {
    "controller-uid": "uid",
    "job-name": "name",
    "batch.kubernetes.io/controller-uid": "uid",
    "batch.kubernetes.io/job-name": "name",
}
"""The labels that the server generates for the pods of a Job, and the field of its metadata that is their value."""


def metadata(resource: Resource, value: Object) -> list[Cause]:
    """The causes in the metadata of a new object."""
    found = value.get("metadata", {})
    check = names.dns_label if resource.kind in _LABEL_NAMED else names.dns_subdomain
    return [
        *_generate_name(found.get("generateName", ""), check),
        *_name(found.get("name", ""), check),
        *_namespace(resource, found.get("namespace", "")),
        *wrong_labels(_own_labels(found), "metadata.labels"),
        *wrong_annotations(found.get("annotations", {}), "metadata.annotations"),
        *_owners(found.get("ownerReferences", [])),
        *_finalizers(found.get("finalizers", [])),
    ]


def metadata_update(value: Object, old: Object) -> list[Cause]:
    """The causes in the metadata of a changed object."""
    new, before = value.get("metadata", {}), old.get("metadata", {})
    fixed = [cause for name in _FIXED for cause in unchanged(f"metadata.{name}", new.get(name), before.get(name))]
    return [
        *fixed,
        *wrong_labels(_own_labels(new), "metadata.labels"),
        *wrong_annotations(new.get("annotations", {}), "metadata.annotations"),
        *_owners(new.get("ownerReferences", [])),
    ]


def _own_labels(found: Object) -> dict[str, str]:
    """The labels less those that a Job has from its pods, which the real server only adds after the checks."""
    generated = {label: found.get(field, "") for label, field in GENERATED.items()}
    return {key: text for key, text in found.get("labels", {}).items() if generated.get(key) != text}


def _generate_name(name: str, check: Callable[[str], list[str]]) -> list[Cause]:
    if not name:
        return []
    masked = f"{name[:-1]}a" if name.endswith("-") else name
    return [invalid("metadata.generateName", name, told) for told in check(masked)]


def _name(name: str, check: Callable[[str], list[str]]) -> list[Cause]:
    if not name:
        return [required("metadata.name", "name or generateName is required")]
    return [invalid("metadata.name", name, told) for told in check(name)]


def _namespace(resource: Resource, namespace: str) -> list[Cause]:
    if not resource.namespaced:
        return [forbidden("metadata.namespace", "not allowed on this type")] if namespace else []
    if not namespace:
        return [required("metadata.namespace")]
    return [invalid("metadata.namespace", namespace, told) for told in names.dns_label(namespace)]


def wrong_labels(found: dict[str, str], field: str) -> list[Cause]:
    """The causes in labels, or in a node selector."""
    causes: list[Cause] = []
    for key in sorted(found):
        causes += [invalid(field, key, told) for told in names.qualified(key)]
        causes += [invalid(field, found[key], told) for told in names.label_value(found[key])]
    return causes


def wrong_annotations(found: dict[str, str], field: str) -> list[Cause]:
    """The causes in annotations."""
    causes = [invalid(field, key, told) for key in sorted(found) for told in names.qualified(key.lower())]
    size = sum(len(key.encode()) + len(text.encode()) for key, text in found.items())
    return [*causes, *([too_long(field, ANNOTATIONS_LIMIT)] if size > ANNOTATIONS_LIMIT else [])]


def _owners(found: list[Object]) -> list[Cause]:
    field = "metadata.ownerReferences"
    causes = [cause for owner in found for cause in _owner(owner, field)]
    controllers = [owner for owner in found if owner.get("controller")]
    if len(controllers) > 1:
        first, second = (f"{owner['kind']}/{owner['name']}" for owner in controllers[:2])
        told = (
            f'Only one reference can have Controller set to true. Found "true" in references for {first} and {second}'
        )
        causes.append(invalid(field, found, told))
    return causes


def _owner(owner: dict[str, Any], field: str) -> list[Cause]:
    wanted = {"apiVersion": "version must not be empty", **dict.fromkeys(("kind", "name", "uid"), "must not be empty")}
    return [invalid(f"{field}.{name}", "", told) for name, told in wanted.items() if not owner.get(name)]


def _finalizers(found: list[str]) -> list[Cause]:
    field = "metadata.finalizers"
    causes = [invalid(field, name, told) for name in found for told in names.qualified(name)]
    for name in found:
        if "/" not in name and name not in _FINALIZERS:
            told = "name is neither a standard finalizer name nor is it fully qualified"
            causes.append(invalid(field, name, told))
    return causes
