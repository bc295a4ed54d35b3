"""Event files read: the only module of the metrics that knows TensorBoard.

Every directory at any depth that holds an event file is a run, named by its path below the log directory (``.`` is the
log directory itself). Scalars are read whole, never sampled, whether they stand as ``simple_value`` or as a tensor of
one element of any numeric type; what is no scalar is skipped. NaN and infinity are kept.
"""

from __future__ import annotations

import hashlib
import os
import struct
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn

from cajajejo.errors import CajajejoError, require
from cajajejo.event_writer import masked_crc32c
from cajajejo.metrics.records import RecordReader

if TYPE_CHECKING:
    from collections.abc import Mapping

_EXPECTED: Final = "the directory with the event files of one run"
_SCALARS_PLUGIN: Final = "scalars"
_TENSOR_TYPES: Final[Mapping[int, tuple[str, str]]] = {  # number of the type: layout of one element, field of values
    1: ("<f", "float_val"),
    2: ("<d", "double_val"),
    3: ("<i", "int_val"),
    4: ("<B", "int_val"),
    5: ("<h", "int_val"),
    6: ("<b", "int_val"),
    9: ("<q", "int64_val"),
    10: ("<?", "bool_val"),
    14: ("<H", "half_val"),
    17: ("<H", "int_val"),
    19: ("<e", "half_val"),
    22: ("<I", "uint32_val"),
    23: ("<Q", "uint64_val"),
}
_BFLOAT16: Final = 14
_HALF: Final = 19


@dataclass(frozen=True, slots=True)
class Series:
    """The points of one tag in one run, in the order of the files; three tuples of equal length.

    `wall_times` are seconds since the epoch.
    """

    steps: tuple[int, ...]
    wall_times: tuple[float, ...]
    values: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Events:
    """What a log directory holds: a series for each (run, tag), and a sentence for each file that is damaged."""

    series: Mapping[tuple[str, str], Series] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()

    def digest(self) -> str:
        """16 hex digits over every point: the same numbers give the same digits wherever they lie."""
        hashed = hashlib.sha256()
        for (run, tag), series in sorted(self.series.items()):
            hashed.update(f"{run}\0{tag}\0{len(series.steps)}\0".encode("utf-8", "surrogatepass"))
            for point in zip(series.steps, series.wall_times, series.values, strict=True):
                hashed.update(struct.pack("<qdd", *point))
        return hashed.hexdigest()[:16]


@dataclass(slots=True)
class _Growing:
    steps: list[int] = field(default_factory=list)
    wall_times: list[float] = field(default_factory=list)
    values: list[float] = field(default_factory=list)

    def frozen(self) -> Series:
        return Series(tuple(self.steps), tuple(self.wall_times), tuple(self.values))


def read(logdir: Path) -> Events:
    """Every scalar under `logdir`.

    Raises:
        CajajejoError: `logdir` is no directory, or a file in it cannot be read.
        MissingExtraError: TensorBoard is not installed.
    """
    if not is_there(logdir):
        raise CajajejoError(f"no such directory: {logdir}", facts={"expected": _EXPECTED})
    if not logdir.is_dir():
        raise CajajejoError(f"not a directory: {logdir}", facts={"expected": _EXPECTED})
    growing: dict[tuple[str, str], _Growing] = {}
    plugins: dict[tuple[str, str], str] = {}
    warnings = [_read_file(path, run, growing, plugins) for run, path in _event_files(logdir)]
    series = {key: points.frozen() for key, points in growing.items()}
    return Events(series, tuple(warning for warning in warnings if warning))


def is_there(logdir: Path) -> bool:
    """Whether anything stands at `logdir`.

    Raises:
        CajajejoError: that cannot be told: its name is too long, or the way to it may not be read.
    """
    try:
        return logdir.exists()
    except OSError as error:
        _refuse(error)


