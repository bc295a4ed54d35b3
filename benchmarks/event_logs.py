"""TensorBoard logs to measure readers with: the bytes that real writers write, the same for the same seed.

Framing and protobuf are put together here, a record at a time and with correct checksums, because no writer makes
a million records in seconds. A log is made once and kept in the temporary directory of this machine.

========= ==========================================================================================================
simple    one run, 20 tags in turns, ``simple_value``, as torch and tensorboardX write
tensors   the same as TensorFlow 2 writes it: a tensor and the name of the plugin, again with each value
mixed     a tenth of the scalars; each fifth step a histogram for each tag, as torch writes them, and 100 images
small     the scalars of `simple` in 4,000 runs of their own
irregular 40 tags of all lengths in random order with gaps in their steps; each tag in one of four encodings
========= ==========================================================================================================
"""

from __future__ import annotations

import functools
import shutil
import struct
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import google_crc32c
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

TAGS: Final = 20
SMALL_FILES: Final = 4000
FILE: Final = "events.out.tfevents.1700000000.machine.1.0"
_BEGAN: Final = 1.7e9
_PERIOD: Final = 0.0125  # seconds between two records
_MARK: Final = b"\xf0number\x0f"
_SCALARS: Final = b"\x0a\x09\x0a\x07scalars\x20\x01"  # metadata: the plugin, and that this is the class of scalars
_HISTOGRAM_EVERY: Final = 5
_BUCKETS: Final = 380
_IMAGES: Final = 100
_IMAGE_BYTES: Final = 500_000

Random = np.random.Generator


@dataclass(frozen=True, slots=True)
class Layout:
    """The bytes of a summary before and after its number, and how that is packed."""

    before: bytes
    after: bytes
    number: struct.Struct

    @classmethod
    def of(cls, tag: str, around: Callable[[bytes], bytes], number: str) -> Layout:
        """The layout of a value of `tag` of which `around` gives the bytes behind the tag."""
        packed = struct.Struct(number)
        mark = _MARK[: packed.size]
        before, _, after = field(5, field(1, field(1, tag.encode()) + around(mark))).partition(mark)
        return cls(before, after, packed)


def simple(tag: str) -> Layout:
    """A ``simple_value``."""
    return Layout.of(tag, lambda number: b"\x15" + number, "<f")


def content(tag: str) -> Layout:
    """A tensor of one float32 in ``tensor_content``: what TensorFlow 2 writes."""
    return Layout.of(tag, lambda number: field(8, b"\x08\x01\x12\x00" + field(4, number)) + field(9, _SCALARS), "<f")


def listed(tag: str) -> Layout:
    """A tensor of one float32 in ``float_val``: what TensorBoard's own ``scalar_pb`` makes."""
    return Layout.of(tag, lambda number: field(8, b"\x08\x01\x12\x00" + field(5, number)) + field(9, _SCALARS), "<f")


def double(tag: str) -> Layout:
    """A tensor of one float64 in ``double_val``: what torch writes with ``double_precision``."""
    return Layout.of(tag, lambda number: field(8, b"\x08\x02\x12\x00" + field(6, number)) + field(9, _SCALARS), "<d")


def varint(number: int) -> bytes:
    """A number as protobuf writes it: seven bits a byte, the lowest first."""
    written = bytearray()
    while number > 0x7F:  # noqa: PLR2004  # the seven bits
        written.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*written, number])


def field(number: int, data: bytes) -> bytes:
    """A field of protobuf that holds bytes."""
    return varint(number << 3 | 2) + varint(len(data)) + data


def event(wall_time: float, step: int, rest: bytes) -> bytes:
    """An event; `rest` is the field of its summary."""
    return b"\x09" + struct.pack("<d", wall_time) + (b"\x10" + varint(step) if step else b"") + rest


def framed(data: bytes) -> bytes:
    """A record of an event file."""
    return _header(len(data)) + data + struct.pack("<I", _masked(data))


@functools.cache
def _header(length: int) -> bytes:
    packed = struct.pack("<Q", length)
    return packed + struct.pack("<I", _masked(packed))


def _masked(data: bytes) -> int:
    checksum = google_crc32c.value(data)
    return int((checksum >> 15 | checksum << 17) + 0xA282EAD8) & 0xFFFFFFFF


def _tags(count: int = TAGS) -> list[str]:
    kinds = ("loss", "accuracy", "learning_rate", "gradient_norm", "tokens_per_second")
    return [f"{'train' if place % 2 else 'eval'}/{kinds[place % len(kinds)]}_{place}" for place in range(count)]


def _numbers(layouts: Sequence[Layout], scalars: int, random: Random) -> Iterator[bytes]:
    """So many scalars, a step after the other, each with all layouts in turns."""
    walls = (_BEGAN + _PERIOD * np.arange(scalars) + random.random(scalars) * 0.001).tolist()
    values = random.standard_normal(scalars).tolist()
    for place in range(scalars):
        step, turn = divmod(place, len(layouts))
        layout = layouts[turn]
        yield event(walls[place], step, layout.before + layout.number.pack(values[place]) + layout.after)


