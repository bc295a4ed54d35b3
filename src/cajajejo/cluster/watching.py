"""What changes on a cluster, without ever missing the end: a list, then a watch from there, for as long as wanted.

A watch breaks often, and for many reasons: the server ends each after some minutes, connections are cut, API servers
restart, and what was seen last is too old to go on from. After each of these it goes on from the last change that came
whole; where that cannot be, it lists anew and tells what was missed, also what has disappeared meanwhile.

It never gives up by itself, and never hammers: after a failure it waits, longer each time, up to half a minute.
"""

from __future__ import annotations

import threading
from collections.abc import Generator, Iterator
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final, Self

from cajajejo.cluster import errors, lists
from cajajejo.cluster.event_stream import Event, EventStream, SilenceError
from cajajejo.cluster.lists import Wanted
from cajajejo.cluster.patience import DEFAULT_PACE, Health, Pace

if TYPE_CHECKING:
    from datetime import datetime

    from cajajejo.cluster.client import Cluster
    from cajajejo.cluster.exchange import JsonObject

__all__ = ["Change", "Pace", "Wanted", "Watch", "What", "watch"]

_DISTRUSTED: Final = 2
"""After so many attempts that brought nothing, the last version seen is given up, and all is listed anew."""


class What(StrEnum):
    """What a change is."""

    ADDED = "ADDED"
    MODIFIED = "MODIFIED"
    DELETED = "DELETED"
    LISTED = "LISTED"  # a signal: everything that is there has been told
    AWAY = "AWAY"  # a signal: the API server does not answer
    BACK = "BACK"  # a signal: it answers again


@dataclass(frozen=True, slots=True)
class Change:
    """One change of an object, or a signal, which has none.

    Attributes:
        what: what it is.
        object: the object, as it is now; of a deleted one, as it was last. It lacks ``managedFields``.
        since: since when the API server does not answer.
        error: why it does not.
    """

    what: What
    object: JsonObject
    since: datetime | None = None
    error: errors.ClusterError | None = None


def watch(
    cluster: Cluster,
    kind: str,
    namespace: str | None = None,
    *,
    selector: str = "",
    fields: str = "",
    signals: bool = False,
    remember: bool = True,
    pace: Pace = DEFAULT_PACE,
) -> Watch:
    """Every object of a kind as it is now, then every change, for ever; to be closed when it is no longer wanted.

    Args:
        cluster: the cluster.
        kind: the kind of the objects.
        namespace: where they are; None: the context's namespace.
        selector: a label selector.
        fields: a field selector.
        signals: also tell when all that is there has been told, and when the API server goes away and comes back.
        remember: keep the objects, which tells what disappears unseen; without it, what is listed anew is told again.
        pace: how patient it is.

    Raises:
        ClusterError: a refusal (``NotAllowedError``, ``CredentialsError``, ``NotServedError``, …), while iterating.
            Failures that pass are never raised.
    """
    return Watch(cluster, Wanted(kind, namespace, selector, fields), signals=signals, remember=remember, pace=pace)


