"""Small files of equal size, which are mostly of equal layout as well: rows of a pattern, of which each is a file.

So it is where many runs of one program wrote the same tags at the same steps.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from cajajejo.metrics.events import periods, rows
from cajajejo.metrics.events.gathering import SCALARS, Table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cajajejo.metrics.events.arrays import Bytes
    from cajajejo.metrics.events.framing import Framing
    from cajajejo.metrics.events.gathering import File
    from cajajejo.metrics.events.patterns import Pattern

SEVERAL: Final = 4
"""Files of one size that are worth a pattern."""
_PATTERNS: Final = 64
"""Patterns that are remembered."""


class Lying(NamedTuple):
    """A file that lies in the buffer."""

    file: File
    start: int
    end: int


class EqualFiles:
    """The patterns of files by their size."""

    __slots__ = ("_framing", "_patterns")

    def __init__(self, framing: Framing) -> None:
        self._framing = framing
        self._patterns: dict[int, Pattern] = {}

    def read(self, block: Bytes, equal: Sequence[Lying]) -> set[int]:
        """Reads those files of one size that are of one pattern, and whole; gives where they begin."""
        size = equal[0].end - equal[0].start
        pattern = self._patterns.get(size) or self._pattern(block, equal[0])
        if pattern is None:
            return set()
        if len(self._patterns) >= _PATTERNS:
            self._patterns.clear()
        self._patterns[size] = pattern
        table = _table(block, equal)
        packed = pattern.pack(table)
        chosen = _agreeing(pattern, table, packed)
        if len(chosen) < len(table):
            table, packed = table[chosen], packed[chosen]
        return _gather(pattern, table, packed, [equal[row] for row in chosen])

    def _pattern(self, block: Bytes, one: Lying) -> Pattern | None:
        places = self._framing.walk(block, one.start, one.end, one.end - one.start)
        return periods.row(block, places) if places[-1] == one.end else None


def _table(block: Bytes, equal: Sequence[Lying]) -> Bytes:
    """Files of one size, each of them a row."""
    size = equal[0].end - equal[0].start
    first, last = equal[0].start, equal[-1].end
    if last - first == size * len(equal):
        return block[first:last].reshape(-1, size)
    return np.stack([block[one.start : one.end] for one in equal])


def _agreeing(pattern: Pattern, table: Bytes, packed: Bytes) -> list[int]:
    """The rows that are of the pattern; where too many are not, no further ones are looked at."""
    chosen: list[int] = []
    row = 0
    while row < len(table) and row - len(chosen) <= len(chosen) // 4 + SEVERAL:
        count, _ = pattern.agreeing(table[row:], packed[row:])
        chosen += range(row, row + count)
        row += count + 1
    return chosen


def _gather(pattern: Pattern, table: Bytes, packed: Bytes, lying: Sequence[Lying]) -> set[int]:
    """Gathers the points of those files of the pattern that are whole; gives where they begin."""
    if not lying:
        return set()
    damaged = {row for row, _ in pattern.packing.faulty(packed)}
    for row in damaged:
        pattern.packing.restore(packed[row : row + 1])
    if pattern.large:
        damaged.update(row for row, _ in rows.damaged(table, pattern.large))
    wanted = {tag: slots for tag, slots in pattern.series.items() if pattern.plugins[tag] in SCALARS}
    gathered = Table(pattern.plugins, {tag: rows.points(packed, slots) for tag, slots in wanted.items()})
    whole = set()
    for row, (file, start, _) in enumerate(lying):
        if row not in damaged:
            file.damage.good += len(pattern.starts)
            file.run.take(gathered, row)
            whole.add(start)
    return whole
