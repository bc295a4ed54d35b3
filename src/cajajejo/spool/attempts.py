"""Tracking a finished evaluation, with patience; else keeping it.

A server that is away is asked again after a second, then after ever longer pauses, up to a minute. The copy in the
spool is made after the first attempt that failed, before the waiting begins.
"""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from cajajejo import moments
from cajajejo.errors import CajajejoError, TrackingAwayError, TrackingError
from cajajejo.spool import entries, scratch
from cajajejo.spool.kept import Kept, command, contents
from cajajejo.tracking.artifacts import artifacts
from cajajejo.tracking.connection import without_login
from cajajejo.tracking.evaluations import Log
from cajajejo.tracking.finished import LOG
from cajajejo.tracking.patience import Limit, before, request_seconds, requests_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cajajejo.tracking.evaluations import Logged
    from cajajejo.tracking.finished import Finished

PATIENCE_SECONDS: Final = 600.0
"""How long a server that is away is waited for, unless `PATIENCE_VARIABLE` says otherwise."""
PATIENCE_VARIABLE: Final = "CAJAJEJO_TRACKING_PATIENCE"
_LONGEST_PAUSE: Final = 60.0
_EVERY_SECONDS: Final = 60.0
_LEAST_REQUEST_SECONDS: Final = 5.0
_REQUEST_SECONDS: Final = 30.0
_RETRIES: Final = 1
"""How often MLflow itself repeats a request; what fails then is begun anew, but for the files that were sent."""
_RATE: Final = 1_000_000
"""Bytes a second that a server stores at least, once it has them."""


@dataclass(frozen=True, slots=True)
class Tracked:
    """An evaluation that stands on its MLflow run with all that it left."""

    run_id: str


def patience(environ: Mapping[str, str]) -> float:
    """Seconds that a tracking server is waited for: ``CAJAJEJO_TRACKING_PATIENCE``, for example ``90s``; or 10 min.

    Raises:
        UsageError: the variable is no duration.
    """
    given = environ.get(PATIENCE_VARIABLE)
    return PATIENCE_SECONDS if not given else moments.parse_duration(given, PATIENCE_VARIABLE)


def track(finished: Finished, *, say: Callable[[str], None], patience_seconds: float) -> Tracked | Kept:
    """The run that has all of `finished` now, or where it is kept when the server was away for too long.

    Args:
        finished: the evaluation; it is described on the scratch directory first.
        say: is told in a line when waiting begins, once a minute, and when it is over.
        patience_seconds: how long a server that is away is waited for.
    """
    try:
        scratch.write(finished)
    except OSError as error:
        say(f"what is tracked cannot be described in {finished.directory}: {error.strerror or error}")
    copy = _Copy(finished)
    try:
        logged = persist(finished, say=say, patience_seconds=patience_seconds, failed=copy.make)
    except TrackingError as error:
        copy.make()
        return copy.kept(error.message)
    copy.remove()
    return Tracked(logged.run_id)


def keep(finished: Finished) -> Kept:
    """Keeps `finished` at once, without asking the server.

    Raises:
        OSError: the scratch directory cannot be written, and there is no copy in the spool.
    """
    copy = _Copy(finished)
    try:
        scratch.write(finished)
    except OSError:
        copy.make()
        if not copy.where:
            raise
    copy.make()
    return copy.kept("it was stopped before they could be tracked")


@dataclass
class _Copy:
    """The copy of an evaluation in the spool: made once, where one is configured and answers."""

    finished: Finished
    where: str = ""
    note: str = ""

    def make(self) -> str:
        """Makes the copy, if it is not there yet; where the results are kept now."""
        if self.finished.spool_uri and not self.where:
            try:
                self.where, self.note = entries.write(self.finished, self.finished.spool_uri), ""
            except (CajajejoError, OSError) as error:
                self.note = f"not in the spool: {error}"
        return self.where or str(self.finished.directory)

    def remove(self) -> None:
        """Takes the copy away: the results are tracked."""
        if self.where:
            try:
                entries.remove(self.where)
            except CajajejoError:
                return  # it stays, complete; who uploads it finds everything there

    def kept(self, why: str) -> Kept:
        where = self.where or str(self.finished.directory)
        log = any(artifact.file.name == LOG for artifact in artifacts(self.finished.directory))
        holds = contents(self.finished.results, log=log)
        return Kept(where, durable=bool(self.where), why=why, holds=holds, command=command(where), note=self.note)


def persist(
    finished: Finished, *, say: Callable[[str], None], patience_seconds: float, failed: Callable[[], str]
) -> Logged:
    """How `finished` stands on its run, after as many attempts as fit into the time.

    Args:
        finished: the evaluation.
        say: is told in a line how the waiting goes.
        patience_seconds: how long a server that is away is waited for.
        failed: is called after each attempt that failed; gives where the results are safe.

    Raises:
        TrackingError: the server refuses, or is away for longer; the message says so in a few words.
    """
    uri = finished.new.uri
    waiting = _Waiting(without_login(uri), say, patience_seconds)
    with requests_of(_request_seconds(finished, patience_seconds), retries=_RETRIES, respect=True):
        limit = Limit(request_seconds())
        log = Log(finished, limit.extend)
        while True:
            try:
                logged = before(limit, uri, log)
            except TrackingAwayError as error:
                waiting.wait(error.reason, failed())
            except TrackingError as error:
                says = next(iter(error.facts.values()), "")
                raise TrackingError(f"{error.message}" + (f" ({says})" if says else "")) from error
            else:
                waiting.over()
                return logged


def _request_seconds(finished: Finished, patience_seconds: float) -> float:
    """How long one answer is waited for: not most of the patience, but long enough to store the largest file."""
    largest = max((artifact.size for artifact in artifacts(finished.directory)), default=0)
    short = max(_LEAST_REQUEST_SECONDS, min(_REQUEST_SECONDS, patience_seconds / 4))
    return short + largest / _RATE


@dataclass
class _Waiting:
    """How long a server has been away, and what is said about it."""

    uri: str
    say: Callable[[str], None]
    patience_seconds: float
    _began: float | None = None
    _told: float = 0.0
    _attempts: int = field(default=0)

    def wait(self, reason: str, where: str) -> None:
        """Sleeps until the next attempt.

        Raises:
            TrackingError: the patience is over.
        """
        now = time.monotonic()
        if self._began is None:
            self._began = self._told = now
            if self.patience_seconds:
                patience = moments.span(self.patience_seconds)
                self.say(f"{self.uri} is away ({reason}); trying again for {patience}. The results are kept in {where}")
        away = now - self._began
        left = self.patience_seconds - away
        if left <= 0:
            lasted = f" for {moments.span(away)}" if away >= 1 else ""
            raise TrackingError(f"{self.uri} is away ({reason}{lasted})")
        if now - self._told >= _EVERY_SECONDS:
            self._told = now
            self.say(f"{self.uri} is still away ({reason} for {moments.span(away)})")
        time.sleep(min(left, _pause(self._attempts)))
        self._attempts += 1

    def over(self) -> None:
        """Says that the server is back, where it was away."""
        if self._began is not None:
            self.say(f"{self.uri} is back after {moments.span(time.monotonic() - self._began)}")


def _pause(attempt: int) -> float:
    """Seconds before the next attempt: twice as long each time, up to a minute, and a part of it by chance."""
    longest = min(_LONGEST_PAUSE, 2.0**attempt)
    return longest * (0.5 + secrets.randbelow(500) / 1000)