class Watch(Iterator[Change]):
    """The changes, one after the other; `close` ends them from any thread, also in the middle of a wait."""

    def __init__(
        self, cluster: Cluster, wanted: Wanted, *, signals: bool = False, remember: bool = True, pace: Pace
    ) -> None:
        self._cluster = cluster
        self._wanted = wanted
        self._signals = signals
        self._remember = remember
        self._pace = pace
        self._closed = threading.Event()
        self._ending = threading.RLock()
        self._stream: EventStream | None = None
        self._known: dict[str, JsonObject] = {}
        self._version = ""
        self._health = Health(cluster.options, pace)
        self._changes = self._run()

    def __next__(self) -> Change:
        if self._closed.is_set():
            self._end()  # `close` could not, where a change was just being made in another thread
            raise StopIteration
        try:
            return next(self._changes)
        except ValueError:
            if self._closed.is_set():  # it is just being closed by another thread
                raise StopIteration from None
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Ends the watch: whoever waits in it gets no further change.

        A connection that is just being made is left to its own time-out, in the thread that makes it.
        """
        self._closed.set()
        stream = self._stream
        if stream is not None:
            stream.stop()
        self._end()

    def _end(self) -> None:
        """Closes the stream of a watch that is between two changes; one thread at a time, as Python 3.11 needs it."""
        with self._ending, suppress(ValueError):  # another thread is in it; it finds the watch closed
            self._changes.close()

    def _run(self) -> Generator[Change, None, None]:
        while not self._closed.is_set():
            error: errors.ClusterError | None = None
            try:
                if not self._version:
                    yield from self._list()
                yield from self._follow()
            except errors.ClusterError as failure:
                error = failure
            if self._closed.is_set():
                return
            since = self._health.ended(error)
            if since is not None and self._signals:
                yield Change(What.AWAY, {}, since, error)
            if isinstance(error, errors.ExpiredError) or self._health.barren >= _DISTRUSTED:
                self._version = ""
            self._pace.rest(self._closed, self._health.wait(error))

    def _list(self) -> Iterator[Change]:
        found: dict[str, JsonObject] = {}
        version = ""
        for page in self._cluster.pages(self._wanted, patient=False):
            if page.anew:
                found.clear()
            found.update((lists.key_of(item), _slim(item)) for item in page.items)
            version = page.version
        if self._health.answered() and self._signals:
            yield Change(What.BACK, {})
        for key in [key for key in self._known if key not in found]:
            yield Change(What.DELETED, self._known.pop(key))
        for key, item in found.items():
            yield from self._seen(key, item)
        self._version = version
        if self._signals:
            yield Change(What.LISTED, {})

    def _seen(self, key: str, item: JsonObject) -> Iterator[Change]:
        """The change that makes `item` out of what is known; none where it is known just so."""
        before = self._known.get(key)
        if self._remember:
            self._known[key] = item
        if before is None or _version(before) != _version(item):
            yield Change(What.ADDED if before is None else What.MODIFIED, item)

    def _follow(self) -> Iterator[Change]:
        stream = self._opened()
        heard = False
        try:
            if self._health.opened() and self._signals:
                yield Change(What.BACK, {})
            for event in stream:
                if not heard:
                    heard = True
                    self._health.progressed()
                yield from self._told(event)
                if self._closed.is_set():
                    return
        except SilenceError:
            if not heard:
                self._version = ""  # it may hang because it begins at a version that the cluster does not have
        finally:
            self._stream = None
            stream.close()

    def _opened(self) -> EventStream:
        shortest, longest = self._pace.stream_seconds
        seconds = shortest + (longest - shortest) * self._cluster.options.random()
        query = [
            ("resourceVersion", self._version),
            ("allowWatchBookmarks", "true"),
            ("timeoutSeconds", str(max(1, round(seconds)))),
        ]
        answer = self._cluster.stream(self._wanted, query, read_seconds=self._pace.silence_seconds)
        stream = EventStream(answer, self._cluster.target)
        self._stream = stream
        if self._closed.is_set():
            stream.stop()
        return stream

    def _told(self, event: Event) -> Iterator[Change]:
        """The change that an event of the stream tells; none of a bookmark, or of what is known already."""
        if event.type in {What.ADDED, What.MODIFIED, What.DELETED} and lists.is_named(event.object):
            item, key = _slim(event.object), lists.key_of(event.object)
            if event.type == What.DELETED:
                self._known.pop(key, None)
                yield Change(What.DELETED, item)
            else:
                yield from self._seen(key, item)
        self._version = _version(event.object) or self._version


def _slim(item: JsonObject) -> JsonObject:
    """`item` without ``managedFields``, which are a third of it and tell nothing."""
    metadata = {key: value for key, value in item["metadata"].items() if key != "managedFields"}
    return {**item, "metadata": metadata}


def _version(item: JsonObject) -> str:
    metadata = item.get("metadata")
    return str(metadata.get("resourceVersion") or "") if isinstance(metadata, dict) else ""
