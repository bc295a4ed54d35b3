"""All files of a log directory read through one buffer: large ones block by block, small ones many at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from cajajejo.metrics.events import large
from cajajejo.metrics.events.checksums import HEADER
from cajajejo.metrics.events.damage import Damage
from cajajejo.metrics.events.framing import Framing
from cajajejo.metrics.events.gathering import File, Gathering
from cajajejo.metrics.events.kinds import Kinds
from cajajejo.metrics.events.logdir import opened
from cajajejo.metrics.events.series import Events
from cajajejo.metrics.events.small_files import SmallFiles
from cajajejo.metrics.events.streams import Stream

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cajajejo.metrics.events.arrays import Bytes
    from cajajejo.metrics.events.logdir import Found
    from cajajejo.metrics.events.sources import Source

BLOCK: Final = 1 << 22
"""Bytes of a file that are read at a time."""
_SMALL_FILES: Final = 2 * BLOCK
"""Bytes of small files that are read together."""


def read(files: Sequence[Found], ignore: Sequence[str]) -> Events:
    """What stands in the files, whose tags are left out where they match a glob of `ignore`."""
    reader = _Reader(ignore)
    for found, source in opened(files):
        reader.read(found, source)
    return reader.finish()


class _Reader:
    def __init__(self, ignore: Sequence[str]) -> None:
        self._gathering = Gathering(ignore)
        self._buffer: Bytes = np.empty(_SMALL_FILES + BLOCK, np.uint8)  # memory is taken where it is written to
        self._framing = Framing()
        self._kinds = Kinds()
        self._small = SmallFiles(self._buffer, self._framing, self._kinds)
        self._damages: list[Damage] = []

    def read(self, found: Found, source: Source) -> None:
        """Reads a file, or lets it lie in the buffer to be read with others."""
        file = File(self._gathering.run(found.run), Damage(found.path))
        self._damages.append(file.damage)
        start = self._small.end
        end = start + large.fill(source, self._buffer.data[start : start + BLOCK])
        if end < start + BLOCK:
            self._small.add(file, end)
        if end > _SMALL_FILES or end == start + BLOCK:
            self._small.read()
        if end == start + BLOCK:
            stream = Stream(file, self._framing, self._kinds)
            _read_blocks(source, self._buffer[start:end], stream, self._framing, file)

    def finish(self) -> Events:
        """What was read."""
        self._small.read()
        sentences = (damage.sentence for damage in self._damages)
        return Events(self._gathering.series(), tuple(sentence for sentence in sentences if sentence))


def _read_blocks(source: Source, block: Bytes, stream: Stream, framing: Framing, file: File) -> None:
    """Reads a file whose beginning fills the block."""
    before = 0  # bytes of the file that were in the block before those that are there now
    end = len(block)
    while end == len(block):
        place = stream.read(block, 0, end, max(end + 1, source.size() - before))
        size = None if place else framing.size(block[:HEADER].tobytes())
        if size is None:
            block[: end - place] = block[place:end].copy()
            end -= place
        else:
            stream.finish()
            place = large.read(source, block, size, file)
            end = 0
        before += place
        end += large.fill(source, block.data[end:])
    stream.read(block, 0, end, end)
    stream.finish()
