"""Which bytes of a file are still to be fetched, cut into parts that can be fetched beside each other; pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cajajejo.models.source import RemoteFile

PART_BYTES: Final = 32 * 1024 * 1024
"""How large a part is; a file of less than two is fetched in one go."""


@dataclass(frozen=True, slots=True, order=True)
class Part:
    """The bytes of a file from `start` up to `end`, exclusive; None: to its end, wherever that is."""

    start: int
    end: int | None


def missing(file: RemoteFile, there: Iterable[tuple[int, int]], part_bytes: int = PART_BYTES) -> list[Part]:
    """The parts of `file` to fetch, in order, where the stretches `there` (start, end) are there already.

    A file of which no part can be asked for is there as a whole, or not at all.
    """
    if file.size is None or not file.ranged:
        whole = any(start == 0 and file.size in {None, end} for start, end in there)
        return [] if whole or file.size == 0 else [Part(0, file.size)]
    largest = max(file.size, 1) if file.size < 2 * part_bytes else part_bytes
    return [part for start, end in _gaps(file.size, there) for part in _cut(start, end, largest)]


def _gaps(size: int, there: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    gaps, reached = [], 0
    for start, end in sorted(there):
        if start > reached:
            gaps.append((reached, min(start, size)))
        reached = max(reached, end)
    return [*gaps, (reached, size)] if reached < size else gaps


def _cut(start: int, end: int, largest: int) -> list[Part]:
    return [Part(at, min(at + largest, end)) for at in range(start, end, largest)]
