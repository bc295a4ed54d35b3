"""Logs that are read at the same time, as one in order of time: each by a thread, none far ahead of the others."""

from __future__ import annotations

import threading
import time
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from cajajejo.logs.merging import began, split

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterator

    from cajajejo.logs.lines import Item

WINDOW_SECONDS: Final = 0.5
"""How long a line waits for an earlier one of another log."""
_AHEAD: Final = 4
"""Blocks of one log that wait to be shown."""


@dataclass(slots=True)
class _Log:
    """One log: what was read of it and waits, since when it says nothing, and whether more comes."""

    heard_at: float
    waiting: deque[Item] = field(default_factory=deque)
    is_open: bool = True


class Live:
    """Logs that come, in order of time as far as can be; more may be added at any time, by any thread.

    A line is shown when every other log has shown a later one, or has said nothing for `window` seconds.

    Args:
        window: how long a line waits for an earlier one of another log, in seconds.
        clock: seconds that only grow.
    """

    def __init__(self, *, window: float = WINDOW_SECONDS, clock: Callable[[], float] = time.monotonic) -> None:
        self._window = window
        self._clock = clock
        self._changed = threading.Condition()
        self._logs: dict[Hashable, _Log] = {}
        self._is_over = False
        self._is_closed = False
        self._error: BaseException | None = None

    def add(self, name: Hashable, items: Iterator[Item], *, then: Callable[[], object] = lambda: None) -> None:
        """Reads one more log in a thread of its own; `then` is called when it has ended."""
        with self._changed:
            self._logs[name] = _Log(self._clock())
        threading.Thread(target=self._read, args=(name, items, then), name="log", daemon=True).start()

    def is_reading(self, name: Hashable) -> bool:
        """Whether more of this log may come."""
        with self._changed:
            return name in self._logs and self._logs[name].is_open

    def finish(self, error: BaseException | None = None) -> None:
        """No log is added any more; `error` is raised to the reader at once."""
        with self._changed:
            self._is_over = True
            self._error = self._error or error
            self._changed.notify_all()

    def close(self) -> None:
        """Nobody wants more: what is being read is left when its next line comes."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()

    def __iter__(self) -> Iterator[Item]:
        """The items of all logs, until the last has ended and none is added any more."""
        while (item := self._next()) is not None:
            yield item

    def _read(self, name: Hashable, items: Iterator[Item], then: Callable[[], object]) -> None:
        log = self._logs[name]
        try:
            for item in items:
                with self._changed:
                    log.waiting.append(item)
                    log.heard_at = self._clock()
                    self._changed.notify_all()
                    while len(log.waiting) >= _AHEAD and not self._is_closed:
                        self._changed.wait()
                    if self._is_closed:
                        return
        except BaseException as error:  # noqa: BLE001  # the thread that shows the lines raises it
            self.finish(error)
        with self._changed:
            log.is_open = False
            self._changed.notify_all()
        then()

    def _next(self) -> Item | None:
        with self._changed:
            while True:
                if self._error is not None:
                    raise self._error
                self._logs = {name: log for name, log in self._logs.items() if log.is_open or log.waiting}
                speaking = [log for log in self._logs.values() if log.waiting]
                patience = self._patience() if len(self._logs) > 1 else 0.0
                if speaking and patience <= 0:
                    return self._first(speaking)
                if self._is_over and not self._logs:
                    return None
                self._changed.wait(patience if speaking else None)

    def _patience(self) -> float:
        """Seconds that may pass until every log that says nothing has done so for long enough."""
        quiet = [log.heard_at for log in self._logs.values() if not log.waiting]
        return max(quiet) + self._window - self._clock() if quiet else 0.0

    def _first(self, speaking: list[_Log]) -> Item:
        """The earliest of what waits, as much of it as is earlier than everything else."""
        speaking.sort(key=lambda log: began(log.waiting[0]) or 0)
        log = speaking[0]
        bound = began(speaking[1].waiting[0]) if len(speaking) > 1 else None
        item, kept, rest = split(log.waiting.popleft(), iter(()), bound)
        log.waiting.extendleft(reversed([*([] if kept is None else [kept]), *rest]))
        self._changed.notify_all()
        return item
