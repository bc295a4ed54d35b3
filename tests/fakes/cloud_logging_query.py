"""The part of the Logging query language that we send, evaluated; what is not understood is refused.

Comparisons of a field with a quoted string or a word, ``AND`` (also by a mere space), ``OR``, ``NOT`` and parentheses.
As in Cloud Logging, ``OR`` binds tighter than ``AND``, and texts are compared without regard to case.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable

LONGEST: Final = 20_000
_SECOND: Final = 10**9
_TOKEN: Final = re.compile(
    r'\s*(?:(?P<string>"(?:[^"\\\x00-\x1f]|\\.)*")|(?P<mark>[()]|!=|>=|<=|=~|!~|[=<>:])|(?P<word>[\w./+-]+))'
)
_ESCAPE: Final = re.compile(r'\\(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(["\\]))')
_SEVERITIES: Final = {"DEFAULT": 0, "DEBUG": 100, "INFO": 200, "NOTICE": 300, "WARNING": 400, "ERROR": 500}
_ORDERED: Final[dict[str, Callable[[int, int], bool]]] = {
    "=": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    ">=": lambda a, b: a >= b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    "<": lambda a, b: a < b,
}


class QueryError(ValueError):
    """The text is no query, or uses what is not known here."""


def parse(text: str) -> Callable[[Any], bool]:
    """A function that says whether a ``LogEntry`` matches `text`.

    Raises:
        QueryError: `text` is not understood.
    """
    if len(text) > LONGEST:
        raise QueryError(f"the query is longer than {LONGEST} characters")
    parser = _Parser(_tokens(text))
    test = parser.all_of() if parser.tokens else lambda _: True
    if parser.tokens:
        raise QueryError(f"unexpected {parser.tokens[0][1]}")
    return test


def nanoseconds(text: str) -> int:
    """RFC 3339 with up to nine digits of a second, as nanoseconds since the epoch."""
    found = re.fullmatch(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?Z", text)
    if not found:
        raise QueryError(f"no timestamp: {text}")
    whole = int(datetime.fromisoformat(f"{found[1]}+00:00").timestamp())
    return whole * _SECOND + int((found[2] or "").ljust(9, "0"))


def _tokens(text: str) -> list[tuple[str, str]]:
    found, at = [], 0
    while text[at:].strip():
        token = _TOKEN.match(text, at)
        if not token:
            raise QueryError(f"cannot be read from character {at}")
        found.append((str(token.lastgroup), token[str(token.lastgroup)]))
        at = token.end()
    return found


def _unquoted(text: str) -> str:
    plain = _ESCAPE.sub(lambda found: chr(int(found[1] or found[2], 16)) if not found[3] else found[3], text[1:-1])
    if "\\" in _ESCAPE.sub("", text[1:-1]):
        raise QueryError(f"unknown escape in {text}")
    return plain


class _Parser:
    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self.tokens = tokens

    def all_of(self) -> Callable[[Any], bool]:
        parts = [self._any_of()]
        while self.tokens and self.tokens[0] != ("mark", ")"):
            self._take_if("AND")
            parts.append(self._any_of())
        return lambda entry: all(part(entry) for part in parts)

    def _any_of(self) -> Callable[[Any], bool]:
        parts = [self._one()]
        while self._take_if("OR"):
            parts.append(self._one())
        return lambda entry: any(part(entry) for part in parts)

    def _one(self) -> Callable[[Any], bool]:
        if self._take_if("NOT"):
            denied = self._one()
            return lambda entry: not denied(entry)
        if self.tokens and self.tokens[0] == ("mark", "("):
            self.tokens.pop(0)
            inner = self.all_of()
            if not self.tokens or self.tokens.pop(0) != ("mark", ")"):
                raise QueryError("a parenthesis is not closed")
            return inner
        return self._comparison()

    def _comparison(self) -> Callable[[Any], bool]:
        path = self._path()
        (kind, mark), (value_kind, value) = self._take(), self._take()
        if kind != "mark" or value_kind == "mark":
            raise QueryError(f"no comparison: {path} {mark} {value}")
        return _comparing(path, mark, _unquoted(value) if value_kind == "string" else value)

    def _path(self) -> tuple[str, ...]:
        kind, text = self._take()
        if kind != "word":
            raise QueryError(f"no field: {text}")
        parts = text.split(".")
        if parts[-1] == "" and self.tokens and self.tokens[0][0] == "string":
            parts[-1] = _unquoted(self.tokens.pop(0)[1])
        elif not all(re.fullmatch(r"\w+", part) for part in parts):
            raise QueryError(f"a field of this name is written in quotes: {text}")
        return tuple(parts)

    def _take(self) -> tuple[str, str]:
        if not self.tokens:
            raise QueryError("the query breaks off")
        return self.tokens.pop(0)

    def _take_if(self, word: str) -> bool:
        if self.tokens and self.tokens[0] == ("word", word):
            self.tokens.pop(0)
            return True
        return False


def _comparing(path: tuple[str, ...], mark: str, value: str) -> Callable[[Any], bool]:
    if path == ("timestamp",):
        return _ordered(
            mark, lambda entry: entry.timestamp.seconds * _SECOND + entry.timestamp.nanos, nanoseconds(value)
        )
    if path == ("severity",):
        return _ordered(mark, lambda entry: int(entry.severity), _SEVERITIES[value.upper()])
    return _text(mark, _field(path), value.lower())


def _ordered(mark: str, read: Callable[[Any], int], value: int) -> Callable[[Any], bool]:
    if mark not in _ORDERED:
        raise QueryError(f"unknown comparison {mark}")
    return lambda entry: _ORDERED[mark](read(entry), value)


def _text(mark: str, read: Callable[[Any], str | None], value: str) -> Callable[[Any], bool]:
    if mark == "=":
        return lambda entry: (read(entry) or "").lower() == value if read(entry) is not None else False
    if mark == "!=":
        return lambda entry: (read(entry) or "").lower() != value
    if mark == ":":
        return lambda entry: value in (read(entry) or "").lower()
    raise QueryError(f"unknown comparison {mark}")


def _field(path: tuple[str, ...]) -> Callable[[Any], str | None]:
    match path:
        case ("resource", "type"):
            return lambda entry: str(entry.resource.type)
        case ("resource", "labels", name):
            return lambda entry: dict(entry.resource.labels).get(name)
        case ("labels", name):
            return lambda entry: dict(entry.labels).get(name)
        case ("log_name",) | ("logName",):
            return lambda entry: str(entry.log_name)
        case ("textPayload",):
            return lambda entry: str(entry.text_payload) if entry.WhichOneof("payload") == "text_payload" else None
    raise QueryError(f"unknown field {'.'.join(path)}")
