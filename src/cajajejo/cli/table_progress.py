"""Rows on their way, on stderr."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from cajajejo.cli.live import RATE_SECONDS, LiveLine
from cajajejo.moments import duration

if TYPE_CHECKING:
    from collections.abc import Callable


class TableProgress(LiveLine):
    """Shows what it is called with.

    Args:
        clock: seconds that only grow.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(clock)
        self._what = ""

    def __call__(self, what: str, done: int, total: int | None) -> None:
        """Shows that `done` of `total` are done, unless it was shown a moment ago; `what` names them."""
        now = self._clock()
        if what != self._what:
            self._what, self._began = what, now
        self._tell(lambda: self._counted(done, total, now), done, total)

    def _counted(self, done: int, total: int | None, now: float) -> str:
        """How much is done, and after some seconds how fast, and how long the rest takes."""
        counted = f"{done:,} {self._what}" if total is None else f"{done:,}/{total:,} {self._what}"
        seconds = now - self._began
        if seconds < RATE_SECONDS or not done:
            return counted
        rate = done / seconds
        left = "" if total is None or total <= done else f"  {duration((total - done) / rate)} left"
        return f"{counted}  {rate:,.0f}/s{left}"
