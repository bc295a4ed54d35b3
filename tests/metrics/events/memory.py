"""Event files that lie in memory, and what is read from them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

import numpy as np

from cajajejo.metrics.events import reading
from cajajejo.metrics.events.damage import Damage
from cajajejo.metrics.events.framing import Framing
from cajajejo.metrics.events.gathering import File, Gathered, Gathering, Run
from cajajejo.metrics.events.kinds import Kinds
from cajajejo.metrics.events.streams import Stream
from tests.metrics.events import plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from types import TracebackType

    from cajajejo.metrics.events.arrays import Bytes
    from cajajejo.metrics.events.series import Series

    Points = dict[str, list[tuple[int, float, float]]]


class Source:
    """The bytes of a file that lies in memory."""

    def __init__(self, data: bytes) -> None:
        self.name = "memory"
        self.data = data
        self.place = 0

    def begin(self) -> None: ...

    def readinto(self, view: memoryview) -> int:
        piece = self.data[self.place : self.place + len(view)]
        view[: len(piece)] = piece
        self.place += len(piece)
        return len(piece)

    def size(self) -> int:
        return len(self.data)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


def array(data: bytes) -> Bytes:
    """An array that can be written to."""
    return np.frombuffer(bytearray(data), np.uint8)


def file() -> File:
    """A file of the run ``run``."""
    return File(Gathering(()).run("run"), Damage("file"))


def points(run: Run) -> Points:
    """What was gathered, by tag."""
    return {tag: listed(series) for (_, tag), series in Gathered({run.name: run}).items()}


def listed(series: Series) -> list[tuple[int, float, float]]:
    """The points of a series, one by one."""
    return list(zip(series.steps.tolist(), series.wall_times.tolist(), series.values.tolist(), strict=True))


def by_blocks(data: bytes, size: int) -> File:
    """The file of these bytes, read by blocks of so many bytes."""
    read = file()
    read_blocks(Source(data), size, read)
    return read


def read_blocks(source: Source, size: int, read: File) -> None:
    """Reads what is left of a source by blocks of so many bytes."""
    framing, block = Framing(), np.empty(size, np.uint8)
    stream = Stream(read, framing, Kinds())
    filled = source.readinto(block.data)
    if filled == size:
        reading._read_blocks(source, block, stream, framing, read)
    else:
        stream.read(block, 0, filled, filled)
        stream.finish()


def check(read: File, data: bytes) -> None:
    """That what was read of a file is what a plain reader finds in its bytes."""
    expected = plain.read(data)
    assert texts(points(read.run)) == texts(plain.points(expected))
    sentence = read.damage.sentence or ": 0 damaged"
    assert int(sentence.split(": ")[1].split()[0]) == expected.damaged + expected.foreign


def texts(found: Mapping[str, Iterable[tuple[int, float, float]]]) -> dict[str, list[str]]:
    """Points as texts, by which NaN is NaN."""
    return {tag: [repr(point) for point in several] for tag, several in found.items()}
