"""What the documents of one manifest say about each other: the same object twice, and names that miss their object."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from cajajejo.findings import Finding
from cajajejo.manifest_checks.values import containers, inside, mapping, mappings, pod_spec, text
from cajajejo.phrases import closest, cut, shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from collections.abc import Set as AbstractSet

    from cajajejo.yamlfile import Location

_EVERYWHERE: Final = ("ConfigMap", "kube-root-ca.crt")
"""What every namespace has without being asked."""
Key = tuple[str, str, str]
"""Kind, namespace and name of an object."""


@dataclass(frozen=True, slots=True)
class Reference:
    """A name at a place of a document that means another object."""

    document: int
    kind: str
    location: Location
    target: Key


def check_references(documents: Sequence[Mapping[str, Any]]) -> list[Finding]:
    """Objects that stand twice, and references that probably mean an object of this manifest by another name."""
    objects: dict[Key, int] = {}
    found = []
    for index, document in enumerate(documents):
        key = _key(document)
        if key[2] and objects.setdefault(key, index) != index:
            message = f"the same {cut(key[0])} stands in document {objects[key] + 1} of the manifest, too"
            found.append(Finding(index, key[0], ("metadata", "name"), message))
    references = [reference for index, document in enumerate(documents) for reference in _references(index, document)]
    meant = {reference.target for reference in references}
    named = {text(mapping(document.get("metadata")).get("namespace")) for document in documents}
    free = [key for key in objects if key not in meant]
    return found + [finding for reference in references if (finding := _astray(reference, objects, free, named))]


def _key(document: Mapping[str, Any]) -> Key:
    metadata = mapping(document.get("metadata"))
    group = text(document.get("apiVersion")).rpartition("/")[0]
    kind = text(document.get("kind"))
    qualified = kind if "." not in group or group.endswith(".k8s.io") else f"{kind}.{group}"
    return qualified, text(metadata.get("namespace")) or "default", text(metadata.get("name"))


def _astray(
    reference: Reference, objects: Mapping[Key, int], free: Sequence[Key], named: AbstractSet[str]
) -> Finding | None:
    """The warning about a reference to nothing in this manifest, while something here is left without one."""
    kind, namespace, name = reference.target
    if reference.target in objects:
        return None
    elsewhere = next((key[1] for key in objects if (key[0], key[2]) == (kind, name)), None)
    if elsewhere is not None and {namespace, elsewhere} <= named:
        message = (
            f"the {kind} {shown(name)} of this manifest is in namespace {cut(elsewhere)}, and not in {cut(namespace)}"
        )
        who = "a RoleBinding gives" if reference.kind == "RoleBinding" else "a pod sees"
        hint = f"{who} only what is in its own namespace"
        return Finding(reference.document, reference.kind, reference.location, message, hint)
    names = [key[2] for key in free if key[:2] == (kind, namespace)]
    if not names:
        return None
    guess = closest(name, names) or (names[0] if kind == "ConfigMap" and len(names) == 1 else None)
    if guess is None:
        return None
    message = f"this manifest has no {kind} {shown(name)}, and nothing uses its {kind} {shown(guess)}"
    hint = f"did you mean {cut(guess)}?"
    return Finding(reference.document, reference.kind, reference.location, message, hint, "warning")


def _references(index: int, document: Mapping[str, Any]) -> Iterator[Reference]:
    own_kind, namespace, _ = _key(document)
    given = mapping(document.get("roleRef"))
    if own_kind == "RoleBinding" and given.get("kind") == "Role":
        yield Reference(index, own_kind, ("roleRef", "name"), ("Role", namespace, text(given.get("name"))))
    specified = pod_spec(document)
    if specified is None:
        return
    place, pod = specified
    for location, kind, name in _names(pod):
        if name and (kind, name) != _EVERYWHERE:
            yield Reference(index, own_kind, (*place, *location), (kind, namespace, name))


def _names(pod: Mapping[str, Any]) -> Iterator[tuple[Location, str, str]]:
    """Place, kind and name of each object that a pod uses."""
    for index, volume in mappings(pod.get("volumes")):
        here: Location = ("volumes", index)
        for field, inner, kind in (
            ("configMap", "name", "ConfigMap"),
            ("secret", "secretName", "Secret"),
            ("persistentVolumeClaim", "claimName", "PersistentVolumeClaim"),
        ):
            if field in volume:
                yield (*here, field, inner), kind, text(inside(volume, field, inner))
        for number, source in mappings(inside(volume, "projected", "sources")):
            for field, kind in (("configMap", "ConfigMap"), ("secret", "Secret")):
                name = text(inside(source, field, "name"))
                yield (*here, "projected", "sources", number, field, "name"), kind, name
    for field, index, container in containers(pod):
        yield from _names_in_environment((field, index), container)
    yield ("serviceAccountName",), "ServiceAccount", text(pod.get("serviceAccountName"))


def _names_in_environment(place: Location, container: Mapping[str, Any]) -> Iterator[tuple[Location, str, str]]:
    for index, variable in mappings(container.get("env")):
        if "valueFrom" in variable:
            for field, kind in (("configMapKeyRef", "ConfigMap"), ("secretKeyRef", "Secret")):
                name = text(inside(variable, "valueFrom", field, "name"))
                yield (*place, "env", index, "valueFrom", field, "name"), kind, name
    for index, source in mappings(container.get("envFrom")):
        for field, kind in (("configMapRef", "ConfigMap"), ("secretRef", "Secret")):
            yield (*place, "envFrom", index, field, "name"), kind, text(inside(source, field, "name"))
