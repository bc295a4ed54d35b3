"""Entries that arrive in any order, and more than once: each once, in order as far as can be, in bounded memory."""

from __future__ import annotations

import heapq
from collections import deque
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cajajejo.logs.cloud_entries import Key

_REMEMBERED: Final = 100_000


class Shelf:
    """Entries that wait for earlier ones: each for some seconds, and not longer for what comes after it."""

    def __init__(self, hold: float) -> None:
        self._hold = hold
        self._waiting: list[tuple[Key, int, Any]] = []
        self._arrivals: deque[tuple[float, int]] = deque()
        self._gone: set[int] = set()
        self._count = 0

    def put(self, key: Key, entry: Any, now: float) -> None:
        """Takes an entry that arrived `now`."""
        self._count += 1
        heapq.heappush(self._waiting, (key, self._count, entry))
        self._arrivals.append((now, self._count))

    def ready(self, now: float) -> Iterator[Any]:
        """The entries that have waited long enough, and those before them, in order."""
        while self._arrivals and self._arrivals[0][0] <= now - self._hold:
            _, number = self._arrivals.popleft()
            if number in self._gone:
                self._gone.remove(number)
                continue
            yield from self._up_to(number)

    def rest(self) -> Iterator[Any]:
        """All of them, in order."""
        while self._waiting:
            yield heapq.heappop(self._waiting)[-1]

    def _up_to(self, number: int) -> Iterator[Any]:
        while self._waiting:
            _, popped, entry = heapq.heappop(self._waiting)
            yield entry
            if popped == number:
                return
            self._gone.add(popped)


class Memory:
    """The entries that were seen lately, as many as fit."""

    def __init__(self, size: int = _REMEMBERED) -> None:
        self._size = size
        self._known: dict[Key, None] = {}

    def is_new(self, key: Key) -> bool:
        """Whether `key` is seen for the first time; from now on it is known."""
        if not key.insert_id:
            return True
        if key in self._known:
            return False
        self._known[key] = None
        if len(self._known) > self._size:
            del self._known[next(iter(self._known))]
        return True
