"""The environment of a container: where each variable comes from, and which hide others."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from cajajejo.manifest_checks.values import mapping, mappings, present, text
from cajajejo.phrases import did_you_mean, shown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cajajejo.findings import Findings
    from cajajejo.yamlfile import Location

_SOURCES: Final = ("configMapKeyRef", "fieldRef", "fileKeyRef", "resourceFieldRef", "secretKeyRef")
_OF_MANY: Final = ("configMapRef", "secretRef")
_FIELDS: Final = (
    *("metadata.name", "metadata.namespace", "metadata.uid", "spec.nodeName", "spec.serviceAccountName"),
    *("status.hostIP", "status.hostIPs", "status.podIP", "status.podIPs"),
)
_KEYED_FIELD: Final = re.compile(r"metadata\.(labels|annotations)\['[^']+'\]")
_RESOURCES: Final = (
    *("limits.cpu", "limits.memory", "limits.ephemeral-storage"),
    *("requests.cpu", "requests.memory", "requests.ephemeral-storage"),
)
_HUGE_PAGES: Final = ("limits.hugepages-", "requests.hugepages-")


def check_env(found: Findings, place: Location, variables: object) -> None:
    """Each variable has one source; one that stands twice is odd."""
    seen: dict[str, int] = {}
    for index, variable in mappings(variables):
        name = text(variable.get("name"))
        first = seen.setdefault(name, index)
        if name and first != index:
            found.warning((*place, index, "name"), f"hides the {shown(name)} of env.{first}")
            seen[name] = index
        if variable.get("valueFrom") is not None:
            _check_source(found, (*place, index, "valueFrom"), variable)


def _check_source(found: Findings, place: Location, variable: Mapping[str, Any]) -> None:
    source = mapping(variable["valueFrom"])
    if variable.get("value"):
        found.error(place, "cannot stand beside value")
    names = present(source, *_SOURCES)
    if isinstance(variable["valueFrom"], dict) and len(names) != 1:
        found.error(place, f"must have one source, not {len(names)}", f"one of {', '.join(_SOURCES)}")
    field = text(mapping(source.get("fieldRef")).get("fieldPath"))
    if field and field not in _FIELDS and not _KEYED_FIELD.fullmatch(field):
        message = f"not a field that a variable can hold: {shown(field)}"
        found.error((*place, "fieldRef", "fieldPath"), message, did_you_mean(field, _FIELDS))
    resource = text(mapping(source.get("resourceFieldRef")).get("resource"))
    if resource and resource not in _RESOURCES and not resource.startswith(_HUGE_PAGES):
        message = f"not a resource that a variable can hold: {shown(resource)}"
        found.error((*place, "resourceFieldRef", "resource"), message, did_you_mean(resource, _RESOURCES))


def check_env_from(found: Findings, place: Location, sources: object) -> None:
    """Each entry names a ConfigMap or a Secret, and only one of them."""
    for index, source in mappings(sources):
        names = present(source, *_OF_MANY)
        if len(names) != 1:
            found.error((*place, index), f"must have one source, not {len(names)}", f"one of {', '.join(_OF_MANY)}")
