"""What happens to jobs and what they print, as one stream: for a screen that also moves while nothing happens."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from queue import Empty, Full, Queue
from typing import TYPE_CHECKING, Final, TypeAlias

from cajajejo.errors import CajajejoError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from cajajejo.logs.lines import Gap, Line
    from cajajejo.status import Status

_TICK_SECONDS: Final = 0.1
_WAITING: Final = 1000  # lines on their way to the screen; a faster log waits
_REST_SECONDS: Final = 10.0  # how long the last lines of a job may take after its end


@dataclass(frozen=True, slots=True)
class Said:
    """A line that a container of a job printed, or a gap in its log."""

    job: str
    line: Line | Gap


@dataclass(frozen=True, slots=True)
class Silent:
    """The log of a job that cannot be read, and why; the job itself goes on."""

    job: str
    why: str


Event: TypeAlias = "Status | Said | Silent | None"


@dataclass(frozen=True, slots=True)
class _Over:
    """The log of the job `name` has no more."""

    name: str


class Feed:
    """Statuses and log lines of jobs, as they come; None where nothing came for a moment.

    The final status of a job comes after its last line. Logs are read in threads that the end of the program does not
    wait for, so that Ctrl-C takes effect at once.

    Args:
        statuses: the statuses, with None between them; ends when all jobs have ended.
        logs: gives the lines of one job each, by its name.
        clock: seconds that only grow.
    """

    def __init__(
        self,
        statuses: Iterator[Status | None],
        logs: Mapping[str, Callable[[], Iterable[Line | Gap]]],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._statuses = statuses
        self._clock = clock
        self._came: Queue[Said | Silent | _Over | BaseException] = Queue(_WAITING)
        self._stopped = threading.Event()
        self._speaking = set(logs)
        self._held: dict[str, tuple[Status, float]] = {}
        for name, lines in logs.items():
            threading.Thread(target=self._listen, args=(name, lines), name=f"log {name}", daemon=True).start()

    def close(self) -> None:
        """Lets the threads end at what comes next."""
        self._stopped.set()

    def __iter__(self) -> Iterator[Event]:
        """The events; raises what the statuses raise."""
        for status in self._statuses:
            yield from self._said(0)
            if status is not None and status.state.is_end:
                self._held[status.name] = (status, self._clock() + _REST_SECONDS)
            else:
                yield status
            yield from self._complete()
        while self._held:
            yield from self._said(_TICK_SECONDS)
            yield None
            yield from self._complete()

    def _said(self, seconds: float) -> Iterator[Said | Silent]:
        """What the logs said by now, or say in so many seconds."""
        while True:
            try:
                event = self._came.get(timeout=seconds) if seconds else self._came.get_nowait()
            except Empty:
                return
            if isinstance(event, BaseException):
                raise event
            if isinstance(event, _Over):
                self._speaking.discard(event.name)
            else:
                yield event
            seconds = 0

    def _complete(self) -> Iterator[Status]:
        """The ends of the jobs that have nothing more to say, or take too long to say it."""
        for name, (status, until) in list(self._held.items()):
            if name not in self._speaking or self._clock() >= until:
                del self._held[name]
                yield status

    def _listen(self, name: str, lines: Callable[[], Iterable[Line | Gap]]) -> None:
        try:
            for line in lines():
                if not self._put(Said(name, line)):
                    return
        except CajajejoError as error:
            self._put(Silent(name, error.message))
        except Exception as error:  # noqa: BLE001  # a bug, which the thread that waits raises
            self._put(error)
        self._put(_Over(name))

    def _put(self, event: Said | Silent | _Over | BaseException) -> bool:
        """Whether `event` was taken; not when nobody reads any more."""
        while not self._stopped.is_set():
            try:
                self._came.put(event, timeout=_TICK_SECONDS)
            except Full:
                continue
            return True
        return False
