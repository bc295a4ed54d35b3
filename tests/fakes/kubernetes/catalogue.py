"""Which resources the fake serves, and where: read from the recorded aggregated discovery."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from tests.fakes.kubernetes.model import Object, Resource

RECORDINGS = Path(__file__).parents[2] / "recordings" / "kubernetes-1.36"
CUSTOM_GROUPS = ("argoproj.io", "kubeflow.org", "trainer.kubeflow.org")
"""Groups that are there through CustomResourceDefinitions."""


@dataclass(frozen=True)
class Entry:
    """A resource with what may be done to it."""

    resource: Resource
    verbs: tuple[str, ...]
    subresources: dict[str, tuple[str, ...]]


@dataclass(frozen=True)
class Catalogue:
    """All resources, by place and by kind."""

    entries: dict[tuple[str, str, str], Entry]
    groups: dict[str, tuple[str, ...]]

    def find(self, group: str, version: str, plural: str) -> Entry | None:
        """The resource at a path."""
        return self.entries.get((group, version, plural))

    def of_object(self, value: Object) -> Resource:
        """The resource of an object, by its apiVersion and kind."""
        group, _, version = value["apiVersion"].rpartition("/")
        return self.of_kind(value["kind"], group=group, version=version)

    def of_kind(self, kind: str, *, group: str | None = None, version: str | None = None) -> Resource:
        """The resource of a kind or plural; the first group in the order of discovery where none is named."""
        for (its_group, its_version, plural), entry in self.entries.items():
            named = kind in (entry.resource.kind, plural)
            if named and group in (None, its_group) and version in (None, its_version):
                return entry.resource
        raise KeyError(f"the fake serves no {kind} of group {group}, version {version}")


@cache
def recorded(name: str) -> Any:
    """The body of a recorded discovery answer."""
    return json.loads((RECORDINGS / "discovery" / f"{name}.json").read_text("utf-8"))["response"]["body"]


@cache
def load() -> Catalogue:
    """The catalogue of the recorded server."""
    entries: dict[tuple[str, str, str], Entry] = {}
    groups: dict[str, tuple[str, ...]] = {}
    for item in [*recorded("api-aggregated")["items"], *recorded("apis-aggregated")["items"]]:
        group = item["metadata"].get("name", "")
        groups[group] = tuple(version["version"] for version in item["versions"])
        for version in item["versions"]:
            for found in version["resources"]:
                entry = _entry(group, version["version"], found)
                entries[group, version["version"], entry.resource.plural] = entry
    return Catalogue(entries, groups)


def _entry(group: str, version: str, found: Object) -> Entry:
    resource = Resource(
        group,
        version,
        found["responseKind"]["kind"],
        found["resource"],
        found["scope"] == "Namespaced",
        group in CUSTOM_GROUPS,
    )
    below = {each["subresource"]: tuple(each["verbs"]) for each in found.get("subresources", ())}
    return Entry(resource, tuple(found["verbs"]), below)
