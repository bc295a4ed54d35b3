"""Log lines on their way out: how each looks, and where it goes."""

from __future__ import annotations

import json
import os
import secrets
import shlex
import stat
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final, Literal, Protocol, Self

from cajajejo import files, pod_log
from cajajejo.errors import CajajejoError, UsageError, printable
from cajajejo.logs.lines import Block, Line, moment, stamp

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping
    from io import FileIO, RawIOBase
    from types import TracebackType

    from cajajejo.terminal import Style

_FORMATS: Final = {"json", "yaml", "wide", "name"}
"""What ``-o`` takes elsewhere."""
_BUFFER: Final = 256 * 1024
_QUIET: Final = {"DEFAULT", "DEBUG", "INFO", "NOTICE"}
"""Severities that are not named."""


class Format(Protocol):
    """How lines look."""

    def __call__(self, item: Block | Line) -> bytes:
        """The bytes of a line, or of many, each with its end."""


def as_json(item: Block | Line) -> bytes:
    """One JSON object a line: time, pod, container, and the text, or the object that it was."""
    return "".join(f"{json.dumps(_document(line), allow_nan=False)}\n" for line in _lines(item)).encode()


def _document(line: Line) -> dict[str, Any]:
    said: dict[str, Any] = {"text": line.text} if line.payload is None else {"payload": line.payload}
    return {"time": None if line.at is None else stamp(line.at), "pod": line.pod, "container": line.container, **said}


class Raw:
    """Lines as they were printed, for a pipe or a file: nothing is changed but bytes that are no UTF-8.

    Args:
        voices: the pods and containers that speak; where there are several, each line says whose it is.
        bar: what stands behind that.
        timestamps: whether the time stands in front of every line.
    """

    def __init__(self, voices: Collection[tuple[str, str]], bar: str, *, timestamps: bool) -> None:
        self._voices = voices
        self._bar = bar
        self._timestamps = timestamps

    def __call__(self, item: Block | Line) -> bytes:
        """The bytes of the lines."""
        if isinstance(item, Block):
            data = item.stamped() if self._timestamps else item.text()
        else:
            data = f"{_time(item) if self._timestamps else ''}{item.text}\n".encode("utf-8", "backslashreplace")
        if len(self._voices) < 2:  # noqa: PLR2004  # more than one speaks
            return data
        prefix = f"{item.pod} {item.container} {self._bar} ".encode()
        return prefix + data[:-1].replace(b"\n", b"\n" + prefix) + b"\n"


class Screen:
    """Lines for a person at a terminal: nothing moves or colours it, and JSON log lines are read as what they say.

    Args:
        voices: as of `Raw`.
        style: what the terminal shows.
        timestamps: whether the time stands in front of every line.
    """

    def __init__(self, voices: Collection[tuple[str, str]], style: Style, *, timestamps: bool) -> None:
        self._voices = voices
        self._style = style
        self._timestamps = timestamps

    def __call__(self, item: Block | Line) -> bytes:
        """The bytes of the lines."""
        return "".join(self._shown(line) for line in _lines(item)).encode("utf-8", "backslashreplace")

    def _shown(self, line: Line) -> str:
        prefix = ""
        if len(self._voices) > 1:
            whose = printable(f"{line.pod} {line.container} {bar(self._style)} ")
            prefix = self._style.paint(whose, "dim")
        time = _time(line) if self._timestamps else ""
        told = (line.text,) if line.payload is None else _told(line, line.payload, clock=not time)
        rows = [row for text in told for row in text.split("\n")]
        return "".join(f"{prefix}{time if not number else ''}{self._safe(row)}\n" for number, row in enumerate(rows))

    def _safe(self, text: str) -> str:
        shown = printable(text, but="\t")
        return shown if self._style.unicode else shown.encode("ascii", "backslashreplace").decode()


def _told(line: Line, payload: Mapping[str, Any], *, clock: bool) -> tuple[str, ...]:
    """What a JSON log line of ours says; the line itself where it is somebody else's."""
    message, severity = payload.get("message"), payload.get("severity")
    if not isinstance(message, str) or not (isinstance(severity, str) or pod_log.LABELS in payload):
        return (line.text,)
    level = f"{severity} " if isinstance(severity, str) and severity not in _QUIET else ""
    time = f"{moment(line.at).astimezone():%H:%M:%S} " if clock and line.at is not None else ""
    trace = payload.get("stack_trace")
    return (f"{time}{level}{message}", *([trace.rstrip("\n")] if isinstance(trace, str) else []))


def bar(style: Style) -> str:
    """What stands between who speaks and what is said."""
    return "│" if style.unicode else "|"


def _lines(item: Block | Line) -> Iterator[Line]:
    if isinstance(item, Block):
        yield from item.lines()
    else:
        yield item


