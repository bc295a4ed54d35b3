"""The keys of ConfigMaps and Secrets that pods use, held against what the same manifest puts there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from cajajejo.findings import Finding
from cajajejo.manifest_checks.values import containers, inside, mapping, mappings, pod_spec, text
from cajajejo.phrases import did_you_mean, shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from cajajejo.yamlfile import Location

    Use = tuple[Location, str, str, Mapping[str, Any]]
    """Where a key is used, the kind and name of what it belongs to, and the mapping that names the key."""

_DATA: Final[Mapping[str, tuple[str, ...]]] = {"ConfigMap": ("data", "binaryData"), "Secret": ("data", "stringData")}


def check_keys(documents: Sequence[Mapping[str, Any]]) -> list[Finding]:
    """A warning for each key that a pod needs and that the ConfigMap or Secret of this manifest does not have."""
    known = {
        (text(document.get("kind")), _namespace(document), text(inside(document, "metadata", "name"))): [
            str(key) for field in _DATA[document["kind"]] for key in mapping(document.get(field))
        ]
        for document in documents
        if text(document.get("kind")) in _DATA
    }
    return [finding for index, document in enumerate(documents) for finding in _astray(index, document, known)]


def _namespace(document: Mapping[str, Any]) -> str:
    return text(inside(document, "metadata", "namespace")) or "default"


def _astray(
    index: int, document: Mapping[str, Any], known: Mapping[tuple[str, str, str], Sequence[str]]
) -> Iterator[Finding]:
    specified = pod_spec(document)
    if specified is None:
        return
    place, pod = specified
    for location, kind, name, use in _uses(pod):
        keys, key = known.get((kind, _namespace(document), name)), text(use.get("key"))
        if keys is not None and key and key not in keys and use.get("optional") is not True:
            message = f"the {kind} {shown(name)} of this manifest has no key {shown(key)}: the pod would not start"
            where = (*place, *location, "key")
            yield Finding(index, text(document.get("kind")), where, message, did_you_mean(key, keys), "warning")


def _uses(pod: Mapping[str, Any]) -> Iterator[Use]:
    for index, volume in mappings(pod.get("volumes")):
        here: Location = ("volumes", index)
        for field, inner, kind in (("configMap", "name", "ConfigMap"), ("secret", "secretName", "Secret")):
            if field in volume:
                yield from _items((*here, field), kind, inner, mapping(volume[field]))
        for number, source in mappings(inside(volume, "projected", "sources")):
            for field, kind in (("configMap", "ConfigMap"), ("secret", "Secret")):
                yield from _items(
                    (*here, "projected", "sources", number, field), kind, "name", mapping(source.get(field))
                )
    for list_name, index, container in containers(pod):
        for number, variable in mappings(container.get("env")):
            if "valueFrom" in variable:
                for field, kind in (("configMapKeyRef", "ConfigMap"), ("secretKeyRef", "Secret")):
                    use = mapping(inside(variable, "valueFrom", field))
                    yield (list_name, index, "env", number, "valueFrom", field), kind, text(use.get("name")), use


def _items(place: Location, kind: str, name_field: str, source: Mapping[str, Any]) -> Iterator[Use]:
    if source.get("optional") is not True:
        for index, item in mappings(source.get("items")):
            yield (*place, "items", index), kind, text(source.get(name_field)), item
