"""Several threads that work off tasks, while the thread that asked looks on; it alone hears of Ctrl-C, at once."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import Final

Task = Callable[[], Iterable["Task"]]
"""Work; it returns what is to be done because of it, which is done next."""

TICK_SECONDS: Final = 0.1
_LAST_SECONDS: Final = 1.0
"""How long threads may take to write down how far they came."""


class Crew:
    """Threads that end with the process, whatever they wait for.

    Args:
        threads: how many.
    """

    def __init__(self, threads: int) -> None:
        self._threads = threads
        self._stopped = threading.Event()
        self._changed = threading.Condition()
        self._tasks: deque[Task] = deque()
        self._busy = 0
        self._error: BaseException | None = None

    def goes_on(self) -> bool:
        """Whether tasks are still worked off; a long one asks often."""
        return not self._stopped.is_set()

    def wait(self, seconds: float) -> None:
        """Lets a task wait, until everything stops at the latest."""
        self._stopped.wait(seconds)

    def work_off(self, tasks: Sequence[Task], tick: Callable[[], None]) -> None:
        """Returns when all of `tasks` are done, and what they led to; calls `tick` meanwhile, about ten times a second.

        Raises:
            BaseException: what the first task that failed has raised, or `tick`, or Ctrl-C; everything has stopped.
        """
        self._tasks.extend(tasks)
        for _ in range(self._threads):
            threading.Thread(target=self._work, daemon=True).start()
        try:
            while not self._is_over(TICK_SECONDS):
                tick()
            tick()
        finally:
            self._stop()
            self._until(lambda: self._busy == 0, _LAST_SECONDS)
        if self._error is not None:
            raise self._error

    def _is_over(self, seconds: float) -> bool:
        return self._until(lambda: self._error is not None or not (self._busy or self._tasks), seconds)

    def _until(self, holds: Callable[[], bool], seconds: float) -> bool:
        with self._changed:
            return self._changed.wait_for(holds, seconds)

    def _stop(self) -> None:
        self._stopped.set()
        with self._changed:
            self._changed.notify_all()

    def _work(self) -> None:
        while (task := self._next()) is not None:
            try:
                following = list(task())
            except BaseException as error:  # noqa: BLE001  # raised again in the thread that asked
                self._done((), error)
            else:
                self._done(following, None)

    def _next(self) -> Task | None:
        with self._changed:
            self._changed.wait_for(lambda: self._tasks or not self._busy or not self.goes_on())
            if not self._tasks or not self.goes_on():
                return None
            self._busy += 1
            return self._tasks.popleft()

    def _done(self, following: Sequence[Task], error: BaseException | None) -> None:
        with self._changed:
            self._busy -= 1
            self._tasks.extendleft(reversed(following))
            if error is not None:
                self._error = self._error or error
                self._stopped.set()
            self._changed.notify_all()
