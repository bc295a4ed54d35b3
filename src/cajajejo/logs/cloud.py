"""What a job printed, read from Cloud Logging: also when its pods, and the Job itself, are gone."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from cajajejo.cluster.retries import Attempts, Effect, Timing, chance
from cajajejo.logs import cloud_errors
from cajajejo.logs.cloud_connection import Connection, connect
from cajajejo.logs.cloud_entries import Key, key_of, lines_of
from cajajejo.logs.cloud_query import filter_of, nanoseconds
from cajajejo.logs.cloud_tail import AHEAD, PACE, Pace, Tail

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from cajajejo.logs.cloud_place import Place
    from cajajejo.logs.cloud_query import Query
    from cajajejo.logs.lines import Line

PAGE_SIZE: Final = 1000
"""Entries of a page, the most that Cloud Logging gives."""
TIMING: Final = Timing(first=1.0, longest=30.0, total=180.0, total_unanswered=20.0)
"""Reads have a quota by the minute, so that a minute must fit in before it is given up."""
_STALE: Final = "INVALID_ARGUMENT"


@dataclass(slots=True)
class Waiting:
    """How time passes while Cloud Logging is read; a test has a clock of its own.

    Attributes:
        timing: when a request is tried again, and when it is given up.
        say: told a sentence before each wait.
        clock: seconds that only grow.
        sleep: waits for some seconds.
        random: a number from 0 to 1.
    """

    timing: Timing = TIMING
    say: Callable[[str], None] = lambda _: None
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    random: Callable[[], float] = field(default=chance)

    def attempts(self) -> Attempts:
        """The attempts of one request."""
        return Attempts(Effect.REPEATABLE, self.timing, self.clock, self.random)

    def wait(self, trouble: str, seconds: float) -> None:
        """Says what is waited for, and waits."""
        self.say(f"Cloud Logging {trouble}, trying again in {max(1, round(seconds))} s")
        self.sleep(seconds)


class CloudLogs:
    """The logs of one project, read through Google's client.

    Args:
        place: the project, and the cluster in it.
        environ: the variables of the environment.
        waiting: how time passes.
    """

    def __init__(self, place: Place, environ: Mapping[str, str], waiting: Waiting | None = None) -> None:
        self.place = place
        self.waiting = waiting or Waiting()
        self._environ = environ
        self._answered = False

    @cached_property
    def connection(self) -> Connection:
        """The connection, made when it is first needed.

        Raises:
            MissingExtraError: Google's client is not installed.
            CloudLoginError: there is no login.
        """
        return connect(self._environ)

    def read(self, query: Query, since: datetime, until: datetime | None = None) -> Iterator[Line]:
        """The lines of `query` from `since` to before `until`, oldest first, each once; a page is held at a time.

        Raises:
            CloudLogsError: they cannot be read, or the rest of them.
            MissingExtraError: Google's client is not installed.
        """
        end = nanoseconds(until or datetime.now(UTC)) + (0 if until else AHEAD)
        for entry in self.entries(query, nanoseconds(since), end):
            yield from lines_of(entry)

    def tail(self, query: Query, since: datetime, ended: Callable[[], bool], pace: Pace = PACE) -> Iterator[Line]:
        """The lines of `query` from `since` on and those that follow, each once, until soon after the job has `ended`.

        Raises:
            CloudLogsError: they cannot be read, and waiting does not help.
            MissingExtraError: Google's client is not installed.
        """
        return Tail(self, query, ended, pace).lines(since)

    def entries(self, query: Query, since: int, until: int) -> Iterator[Any]:
        """As `read`, the entries; `since` and `until` are nanoseconds since the epoch."""
        latest, token = since, ""
        asked = filter_of(query, self.place, since, until)
        call_error = self.connection.call_error
        seen: set[Key] = set()  # those of `latest`: only a neighbour can be the same entry
        while True:
            try:
                page = self._page(asked, token)
            except call_error as error:
                if not token or cloud_errors.code_of(error) != _STALE:
                    raise cloud_errors.failed(error, self.place) from error
                asked, token = filter_of(query, self.place, latest, until), ""  # the token is too old: a day
                continue
            for entry in page.entries:
                key = key_of(entry)
                if key in seen and key.insert_id:
                    continue
                if key.at != latest:
                    latest, seen = key.at, set()
                seen.add(key)
                yield entry
            if not page.next_page_token:
                return
            token = page.next_page_token

    def _page(self, asked: str, token: str) -> Any:
        connection, attempts = self.connection, self.waiting.attempts()
        while True:
            try:
                page = connection.page(self.place.project, asked, PAGE_SIZE, token)
            except connection.call_error as error:
                trouble = cloud_errors.trouble_of(error)
                seconds = attempts.wait_after(trouble, answered=self._answered) if trouble else None
                if trouble is None or seconds is None:
                    raise
                self.waiting.wait(trouble.text, seconds)
            else:
                self._answered = True
                return page