def _mixed(scalars: int, random: Random) -> Iterator[bytes]:
    steps = scalars // 10 // TAGS
    pictured = max(1, steps // _IMAGES)
    for place, record in enumerate(_numbers([simple(tag) for tag in _tags()], steps * TAGS, random)):
        yield record
        step, turn = divmod(place, TAGS)
        if step % _HISTOGRAM_EVERY == 0:
            yield event(_BEGAN + _PERIOD * place, step, _histogram(f"weights/layer_{turn}", random))
        if turn == 0 and step % pictured == 0:
            yield event(_BEGAN + _PERIOD * place, step, _image("samples", random))


def _histogram(tag: str, random: Random) -> bytes:
    """The field of a summary with a histogram as torch's ``add_histogram`` writes it, of normal numbers."""
    limits = np.linspace(-3, 3, _BUCKETS)
    counts = random.poisson(1000 * np.exp(-limits * limits / 2)).astype(float)
    ends = struct.pack("<BdBdBdBdBd", 0x09, -3, 0x11, 3, 0x19, counts.sum(), 0x21, 0, 0x29, counts.sum())
    buckets = field(6, limits.astype("<f8").tobytes()) + field(7, counts.astype("<f8").tobytes())
    return field(5, field(1, field(1, tag.encode()) + field(5, ends + buckets)))


def _image(tag: str, random: Random) -> bytes:
    shape = b"\x08" + varint(400) + b"\x10" + varint(400) + b"\x18\x03"
    return field(5, field(1, field(1, tag.encode()) + field(4, shape + field(4, random.bytes(_IMAGE_BYTES)))))


def _irregular(scalars: int, random: Random) -> Iterator[bytes]:
    encodings = (simple, content, listed, double)
    names = [f"{'deep/' * (place % 9)}{'x' * (1 + place % 13)}{place}" for place in range(2 * TAGS)]
    layouts = [encodings[place % len(encodings)](name) for place, name in enumerate(names)]
    shares = random.random(len(layouts)) ** 3
    turns = random.choice(len(layouts), scalars, p=shares / shares.sum()).tolist()
    gaps = np.where(random.random(scalars) < 0.01, random.integers(1, 10_000, scalars), random.integers(1, 4, scalars))  # noqa: PLR2004
    walls = (_BEGAN + np.cumsum(random.exponential(_PERIOD, scalars))).tolist()
    values = random.standard_normal(scalars).tolist()
    steps = [0] * len(layouts)
    for turn, gap, wall, value in zip(turns, gaps.tolist(), walls, values, strict=True):
        steps[turn] += gap
        layout = layouts[turn]
        yield event(wall, steps[turn], layout.before + layout.number.pack(value) + layout.after)


def _small(scalars: int, random: Random) -> Iterator[tuple[str, Iterator[bytes]]]:
    files = max(1, min(SMALL_FILES, scalars // TAGS))
    layouts = [simple(tag) for tag in _tags()]
    for place in range(files):
        yield f"run_{place:04d}", _numbers(layouts, scalars // files, random)


_MADE: Final[Mapping[str, Callable[[int, Random], Any]]] = {
    "simple": lambda scalars, random: [(".", _numbers([simple(tag) for tag in _tags()], scalars, random))],
    "tensors": lambda scalars, random: [(".", _numbers([content(tag) for tag in _tags()], scalars, random))],
    "mixed": lambda scalars, random: [(".", _mixed(scalars, random))],
    "small": _small,
    "irregular": lambda scalars, random: [(".", _irregular(scalars, random))],
}
LOGS: Final = tuple(_MADE)
SCALARS: Final[Mapping[str, int]] = {name: 5_000_000 if name == "mixed" else 1_000_000 for name in LOGS}
"""So many where none are asked for: of `mixed`, a tenth of them."""


def made(name: str, scalars: int, seed: int, *, below: Path | None = None) -> Path:
    """The log directory of this kind, made where it is not there yet; by default `below` the temporary directory."""
    below = below or Path(tempfile.gettempdir(), "cajajejo-event-logs")
    place = below / f"{name}-{scalars}-{seed}"
    if not place.is_dir():
        half = place.with_suffix(".half")
        shutil.rmtree(half, ignore_errors=True)
        for run, records in _MADE[name](scalars, np.random.default_rng(seed)):
            (half / run).mkdir(parents=True, exist_ok=True)
            with (half / run / FILE).open("wb") as file:
                file.write(framed(event(_BEGAN, 0, field(3, b"brain.Event:2"))))
                file.writelines(map(framed, records))
        half.rename(place)
    return place
