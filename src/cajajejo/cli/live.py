"""A few lines at the bottom of a terminal that are drawn again and again, below those that stay."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from cajajejo.cli import screen
from cajajejo.terminal import cut

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

REDRAW_SECONDS: Final = 0.1
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
