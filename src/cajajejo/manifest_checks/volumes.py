"""The volumes of a pod, and the claims that volumes are made from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from cajajejo.manifest_checks.containers import check_relative
from cajajejo.manifest_checks.resources import amount
from cajajejo.manifest_checks.values import inside, mapping, mappings, text
from cajajejo.phrases import shown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cajajejo.findings import Findings
    from cajajejo.yamlfile import Location

_PROJECTIONS: Final = (
    *("clusterTrustBundle", "configMap", "downwardAPI", "podCertificate", "secret", "serviceAccountToken"),
)
_OWN_METADATA: Final = {"annotations", "labels"}


def check_volumes(found: Findings, place: Location, volumes: object) -> list[str]:
    """The names of the volumes at `place`; each must be unique, and have one source."""
    names: dict[str, int] = {}
    for index, volume in mappings(volumes):
        name = text(volume.get("name"))
        if name and names.setdefault(name, index) != index:
            found.error((*place, index, "name"), f"must be unique: volumes.{names[name]} has it, too")
        sources = [field for field, value in volume.items() if field != "name" and value is not None]
        if len(sources) > 1:
            listed = ", ".join(sorted(map(str, sources)))
            found.error((*place, index), f"must have one source, not {len(sources)}", f"it has {listed}")
        elif not sources:
            found.warning((*place, index), "has no source, and will be an emptyDir")
        for source in sources:
            _check_source(found, (*place, index, source), source, mapping(volume[source]))
    return [*names]


def _check_source(found: Findings, place: Location, name: str, source: Mapping[str, Any]) -> None:
    match name:
        case "configMap" | "secret":
            _check_items(found, (*place, "items"), source.get("items"))
        case "downwardAPI":
            _check_items(found, (*place, "items"), source.get("items"))
        case "emptyDir":
            medium = source.get("medium")
            if medium and medium != "Memory" and not str(medium).startswith("HugePages"):
                found.warning((*place, "medium"), f"should be Memory or HugePages, not {shown(medium)}")
        case "ephemeral":
            _check_claim_template(found, (*place, "volumeClaimTemplate"), mapping(source.get("volumeClaimTemplate")))
        case "hostPath":
            if ".." in text(source.get("path")).split("/"):
                found.error((*place, "path"), f"must not hold '..': {shown(source['path'])}")
        case "projected":
            _check_projected(found, (*place, "sources"), source.get("sources"))


def _check_items(found: Findings, place: Location, items: object) -> None:
    for index, item in mappings(items):
        check_relative(found, (*place, index, "path"), text(item.get("path")))


def _check_projected(found: Findings, place: Location, sources: object) -> None:
    for index, source in mappings(sources):
        names = [name for name in _PROJECTIONS if source.get(name) is not None]
        if len(names) != 1:
            found.error((*place, index), f"must have one source, not {len(names)}", f"one of {', '.join(_PROJECTIONS)}")
        for name in names:
            _check_items(found, (*place, index, name, "items"), inside(source, name, "items"))


def _check_claim_template(found: Findings, place: Location, template: Mapping[str, Any]) -> None:
    for field, value in mapping(template.get("metadata")).items():
        if field not in _OWN_METADATA and value:
            found.error((*place, "metadata", str(field)), "only labels and annotations can stand here")
    check_claim(found, (*place, "spec"), mapping(template.get("spec")))


def check_claim(found: Findings, place: Location, claim: Mapping[str, Any]) -> None:
    """The specification of a PersistentVolumeClaim: some storage, and access modes that go together."""
    storage, limit = inside(claim, "resources", "requests", "storage"), inside(claim, "resources", "limits", "storage")
    wanted, most = amount(storage), amount(limit)
    if wanted == 0:
        found.error((*place, "resources", "requests", "storage"), "must be more than zero")
    if wanted is not None and most is not None and wanted > most:
        message = f"must be at most the limit, {shown(limit)}, not {shown(storage)}"
        found.error((*place, "resources", "requests", "storage"), message)
    modes = claim.get("accessModes")
    if isinstance(modes, list) and "ReadWriteOncePod" in modes and len(modes) > 1:
        found.error((*place, "accessModes"), "ReadWriteOncePod cannot stand beside another access mode")
