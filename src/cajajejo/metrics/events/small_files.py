"""Small files that lie in the buffer one behind the other, read together.

Those that are of one layout are read as rows of a pattern, and the records of the others are sorted together. Only what
is damaged, or not so small, is read as a stream of its own.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

import numpy as np

from cajajejo.metrics.events import periods, sorting
from cajajejo.metrics.events.equal_files import SEVERAL, EqualFiles, Lying
from cajajejo.metrics.events.streams import Stream

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cajajejo.metrics.events.arrays import Bytes, Places
    from cajajejo.metrics.events.framing import Framing
    from cajajejo.metrics.events.gathering import File
    from cajajejo.metrics.events.kinds import Kinds

_SMALL: Final = 1 << 16
"""Bytes of a file whose records are sorted together with those of others."""


class SmallFiles:
    """The files that lie in the buffer.

    Attributes:
        end: how far they fill it.
    """

    __slots__ = ("_block", "_equal", "_framing", "_kinds", "_lying", "end")

    def __init__(self, block: Bytes, framing: Framing, kinds: Kinds) -> None:
        self.end = 0
        self._block = block
        self._framing = framing
        self._kinds = kinds
        self._equal = EqualFiles(framing)
        self._lying: list[Lying] = []

    def add(self, file: File, end: int) -> None:
        """Takes note of a whole file that lies behind the others."""
        self._lying.append(Lying(file, self.end, end))
        self.end = end

    def read(self) -> None:
        """Reads all of them, and makes room."""
        lying, self._lying, self.end = self._lying, [], 0
        walked = [(one, self._walk(one)) for one in self._without_equal(lying)]
        alone = {one.file.run.name for one, places in walked if places[-1] != one.end}
        self._sort([(one, places) for one, places in walked if one.file.run.name not in alone])
        for one, _ in walked:
            if one.file.run.name in alone:
                stream = Stream(one.file, self._framing, self._kinds)
                stream.read(self._block, one.start, one.end, one.end)
                stream.finish()

    def _without_equal(self, lying: Sequence[Lying]) -> list[Lying]:
        """Reads the files that are of one pattern; gives the others, and all files of runs that have several."""
        runs = Counter(one.file.run.name for one in lying)
        by_size: dict[int, list[Lying]] = {}
        for one in lying:
            if runs[one.file.run.name] == 1 and 0 < one.end - one.start <= periods.LONGEST:
                by_size.setdefault(one.end - one.start, []).append(one)
        read: set[int] = set()
        for equal in by_size.values():
            if len(equal) >= SEVERAL:
                read |= self._equal.read(self._block, equal)
        return [one for one in lying if one.start not in read and one.start != one.end]

    def _walk(self, one: Lying) -> Places:
        """Where the records of a small file begin, and its end; less if it is damaged, or not so small."""
        most = one.end - one.start if one.end - one.start <= _SMALL else 0
        return self._framing.walk(self._block, one.start, one.end, most)

    def _sort(self, walked: Sequence[tuple[Lying, Places]]) -> None:
        """Reads the records of many files together."""
        if walked:
            starts = np.concatenate([places[:-1] for _, places in walked])
            sizes = np.concatenate([np.diff(places) for _, places in walked])
            owners = np.repeat(np.arange(len(walked)), [len(places) - 1 for _, places in walked])
            sorting.read(self._block, starts, sizes, [one.file for one, _ in walked], owners, self._kinds)
