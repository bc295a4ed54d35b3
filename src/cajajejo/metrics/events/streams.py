"""One event file read from its beginning to its end, block by block."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np

from cajajejo.metrics.events import damage, periods, records, sorting
from cajajejo.metrics.events.checksums import HEADER
from cajajejo.metrics.events.rows import Rows

if TYPE_CHECKING:
    from cajajejo.metrics.events.arrays import Bytes, Places
    from cajajejo.metrics.events.framing import Framing
    from cajajejo.metrics.events.gathering import File
    from cajajejo.metrics.events.kinds import Kinds
    from cajajejo.metrics.events.patterns import Pattern


_FEW: Final = 32
"""Records that are read one by one."""
_WINDOW: Final = 64
"""Records that are walked through before a pattern is looked for; after each failure it takes twice as many."""
_WIDEST: Final = 4096
"""Records among which a pattern is looked for at most."""
_APART: Final = 1 << 15
"""Records after which it is looked for again, at most."""
_ODD: Final = 8
_RARE: Final = 400
"""A pattern is given up when, after `_ODD` odd records, there is one in so many."""


class Stream:
    """The reading of one file."""

    __slots__ = ("_before", "_file", "_framing", "_kinds", "_least", "_lost", "_odd", "_rows", "_window")

    def __init__(self, file: File, framing: Framing, kinds: Kinds) -> None:
        self._file = file
        self._framing = framing
        self._kinds = kinds
        self._rows: Rows | None = None
        self._before: Pattern | None = None
        self._odd = 0
        self._window = self._least = _WINDOW
        self._lost = False

    def read(self, block: Bytes, start: int, end: int, file_end: int) -> int:
        """Reads the records between `start` and `end` of a block; gives the place of the first that is not whole there.

        Args:
            block: is overwritten where it has been read.
            start: where the first record begins.
            end: how far the block is filled.
            file_end: where the file ends, counted as places of the block.
        """
        place = start
        while place < end:
            if self._lost:
                place = self._search(block, place, end, file_end)
                if self._lost:
                    return place
            if self._rows is not None:
                place = self._read_rows(self._rows, block, place, end, file_end)
                if self._rows is not None:
                    return place
            place = self._read_loose(block, place, end)
            if self._rows is None and place < end:
                size = self._size(block, place, end)
                left = end - place
                if end < file_end and (left < HEADER if size is None else place + size <= file_end):
                    return place
                self._lost = True
                self._file.damage.lose(1)
                place += 1
        return place

    def finish(self) -> None:
        """Gathers what still waits."""
        if self._rows is not None:
            self._rows.finish()
            self._rows = None

    def _size(self, block: Bytes, place: int, end: int) -> int | None:
        return self._framing.size(block[place : min(end, place + HEADER)].tobytes())

    def _search(self, block: Bytes, place: int, end: int, file_end: int) -> int:
        """Steps over damage; it is behind us if a record has been found."""
        found = damage.next_record(block, place, end, file_end - place, self._file.damage)
        self._lost = found is None
        ahead = end if end >= file_end else max(place, end - HEADER + 1)
        behind = ahead if found is None else found
        self._file.damage.lose(behind - place, records=0)
        return behind

    def _read_loose(self, block: Bytes, place: int, end: int) -> int:
        """Reads records until there is a pattern, or no whole record any more; gives the place behind them."""
        places, pattern = self._taken_up(block, place, end)
        while pattern is None:
            walked = self._framing.walk(block, int(places[-1]), end, self._window)
            places = np.concatenate([places, walked[1:]])
            if len(walked) <= self._window:
                break
            pattern = periods.pattern(block, places[-min(self._window, _WIDEST) - 1 :])
            self._window = min(2 * self._window, _APART)
        self._read_all(block, places)
        if pattern is not None:
            self._rows = Rows(pattern, self._file)
            self._odd = 0
            self._window = self._least
        return int(places[-1])

    def _taken_up(self, block: Bytes, place: int, end: int) -> tuple[Places, Pattern | None]:
        """The rest of a row, and the pattern of what comes behind it, if there are the tags of the last pattern again.

        This is how steps grow by a byte.
        """
        before, self._before = self._before, None
        if before is None:
            return np.array([place]), None
        count = len(before.starts)
        walked = self._framing.walk(block, place, end, 2 * count)
        pattern = periods.row(block, walked[count:]) if len(walked) > 2 * count else None
        return walked[: count + 1], pattern if pattern is not None and pattern.tags == before.tags else None

    def _read_all(self, block: Bytes, places: Places) -> None:
        """Reads the records that begin at `places`, of which the last is the end."""
        if len(places) > _FEW:
            owners = np.zeros(len(places) - 1, np.intp)
            sorting.read(block, places[:-1], np.diff(places), [self._file], owners, self._kinds)
            return
        for start, end in pairwise(places.tolist()):
            records.read(block[start:end]).gather(self._file)

    def _read_rows(self, rows: Rows, block: Bytes, place: int, end: int, file_end: int) -> int:
        """Reads rows of the pattern, and odd records between them; gives the place of what is less than a row."""
        while True:
            place, at = rows.advance(block, place, end)
            if at is None:
                if end >= file_end:
                    self.finish()
                return place
            start = place + rows.pattern.starts[at]
            size = self._size(block, start, end)
            if size is not None and end < min(start + size, file_end) and start + size - place <= len(block) // 2:
                return place
            if size is None or start + size > end or not self._is_odd(rows, block[start : start + size]):
                self._give_up(rows)
                return place
            block[place + size : start + size] = block[place:start].copy()  # the records before it in its row move up
            place += size

    def _is_odd(self, rows: Rows, frame: Bytes) -> bool:
        """Whether a record can be taken out of a row of the pattern; if so, it is read."""
        self._odd += 1
        if self._is_often_interrupted(rows):
            return False
        record = records.read(frame)
        if any(value.tag in rows.pattern.plugins for value in record.values):
            return False
        record.gather(self._file)
        return True

    def _is_often_interrupted(self, rows: Rows) -> bool:
        return self._odd >= _ODD and rows.records < self._odd * _RARE

    def _give_up(self, rows: Rows) -> None:
        """Forgets the pattern; if it was interrupted too often, a longer one is looked for."""
        self.finish()
        if self._is_often_interrupted(rows):
            self._least = self._window = min(4 * self._least, _WIDEST)
        else:
            self._before = rows.pattern
