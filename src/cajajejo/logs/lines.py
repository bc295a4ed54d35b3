"""One line of a log, wherever it was read; many of them as the bytes they came in; and an archive of them."""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import accumulate
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from cajajejo.logs.cloud_query import Query

LONGEST_PAYLOAD: Final = 256 * 1024
"""Characters of the longest line that is read as JSON; a longer one is text."""
DEEPEST_PAYLOAD: Final = 64
"""Brackets inside of brackets in the deepest line that is read as JSON."""

_STAMP: Final = re.compile(rb"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(?:Z|([+-]\d\d:\d\d)) ?", re.ASCII)
_BILLION: Final = 1_000_000_000
_LONGEST_STAMP: Final = 40


@dataclass(frozen=True, slots=True)
class Line:
    """One line that a container printed.

    Attributes:
        at: nanoseconds since the epoch at which it was printed; None where the source does not say.
        pod: the pod's name.
        container: the container's name.
        text: the line without its end; bytes that are no UTF-8 stand as U+FFFD.
        payload: the object, where the line was one (a JSON log line, a ``jsonPayload``).
        insert_id: what Cloud Logging knows it by; empty from a pod.
    """

    at: int | None
    pod: str
    container: str
    text: str
    payload: Mapping[str, Any] | None = None
    insert_id: str = ""


@dataclass(frozen=True, slots=True)
class Gap:
    """A stretch of which nobody knows what was printed there: shown, so that no silence is taken for one.

    Attributes:
        since: the last line known before it, nanoseconds since the epoch; None: from the beginning.
        until: the first line known after it; None: to the end.
        why: half a sentence: ``pod eval-x-abcde is gone, and Cloud Logging has nothing of it``.
        pod: the pod it is about.
    """

    since: int | None
    until: int | None
    why: str
    pod: str = ""


@dataclass(frozen=True, slots=True)
class Block:
    r"""Consecutive lines of one container, as the bytes that came: each line with its time in front and its end behind.

    Attributes:
        pod: the pod's name.
        container: the container's name.
        data: ``2026-11-21T21:47:47.263522218Z text\n``, at least once.
        first: nanoseconds since the epoch of the first line.
        last: of the last line.
        count: how many lines it is.
    """

    pod: str
    container: str
    data: bytes
    first: int
    last: int
    count: int

    def lines(self) -> Iterator[Line]:
        """The lines one by one, JSON objects read."""
        for each in self.data[:-1].split(b"\n"):
            stamp, _, rest = each.partition(b" ")
            text = rest.removesuffix(b"\r").decode("utf-8", "replace")
            yield Line(nanoseconds(stamp), self.pod, self.container, text, payload_of(text))

    def text(self) -> bytes:
        """What the container printed, every line with its end, in UTF-8."""
        printed = b"\n".join([each.partition(b" ")[2] for each in self.data.split(b"\n")])
        return _as_utf8(printed)

    def stamped(self) -> bytes:
        """The same with the time in front of every line."""
        return _as_utf8(self.data)

    def pieces(self, size: int) -> Iterator[Block]:
        """The same lines in blocks of about `size` bytes."""
        place = 0
        while place < len(self.data):
            end = self.data.find(b"\n", place + size - 1) + 1 or len(self.data)
            data = self.data[place:end]
            first = nanoseconds(data[:_LONGEST_STAMP].partition(b" ")[0])
            line = data.rfind(b"\n", 0, -1) + 1
            final = nanoseconds(data[line : line + _LONGEST_STAMP].partition(b" ")[0])
            count = data.count(b"\n")
            yield Block(self.pod, self.container, data, first or self.first, final or self.last, count)
            place = end

    def until(self, bound: int) -> tuple[Block | None, Block | None]:
        """The lines that were printed no later than `bound`, up to the first that was; and the rest."""
        if self.last <= bound:
            return self, None
        place = 0
        before = self.first
        while (at := nanoseconds(self.data[place : place + _LONGEST_STAMP].partition(b" ")[0])) is None or at <= bound:
            before = at or before
            place = self.data.index(b"\n", place) + 1
            if place == len(self.data):  # a line out of order
                return self, None
        if not place:
            return None, self
        count = self.data.count(b"\n", 0, place)
        head = Block(self.pod, self.container, self.data[:place], self.first, before, count)
        rest = Block(self.pod, self.container, self.data[place:], at, max(self.last, at), self.count - count)
        return head, rest


Item: TypeAlias = Block | Line | Gap
"""What a log is read as: lines, many at once or one by one, and where some are missing."""


class Source(Protocol):
    """An archive of logs, such as Cloud Logging; raises a `CajajejoError` where it cannot be read."""

    def read(self, query: Query, since: datetime, until: datetime | None = None) -> Iterator[Line]:
        """The lines from `since` to before `until`, oldest first, each once."""

    def tail(self, query: Query, since: datetime, ended: Callable[[], bool]) -> Iterator[Line]:
        """The lines from `since` on and those that follow, until the job has `ended`."""


def nanoseconds(stamp: bytes) -> int | None:
    """Nanoseconds since the epoch of ``2026-11-21T21:47:47.263522218Z``, or with an offset; None for anything else."""
    found = _STAMP.fullmatch(stamp)
    if found is None:
        return None
    second, fraction, offset = found.groups()
    try:
        moment = datetime.fromisoformat((second + (offset or b"+00:00")).decode())
    except ValueError:
        return None
    return int(moment.timestamp()) * _BILLION + int((fraction or b"").ljust(9, b"0"))


def moment(at: int) -> datetime:
    """The time of `at` nanoseconds since the epoch, cut to the microsecond."""
    return datetime.fromtimestamp(at // _BILLION, UTC).replace(microsecond=at % _BILLION // 1000)


def instant(at: datetime) -> int:
    """The nanoseconds since the epoch of `at`."""
    return int(at.replace(microsecond=0).timestamp()) * _BILLION + at.microsecond * 1000


def stamp(at: int) -> str:
    """`at` nanoseconds since the epoch in RFC 3339, with all nine digits: ``2026-11-21T21:47:47.263522218Z``."""
    return f"{moment(at):%Y-%m-%dT%H:%M:%S}.{at % _BILLION:09d}Z"


def payload_of(text: str) -> Mapping[str, Any] | None:
    """The JSON object that `text` is; None where it is none, or one that nobody could handle."""
    if not text.startswith("{") or not text.rstrip().endswith("}") or len(text) > LONGEST_PAYLOAD:
        return None
    if text.count("{") + text.count("[") > DEEPEST_PAYLOAD and _depth(text) > DEEPEST_PAYLOAD:
        return None
    try:
        found = json.loads(text, parse_constant=_refuse, parse_float=_finite)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _depth(text: str) -> int:
    """How many brackets stand inside of each other, those in strings among them."""
    steps = (1 if char in "{[" else -1 for char in text if char in "{[]}")
    return max(accumulate(steps))


def _refuse(constant: str) -> float:
    raise ValueError(constant)


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(text)
    return number


def _as_utf8(data: bytes) -> bytes:
    """`data`, with U+FFFD in place of what is no UTF-8."""
    if data.isascii():
        return data
    try:
        data.decode()
    except UnicodeDecodeError:
        return data.decode("utf-8", "replace").encode()
    return data
