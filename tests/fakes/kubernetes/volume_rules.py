"""What the server checks of the volumes of a pod, and of claims for one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tests.fakes.kubernetes import quantities
from tests.fakes.kubernetes.causes import duplicate, forbidden, invalid, not_supported, required
from tests.fakes.kubernetes.metadata_rules import wrong_annotations, wrong_labels
from tests.fakes.kubernetes.names import dns_label, dns_subdomain

if TYPE_CHECKING:
    from tests.fakes.kubernetes.model import Cause, Object

_MODES: Final = ("ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod")
_NAMED: Final = {"configMap": "name", "secret": "secretName", "persistentVolumeClaim": "claimName"}
_MAX_MODE: Final = 0o777


def volumes(found: list[Object], field: str) -> tuple[list[Cause], set[str]]:
    """The causes in the volumes, and the names of those that are sound and so can be mounted."""
    causes: list[Cause] = []
    names: set[str] = set()
    for number, volume in enumerate(found):
        here, name = f"{field}[{number}]", volume.get("name", "")
        wrong = _source(volume, here)
        if not name:
            wrong.append(required(f"{here}.name"))
        else:
            wrong += [invalid(f"{here}.name", name, told) for told in dns_label(name)]
        if name in names:
            wrong.append(duplicate(f"{here}.name", name))
        if not wrong:
            names.add(name)
        causes += wrong
    return causes, names


def _source(volume: Object, field: str) -> list[Cause]:
    given = [name for name in volume if name != "name"]
    if not given:
        return [required(field, "must specify a volume type")]
    causes = [forbidden(f"{field}.{name}", "may not specify more than 1 volume type") for name in given[1:]]
    kind, source = given[0], volume[given[0]]
    here = f"{field}.{kind}"
    if kind in _NAMED and not source.get(_NAMED[kind]):
        causes.append(required(f"{here}.{_NAMED[kind]}"))
    if kind == "hostPath" and not source.get("path"):
        causes.append(required(f"{here}.path"))
    if kind == "emptyDir" and quantities.parse(source.get("sizeLimit", "0")).value < 0:
        causes.append(forbidden(f"{here}.sizeLimit", "SizeLimit field must be a valid resource quantity"))
    if not 0 <= source.get("defaultMode", 0) <= _MAX_MODE:
        told = "must be a number between 0 and 0777 (octal), both inclusive"
        causes.append(invalid(f"{here}.defaultMode", source["defaultMode"], told))
    causes += _items(source.get("items", []), f"{here}.items")
    return [*causes, *_ephemeral(source, here)] if kind == "ephemeral" else causes


def _items(items: list[Object], field: str) -> list[Cause]:
    causes: list[Cause] = []
    for number, item in enumerate(items):
        here, path = f"{field}[{number}]", item.get("path", "")
        causes += [required(f"{here}.{name}") for name in ("key", "path") if not item.get(name)]
        if path.startswith("/"):
            causes.append(invalid(f"{here}.path", path, "must be a relative path"))
        if ".." in path.split("/"):
            causes.append(invalid(f"{here}.path", path, "must not contain '..'"))
    return causes


def _ephemeral(source: Object, field: str) -> list[Cause]:
    here, found = f"{field}.volumeClaimTemplate", source.get("volumeClaimTemplate")
    if found is None:
        return [required(here)]
    metadata = found.get("metadata", {})
    return [
        *wrong_labels(metadata.get("labels", {}), f"{here}.metadata.labels"),
        *wrong_annotations(metadata.get("annotations", {}), f"{here}.metadata.annotations"),
        *claim_spec(found.get("spec", {}), f"{here}.spec"),
    ]


def claim_spec(spec: Object, field: str) -> list[Cause]:
    """The causes in the spec of a persistent volume claim, or of the template of one."""
    modes = spec.get("accessModes", [])
    causes = [] if modes else [required(f"{field}.accessModes", "at least 1 access mode is required")]
    causes += [not_supported(f"{field}.accessModes", mode, _MODES) for mode in modes if mode not in _MODES]
    if "ReadWriteOncePod" in modes and len(modes) > 1:
        told = "may not use ReadWriteOncePod with other access modes"
        causes.append(forbidden(f"{field}.accessModes", told))
    storage = spec.get("resources", {}).get("requests", {}).get("storage")
    if storage is None:
        causes.append(required(f"{field}.resources[storage]"))
    elif quantities.parse(storage).value <= 0:
        causes.append(invalid(f"{field}.resources[storage]", storage, "must be greater than zero"))
    name = spec.get("storageClassName", "")
    if name:
        causes += [invalid(f"{field}.storageClassName", name, told) for told in dns_subdomain(name)]
    if spec.get("volumeMode", "Filesystem") not in {"Block", "Filesystem"}:
        causes.append(not_supported(f"{field}.volumeMode", spec["volumeMode"], ("Block", "Filesystem")))
    return causes
