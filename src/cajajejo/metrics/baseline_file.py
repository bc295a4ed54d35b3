"""New lines in a baselines file: everything that people wrote there stays as it is, to the byte.

Where a new line goes depends on how the file is written: below the last line of a list, or before a closing bracket.
So the likely places are tried in turn, and the first one counts after which the file says what it said, and the new
line besides.
"""

from __future__ import annotations

import codecs
import fcntl
import os
import re
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import accumulate, islice
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cajajejo import files, yamlfile
from cajajejo.errors import CajajejoError, FileProblemsError, printable
from cajajejo.metrics import baselines
from cajajejo.metrics.baselines import Accepted, Baselines, Muted
from cajajejo.quoting import q

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from cajajejo.metrics.baselines import Entry
    from cajajejo.yamlfile import Location

_INDENT: Final = "  "
_WIDTH: Final = 100
_MOST_PLACES: Final = 24
_PLAIN: Final = re.compile(
    r"(?!(?:y|n|yes|no|on|off|true|false|null)$)[a-z](?:[\w./+@-]| (?=\w))*"
    r"|(?!0b)(?=[0-9e]*[a-df])[0-9a-f]+",  # an id, and no number in any version of YAML
    re.IGNORECASE | re.ASCII,
)
"""Text that every reader takes as it stands, without quotes, also between braces."""


def add(path: Path, *entries: Entry) -> tuple[Entry, ...]:
    """Puts a line for each of `entries`, all of one kind, into the file at `path`; those that it did not say already.

    The file is replaced as a whole, and made where there is none. Programs that add to it at the same time wait for
    each other.

    Raises:
        FileProblemsError: the file is not well-formed; it is left alone.
        CajajejoError: it cannot be written, or has no place for the lines.
    """
    target = Path(os.path.realpath(path))  # what a link points to is replaced, not the link
    with _explained(path), _alone(target.parent):
        old, mark = ("", b"") if files.mode(path) is None else (files.read_text(path), _mark(path))
        known = baselines.parse(old, str(path))
        new = tuple(entry for entry in entries if known.said(entry) is None)
        if new:
            files.replace(target, mark + extended(old, str(path), new).encode())
    return new


