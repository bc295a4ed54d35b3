"""JSON as documents print it, made readable, every line where it was.

Besides strict JSON and YAML, which pass unchanged: ``#`` and ``//`` comments, trailing commas, missing commas between
members, a fragment without its outer braces, and a field name whose closing quote was forgotten (``"name: value``).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from cajajejo import yamlfile
from cajajejo.errors import FileProblemsError, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cajajejo.yamlfile import Document

_TOKEN: Final = re.compile(
    r"""(?P<space>\s+)
    |(?P<comment>(?:\#|//)[^\n]*)
    |(?P<text>"(?:[^"\\\n]|\\[^\n])*")
    |(?P<unclosed>"[^"\n]*)
    |(?P<open>[{\[])
    |(?P<close>[}\]])
    |(?P<comma>,)
    |(?P<colon>:)
    |(?P<word>(?:(?!//)[^\s{}\[\],:"#]|(?<=\w)\#(?=\S))+|.)""",
    re.VERBOSE,
)
_FORGOTTEN_QUOTE: Final = re.compile(r'"(?P<name>[^":]*?)\s*(?=:)')
_SILENT: Final = frozenset({"space", "comment"})
_BEFORE_COMMENT: Final = frozenset(',{}[]"')
_VALUE_ENDS: Final = frozenset({"text", "word", "close"})
_VALUE_STARTS: Final = frozenset({"text", "word", "open"})


def parse(text: str, file: str) -> Document:
    """The mapping in `text`, which is YAML, JSON, or JSON as documents print it.

    Raises:
        FileProblemsError: it is none of them; the lines of problems are those of `text`.
    """
    if not _looks_like_json(text):
        return yamlfile.parse(text, file)
    plain = _without_comments(text)
    try:
        return yamlfile.parse(mend(plain, file), file)
    except FileProblemsError as of_mended:
        try:
            return yamlfile.parse(plain, file)
        except FileProblemsError:
            raise of_mended from None


def mend(text: str, file: str = "") -> str:
    """`text` with its quotes, commas and outer braces in place and no comments; every line stays where it is.

    Raises:
        FileProblemsError: a text lacks its closing quote, and is no field name.
    """
    pieces: list[str] = []
    places: list[int] = []  # of what is neither space nor comment
    last, new_line = "", False
    for kind, piece in _tokens(text, file):
        words_of_one_text = (last, kind) == ("word", "word") and not new_line
        if kind in _VALUE_STARTS and last in _VALUE_ENDS and not words_of_one_text:
            pieces[places[-1]] += ","
        new_line = kind in _SILENT and (new_line or "\n" in piece)
        if kind not in _SILENT:
            last = kind
            places.append(len(pieces))
        pieces.append("" if kind == "comment" else piece)
    if places and not pieces[places[0]].startswith("{"):
        pieces[places[0]] = "{" + pieces[places[0]]
        pieces[places[-1]] += "}"
    elif places and pieces[places[-1]] == ",":
        pieces[places[-1]] = ""
    return "".join(pieces)


def _looks_like_json(text: str) -> bool:
    significant = [piece for kind, piece in _raw_tokens(text) if kind not in _SILENT][:3]
    return significant[:1] == ["{"] or (significant[1:] == [":", "{"] and significant[0].startswith('"'))


def _without_comments(text: str) -> str:
    pieces = []
    end = " "
    for kind, piece in _raw_tokens(text):
        pieces.append("" if kind == "comment" and (end.isspace() or end in _BEFORE_COMMENT) else piece)
        end = piece[-1]
    return "".join(pieces)


def _raw_tokens(text: str) -> Iterator[tuple[str, str]]:
    for match in _TOKEN.finditer(text):
        yield match.lastgroup or "", match[0]


def _tokens(text: str, file: str) -> Iterator[tuple[str, str]]:
    position = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        assert match is not None  # noqa: S101  # the last alternative takes any character
        kind, piece, position = match.lastgroup or "", match[0], match.end()
        forgotten = _FORGOTTEN_QUOTE.match(piece) if kind == "unclosed" else None
        if forgotten is not None:
            kind, piece, position = "text", f'"{forgotten["name"]}"', match.start() + forgotten.end()
        elif kind == "unclosed":
            line = text.count("\n", 0, match.start()) + 1
            raise FileProblemsError([Problem(file, f"a text without its closing quote: {piece[:40]}", line=line)])
        yield kind, piece
