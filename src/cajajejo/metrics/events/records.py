"""One record read by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from cajajejo.metrics.events import checksums, columns, layouts, messages
from cajajejo.metrics.events.checksums import FOOTER, HEADER
from cajajejo.metrics.events.columns import Points
from cajajejo.metrics.events.wire import UnusualError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cajajejo.metrics.events.arrays import Bytes
    from cajajejo.metrics.events.gathering import File


class Value(NamedTuple):
    """A value of a record: its tag, its plugin, and its step, wall time and number if it is a scalar."""

    tag: str
    plugin: str
    point: tuple[int, float, float] | None


class Record(NamedTuple):
    """What a record says: its values, or how many bytes are lost with it."""

    values: Sequence[Value]
    lost: int = 0

    def gather(self, file: File) -> None:
        """Gathers its points, and counts it."""
        if self.lost:
            file.damage.lose(self.lost)
            return
        file.damage.good += 1
        for tag, plugin, point in self.values:
            chunks = file.run.of(tag, plugin)
            if point is not None and chunks is not None:
                chunks.append(Points.of(*point))


def read(frame: Bytes) -> Record:
    """What stands in a record, given with header and footer."""
    return decoded(frame) if checksums.is_whole(frame) else Record((), len(frame))


def decoded(frame: Bytes) -> Record:
    """The same of a record whose checksums are right."""
    try:
        layout = layouts.of(frame.data, len(frame))
    except UnusualError:
        return _understood(frame[HEADER:-FOOTER].tobytes())
    if layout.tag is None:
        return Record(())
    if layout.number is None:
        return Record([Value(layout.tag, layout.plugin, None)])
    points = columns.points(frame.reshape(1, -1), 0, layout)
    point = int(points.steps[0]), float(points.wall_times[0]), float(points.values[0])
    return Record([Value(layout.tag, layout.plugin, point)])


def _understood(data: bytes) -> Record:
    """What the data of one record say as protobuf understands them."""
    message = messages.read(data)
    if message is None:
        return Record((), len(data))
    return Record(
        [
            Value(tag, plugin, None if number is None else (message.step, message.wall_time, number))
            for tag, plugin, number in message.values
        ]
    )
