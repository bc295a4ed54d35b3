"""The lines of a job as Cloud Logging receives them: listed, then live, each once and in order as far as can be.

A live tail gives what arrives while it is open. So a tail is opened, and what arrived before is listed; the same again
whenever it breaks off, which it does after some time, and when Cloud Logging says that it left entries out. Whatever
comes twice is dropped; whatever comes late has a few seconds to be put in its place.
"""

from __future__ import annotations

import queue
import threading
from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from cajajejo.cluster.retries import pause
from cajajejo.logs import cloud_errors
from cajajejo.logs.cloud_entries import key_of, lines_of
from cajajejo.logs.cloud_order import Memory, Shelf
from cajajejo.logs.cloud_query import filter_of, nanoseconds

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

    from cajajejo.logs.cloud import CloudLogs
    from cajajejo.logs.cloud_connection import Connection
    from cajajejo.logs.cloud_entries import Key
    from cajajejo.logs.cloud_query import Query
    from cajajejo.logs.lines import Line

_SECOND: Final = 10**9
_UNREAD: Final = 64
"""Answers of a tail that wait to be read; what does not fit waits in Cloud Logging."""
AHEAD: Final = 24 * 3600 * _SECOND
"""How far in the future an entry may lie, in nanoseconds: the clocks of nodes differ from the one here."""
_ENDS: Final = {"DEADLINE_EXCEEDED", "OUT_OF_RANGE"}
"""How a tail ends that has lasted as long as it may."""


@dataclass(frozen=True, slots=True)
class Pace:
    """The times of a live tail, in seconds.

    Attributes:
        hold: how long an entry waits for earlier ones that arrive after it.
        tick: how long it is waited for an answer before something else is seen to.
        look: how often it is asked whether the job has ended.
        settle: how long after a tail was opened what it may have missed is listed.
        overlap: how far back that list goes.
        session: how long one tail is kept; Cloud Logging keeps none over an hour, and a connection can die silently.
        grace: how long after the job's end lines may still arrive.
    """

    hold: float = 2.0
    tick: float = 0.5
    look: float = 5.0
    settle: float = 5.0
    overlap: float = 60.0
    session: float = 600.0
    grace: float = 10.0


PACE: Final = Pace()


class Heard(NamedTuple):
    """What a tail answered: entries, and whether it left some out; or how it broke off."""

    entries: tuple[Any, ...] = ()
    left_out: bool = False
    broken_by: Exception | None = None
    is_over: bool = False


class Session:
    """One live tail, read by a thread, so that waiting for a line can be left off.

    Args:
        connection: Cloud Logging.
        project: whose logs.
        filter_text: which entries.
        pace: the times.
    """

    def __init__(self, connection: Connection, project: str, filter_text: str, pace: Pace) -> None:
        self._connection = connection
        self._closing = threading.Event()
        self._heard: queue.Queue[Heard] = queue.Queue(_UNREAD)
        self._call = connection.live(
            project, filter_text, self._requests, buffer_seconds=pace.hold, seconds=pace.session
        )
        threading.Thread(target=self._read, name="cloud-logging-tail", daemon=True).start()

    def next(self, seconds: float) -> Heard:
        """What was answered next; nothing after `seconds`."""
        try:
            return self._heard.get(timeout=seconds)
        except queue.Empty:
            return Heard()

    def close(self) -> None:
        """Ends the tail."""
        self._closing.set()
        self._call.cancel()

    def _requests(self, request: Any) -> Iterator[Any]:
        yield request
        self._closing.wait()  # a tail whose requests have ended may end too

    def _read(self) -> None:
        try:
            for answer in self._connection.responses(self._call):
                self._put(Heard(tuple(answer.entries), bool(answer.suppression_info)))
        except self._connection.call_error as error:
            self._put(Heard(broken_by=error, is_over=True))
        else:
            self._put(Heard(is_over=True))

    def _put(self, heard: Heard) -> None:
        while not self._closing.is_set():
            try:
                self._heard.put(heard, timeout=1.0)
            except queue.Full:
                continue
            return


