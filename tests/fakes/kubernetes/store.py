"""The objects of the cluster with their versions, and every change that was made: what lists and watches read."""

from __future__ import annotations

import threading
import uuid
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.fakes.kubernetes.model import Object, Resource

FIRST_REVISION = 1000


@dataclass(frozen=True)
class Change:
    """One entry of the history: ADDED, MODIFIED or DELETED, with the object after and before."""

    revision: int
    kind: str
    table: tuple[str, str]
    key: str
    object: Object
    before: Object | None


def key_of(namespace: str | None, name: str) -> str:
    """Where an object lies in its table; the order of these is the order of lists."""
    return f"{namespace}/{name}" if namespace else name


def key(value: Object) -> str:
    """Where an object lies in its table."""
    return key_of(value["metadata"].get("namespace"), value["metadata"]["name"])


def table(resource: Resource) -> tuple[str, str]:
    """The table of a resource: all versions of a group share one."""
    return resource.group, resource.plural


def now() -> str:
    """The time as the API writes it."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def new_uid() -> str:
    """A uid for a new object."""
    return str(uuid.uuid4())


class Store:
    """Objects are never changed in place: a change stores a new object, so readers need no lock for what they hold."""

    def __init__(self) -> None:
        self.changed = threading.Condition(threading.RLock())
        self.revision = FIRST_REVISION
        self.compacted = FIRST_REVISION
        self.patience_seconds = 3.0
        self.history: list[Change] = []
        self.listeners: list[Callable[[Change], None]] = []
        self._tables: dict[tuple[str, str], dict[str, Object]] = defaultdict(dict)
        self._places: dict[str, tuple[Resource, str]] = {}
        self._owned: dict[str, set[str]] = defaultdict(set)

    def get(self, resource: Resource, namespace: str | None, name: str) -> Object | None:
        """An object, or nothing."""
        with self.changed:
            return self._tables[table(resource)].get(key_of(namespace, name))

    def all(self, resource: Resource, *, revision: int | None = None) -> dict[str, Object]:
        """The objects of a resource by key in order; at `revision` as they were then."""
        with self.changed:
            found = dict(self._tables[table(resource)])
            if revision is not None:
                self._rewind(found, table(resource), revision)
        return dict(sorted(found.items()))

    def everything(self) -> list[tuple[Resource, Object]]:
        """All objects of all kinds."""
        with self.changed:
            return [found for uid in list(self._places) if (found := self.of_uid(uid)) is not None]

    def of_uid(self, uid: str) -> tuple[Resource, Object] | None:
        """The object with a uid, and what it is."""
        with self.changed:
            if uid not in self._places:
                return None
            resource, place = self._places[uid]
            return resource, self._tables[table(resource)][place]

    def lives(self, uid: str) -> bool:
        """Whether there is an object with this uid."""
        return uid in self._places

    def owned(self, uid: str) -> list[tuple[Resource, Object]]:
        """The objects that name this uid among their owners."""
        with self.changed:
            return [found for each in sorted(self._owned.get(uid, ())) if (found := self.of_uid(each)) is not None]

    def set(self, resource: Resource, value: Object) -> Object:
        """Stores an object under a new resourceVersion and tells the watches; what is stored comes back."""
        with self.changed:
            rows, place = self._tables[table(resource)], key(value)
            before = rows.get(place)
            stored = self._numbered(value)
            rows[place] = stored
            self._index(resource, before, stored)
            self._record("MODIFIED" if before else "ADDED", table(resource), place, stored, before)
            return stored

    def remove(self, resource: Resource, namespace: str | None, name: str) -> Object | None:
        """Takes an object away; its last state comes back, with the resourceVersion of the removal."""
        with self.changed:
            place = key_of(namespace, name)
            before = self._tables[table(resource)].pop(place, None)
            if before is None:
                return None
            self._index(resource, before, None)
            last = self._numbered(before)
            self._record("DELETED", table(resource), place, last, before)
            return last

    def place(self, resource: Resource, value: Object) -> Object:
        """Stores an object as it is, with its own resourceVersion: how a test arranges a recorded state."""
        with self.changed:
            given = int(value["metadata"].get("resourceVersion", "0"))
            if not given:
                return self.set(resource, value)
            self.revision = max(self.revision, given)
            before = self._tables[table(resource)].get(key(value))
            self._tables[table(resource)][key(value)] = value
            self._index(resource, before, value)
            self._record("MODIFIED" if before else "ADDED", table(resource), key(value), value, before)
            return value

    def compact(self, revision: int | None = None) -> None:
        """Forgets the history up to `revision` (default: now), so that older versions are answered with 410.

        Streams that are open have it still before them, as in the API server, however far behind they are.
        """
        with self.changed:
            self.compacted = self.revision if revision is None else revision

    def position(self, revision: int) -> int:
        """Where a watch from `revision` begins to read the history."""
        with self.changed:
            known = [number for number, change in enumerate(self.history) if change.revision <= revision]
            return known[-1] + 1 if known else 0

    def end(self) -> int:
        """Behind the last entry of the history."""
        return len(self.history)

    def since(self, position: int) -> tuple[list[Change], int]:
        """The changes from `position` on, and where to go on."""
        with self.changed:
            return self.history[position:], self.end()

    def _index(self, resource: Resource, before: Object | None, after: Object | None) -> None:
        """Notes where a uid is, and whom it belongs to."""
        for value, add in ((before, False), (after, True)):
            metadata = value["metadata"] if value else {}
            uid = metadata.get("uid")
            if uid is None:
                continue
            for owner in metadata.get("ownerReferences", ()):
                (self._owned[owner["uid"]].add if add else self._owned[owner["uid"]].discard)(uid)
            if add and value is not None:
                self._places[uid] = (resource, key(value))
            else:
                self._places.pop(uid, None)

    def _numbered(self, value: Object) -> Object:
        self.revision += 1
        return {**value, "metadata": {**value["metadata"], "resourceVersion": str(self.revision)}}

    def _record(self, kind: str, place: tuple[str, str], row: str, value: Object, before: Object | None) -> None:
        change = Change(self.revision, kind, place, row, value, before)
        self.history.append(change)
        for listener in self.listeners:
            listener(change)
        self.changed.notify_all()

    def _rewind(self, rows: dict[str, Object], place: tuple[str, str], revision: int) -> None:
        for change in reversed(self.history):
            if change.revision <= revision or change.table != place:
                continue
            if change.before is None:
                rows.pop(change.key, None)
            else:
                rows[change.key] = change.before
