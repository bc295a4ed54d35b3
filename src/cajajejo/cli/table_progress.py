"""Rows on their way, on stderr: one live line on a terminal, a line a minute where nothing may move."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from cajajejo.cli import screen
from cajajejo.cli.live import LiveRegion
from cajajejo.moments import duration
from cajajejo.terminal import bar

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Self

_TELL_SECONDS: Final = 60.0
_RATE_SECONDS: Final = 5.0


class TableProgress:
    """Shows what it is called with; nothing of it stays.

    Args:
        clock: seconds that only grow.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._style = screen.err_style()
        shown = not (screen.options().quiet or screen.options().json)
        self._region = LiveRegion(clock) if self._style.live and shown else None
        self._began = self._told = clock()
        self._what = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._region is not None:
            self._region.clear()

    def __call__(self, what: str, done: int, total: int | None) -> None:
        """Shows that `done` of `total` are done, unless it was shown a moment ago; `what` names them."""
        now = self._clock()
        if what != self._what:
            self._what, self._began = what, now
        if self._region is not None:
            drawn = f"{bar(done, total, self._style)}  " if total else ""
            self._region.show([f"  {drawn}{self._counted(done, total, now)}"])
        elif now - self._told >= _TELL_SECONDS:
            self._told = now
            screen.say(f"{time.strftime('%H:%M:%S')}  {self._counted(done, total, now)}")

    def _counted(self, done: int, total: int | None, now: float) -> str:
        """How much is done, and after some seconds how fast, and how long the rest takes."""
        counted = f"{done:,} {self._what}" if total is None else f"{done:,}/{total:,} {self._what}"
        seconds = now - self._began
        if seconds < _RATE_SECONDS or not done:
            return counted
        rate = done / seconds
        left = "" if total is None or total <= done else f"  {duration((total - done) / rate)} left"
        return f"{counted}  {rate:,.0f}/s{left}"
