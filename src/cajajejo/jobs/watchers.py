"""Watches of several kinds in several namespaces as one stream: a thread for each, and one queue."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING

from cajajejo.cluster import watch

if TYPE_CHECKING:
    from cajajejo.cluster import Change, Cluster, Pace, Watch
    from cajajejo.cluster.lists import Wanted


@dataclass(frozen=True, slots=True)
class Told:
    """What a watch told: a change, or the error that it ended with."""

    kind: str
    namespace: str
    change: Change | None = None
    error: Exception | None = None


class Watchers:
    """The watches; to be closed, so that their threads end."""

    def __init__(self, cluster: Cluster, pace: Pace) -> None:
        self._cluster = cluster
        self._pace = pace
        self._came: SimpleQueue[Told] = SimpleQueue()
        self._watches: list[Watch] = []

    def start(self, wanted: Wanted, *, remember: bool) -> None:
        """One watch more, in a thread that the end of the program does not wait for."""
        changes = watch(
            self._cluster,
            wanted.kind,
            wanted.namespace,
            selector=wanted.selector,
            fields=wanted.fields,
            signals=True,
            remember=remember,
            pace=self._pace,
        )
        self._watches.append(changes)
        name = f"watch {wanted.kind} {wanted.namespace}"
        threading.Thread(target=self._run, args=(wanted, changes), name=name, daemon=True).start()

    def get(self, seconds: float | None) -> Told | None:
        """What comes next; None where nothing comes in so many seconds. Without `seconds` it waits for ever."""
        try:
            return self._came.get(timeout=seconds) if seconds is None or seconds > 0 else self._came.get_nowait()
        except Empty:
            return None

    def close(self) -> None:
        """Ends all watches."""
        for changes in self._watches:
            changes.close()

    def _run(self, wanted: Wanted, changes: Watch) -> None:
        namespace = wanted.namespace or ""
        try:
            for change in changes:
                self._came.put(Told(wanted.kind, namespace, change))
        except Exception as error:  # noqa: BLE001  # the thread that waits raises it
            self._came.put(Told(wanted.kind, namespace, error=error))
