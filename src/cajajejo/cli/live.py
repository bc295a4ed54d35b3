"""A few lines at the bottom of a terminal that are drawn again and again, below those that stay."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from cajajejo.cli import screen
from cajajejo.terminal import bar, cut

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Self

REDRAW_SECONDS: Final = 0.1
RATE_SECONDS: Final = 5.0
"""After so many seconds there is something to tell a rate by."""
_TELL_SECONDS: Final = 60.0
_ERASE: Final = "\r\x1b[J"
_UP: Final = "\x1b[{}A"
_NO_WRAP, _WRAP = "\x1b[?7l", "\x1b[?7h"  # a line that is too wide stays one line, so that the region's height is known


class LiveRegion:
    """The live lines on stderr; all methods are called by one thread.

    Args:
        clock: seconds that only grow.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._height = 0
        self._lines: Sequence[str] = ()
        self._drawn_at = float("-inf")

    def show(self, lines: Sequence[str]) -> None:
        """Draws `lines` in place of those before, unless they are the same or were drawn a moment ago."""
        now = self._clock()
        if list(lines) == list(self._lines) or now - self._drawn_at < REDRAW_SECONDS:
            return
        self._lines, self._drawn_at = lines, now
        self._draw()

    def above(self, *lines: str) -> None:
        """Writes lines that stay, and draws the live ones below them."""
        self._erase()
        screen.say(*lines)
        self._draw()

    def clear(self) -> None:
        """Takes the live lines away; nothing of them is left."""
        self._lines = ()
        self._erase()

    def _draw(self) -> None:
        self._erase()
        if not self._lines:
            return
        style = screen.err_style()
        width = (style.width or 80) - 1
        shown = [cut(style.plain(line.replace("\n", " ")), width, style) for line in self._lines]
        screen.draw(_NO_WRAP + "\n".join(shown) + _WRAP)
        self._height = len(shown)
        screen.before_text(self._erase)

    def _erase(self) -> None:
        screen.before_text(None)
        if self._height == 0:
            return
        screen.draw((_UP.format(self._height - 1) if self._height > 1 else "") + _ERASE)
        self._height = 0


class LiveLine:
    """What is under way: one live line on a terminal, a line a minute where nothing may move; nothing of it stays.

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

    def _tell(self, text: Callable[[], str], done: int, total: int | None, *, title: str = "") -> None:
        """Shows `text` behind `title`, on a terminal behind a bar, unless it was shown a moment ago."""
        if self._region is not None:
            drawn = f"{bar(done, total, self._style)}  " if total else ""
            self._region.show([f"  {title}{drawn}{text()}"])
        elif self._clock() - self._told >= _TELL_SECONDS:
            self._told = self._clock()
            screen.say(f"{time.strftime('%H:%M:%S')}  {title}{text()}")
