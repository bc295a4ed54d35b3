"""Bytes that arrive in any pieces, cut into whole lines; and how far a log was read, so that it can be read on."""

from __future__ import annotations

import re
from collections import Counter
from hashlib import blake2b
from typing import Final, TypeAlias

from cajajejo.logs.lines import nanoseconds

LONGEST_LINE: Final = 16 * 1024 * 1024
"""Bytes of a line that comes through whole, the time in front of it included."""
GOES_ON: Final = b" [this line is longer than 16 MiB and goes on]"
GOING_ON: Final = b"[the line goes on] "

_STAMPED: Final = re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d) ", re.ASCII)
_SECOND: Final = len("2026-11-21T21:47:47")
_Second: TypeAlias = tuple[int, bytes]
"""How many lines were printed in a second, and the first that was printed in it or later."""
_CONTINUES: Final = 0x80
_CONTINUATION: Final = 0xC0


class Cutter:
    """Collects bytes and gives back whole lines: the memory it takes is that of the longest line.

    Args:
        longest: bytes of a line that comes through whole, more than what is fed at a time; a longer one comes in pieces
            that say so.
    """

    def __init__(self, longest: int = LONGEST_LINE) -> None:
        self._longest = longest
        self._parts: list[bytes] = []
        self._size = 0

    def feed(self, data: bytes) -> bytes:
        """The lines that `data` completes, each with its end; none where it completes none."""
        pieces = []
        while self._size + _until_end(data) > self._longest:
            piece, data = self._piece(data)
            pieces.append(piece)
        end = data.rfind(b"\n") + 1
        if end:
            pieces += [*self._parts, data[:end]]
            self._parts, self._size = [], 0
        if end < len(data):
            self._parts.append(data[end:])
            self._size += len(data) - end
        return b"".join(pieces)

    def rest(self) -> bytes:
        """What came after the last line's end; it is kept no longer."""
        rest = b"".join(self._parts)
        self._parts, self._size = [], 0
        return rest

    def _piece(self, data: bytes) -> tuple[bytes, bytes]:
        """The first piece of a line that is too long, and the rest, as a line with the same time."""
        line = self.rest() + data
        place = self._longest
        while place > self._longest - 4 and line[place] & _CONTINUATION == _CONTINUES:
            place -= 1  # not within a character
        found = _STAMPED.match(line)
        return line[:place] + GOES_ON + b"\n", (found[0] if found else b"") + GOING_ON + line[place:]


def _until_end(data: bytes) -> int:
    """The bytes before the first line's end."""
    place = data.find(b"\n")
    return len(data) if place < 0 else place


def repaired(data: bytes, before: bytes) -> bytes:
    """Whole lines, each with a time in front: one that has none gets that of the line before it, first of all `before`.

    A kubelet puts no time before its own remarks, nor, before Kubernetes 1.20, before each part of a long line.
    """
    lines = []
    for line in data[:-1].split(b"\n"):
        found = _STAMPED.match(line)
        before = found[0] if found else before
        lines.append(line if found else before + line)
    return b"\n".join(lines) + b"\n"


class Position:
    """How far the log of a container was read.

    A log can only be read again from a whole second on. So it is known how many lines from then on were read before,
    and what the first of them was: where that one stands there again, nothing was removed in between, and so many
    lines are known. Where it does not, the log was rotated, and the time of the last line has to tell.

    Args:
        whole: reading began with a whole second; otherwise (the last ten lines) only times tell.
    """

    def __init__(self, *, whole: bool = True) -> None:
        self._seconds: dict[bytes, int] = {}  # the last two in which lines were printed, and how many
        self._firsts: dict[bytes, bytes] = {}  # and a digest of the first line of each
        self._whole = whole
        self._stamp = b""  # of the last line
        self._same = 0  # lines with just this time
        self.last: int | None = None
        """Nanoseconds since the epoch of the last line."""

    @property
    def since(self) -> str | None:
        """The time to read again from; None: from the beginning."""
        if not self._stamp:
            return None
        second = min(self._seconds)
        zone = self._stamp[_SECOND:].lstrip(b".0123456789").strip()
        return (second + zone).decode()

    def advance(self, data: bytes) -> tuple[bytes, int, int]:
        """Notes that `data`, whole lines, was read.

        Returns:
            The same lines, each with a time in front; the times of the first and of the last, in nanoseconds.
        """
        counted = _counted(data)
        if counted is None:
            data = repaired(data, self._stamp or b"1970-01-01T00:00:00Z ")
            counted = _counted_one_by_one(data)
        for second, (count, line) in sorted(counted.items()):
            self._count(second, count, line)
        first = nanoseconds(_stamp_at(data, 0).rstrip()) or 0
        place = data.rfind(b"\n", 0, -1) + 1
        stamp, same = _stamp_at(data, place), 1
        last = nanoseconds(stamp.rstrip()) or 0
        while place and data.startswith(stamp, place := data.rfind(b"\n", 0, place - 1) + 1):
            same += 1
        if self.last is None or last > self.last:
            self._stamp, self._same, self.last = stamp, same, last
        elif last == self.last:
            self._same += same
        return data, first, last

    def _count(self, second: bytes, count: int, line: bytes) -> None:
        """Notes so many lines of a second, and the first that was printed in it or later."""
        if second not in self._seconds:
            if len(self._seconds) == 2:  # noqa: PLR2004  # the last two
                oldest = min(self._seconds)
                if second < oldest:
                    return
                del self._seconds[oldest], self._firsts[oldest]
                self._whole = True  # the one before last was read from its beginning
            later = [self._firsts[each] for each in self._seconds if each > second]
            self._seconds[second] = 0
            self._firsts[second] = later[0] if later else _digest(line)
        self._seconds[second] += count

    def known(self) -> Known:
        """What of a second reading is known already."""
        if not self._seconds:
            return Known(0, b"", b"", 0)
        first = self._firsts[min(self._seconds)] if self._whole else b""
        return Known(sum(self._seconds.values()), first, self._stamp, self._same)


