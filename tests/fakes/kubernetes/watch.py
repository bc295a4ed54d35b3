"""Watches: what is there, then every change as it comes, bookmarks, and the 410 of a version that is too old."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.fakes.kubernetes import tables
from tests.fakes.kubernetes.errors import expired, invalid_options, number
from tests.fakes.kubernetes.messages import Answer, line
from tests.fakes.kubernetes.model import Cause
from tests.fakes.kubernetes.reading import revision, selection
from tests.fakes.kubernetes.store import table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.fakes.kubernetes.calls import Call
    from tests.fakes.kubernetes.model import Object
    from tests.fakes.kubernetes.store import Change

HEARTBEAT_SECONDS = 0.25
"""How often a quiet watch looks whether its client is still there."""
_EMPTY: dict[str, Object] = {
    "Job": {"spec": {"template": {"metadata": {}, "spec": {"containers": None}}}, "status": {}},
    "Pod": {"spec": {"containers": None}, "status": {}},
    "Event": {
        "involvedObject": {}, "source": {}, "firstTimestamp": None, "lastTimestamp": None, "eventTime": None,
        "reportingComponent": "", "reportingInstance": "",
    },
    "PersistentVolumeClaim": {"spec": {"resources": {}}, "status": {}},
    "Namespace": {"spec": {}, "status": {}},
}  # fmt: skip
"""What an object without content looks like, in a bookmark."""


@dataclass(frozen=True)
class Pace:
    """How long a watch goes on without a timeoutSeconds, how often it sends bookmarks, and when the server stops."""

    bookmark_seconds: float
    stopped: Callable[[], bool]


def watch(call: Call, pace: Pace) -> Answer:
    """The answer to GET with ``watch=true``: a stream.

    Raises:
        ApiError: the parameters cannot be.
    """
    query = call.request.query
    if query.get("sendInitialEvents") and query.get("resourceVersionMatch") != "NotOlderThan":
        message = "Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan"
        raise invalid_options("ListOptions", Cause("FieldValueForbidden", message, "resourceVersionMatch"))
    since = revision(query.get("resourceVersion") or "0")
    return Answer(200, stream=_Stream(call, pace, since).parts())


class _Stream:
    """One watch; what it begins with is what was there when it was asked for, before any answer."""

    def __init__(self, call: Call, pace: Pace, since: int) -> None:
        self._call = call
        self._pace = pace
        self._chosen = selection(call)
        self._form = tables.form(call.request)
        self._store = call.store
        self._bookmarks = call.request.flag("allowWatchBookmarks")
        seconds = number(call.request.query, "timeoutSeconds")
        self._end = float("inf") if seconds is None else time.monotonic() + seconds
        self._bookmark_at = time.monotonic() + pace.bookmark_seconds
        initial = since == 0 or call.request.flag("sendInitialEvents")
        with self._store.changed:
            self._too_old = b"" if initial or since >= self._store.compacted else self._expired(since)
            self._rows = self._store.all(call.resource) if initial else {}
            self._current = self._store.revision
            self._place = self._store.position(self._current if initial else since)

    def parts(self) -> Iterator[bytes]:
        """The lines of the stream, and nothing (``b""``) now and then while it is quiet."""
        if self._too_old:
            yield self._too_old
            return
        for row in self._rows.values():
            if self._chosen(row):
                yield self._line("ADDED", row)
        if self._call.request.flag("sendInitialEvents") and self._bookmarks:
            yield self._bookmark(self._current, {"k8s.io/initial-events-end": "true"})
        yield from self._live(self._place)

    def _live(self, place: int) -> Iterator[bytes]:
        """What comes until the end, with all that was there at the end, however late it is looked at."""
        is_over = False
        while not is_over and not self._pace.stopped():
            is_over = time.monotonic() >= self._end
            with self._store.changed:
                if self._store.end() <= place and not is_over:
                    self._store.changed.wait(min(HEARTBEAT_SECONDS, max(0.0, self._end - time.monotonic())))
                changes, place = self._store.since(place)
                current = self._store.revision
            lines = [part for change in changes for part in self._changed(change)]
            yield b"".join(lines)
            if self._bookmarks and time.monotonic() >= self._bookmark_at:
                self._bookmark_at = time.monotonic() + self._pace.bookmark_seconds
                yield self._bookmark(current, {})

    def _changed(self, change: Change) -> Iterator[bytes]:
        if change.table != table(self._call.resource):
            return
        was = change.before is not None and self._chosen(change.before)
        if change.kind == "DELETED":
            if was:
                yield self._line("DELETED", change.object)
        elif self._chosen(change.object):
            yield self._line("MODIFIED" if was else "ADDED", change.object)
        elif was and change.before is not None:
            version = change.object["metadata"]["resourceVersion"]
            metadata = {**change.before["metadata"], "resourceVersion": version}
            yield self._line("DELETED", {**change.before, "metadata": metadata})

    def _line(self, kind: str, value: Object) -> bytes:
        if self._form == "Table":
            version = {"resourceVersion": value["metadata"]["resourceVersion"]}
            value = tables.table(self._call.resource, [value], version)
        elif self._form:
            value = tables.partial(value)
        return line({"type": kind, "object": value})

    def _bookmark(self, current: int, annotations: dict[str, str]) -> bytes:
        metadata: Object = {"resourceVersion": str(current)}
        if annotations:
            metadata["annotations"] = annotations
        resource = self._call.resource
        head = {"kind": resource.kind, "apiVersion": resource.api_version, "metadata": metadata}
        if self._form:
            return self._line("BOOKMARK", head)
        return line({"type": "BOOKMARK", "object": {**head, **_EMPTY.get(resource.kind, {})}})

    def _expired(self, since: int) -> bytes:
        error = expired(f"too old resource version: {since} ({self._store.compacted})")
        return line({"type": "ERROR", "object": error.body()})