def _event_files(logdir: Path) -> list[tuple[str, Path]]:
    """Each event file with the name of its run, in order of names; links are followed, circles are not."""
    found: list[tuple[str, Path]] = []
    seen: set[str] = set()
    for folder, folders, files in os.walk(logdir, followlinks=True, onerror=_refuse):
        real = os.path.realpath(folder)
        if real in seen:
            folders.clear()
            continue
        seen.add(real)
        folders.sort()
        run = Path(folder).relative_to(logdir).as_posix().encode("utf-8", "backslashreplace").decode()
        found += [(run, Path(folder) / name) for name in files if _is_event_file(name)]
    try:
        return sorted((run, path) for run, path in found if path.is_file())
    except OSError as error:
        _refuse(error)


def _is_event_file(name: str) -> bool:
    """By TensorBoard's rule, except for hidden files: those are being written."""
    return "tfevents" in name and not name.startswith(".")


def _refuse(error: OSError) -> NoReturn:
    facts = {"says": error.strerror or str(error)}
    raise CajajejoError(f"a directory with events cannot be read: {error.filename}", facts=facts) from error


def _read_file(
    path: Path, run: str, growing: dict[tuple[str, str], _Growing], plugins: dict[tuple[str, str], str]
) -> str | None:
    """Adds the points of one file; returns a sentence about what is damaged in it, if anything is."""
    protos = require("tensorboard.compat.proto.event_pb2", extra="evaluation", purpose="reading event files")
    message = require("google.protobuf.message", extra="evaluation", purpose="reading event files")
    records = RecordReader(path, masked_crc32c("reading event files"))
    good = 0
    try:
        for record in records:
            try:
                event = protos.Event.FromString(record)
            except message.DecodeError:
                records.damaged += 1
                records.lost_bytes += len(record)
                continue
            good += 1
            _add(event, run, growing, plugins)
    except OSError as error:
        raise CajajejoError(
            f"an event file cannot be read: {path}", facts={"says": error.strerror or str(error)}
        ) from error
    if not records.damaged:
        return None
    what = "record" if records.damaged == 1 else "records"
    return f"{path}: {records.damaged} damaged {what} left out ({records.lost_bytes} bytes); {good} good ones read"


def _add(event: Any, run: str, growing: dict[tuple[str, str], _Growing], plugins: dict[tuple[str, str], str]) -> None:
    for value in event.summary.value:
        key = (run, value.tag)
        plugin = plugins.setdefault(key, value.metadata.plugin_data.plugin_name or "")
        if plugin not in {"", _SCALARS_PLUGIN}:
            continue
        number = _number(value)
        if number is None:
            continue
        points = growing.setdefault(key, _Growing())
        points.steps.append(event.step)
        points.wall_times.append(event.wall_time)
        points.values.append(number)


def _number(value: Any) -> float | None:
    """The number in a summary value, or None where it holds no scalar."""
    kind = value.WhichOneof("value")
    if kind == "simple_value":
        return float(value.simple_value)
    return _scalar_of(value.tensor) if kind == "tensor" else None


def _scalar_of(tensor: Any) -> float | None:
    """The element of a numeric tensor that has exactly one; a tensor without values is zero, as in TensorFlow."""
    if tensor.dtype not in _TENSOR_TYPES or any(dimension.size != 1 for dimension in tensor.tensor_shape.dim):
        return None
    layout, name = _TENSOR_TYPES[tensor.dtype]
    content, listed = tensor.tensor_content, getattr(tensor, name)
    if content:
        if len(content) != struct.calcsize(layout):
            return None
        number = struct.unpack(layout, content)[0]
        return _from_bfloat16(number) if tensor.dtype == _BFLOAT16 else float(number)
    if not listed:
        return 0.0
    if tensor.dtype == _BFLOAT16:
        return _from_bfloat16(listed[0])
    return _from_half(listed[0]) if tensor.dtype == _HALF else float(listed[0])


def _from_bfloat16(bits: int) -> float:
    """A bfloat16 is the upper half of a float32."""
    return float(struct.unpack("<f", struct.pack("<I", (bits & 0xFFFF) << 16))[0])


def _from_half(bits: int) -> float:
    return float(struct.unpack("<e", struct.pack("<H", bits & 0xFFFF))[0])
