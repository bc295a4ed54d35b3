"""How patient a watch is: how long it waits after which failure, and when it tells that the API server is away."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from cajajejo.cluster import errors
from cajajejo.cluster.retries import Timing, pause

if TYPE_CHECKING:
    from collections.abc import Callable

    from cajajejo.cluster.connection import Options

_PASSING: Final = (
    errors.UnreachableError,
    errors.ClusterBusyError,
    errors.UnexpectedAnswerError,
    errors.ExpiredError,
)
"""Failures that pass by waiting; all others are refusals."""
_REMEMBERED_FAILURES: Final = 3
"""How many failures still count after a stream that brought something: one cut after each event is no hammer."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How patient a watch is, in seconds.

    Attributes:
        timing: the waits after failures.
        stream_seconds: the shortest and the longest time after which the server is asked to end a stream.
        silence_seconds: how long a stream may say nothing; a server sends a bookmark every minute.
        settled_seconds: a stream that lasted so long was none that failed.
        away_seconds: after how long without an answer it is told that the API server is away.
        refusal_seconds: for how long a refusal is taken for a server that is just starting, once it has answered.
        rest: waits for so many seconds, or until the event is set.
    """

    timing: Timing = Timing(longest=30.0, longest_asked=60.0)  # noqa: RUF009  # frozen
    stream_seconds: tuple[float, float] = (240.0, 300.0)
    silence_seconds: float = 90.0
    settled_seconds: float = 5.0
    away_seconds: float = 10.0
    refusal_seconds: float = 60.0
    rest: Callable[[threading.Event, float], object] = threading.Event.wait


DEFAULT_PACE: Final = Pace()


class Health:
    """How the server has answered lately: what to wait, and what to tell."""

    def __init__(self, options: Options, pace: Pace) -> None:
        self._options = options
        self._pace = pace
        self._failures = 0
        self._opened_at: float | None = None
        self._failing_since: float | None = None
        self._refused_since: float | None = None
        self._was_open = False
        self._is_away = False
        self.barren = 0
        """How many attempts in a row brought no event."""

    def answered(self) -> bool:
        """A list came; whether the server is back from having been away."""
        self._failing_since = None
        was_away, self._is_away = self._is_away, False
        return was_away

    def opened(self) -> bool:
        """A stream was opened; whether the server is back from having been away."""
        self._opened_at = self._options.clock()
        self._refused_since = None
        self._was_open = True
        return self.answered()

    def progressed(self) -> None:
        """A stream has brought an event."""
        self._failures = min(self._failures, _REMEMBERED_FAILURES)
        self.barren = -1

    def ended(self, error: errors.ClusterError | None) -> datetime | None:
        """A stream ended, with an error or without, or none came about.

        Returns:
            Since when the server is away; None where it is not, or where it has been told before.

        Raises:
            ClusterError: `error`, where it is a refusal that does not pass.
        """
        now = self._options.clock()
        lasted = self._opened_at is not None and now - self._opened_at >= self._pace.settled_seconds
        self._opened_at = None
        self._failures = 0 if lasted else self._failures + 1
        self.barren = 0 if lasted else self.barren + 1
        if error is None or isinstance(error, errors.ExpiredError):
            return None
        if not isinstance(error, _PASSING):
            self._refused_since = self._refused_since or now
            if not self._was_open or now - self._refused_since >= self._pace.refusal_seconds:
                raise error
        return self._failing(now)

    def wait(self, error: errors.ClusterError | None) -> float:
        """Seconds until the next attempt: none after the first 410, a moment after a stream that lasted."""
        random = self._options.random()
        if not self._failures:
            return self._pace.timing.first * random
        if self._failures == 1 and isinstance(error, errors.ExpiredError):
            return 0.0
        asked = error.retry_after if error is not None else None
        return pause(self._failures - 1, asked, self._pace.timing, random)

    def _failing(self, now: float) -> datetime | None:
        self._failing_since = now if self._failing_since is None else self._failing_since
        seconds = now - self._failing_since
        if self._is_away or seconds < self._pace.away_seconds:
            return None
        self._is_away = True
        return datetime.fromtimestamp(self._options.now() - seconds, UTC)