class Tail:
    """A job followed in Cloud Logging.

    Args:
        logs: the logs of the project.
        query: which lines.
        ended: whether the job has ended, so that soon no more lines come.
        pace: the times.
    """

    def __init__(self, logs: CloudLogs, query: Query, ended: Callable[[], bool], pace: Pace) -> None:
        self._logs, self._query, self._ended, self._pace = logs, query, ended, pace
        self._memory, self._shelf = Memory(), Shelf(self._pace.hold)
        self._waiting = logs.waiting
        self._first = self._newest = 0
        self._look_at = self._waiting.clock()
        self._over_at: float | None = None

    def lines(self, since: datetime) -> Iterator[Line]:
        """The lines from `since` on, and what follows, until the job has ended.

        Raises:
            CloudLogsError: they cannot be read, and waiting does not help.
            MissingExtraError: Google's client is not installed.
        """
        self._newest = self._first = nanoseconds(since)
        for entry in self._new_entries(self._first):
            yield from lines_of(entry)
        failures = 0
        while not self._is_over():
            opened = self._waiting.clock()
            trouble = yield from self._listen()
            lasted = self._waiting.clock() - opened >= self._pace.settle
            failures = 0 if lasted else failures + 1
            if not self._is_over() and (trouble or not lasted):
                seconds = pause(max(0, failures - 1), None, self._waiting.timing, self._waiting.random())
                self._waiting.wait(trouble or "broke off", seconds)
        yield from self._rest()

    def _rest(self) -> Iterator[Line]:
        """What is left when the job has ended; an error of the last list comes after the lines that are there."""
        failure = None
        try:
            self._catch_up(self._newest)
        except cloud_errors.CloudLogsError as error:
            failure = error
        for entry in self._shelf.rest():
            yield from lines_of(entry)
        if failure is not None:
            raise failure

    def _listen(self) -> Generator[Line, None, str]:
        """The lines of one session; returns why it broke off, empty where a new one may be opened at once."""
        filter_text = filter_of(self._query, self._logs.place)
        session = Session(self._logs.connection, self._logs.place.project, filter_text, self._pace)
        try:
            return (yield from self._heard(session))
        except cloud_errors.CloudAwayError:
            return "is away"
        finally:
            session.close()

    def _heard(self, session: Session) -> Generator[Line, None, str]:
        opened = self._waiting.clock()
        due = deque(
            [(opened, self._newest), (opened + self._pace.settle, self._newest)]
        )  # when to list, and since when
        heard, known = Heard(), self._newest
        while not (heard.is_over or self._is_over()):
            heard = session.next(self._pace.tick)
            if heard.left_out:
                due.append((self._waiting.clock(), known))
            known = self._newest
            for entry in heard.entries:
                self._put(entry)
            while due and due[0][0] <= self._waiting.clock():
                self._catch_up(due.popleft()[1])
            for entry in self._shelf.ready(self._waiting.clock()):
                yield from lines_of(entry)
        return self._why(heard.broken_by) if heard.broken_by else ""

    def _why(self, error: Exception) -> str:
        """Why a session broke off, where a new one may work.

        Raises:
            CloudLogsError: none will.
        """
        trouble = cloud_errors.trouble_of(error)
        if trouble is None:
            raise cloud_errors.failed(error, self._logs.place) from error
        return "" if cloud_errors.code_of(error) in _ENDS else trouble.text

    def _catch_up(self, since: int) -> None:
        for entry in self._new_entries(max(self._first, since - int(self._pace.overlap * _SECOND))):
            self._shelf.put(key_of(entry), entry, self._waiting.clock())

    def _new_entries(self, since: int) -> Iterator[Any]:
        for entry in self._logs.entries(self._query, since, _now() + AHEAD):
            if self._is_new(key_of(entry)):
                yield entry

    def _put(self, entry: Any) -> None:
        key = key_of(entry)
        if key.at >= self._first and self._is_new(key):
            self._shelf.put(key, entry, self._waiting.clock())

    def _is_new(self, key: Key) -> bool:
        self._newest = max(self._newest, min(key.at, _now()))  # a node's clock may be ahead
        return self._memory.is_new(key)

    def _is_over(self) -> bool:
        now = self._waiting.clock()
        if self._over_at is None and now >= self._look_at:
            self._look_at = now + self._pace.look
            self._over_at = now + self._pace.grace if self._ended() else None
        return self._over_at is not None and now >= self._over_at


def _now() -> int:
    return nanoseconds(datetime.now(UTC))