@contextmanager
def _alone(directory: Path) -> Iterator[None]:
    """Inside, no other program adds a line to a file of this directory; nothing stays behind that tells of it."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        message = f"{printable(str(path))} cannot be written: {error.strerror}"
        raise CajajejoError(message, facts={"do": "make the file and its directory writable"}) from error


def _mark(path: Path) -> bytes:
    """The byte order mark that the file begins with, if it does."""
    with path.open("rb") as file:
        return codecs.BOM_UTF8 if file.read(len(codecs.BOM_UTF8)) == codecs.BOM_UTF8 else b""


def line(entry: Entry, indent: str = _INDENT) -> str:
    """`entry` as an item of a list; where it is too long for one line, what it is about and why are on two."""
    about, why = _halves(entry)
    short = f"{indent}- {{{about}, {why}}}"
    return short if len(short) <= _WIDTH else f"{indent}- {{{about},\n{indent}   {why}}}"


def extended(text: str, file: str, entries: Sequence[Entry]) -> str:
    """The `text` of a file with a line for each of `entries`, all of one kind, behind those that are there.

    Raises:
        FileProblemsError: the text is not well-formed; problems are reported under `file`.
        CajajejoError: the list is written in a way that leaves no place for a line.
    """
    found = baselines.parse(text, file)
    wanted = Baselines(
        (*found.accepted, *(entry for entry in entries if isinstance(entry, Accepted))),
        (*found.muted, *(entry for entry in entries if isinstance(entry, Muted))),
    )
    for at, new in islice(_Page.of(text, file, entries).places(), _MOST_PLACES):
        tried = text[:at] + new + text[at:]
        if _says(tried, wanted):
            return tried
    facts = {"do": "put it there by hand:\n" + "\n".join(line(entry, "") for entry in entries)}
    raise CajajejoError(f"{printable(file)} has no place for a new line", facts=facts)


def _says(text: str, wanted: Baselines) -> bool:
    try:
        return baselines.parse(text, "") == wanted
    except FileProblemsError:
        return False


def _halves(entry: Entry) -> tuple[str, str]:
    since = f"from: {_scalar(entry.start)}" if isinstance(entry, Accepted) else f"until: {entry.until}"
    about = f"test: {_scalar(entry.test)}, metric: {_scalar(entry.metric)}, {since}"
    return about, f"reason: {_scalar(entry.reason)}, by: {_scalar(entry.by)}, date: {entry.date}"


def _scalar(text: str) -> str:
    """`text` as YAML, with an escape for what a reviewer would not see."""
    return text if _PLAIN.fullmatch(text) else printable(q(text))


@dataclass(frozen=True, slots=True)
class _Page:
    """A file and what is to be added to its list called `name`.

    `ends` are the places after each of its `lines`; `known` are the lines, from 1, on which each of its values stands.
    """

    text: str
    lines: Sequence[str]
    ends: Sequence[int]
    known: Mapping[Location, int]
    name: str
    entries: Sequence[Entry]

    @classmethod
    def of(cls, text: str, file: str, entries: Sequence[Entry]) -> _Page:
        lines = text.splitlines(keepends=True)
        known = {} if baselines.says_nothing(text) else yamlfile.parse(text, file).lines
        name = "accepted" if isinstance(entries[0], Accepted) else "muted"
        return cls(text, lines, list(accumulate(map(len, lines))), known, name, entries)

    def places(self) -> Iterator[tuple[int, str]]:
        """Where the new lines may go, and as what text, the likeliest first."""
        if (self.name,) in self.known:
            begin, end = self._section()
            yield from self._below(begin, end)
            yield from self._before_a_bracket(begin, end)
        else:
            yield from self._at_the_end()
            yield from self._before_the_brace()

    def _section(self) -> tuple[int, int]:
        """The lines of the list, from 0: that of its name, and the one after its last."""
        begin = self.known[self.name,]
        others = (at for location, at in self.known.items() if len(location) == 1 and at > begin)
        return begin - 1, min(others, default=len(self.lines) + 1) - 1

    def _below(self, begin: int, end: int) -> Iterator[tuple[int, str]]:
        """Below the last item of a list with dashes; what looks like a comment there may be part of a text."""
        first = self.lines[self.known.get((self.name, 0), begin + 1) - 1]
        indent = first[: len(first) - len(first.lstrip(" "))] if first.lstrip(" ").startswith("-") else _INDENT
        block = "".join(f"{line(entry, indent)}\n" for entry in self.entries)
        told = self._telling(begin, end)
        for number in (*told[:1], end - 1, *told[1:]):
            yield self._after(number, block)

    def _at_the_end(self) -> Iterator[tuple[int, str]]:
        block = f"{self.name}:\n" + "".join(f"{line(entry)}\n" for entry in self.entries)
        if not self.lines:
            yield 0, block
        for number in (len(self.lines) - 1, *self._telling(0, len(self.lines))):
            yield self._after(number, block)

    def _telling(self, begin: int, end: int) -> list[int]:
        """The lines that are neither empty nor comments, the last one first."""
        return [at for at in reversed(range(begin, end)) if self.lines[at].partition("#")[0].strip()]

    def _after(self, number: int, block: str) -> tuple[int, str]:
        """`block` below a line, with the line breaks of the file."""
        broken = self.lines[number].endswith(("\n", "\r"))
        text = block if broken else f"\n{block}"
        return self.ends[number], text.replace("\n", "\r\n") if "\r\n" in self.text else text

    def _before_a_bracket(self, begin: int, end: int) -> Iterator[tuple[int, str]]:
        """Behind the last item of a list in brackets, which may be empty, or end with a comma or a comment."""
        start, stop = self.ends[begin] - len(self.lines[begin]), self.ends[end - 1]
        new = self._in_braces()
        for found in reversed(list(re.finditer(r"\s*\]", self.text[start:stop]))):
            at = start + found.start()
            last = self.text[:at].rpartition("\n")[2]
            comma = "" if last.endswith(("[", ",")) else ","
            indent = last[: len(last) - len(last.lstrip(" "))]
            gap = f"\n{indent}" if "\n" in found[0] else " " * (not last.endswith("["))
            if "#" not in last:
                yield at, comma + gap + new
            yield start + found.end() - 1, f", {new}"
            yield start + found.end() - 1, new

    def _before_the_brace(self) -> Iterator[tuple[int, str]]:
        """Behind the last field of a file that is in braces as a whole."""
        brace = self.text.rfind("}")
        for comma in (", ", " "):
            yield len(self.text[: max(brace, 0)].rstrip()), f"{comma}{self.name}: [{self._in_braces()}]"

    def _in_braces(self) -> str:
        return ", ".join(f"{{{', '.join(_halves(entry))}}}" for entry in self.entries)
