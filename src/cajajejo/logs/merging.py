"""Logs of several containers and sources as one, in order of time; flat memory, and nothing twice."""

from __future__ import annotations

import heapq
from collections import Counter, deque
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Final, TypeAlias

from cajajejo.logs.lines import Block, Gap, Line, instant
from cajajejo.moments import parse_timestamp

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from cajajejo.logs.lines import Item

_PIECE: Final = 16 * 1024
"""Bytes in which a block is looked through where it overlaps with other logs."""
_REMEMBERED_NANOSECONDS: Final = 10 * 10**9
"""How far apart the two copies of a line may come, by the time in front of them."""

_Key: TypeAlias = tuple[str, str, int, str]


@dataclass(frozen=True, slots=True)
class Feed:
    """One log among several.

    Attributes:
        began: no line of it is older, in nanoseconds since the epoch.
        items: opens it; only called when everything older was read.
    """

    began: int
    items: Callable[[], Iterator[Item]]


def merged(feeds: Iterable[Feed]) -> Iterator[Item]:
    """All logs in order of time, each of which is so; of each, one block at a time is in memory."""
    waiting: list[tuple[int, int, Item | None, Iterator[Item]]] = []
    for number, feed in enumerate(feeds):
        heapq.heappush(waiting, (feed.began, number, None, _opened(feed)))
    while waiting:
        _, number, item, rest = heapq.heappop(waiting)
        if item is not None:
            shown, kept, rest = split(item, rest, waiting[0][0] if waiting else None)
            yield shown
            if kept is not None:
                heapq.heappush(waiting, (began(kept) or 0, number, kept, rest))
                continue
        following = next(rest, None)
        if following is not None:
            heapq.heappush(waiting, (began(following) or 0, number, following, rest))


def split(item: Item, rest: Iterator[Item], bound: int | None) -> tuple[Item, Item | None, Iterator[Item]]:
    """What of `item` comes before `bound`, a line at least; what remains of it; and what follows after that."""
    if not isinstance(item, Block) or bound is None or item.last <= bound:
        return item, None, rest
    if len(item.data) > _PIECE:
        pieces = item.pieces(_PIECE)
        item, rest = next(pieces), chain(pieces, rest)
    head, tail = item.until(max(bound, item.first))
    return head or item, tail if head else None, rest


def began(item: Item) -> int | None:
    """The time of the first line; of a gap, when it began; None where nobody knows."""
    if isinstance(item, Block):
        return item.first
    return item.at if isinstance(item, Line) else item.since


def _opened(feed: Feed) -> Iterator[Item]:
    yield from feed.items()


def lines_of(items: Iterable[Item]) -> Iterator[Line | Gap]:
    """The lines one by one."""
    for item in items:
        if isinstance(item, Block):
            yield from item.lines()
        else:
            yield item


def last(items: Iterable[Item], count: int) -> Iterator[Item]:
    """The last `count` lines, and the gaps between them."""
    kept: deque[Line | Gap] = deque()
    lines = 0
    for item in lines_of(items):
        kept.append(item)
        lines += isinstance(item, Line)
        while lines > count:
            lines -= isinstance(kept.popleft(), Line)
    yield from kept


def between(items: Iterable[Item], since: int | None, until: int | None) -> Iterator[Item]:
    """The lines from `since` to `until`, both included, in nanoseconds since the epoch."""
    for item in items:
        if until is not None and (began(item) or 0) > until:
            return
        if isinstance(item, Line) and since is not None and item.at is not None and item.at < since:
            continue
        if not isinstance(item, Block):
            yield item
            continue
        kept = item.until(since - 1)[1] if since is not None else item
        if kept is not None and until is not None:
            kept = kept.until(until)[0]
        if kept is not None:
            yield kept


def distinct(items: Iterable[Item]) -> Iterator[Line | Gap]:
    """The lines of pods and of an archive, each once: what both have is shown when the first of them brings it.

    The same line twice in one source is two lines: a program may say the same thing twice in one moment.
    """
    unmatched: Counter[_Key] = Counter()
    arrived: deque[tuple[int, _Key]] = deque()
    for item in lines_of(items):
        if isinstance(item, Gap) or item.at is None:
            yield item
            continue
        key, step = _key(item), -1 if item.insert_id else 1
        if unmatched[key] * step < 0:
            unmatched[key] += step
            continue
        unmatched[key] += step
        arrived.append((item.at, key))
        while arrived[0][0] < item.at - _REMEMBERED_NANOSECONDS:
            unmatched.pop(arrived.popleft()[1], None)
        yield item


def _key(line: Line) -> _Key:
    """What is the same of a line in both sources.

    An archive writes the JSON of a line anew, so its message counts; and it takes the time that the line itself tells
    for the line's, so that one counts, too.
    """
    payload = line.payload or {}
    message, told = payload.get("message"), parse_timestamp(payload.get("time"))
    at = line.at if told is None else instant(told)
    return line.pod, line.container, at or 0, message if isinstance(message, str) else line.text
