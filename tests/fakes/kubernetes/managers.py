"""Who owns which fields of an object: ``metadata.managedFields``, read and written."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from tests.fakes.kubernetes import fields, schema

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.fakes.kubernetes.fields import Fields, Path
    from tests.fakes.kubernetes.model import Object, Resource

_NEVER_OWNED: Final = frozenset(
    {
        ("f:apiVersion",),
        ("f:kind",),
        ("f:metadata",),
        *(
            ("f:metadata", f"f:{name}")
            for name in (
                "creationTimestamp",
                "generation",
                "managedFields",
                "name",
                "namespace",
                "resourceVersion",
                "selfLink",
                "uid",
            )
        ),
    }
)


class Manager(NamedTuple):
    """Who is told apart: an applier by name, an updater by the version it wrote, too."""

    name: str
    operation: str
    api_version: str
    subresource: str = ""

    def told(self) -> str:
        """The manager as conflicts name it."""
        version = f" using {self.api_version}" if self.operation == "Update" else ""
        subresource = f" with subresource {json.dumps(self.subresource)}" if self.subresource else ""
        return f"{json.dumps(self.name)}{subresource}{version}"


@dataclass(frozen=True)
class Share:
    """What one manager owns, and since when; no time where nothing changed when it came."""

    owned: Fields
    api_version: str
    time: str = ""


Shares: TypeAlias = dict[Manager, Share]


def manager(name: str, operation: str, resource: Resource, subresource: str = "") -> Manager:
    """The manager `name`, writing a `resource`."""
    return Manager(name, operation, resource.api_version if operation == "Update" else "", subresource)


def read(entries: Iterable[Object]) -> Shares:
    """The shares in `entries`, a ``metadata.managedFields``."""
    return dict(map(_read, entries))


def _read(entry: Object) -> tuple[Manager, Share]:
    operation, version = entry.get("operation", ""), entry.get("apiVersion", "")
    known = version if operation == "Update" else ""
    who = Manager(entry.get("manager", ""), operation, known, entry.get("subresource", ""))
    return who, Share(fields.decode(entry.get("fieldsV1") or {}), version, entry.get("time") or "")


def write(shares: Shares) -> list[Object]:
    """`shares` as ``metadata.managedFields``: appliers first, then by time and name; who owns nothing is left out."""
    order = sorted(shares.items(), key=lambda pair: (pair[0].operation, pair[1].time, pair[0]))
    return [_write(who, share) for who, share in order if share.owned]


def _write(who: Manager, share: Share) -> Object:
    entry: Object = {"manager": who.name, "operation": who.operation, "apiVersion": share.api_version}
    if share.time:
        entry["time"] = share.time
    entry |= {"fieldsType": "FieldsV1", "fieldsV1": fields.encode(share.owned)}
    if who.subresource:
        entry["subresource"] = who.subresource
    return entry


def ownable(resource: Resource, paths: Iterable[Path], subresource: str) -> Fields:
    """Those of `paths` that can be owned: no name or uid, and of status or the rest only what the endpoint writes."""
    hidden = ""
    if schema.has_status(resource):
        hidden = {"": "f:status", "status": "f:spec"}.get(subresource, "")
    return frozenset(path for path in paths if path and path not in _NEVER_OWNED and path[0] != hidden)


def without_times(entries: Iterable[Object]) -> list[Object]:
    """`entries` less their times, in an order that does not come from them."""
    plain = [{name: value for name, value in entry.items() if name != "time"} for entry in entries]
    return sorted(plain, key=lambda entry: json.dumps(entry, sort_keys=True))
