"""What was found in many records: of each value the tag, the plugin, and the point."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cajajejo.metrics.events.columns import Points

if TYPE_CHECKING:
    from cajajejo.metrics.events.arrays import Places
    from cajajejo.metrics.events.records import Record, Value


class Finds:
    """The values of numbered records, in arrays: mostly one of each.

    Attributes:
        codes: of each value a number for its tag, its plugin and whether it is a scalar; 0 where there is no value.
        points: of each value; anything where it is no scalar.
        records: of each value the number of its record.
        meanings: the tag, the plugin and whether it is a scalar, for each code.
        lost: the number of each damaged record, and how many bytes are lost with it.
    """

    __slots__ = ("_further", "codes", "lost", "meanings", "points", "records")

    def __init__(self, count: int) -> None:
        self.codes: Places = np.zeros(count, np.intp)
        self.points = Points(np.zeros(count, np.int64), np.zeros(count), np.zeros(count))
        self.records: Places = np.arange(count)
        self.meanings: dict[tuple[str, str, bool] | None, int] = {None: 0}
        self.lost: list[tuple[int, int]] = []
        self._further: list[tuple[int, Value]] = []

    def code(self, tag: str | None, plugin: str, *, scalar: bool) -> int:
        """The code of values of this tag and plugin."""
        meaning = None if tag is None else (tag, plugin, scalar)
        return self.meanings.setdefault(meaning, len(self.meanings))

    def put(self, numbers: Places, codes: Places, points: Points | None) -> None:
        """Takes down what was found in many records that have one value each, or none."""
        self.codes[numbers] = codes
        if points is not None:
            for column, read in zip(self.points, points, strict=True):
                column[numbers] = read

    def note(self, number: int, record: Record) -> None:
        """Takes down what was found in one record."""
        if record.lost:
            self.lost.append((number, record.lost))
        self._further += [(number, value) for value in record.values[1:]]
        for tag, plugin, point in record.values[:1]:
            self.codes[number] = self.code(tag, plugin, scalar=point is not None)
            for column, value in zip(self.points, point or (), strict=False):
                column[number] = value

    def settle(self) -> None:
        """Puts the further values of records behind their first; till then they are in no array."""
        if not self._further:
            return
        numbers, values = zip(*self._further, strict=True)
        self._further = []
        codes = [self.code(value.tag, value.plugin, scalar=value.point is not None) for value in values]
        points = zip(*(value.point or (0, 0.0, 0.0) for value in values), strict=True)
        every = np.concatenate([self.records, numbers])
        order = every.argsort(kind="stable")
        self.records = every[order]
        self.codes = np.concatenate([self.codes, codes])[order]
        columns = zip(self.points, points, strict=True)
        self.points = Points(*(np.concatenate([column, further])[order] for column, further in columns))
