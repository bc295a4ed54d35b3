"""A model on its way, on stderr: one live line on a terminal, a line a minute where nothing may move."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from cajajejo.cli import screen
from cajajejo.cli.live import LiveRegion
from cajajejo.models.tally import size
from cajajejo.moments import duration
from cajajejo.terminal import bar

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Self

    from cajajejo.models.tally import Progress

_TELL_SECONDS: Final = 60.0
_RATE_SECONDS: Final = 5.0


class FetchProgress:
    """Shows the progress that it is called with, and what is said meanwhile above it.

    Args:
        clock: seconds that only grow.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._style = screen.err_style()
        shown = not (screen.options().quiet or screen.options().json)
        self._region = LiveRegion(clock) if self._style.live and shown else None
        self._began = self._told = clock()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._region is not None:
            self._region.clear()

    @property
    def seconds(self) -> float:
        """How long it has taken so far."""
        return self._clock() - self._began

    def say(self, sentence: str) -> None:
        """A line that stays."""
        if self._region is not None:
            self._region.above(sentence)
        else:
            screen.say(sentence)

    def __call__(self, progress: Progress) -> None:
        """Shows `progress`, unless it was shown a moment ago."""
        if self._region is not None:
            drawn = bar(progress.done, progress.total or 0, self._style) + "  " if progress.total else ""
            self._region.show([f"  Model  {drawn}{progress.told}{self._rate(progress)}"])
        elif self._clock() - self._told >= _TELL_SECONDS:
            self._told = self._clock()
            screen.say(f"{time.strftime('%H:%M:%S')}  Model  {progress.told}{self._rate(progress)}")

    def _rate(self, progress: Progress) -> str:
        """Bytes a second and the time left, once there is something to go by."""
        if self.seconds < _RATE_SECONDS or progress.came == 0:
            return ""
        rate = progress.came / self.seconds
        left = None if progress.total is None else (progress.total - progress.done) / rate
        return f"  {size(round(rate))}/s" + ("" if not left else f"  {duration(left)} left")
