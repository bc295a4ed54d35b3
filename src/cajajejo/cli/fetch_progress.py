"""A model on its way, on stderr."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cajajejo.cli import screen
from cajajejo.cli.live import RATE_SECONDS, LiveLine
from cajajejo.models.tally import size
from cajajejo.moments import duration

if TYPE_CHECKING:
    from cajajejo.models.tally import Progress


class FetchProgress(LiveLine):
    """Shows the progress that it is called with, and what is said meanwhile above it."""

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
        self._tell(lambda: progress.told + self._rate(progress), progress.done, progress.total, title="Model  ")

    def _rate(self, progress: Progress) -> str:
        """Bytes a second and the time left, once there is something to go by."""
        if self.seconds < RATE_SECONDS or progress.came == 0:
            return ""
        rate = progress.came / self.seconds
        left = None if progress.total is None else (progress.total - progress.done) / rate
        return f"  {size(round(rate))}/s" + ("" if not left else f"  {duration(left)} left")
