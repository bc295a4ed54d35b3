"""Many records in no order, of one file or of many: those of one size are read at once, then all are sorted by tag."""

from __future__ import annotations

import operator
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np

from cajajejo.metrics.events import one_size, records
from cajajejo.metrics.events.finds import Finds

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cajajejo.metrics.events.arrays import Bytes, Places
    from cajajejo.metrics.events.columns import Points
    from cajajejo.metrics.events.gathering import File
    from cajajejo.metrics.events.kinds import Kinds

_FEW: Final = 8
"""Records of one size that are read one by one."""
_LARGE: Final = 4096
"""Bytes of a record that is read by itself."""
_KEYS: Final = 1 << 16
"""Keys for which numpy sorts by radix."""


def read(block: Bytes, starts: Places, sizes: Places, files: Sequence[File], owners: Places, kinds: Kinds) -> None:
    """Gathers the points of many records.

    Args:
        block: holds them.
        starts: where each of them begins, in the order of the files.
        sizes: of each of them.
        files: that they come from.
        owners: the number of the file of each.
        kinds: of records that were met.
    """
    finds = Finds(len(starts))
    for size, numbers in _by_size(sizes):
        if size > _LARGE or len(numbers) < _FEW:
            for number, start in zip(numbers.tolist(), starts[numbers].tolist(), strict=True):
                finds.note(number, records.read(block[start : start + size]))
        else:
            every = np.ndarray(len(block) - size + 1, f"V{size}", block, 0, (1,))  # a record at each place
            rows = every[starts.take(numbers)].view(np.uint8).reshape(-1, size)
            one_size.read(rows, numbers, finds, kinds)
    finds.settle()
    _count(finds, files, owners)
    _gather(finds, files, owners)


def _by_size(sizes: Places) -> Iterator[tuple[int, Places]]:
    """Each size with the numbers of its records."""
    order = sizes.astype(np.uint16).argsort(kind="stable")  # the low bits will do: a size may come twice
    ordered = sizes.take(order)
    bounds = [0, *(np.flatnonzero(np.diff(ordered)) + 1).tolist(), len(ordered)]
    for start, end in pairwise(bounds):
        yield int(ordered[start]), order[start:end]


def _count(finds: Finds, files: Sequence[File], owners: Places) -> None:
    """Counts the good and the damaged records of each file."""
    for file, count in zip(files, np.bincount(owners, minlength=len(files)).tolist(), strict=True):
        file.damage.good += count
    for number, size in finds.lost:
        files[owners[number]].damage.miss(size)


def _gather(finds: Finds, files: Sequence[File], owners: Places) -> None:
    """Sorts the points by run and tag, and gathers them."""
    targets, gathered = _targets(finds, files, owners)
    order = (targets.astype(np.uint16) if len(gathered) < _KEYS else targets).argsort(kind="stable")
    points = finds.points.each(lambda column: column.take(order))
    bounds = targets.take(order).searchsorted(np.arange(1, len(gathered) + 2)).tolist()
    for chunks, (start, end) in zip(gathered, pairwise(bounds), strict=True):
        chunks.append(points.each(operator.itemgetter(slice(start, end))))


def _targets(finds: Finds, files: Sequence[File], owners: Places) -> tuple[Places, list[list[Points]]]:
    """For each value the number of what gathers its point, from 1 on or 0 for none; and what gathers them.

    Tags are made known to the runs in the order in which they come first.
    """
    meanings = list(finds.meanings)
    codes = finds.codes if len(files) == 1 else finds.codes + len(meanings) * owners.take(finds.records)
    count = len(codes)
    first = np.full(len(meanings) * len(files), count)
    first[codes[::-1]] = np.arange(count)[::-1]  # of several numbers for one place the last one stays
    gathered: list[list[Points]] = []
    numbers: dict[int, int] = {}
    targets = np.zeros(len(first), np.intp)
    for code in first.argsort(kind="stable")[: np.count_nonzero(first < count)].tolist():
        owner, place = divmod(code, len(meanings))
        meaning = meanings[place]
        if meaning is None:
            continue
        tag, plugin, scalar = meaning
        chunks = files[owner].run.of(tag, plugin)
        if chunks is not None and scalar:
            if id(chunks) not in numbers:
                gathered.append(chunks)
                numbers[id(chunks)] = len(gathered)
            targets[code] = numbers[id(chunks)]
    return targets.take(codes), gathered
