"""The layout of a record, read by hand from its bytes: where its tag ends, and where its numbers stand.

Writers put the same fields in the same order again and again, so that the records of one tag differ in nothing but
the wall time, the step, the number and the checksum. What is plain in this sense gets a layout, and every other record
that agrees with it in all the bytes that are not `free` is read without being parsed. Whatever is not plain (several
values in one record, a field twice, negative steps, a tag that is no UTF-8) is left to protobuf.

What is no scalar is not looked into: of a histogram or an image nothing is read but the tag and the plugin.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from cajajejo.metrics.events import tensors, wire
from cajajejo.metrics.events.checksums import FOOTER, HEADER
from cajajejo.metrics.events.tensors import Number
from cajajejo.metrics.events.wire import UnusualError

if TYPE_CHECKING:
    from cajajejo.metrics.events.wire import Data, Place

_WALL_TIME, _STEP, _VERSION, _GRAPH, _SUMMARY, _META_GRAPH, _SOURCE = 0x09, 0x10, 0x1A, 0x22, 0x2A, 0x4A, 0x52
_WRITER = 0x0A
_VALUE = 0x0A
_TAG, _SIMPLE, _TENSOR, _METADATA = 0x0A, 0x15, 0x42, 0x4A
_OPAQUE: Final = frozenset({0x1A, 0x22, 0x2A, 0x32})  # the first histograms, images, histograms, audio
_PLUGIN, _DISPLAY_NAME, _DESCRIPTION, _CLASS = 0x0A, 0x12, 0x1A, 0x20
_NAME, _CONTENT = 0x0A, 0x12


class Layout(NamedTuple):
    """What records have in common; places are counted from the beginning of the record.

    Attributes:
        size: of a record, header and footer included.
        tag: of its only value; None if it has no value.
        plugin: that the value names.
        wall_time: where it stands; None if it is not written and therefore 0.
        step: where it stands; None if it is not written and therefore 0.
        number: where it stands; None if the value is no scalar.
        free: what differs between records of this layout.
        varints: numbers whose bytes differ but for the bit that says that the number goes on.
    """

    size: int
    tag: str | None
    plugin: str
    wall_time: Place | None
    step: Place | None
    number: Number | None
    free: tuple[Place, ...]
    varints: tuple[Place, ...]


class _Value(NamedTuple):
    tag: str | None
    plugin: str
    number: Number | None
    free: tuple[Place, ...]


def of(record: Data, size: int) -> Layout:
    """The layout of a record.

    Args:
        record: its beginning is enough, as long as nothing is cut off that must be read.
        size: of the whole record.

    Raises:
        UnusualError: it is not plain.
    """
    try:
        return _of(record, size)
    except IndexError as error:
        raise UnusualError from error


def tag(record: bytes) -> bytes:
    """The tag of a record as writers usually put it, for guesses: not checked, and empty where it stands elsewhere."""
    try:
        place = HEADER + 9 if record[HEADER] == _WALL_TIME else HEADER
        if record[place] == _STEP:
            place = wire.behind_varint(record, place + 1)
        for key in (_SUMMARY, _VALUE):
            if record[place] != key:
                return b""
            place = wire.behind_varint(record, place + 1)
        return record[place + 2 : place + 2 + record[place + 1]]
    except (IndexError, UnusualError):
        return b""


def _of(record: Data, size: int) -> Layout:
    fields = wire.once(wire.fields(record, HEADER, size - FOOTER))
    wall_time, step, summary = fields.pop(_WALL_TIME, None), fields.pop(_STEP, None), fields.pop(_SUMMARY, None)
    if summary is None:
        value = _without_value(record, fields)
    elif fields:
        raise UnusualError
    else:
        value = _value(record, summary)
    number = value.number
    for start in ([step[0]] if step else []) + ([number.start] if number else []):
        if start + wire.LONGEST > size:  # numbers are read in words of eight bytes
            raise UnusualError
    is_varint = number is not None and number.varint
    return Layout(
        size,
        value.tag,
        value.plugin,
        wall_time,
        step,
        number,
        ((size - FOOTER, size), *([wall_time] if wall_time else []), *(() if is_varint else value.free)),
        (*([step] if step else []), *(value.free if is_varint else ())),
    )


def _without_value(record: Data, fields: dict[int, Place]) -> _Value:
    """The version of the file, with its writer, or a graph."""
    source = fields.pop(_SOURCE, None)
    if source is not None:
        within = wire.once(wire.fields(record, *source))
        wire.text(record, within.pop(_WRITER, None))
        if within:
            raise UnusualError
    if len(fields) == 1 and _VERSION in fields:
        wire.text(record, fields[_VERSION])
        return _Value(None, "", None, ())
    if len(fields) == 1 and fields.keys() <= {_GRAPH, _META_GRAPH}:
        return _Value(None, "", None, tuple(fields.values()))
    raise UnusualError


def _value(record: Data, summary: Place) -> _Value:
    """The only value of a summary."""
    several = wire.fields(record, *summary)
    if len(several) != 1 or several[0][0] != _VALUE:
        raise UnusualError
    fields = wire.once(wire.fields(record, *several[0][1:]))
    tag = fields.pop(_TAG, None)
    metadata = fields.pop(_METADATA, None)
    if tag is None or len(fields) != 1:
        raise UnusualError
    ((key, place),) = fields.items()
    number: Number | None = None
    free: tuple[Place, ...] = (place,)
    if key == _SIMPLE:
        number = Number(place[0], 4, varint=False, type="<f4")
    elif key == _TENSOR:
        number, free = tensors.number(record, place)
    elif key not in _OPAQUE:
        raise UnusualError
    return _Value(wire.text(record, tag), _plugin(record, metadata), number, free)


def _plugin(record: Data, metadata: Place | None) -> str:
    """The plugin that the metadata of a value name."""
    if metadata is None:
        return ""
    fields = wire.once(wire.fields(record, *metadata))
    data = fields.pop(_PLUGIN, None)
    fields.pop(_CLASS, None)
    for key in (_DISPLAY_NAME, _DESCRIPTION):
        wire.text(record, fields.pop(key, None))
    within = wire.once(wire.fields(record, *data)) if data else {}
    name = within.pop(_NAME, None)
    within.pop(_CONTENT, None)
    if fields or within:
        raise UnusualError
    return wire.text(record, name)
