"""Layouts that were met, to know the records of the same layout by sight.

What tells one layout from another of the same size is which of their bytes are fixed. What tells one tag from another
of the same layout are these bytes: a hash of them is looked up among those of known records, and then the bytes
themselves are compared.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

import numpy as np

from cajajejo.metrics.events import checksums
from cajajejo.metrics.events.checksums import FOOTER, HEADER

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cajajejo.metrics.events.arrays import Bytes, Places, Words
    from cajajejo.metrics.events.layouts import Layout


_MOST: Final = 512
"""Members of a kind."""
_SIZES: Final = 4096
"""Sizes of which kinds are kept."""


def mask(layout: Layout) -> Bytes:
    """The bits that are the same in all records of a layout."""
    bits = np.full(layout.size, 0xFF, np.uint8)
    for start, end in layout.free:
        bits[start:end] = 0
    for start, end in layout.varints:
        bits[start:end] = 0x80
    return bits


def words(rows: Bytes) -> Words:
    """Rows of bytes as rows of words; the last word of a row overlaps the one before it."""
    count, size = rows.shape
    found = np.empty((count, -(-size // 8)), np.uint64)
    found[:, :-1] = np.ndarray((count, found.shape[1] - 1), "<u8", rows, 0, (size, 8))
    found[:, -1] = np.ndarray(count, "<u8", rows, size - 8, (size,))
    return found


class Kind:
    """Layouts that differ in nothing but tag and plugin.

    Attributes:
        layout: what they have in common.
        members: those that were met.
    """

    __slots__ = ("_factors", "_hashes", "_mask", "_templates", "layout", "members")

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self.members: list[Layout] = []
        self._mask = words(mask(layout).reshape(1, -1))[0]
        self._factors: Words = np.frombuffer(os.urandom(8 * len(self._mask)), np.uint64) | np.uint64(1)
        self._templates: Words = np.empty((0, len(self._mask)), np.uint64)
        self._hashes: Words = np.empty(0, np.uint64)

    def add(self, layout: Layout, record: Bytes) -> None:
        """Makes a member known, by one of its records."""
        fixed = words(record.reshape(1, -1)) & self._mask
        hashed = (fixed @ self._factors)[0]
        place = int(self._hashes.searchsorted(hashed))
        self.members.insert(place, layout)
        self._templates = np.insert(self._templates, place, fixed[0], axis=0)
        self._hashes = np.insert(self._hashes, place, hashed)

    def matching(self, records: Words) -> tuple[Places, NDArray[np.bool_]]:
        """For each record the number of the only member that it can be of, and whether it is."""
        fixed = records & self._mask
        if len(self.members) == 1:
            return np.zeros(len(records), np.intp), _in_all_words(fixed == self._templates)
        members = self._hashes.searchsorted(fixed @ self._factors)
        members[members == len(self._hashes)] = 0
        return members, _in_all_words(self._templates.take(members, axis=0) == fixed)


def _in_all_words(equal: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Whether all words of each row are equal: by columns, since rows of a few words take numpy four times as long."""
    found: NDArray[np.bool_] = np.logical_and.reduce(equal.T.copy(), axis=0)
    return found


class Kinds:
    """The kinds of records that were met, by size."""

    __slots__ = ("_by_size", "_differences")

    def __init__(self) -> None:
        self._by_size: dict[int, list[Kind]] = {}
        self._differences: dict[int, int] = {}

    def of_size(self, size: int) -> list[Kind]:
        """Those of records of this size."""
        return self._by_size.get(size, [])

    def difference(self, size: int, header: bytes) -> int:
        """See `checksums.difference`."""
        known = self._differences.get(size)
        if known is None:
            if len(self._differences) >= _SIZES:
                self._differences.clear()
            known = self._differences[size] = checksums.difference(header, size - HEADER - FOOTER)
        return known

    def add(self, layout: Layout, record: Bytes) -> Kind | None:
        """The kind of a record of this layout, to which it is added; None if the kind is full."""
        common = layout._replace(tag="", plugin="") if layout.tag is not None else layout
        if len(self._by_size) >= _SIZES:
            self._by_size.clear()
        same_size = self._by_size.setdefault(layout.size, [])
        kind = next((kind for kind in same_size if kind.layout == common), None)
        if kind is None and len(same_size) < _MOST:
            same_size.append(kind := Kind(common))
        if kind is None or len(kind.members) >= _MOST:
            return None
        kind.add(layout, record)
        return kind