class Known:
    """Drops from the lines of a second reading those that were read before.

    Args:
        count: how many lines were read since the second that the reading begins with.
        first: the digest of the first of them; empty where only times tell.
        stamp: the time of the last of them, as it is written.
        same: how many have just this time.
    """

    def __init__(self, count: int, first: bytes, stamp: bytes, same: int) -> None:
        self._left = count
        self._first = first
        self._stamp = stamp
        self._last = nanoseconds(stamp.rstrip()) or 0
        self._same = same
        self._met = False
        self.rotated = False
        """Whether lines are missing: the reading began after what was read last."""

    @property
    def is_over(self) -> bool:
        """Whether all that follows is new."""
        return self._left <= 0

    def fresh(self, data: bytes) -> bytes:
        """The lines of `data` that are new."""
        if self._left <= 0:
            return data
        if self._first and not self._met:
            self._met = _digest(data[: data.index(b"\n")]) == self._first
            self._first = self._first if self._met else b""
        return self._after_count(data) if self._first else self._after_time(data)

    def _after_count(self, data: bytes) -> bytes:
        count = data.count(b"\n")
        if count <= self._left:
            self._left -= count
            return b""
        place = 0
        while self._left:
            place = data.index(b"\n", place) + 1
            self._left -= 1
        return data[place:]

    def _after_time(self, data: bytes) -> bytes:
        place = 0
        while place < len(data):
            end = data.index(b"\n", place) + 1
            at = nanoseconds(_stamp_at(data, place).rstrip())
            if at is not None and (at > self._last or (at == self._last and self._same <= 0)):
                self.rotated = not self._met and bool(self._stamp)
                self._left = 0
                return data[place:]
            self._same -= at == self._last
            self._met = True
            place = end
        return b""


def _counted(data: bytes) -> dict[bytes, _Second] | None:
    """The last two seconds of lines in order; None where they are in none, or not every line has a time.

    What looks at each line would take longer than reading it: what the first time and the last have in common, all
    between them have, too.
    """
    place = data.rfind(b"\n", 0, -1) + 1
    if not (_STAMPED.match(data) and _STAMPED.match(data, place)):
        return None
    first, last = data[:_SECOND], data[place : place + _SECOND]
    lines = data.count(b"\n")
    same = next((place for place in range(_SECOND) if first[place] != last[place]), _SECOND)
    if data.count(b"\n" + first[:same]) + 1 != lines:
        return None
    if first == last:
        return {last: (lines, _line_at(data, 0))}
    begin = data.index(b"\n" + last) + 1
    before = data.rfind(b"\n", 0, begin - 1) + 1
    second = data[before : before + _SECOND]
    start = 0 if data.startswith(second) else data.index(b"\n" + second) + 1
    counts = [data.count(b"\n" + each, start) + data.startswith(each, start) for each in (second, last)]
    if second > last or sum(counts) != data.count(b"\n", start):
        return None
    return {second: (counts[0], _line_at(data, start)), last: (counts[1], _line_at(data, begin))}


def _counted_one_by_one(data: bytes) -> dict[bytes, _Second]:
    """The last two seconds of lines in any order."""
    lines = data[:-1].split(b"\n")
    counts = Counter(line[:_SECOND] for line in lines)
    latest = sorted(counts)[-2:]
    return {second: (counts[second], next(line for line in lines if line[:_SECOND] >= second)) for second in latest}


def _line_at(data: bytes, place: int) -> bytes:
    return data[place : data.index(b"\n", place)]


def _stamp_at(data: bytes, place: int) -> bytes:
    found = _STAMPED.match(data, place)
    return found[0] if found else b""


def _digest(line: bytes) -> bytes:
    return blake2b(line, digest_size=16).digest()
