"""Records that are larger than the buffer: skipped if they are no scalars, and never held in memory beyond a limit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from cajajejo.metrics.events import checksums, layouts, records
from cajajejo.metrics.events.checksums import FOOTER, HEADER
from cajajejo.metrics.events.wire import UnusualError

if TYPE_CHECKING:
    from cajajejo.metrics.events.arrays import Bytes
    from cajajejo.metrics.events.gathering import File
    from cajajejo.metrics.events.sources import Source


_LARGEST: Final = 1 << 26
"""Bytes of a record that is held in memory because it may be a scalar; still larger ones count as damaged."""


def read(source: Source, block: Bytes, size: int, file: File) -> int:
    """Reads a record whose beginning fills the block, which is overwritten; gives how many bytes it has in the file.

    Args:
        source: stands behind what fills the block.
        block: the beginning of the record.
        size: of the record.
        file: that it belongs to.
    """
    try:
        layout = layouts.of(block.data, size)
    except UnusualError:
        layout = None
    if layout is not None and layout.number is None:
        if layout.tag is not None:
            file.run.of(layout.tag, layout.plugin)
        count, whole = _skip(source, block, size)
    elif size > _LARGEST:
        count, whole = _skip(source, block, size)[0], False
    else:
        return _hold(source, block, size, file)
    if whole:
        file.damage.good += 1
    else:
        file.damage.lose(count)
    return count


def _hold(source: Source, block: Bytes, size: int, file: File) -> int:
    record = np.empty(size, np.uint8)
    record[: len(block)] = block
    filled = len(block) + fill(source, record.data[len(block) :])
    if filled == size:
        records.read(record).gather(file)
    else:
        file.damage.lose(filled)
    return filled


def _skip(source: Source, block: Bytes, size: int) -> tuple[int, bool]:
    """Reads a record without holding it; gives how many bytes there were, and whether it is whole."""
    footer = size - FOOTER
    checksum = checksums.crc(block[HEADER : min(len(block), footer)])
    stored = block[footer:].tobytes()
    count = len(block)
    while count < size:
        filled = fill(source, block.data[: min(len(block), size - count)])
        if not filled:
            return count, False
        of_data = max(0, min(filled, footer - count))
        checksum = checksums.extended(checksum, block[:of_data])
        stored += block[of_data:filled].tobytes()
        count += filled
    return count, stored == checksums.masked(checksum).to_bytes(FOOTER, "little")


def fill(source: Source, view: memoryview) -> int:
    """Reads until there is no more room, or no more to read; gives how many bytes were read."""
    filled = 0
    while filled < len(view):
        count = source.readinto(view[filled:])
        if not count:
            break
        filled += count
    return filled