def _time(line: Line) -> str:
    return "" if line.at is None else f"{stamp(line.at)} "


class Output:
    """Where lines go, in large pieces, or each at once.

    Args:
        target: takes the bytes.
        name: what it is, for errors.
        live: whether each piece goes out at once.
        goes_on: whether the rest is wanted elsewhere, where nobody reads this any more.
    """

    def __init__(self, target: BinaryIO | RawIOBase, name: str, *, live: bool, goes_on: bool = False) -> None:
        self._target = target
        self._name = name
        self._live = live
        self._goes_on = goes_on
        self._parts: list[bytes] = []
        self._size = 0
        self.lines = 0
        """How many went there."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None or not issubclass(kind, OSError):
            self.flush()

    def write(self, data: bytes, count: int = 1) -> None:
        """Takes `count` whole lines.

        Raises:
            BrokenPipeError: nobody reads any more.
            CajajejoError: they cannot be written.
        """
        self._parts.append(data)
        self._size += len(data)
        self.lines += count
        if self._live or self._size >= _BUFFER:
            self.flush()

    def flush(self) -> None:
        """Sends what is waiting; raises as `write`."""
        data = memoryview(b"".join(self._parts))
        self._parts, self._size = [], 0
        try:
            while data:
                data = data[self._target.write(data) :]
            self._target.flush()
        except BrokenPipeError:
            if not self._goes_on:
                raise
            _leave_stdout()
        except OSError as error:
            raise CajajejoError(f"{self._name}: cannot be written: {error.strerror}") from error


@contextmanager
def opened(path: Path | None, *, live: bool, option: str = "-o", goes_on: bool = False) -> Iterator[Output]:
    """The output at `path`, None for stdout; a file is there whole or not at all, or with `live` as it comes.

    Args:
        path: the file.
        live: as of `Output`.
        option: what named the file, for errors.
        goes_on: as of `Output`.

    Raises:
        CajajejoError: it cannot be written.
        UsageError: the path is what other programs take for a format.
    """
    if path is None:
        sys.stdout.flush()
        try:
            with Output(sys.stdout.buffer, "stdout", live=live, goes_on=goes_on) as output:
                yield output
        except BrokenPipeError:  # nobody reads any more, and nobody misses the rest
            _leave_stdout()
        return
    check(path, option)
    name = f"{option} {printable(str(path))}"
    existing, streams = files.mode(path), files.is_open_here(path)
    in_place = live or streams or (existing is not None and not stat.S_ISREG(existing))
    path = path if in_place else Path(os.path.realpath(path))
    new = path if in_place else path.with_name(f".cajajejo-{secrets.token_hex(4)}.tmp")
    try:
        with _open(new, name, "ab" if streams else "wb") as target, Output(target, name, live=live) as output:
            yield output
            output.flush()
            if not in_place:
                _put(target, new, path, existing, name)
    except BaseException:
        if not in_place:
            new.unlink(missing_ok=True)
        raise


def check(path: Path, option: str = "-o") -> None:
    """Returns where a file can be made at `path`, which `option` named.

    Raises:
        UsageError: it is what other programs take for a format.
        CajajejoError: its directory is missing, or it is one, or no file can have this name.
    """
    shown = printable(str(path))
    if option == "-o" and shown in _FORMATS:
        facts = {"a file": f"-o ./{path}", "as JSON": "--json"}
        raise UsageError(f"-o {path}: takes the path of a file, not a format", facts=facts)
    try:
        is_directory, has_place = path.is_dir(), path.parent.is_dir()
    except OSError as error:
        raise CajajejoError(f"{option} {shown}: cannot be written: {error.strerror}") from error
    if is_directory:
        raise CajajejoError(f"{option} {shown}: is a directory")
    if not has_place:
        missing = printable(str(path.parent))
        make = shlex.join(["mkdir", "-p", missing])
        raise CajajejoError(f"{option} {shown}: there is no directory {missing}", run=make)


def _open(new: Path, name: str, mode: Literal["ab", "wb"]) -> FileIO:
    try:
        return new.open(mode, buffering=0)
    except OSError as error:
        raise CajajejoError(f"{name}: cannot be written: {error.strerror}") from error


def _put(target: FileIO, new: Path, path: Path, mode: int | None, name: str) -> None:
    """Puts what was written to `target`, the file `new`, in the place of what stands at `path`."""
    try:
        os.fsync(target.fileno())
        if mode is not None:
            new.chmod(stat.S_IMODE(mode))
        new.replace(path)
    except OSError as error:
        raise CajajejoError(f"{name}: cannot be written: {error.strerror}") from error


def _leave_stdout() -> None:
    """Lets everything that goes to stdout vanish from now on."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
