"""Records of one size, copied into rows: those of a known kind are read at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cajajejo.metrics.events import checksums, columns, layouts, records
from cajajejo.metrics.events.checksums import HEADER
from cajajejo.metrics.events.kinds import words
from cajajejo.metrics.events.wire import UnusualError

if TYPE_CHECKING:
    from cajajejo.metrics.events.arrays import Bytes, Places
    from cajajejo.metrics.events.finds import Finds
    from cajajejo.metrics.events.kinds import Kind, Kinds


def read(rows: Bytes, numbers: Places, finds: Finds, kinds: Kinds) -> None:
    """Takes down what is found in records.

    Args:
        rows: a record each, whose checksums are overwritten.
        numbers: of the records.
        finds: where it is taken down.
        kinds: that are known; what is met is added.
    """
    size = rows.shape[1]
    bad = [row for row, _ in checksums.faulty(rows, [(size, kinds.difference(size, rows[0, :HEADER].tobytes()))])]
    if bad:
        finds.lost += [(number, size) for number in numbers[bad].tolist()]
        numbers, rows = np.delete(numbers, bad), np.delete(rows, bad, axis=0)
    _Rows(rows, numbers, finds).read(kinds)


class _Rows:
    def __init__(self, rows: Bytes, numbers: Places, finds: Finds) -> None:
        self._rows = rows
        self._numbers = numbers
        self._words = words(rows)
        self._finds = finds

    def read(self, kinds: Kinds) -> None:
        """Reads those of known kinds, and the others after the first of them has been looked at."""
        pending = np.arange(len(self._rows))
        for kind in kinds.of_size(self._rows.shape[1]):
            pending = self._read_kind(kind, pending)
        while len(pending):
            row = self._rows[pending[0]]
            met = _met(row, kinds)
            if met is not None:
                pending = self._read_kind(met, pending)
            else:
                self._finds.note(int(self._numbers[pending[0]]), records.decoded(row))
                pending = pending[1:]

    def _read_kind(self, kind: Kind, pending: Places) -> Places:
        """Reads the records of a kind among those that are pending; gives the others."""
        if not len(pending):
            return pending
        whole = len(pending) == len(self._rows)
        members, fits = kind.matching(self._words if whole else self._words[pending])
        if whole and fits.all():
            self._put(kind, self._rows, self._numbers, members)
            return pending[:0]
        if fits.any():
            fitting = pending[fits]
            self._put(kind, self._rows[fitting], self._numbers[fitting], members[fits])
        return pending[~fits]

    def _put(self, kind: Kind, rows: Bytes, numbers: Places, members: Places) -> None:
        codes = [self._finds.code(one.tag, one.plugin, scalar=one.number is not None) for one in kind.members]
        points = None if kind.layout.number is None else columns.points(rows, 0, kind.layout)
        self._finds.put(numbers, np.array(codes, np.intp).take(members), points)


def _met(row: Bytes, kinds: Kinds) -> Kind | None:
    """The kind of a record that was not known before; None if it is not plain, or of a kind that is full."""
    try:
        layout = layouts.of(row.tobytes(), len(row))
    except UnusualError:
        return None
    return kinds.add(layout, row)
