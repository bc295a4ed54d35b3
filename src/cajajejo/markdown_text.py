"""Text of anybody as Markdown that means nothing else on GitHub, and pages that are cut to what it takes; pure.

Nothing that a model, a prompt, a metric or a file says can be more than text there: it stands in a code span, in which
neither Markdown nor HTML, mentions or links are looked for; in a sentence every sign that could mean something is an
entity.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING, Final

from cajajejo.errors import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

SUMMARY_LIMIT: Final = 1024 * 1024
"""Bytes of a page: GitHub takes no longer summary of a step."""
_CUT: Final = "\n_This page was cut here, as GitHub takes no longer one; the whole is printed with_ `--json`.\n"
_LONGEST: Final = 600
_EXCERPT: Final = 160
_PLAIN: Final = frozenset(" ,.;:()%+-='\"/")


@dataclass(frozen=True, slots=True)
class Block:
    """Lines that belong together; where some are cut, `end` follows all the same."""

    lines: tuple[str, ...]
    end: tuple[str, ...] = ()


def code(text: str, longest: int = _EXCERPT, *, in_table: bool = False) -> str:
    """`text` of anybody as a code span of one line; in a table a bar is shown as a broken one, as it ends a cell.

    The fence is one backtick longer than the longest run of them in the text (CommonMark 0.31, 6.1).
    """
    shown = one_line(text, longest)
    if in_table:
        shown = shown.replace("|", "¦")
    fence = "`" * (1 + max(map(len, re.findall("`+", shown)), default=0))
    pad = " " if not shown or shown[0] in " `" or shown[-1] in " `" else ""
    return f"{fence}{pad}{shown}{pad}{fence}"


def escaped(text: str, longest: int = _LONGEST) -> str:
    """`text` of anybody as words of a sentence: what is no letter, digit or harmless sign is an entity.

    A space of no width follows what begins a mention, a reference or a link: GitHub looks for these after entities
    are resolved.
    """
    shown = "".join(c if c.isalnum() or c in _PLAIN else f"&#{ord(c)};" for c in one_line(text, longest))
    shown = re.sub(r"(&#64;|&#35;|:(?! |$))", r"\1&#8203;", shown)  # @ # and the colon of an address
    return re.sub(r"\b(www|GH)(?=[.-])", r"\1&#8203;", shown, flags=re.IGNORECASE)


def one_line(text: str, longest: int = _EXCERPT) -> str:
    """`text` on one line that can be printed, of at most `longest` characters."""
    shown = printable(" ".join(text[: 4 * longest].split()))
    if len(shown) <= longest and len(text) <= 4 * longest:
        return shown
    return shown[: longest - 2].rstrip() + " …"


def bullets(title: str, entries: Sequence[str]) -> Block:
    """A list under its title; nothing where it is empty."""
    lines = [f"- {entry}" for entry in entries]
    return Block((*([title, ""] if title and lines else []), *lines, *[""] * bool(lines)))


def fitted(blocks: Sequence[Block], limit: int, cut: str = _CUT) -> str:
    """The text of `blocks`; where it has over `limit` bytes, cut between two lines, with a sentence that says so."""
    whole = "".join(map(_text, blocks)).rstrip("\n") + "\n"
    if _size(whole) <= limit:
        return whole
    room = limit - _size(cut)
    texts = [_text(block) for block in blocks]
    kept, left = _first(texts, room)
    return "".join([*texts[:kept], _text(_shortened(blocks[kept], left)), cut])


def _shortened(block: Block, room: int) -> Block:
    """As many of the first lines of `block` as have room beside its end; nothing where there is room for none."""
    kept, _ = _first([f"{line}\n" for line in block.lines], room - _size("".join(f"{line}\n" for line in block.end)))
    return Block(block.lines[:kept], block.end) if kept else Block(())


def _first(texts: Sequence[str], room: int) -> tuple[int, int]:
    """How many of the first of `texts` have room, and how much is left then."""
    totals = [0, *accumulate(map(_size, texts))]
    kept = max(bisect_right(totals, room) - 1, 0)
    return kept, room - totals[kept]


def _text(block: Block) -> str:
    return "".join(f"{line}\n" for line in (*block.lines, *block.end))


def _size(text: str) -> int:
    return len(text.encode())
