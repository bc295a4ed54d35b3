"""A reader of event files that is as plain as can be: a record after the other, each through protobuf.

It is what the fast reader is held to, and has nothing in common with it but what it says of the data of one record.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from cajajejo.event_writer import masked_crc32c
from cajajejo.metrics.events import messages

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cajajejo.metrics.events.messages import Message

_AROUND: Final = 16
_checksum: Final = masked_crc32c("reading event files")


Points = dict[str, list[tuple[int, float, float]]]
"""The points of each tag as (step, wall time, value)."""


@dataclass(frozen=True, slots=True)
class File:
    """What stands in a file: its events, how many records are damaged, and how many whole ones hold no event."""

    events: tuple[Message, ...]
    damaged: int
    foreign: int


def read(data: bytes) -> File:
    """What stands in these bytes."""
    found = list(records(data))
    read_as = [messages.read(record) for record in found if record is not None]
    return File(tuple(one for one in read_as if one is not None), found.count(None), read_as.count(None))


def points(*files: File) -> Points:
    """The scalars in the files of one run; a tag belongs to the plugin that its first value names."""
    found: Points = {}
    plugins: dict[str, str] = {}
    for event in (event for file in files for event in file.events):
        for tag, plugin, number in event.values:
            if plugins.setdefault(tag, plugin) in {"", "scalars"} and number is not None:
                found.setdefault(tag, []).append((event.step, event.wall_time, number))
    return found


def records(data: bytes) -> Iterator[bytes | None]:
    """The data of each good record; None for each that is damaged, or for as much as is behind a damaged length."""
    here = 0
    while here < len(data):
        length = _length(data, here)
        if length is None:
            yield None
            here = next((place for place in range(here + 1, len(data)) if _record(data, place) is not None), len(data))
        else:
            yield _record(data, here)
            here += length + _AROUND


def _length(data: bytes, here: int) -> int | None:
    """The length of the record at this place, where a whole one can begin."""
    if here + _AROUND > len(data):
        return None
    length, checksum = struct.unpack_from("<QI", data, here)
    right = 0 < length <= len(data) - here - _AROUND and checksum == _checksum(data[here : here + 8])
    return int(length) if right else None


def _record(data: bytes, here: int) -> bytes | None:
    """The data of a record that is good."""
    length = _length(data, here)
    if length is None:
        return None
    record = data[here + 12 : here + 12 + length]
    (checksum,) = struct.unpack_from("<I", data, here + 12 + length)
    return record if checksum == _checksum(record) else None
