"""Lists of objects as values: which objects are wanted, a page of them, and what tells one object from another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cajajejo.cluster.exchange import JsonObject
    from cajajejo.cluster.kinds import Kind


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which objects are listed or watched.

    Attributes:
        kind: their kind.
        namespace: where; None: the context's namespace.
        selector: a label selector, ``app=eval,run!=weekly``.
        fields: a field selector, ``involvedObject.name=x``.
        api_version: another one than that of our table, for clusters that serve an older one.
    """

    kind: str
    namespace: str | None = None
    selector: str = ""
    fields: str = ""
    api_version: str | None = None

    @property
    def query(self) -> Sequence[tuple[str, str]]:
        """The selectors as a query has them."""
        labels = [("labelSelector", self.selector)] * bool(self.selector)
        return [*labels, *[("fieldSelector", self.fields)] * bool(self.fields)]


@dataclass(frozen=True, slots=True)
class Page:
    """A part of a list.

    Attributes:
        items: its objects, each with its kind.
        version: the resourceVersion of the whole list.
        token: what the next page is asked with; empty where there is none.
        anew: whether the list begins here, and what came before it does not count any more.
    """

    items: Sequence[JsonObject]
    version: str
    token: str
    anew: bool


def page_of(document: JsonObject, kind: Kind, *, anew: bool) -> Page:
    """The page that a list `document` is; what is no object with a name is left out."""
    metadata, items = document.get("metadata"), document.get("items")
    about = metadata if isinstance(metadata, dict) else {}
    head = {"apiVersion": kind.api_version, "kind": kind.name}
    found = [{**head, **item} for item in (items if isinstance(items, list) else []) if is_named(item)]
    return Page(found, str(about.get("resourceVersion") or ""), str(about.get("continue") or ""), anew)


def is_named(item: Any) -> bool:
    """Whether `item` is an object with a name."""
    metadata = item.get("metadata") if isinstance(item, dict) else None
    return isinstance(metadata, dict) and bool(metadata.get("name"))


def key_of(item: JsonObject) -> str:
    """What tells an object from all others: its uid; where there is none, its place."""
    metadata = item["metadata"]
    return str(metadata.get("uid") or f"{metadata.get('namespace')}/{metadata['name']}")
