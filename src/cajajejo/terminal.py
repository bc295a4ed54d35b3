"""How text is laid out: colour roles, glyphs with an ASCII fallback, and tables; pure but for `Style.of`.

The word carries the meaning: without colour and without Unicode every screen reads the same.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, TextIO

from cajajejo.errors import printable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Role = Literal["good", "bad", "doubt", "running", "bold", "dim"]

_CODES: Final[Mapping[str, str]] = {"good": "32", "bad": "31", "doubt": "33", "running": "34", "bold": "1", "dim": "2"}
_GLYPHS: Final[Mapping[str, tuple[str, str]]] = {
    "pass": ("✓", "ok"),
    "regression": ("✗", "x"),
    "failed": ("✗", "x"),
    "inconclusive": ("?", "?"),
    "improvement": ("▲", "^"),
    "better": ("▲", "^"),
    "equal": ("✓", "ok"),
    "worse": ("✗", "x"),
    "fail": ("✗", "x"),
    "none": ("\N{EN DASH}", "-"),
    "bar": ("━", "="),
    "dash": ("—", "-"),
}
_ASCII: Final = str.maketrans({"×": "x", "…": "...", "–": "-", "—": "-", "‘": "'", "’": "'", "“": '"', "”": '"'})  # noqa: RUF001


@dataclass(frozen=True, slots=True)
class Style:
    """What a stream can show: colour, characters outside ASCII, and how many columns.

    `live` tells whether lines may be redrawn; `width` is None where text is never cut (a pipe).
    """

    color: bool = False
    unicode: bool = True
    live: bool = False
    width: int | None = None

    @classmethod
    def of(cls, stream: TextIO, *, color: str = "auto", environ: Mapping[str, str] | None = None) -> Style:
        """The style that `stream` can show; `color` is ``auto``, ``always`` or ``never``."""
        env = os.environ if environ is None else environ
        live = stream.isatty() and env.get("TERM", "") != "dumb" and not env.get("CI")
        asked = {"always": True, "never": False}.get(color)
        if asked is None and env.get("NO_COLOR"):
            asked = False
        if asked is None and env.get("FORCE_COLOR"):
            asked = True
        encoding = (getattr(stream, "encoding", None) or "ascii").lower().replace("-", "")
        width = shutil.get_terminal_size().columns if stream.isatty() else None
        return cls(color=live if asked is None else asked, unicode=encoding.startswith("utf"), live=live, width=width)

    def paint(self, text: str, role: Role) -> str:
        """`text` in the colour of `role`, or unchanged where there is no colour."""
        return f"\x1b[{_CODES[role]}m{text}\x1b[0m" if self.color and text else text

    def glyph(self, name: str) -> str:
        """The glyph of a verdict or a part of a bar, in ASCII where the stream has no more."""
        return _GLYPHS[name][0 if self.unicode else 1]

    def plain(self, text: str) -> str:
        """`text` as the stream can show it: a sign that has no character there in ASCII, all else as an escape."""
        shown = printable(text, but="\n")
        return shown if self.unicode else shown.translate(_ASCII).encode("ascii", "backslashreplace").decode()

    def line(self, text: str) -> str:
        """`text` as `plain` shows it, on one line: a name with a line break in it cannot begin a line of its own."""
        return self.plain(printable(text))


def cut(text: str, width: int, style: Style) -> str:
    """`text` cut in the middle to `width` columns."""
    if len(text) <= width:
        return text
    dots = "…" if style.unicode else "..."
    keep = max(width - len(dots), 2)
    return text[: keep - keep // 2] + dots + text[len(text) - keep // 2 :]


def bar(done: int, total: int, style: Style, width: int = 30) -> str:
    """A bar of `width` cells that is filled by `done` of `total`."""
    filled = width if total <= 0 else min(width, max(0, width * done // total))
    return style.glyph("bar") * filled + " " * (width - filled)


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table; the `widest` one is cut where there is no room for all."""

    title: str
    right: bool = False
    widest: bool = False


def table(columns: Sequence[Column], rows: Sequence[Sequence[str]], style: Style, *, indent: int = 2) -> list[str]:
    """The lines of a table: a header, two spaces between columns, numbers right, the widest column cut to fit."""
    cells = [[column.title for column in columns], *[[text.replace("\n", "\\n") for text in row] for row in rows]]
    widths = [max(len(row[index]) for row in cells) for index in range(len(columns))]
    spare = None if style.width is None else style.width - indent - sum(widths) - 2 * (len(columns) - 1)
    if spare is not None and spare < 0:
        for index, column in enumerate(columns):
            if column.widest:
                widths[index] = max(widths[index] + spare, 12)
    return [" " * indent + _row(columns, row, widths, style) for row in cells]


def _row(columns: Sequence[Column], row: Sequence[str], widths: Sequence[int], style: Style) -> str:
    fitted = [cut(text, width, style) for text, width in zip(row, widths, strict=True)]
    padded = [
        text.rjust(width) if column.right else text.ljust(width)
        for column, text, width in zip(columns, fitted, widths, strict=True)
    ]
    return "  ".join(padded).rstrip()
