"""What of a model is there already: a line for each stretch of a file that was written, with a check of its bytes.

A line is written after its bytes are on the disk. Whatever a kill leaves, a torn line or bytes without a line, costs a
stretch that is fetched again and nothing else; a line whose bytes are not there, after a machine went down or a disk
failed, is found by its check.
"""

from __future__ import annotations

import json
import os
import threading
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Self

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from cajajejo.models.source import RemoteFile

_READ_BYTES: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Stretch:
    """Bytes of a file that are there, from `start` up to `end`, and their CRC-32."""

    start: int
    end: int
    crc32: int

    @classmethod
    def of(cls, path: Path) -> Stretch:
        """All bytes of the file at `path`."""
        crc, length = 0, 0
        with path.open("rb", buffering=0) as opened:
            while data := opened.read(_READ_BYTES):
                crc, length = zlib.crc32(data, crc), length + len(data)
        return cls(0, length, crc)

    def is_in(self, path: Path, goes_on: Callable[[], bool]) -> bool:
        """Whether the file at `path` holds these very bytes."""
        crc, left = 0, self.end - self.start
        try:
            with path.open("rb", buffering=0) as opened:
                opened.seek(self.start)
                while left > 0 and goes_on() and (data := opened.read(min(_READ_BYTES, left))):
                    crc, left = zlib.crc32(data, crc), left - len(data)
        except OSError:
            return False
        return left == 0 and crc == self.crc32


class Journal:
    """The journal in the file `path`, which several threads may write.

    A file is known by its path together with all that its server tells of its content: of what has changed, nothing
    is there.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._there: dict[str, list[Stretch]] = {}
        for line in _lines(path):
            self._take(line)
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)
        os.write(self._file, b"\n")  # ends a line that a kill has torn

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with self._lock:
            os.close(self._file)
            self._file = -1

    def there(self, file: RemoteFile) -> list[Stretch]:
        """The stretches of `file` that are there, in the order of writing."""
        return list(self._there.get(_key(file), ()))

    def add(self, file: RemoteFile, stretch: Stretch) -> None:
        """Remembers `stretch`, whose bytes are on the disk by now."""
        self._write({"file": _key(file), "start": stretch.start, "end": stretch.end, "crc32": stretch.crc32})

    def forget(self, file: RemoteFile) -> None:
        """From now on nothing of `file` is there."""
        self._write({"file": _key(file), "forget": True})

    def _write(self, line: dict[str, Any]) -> None:
        with self._lock:
            if self._file < 0:
                return  # a thread that woke up after everything had ended
            os.write(self._file, json.dumps(line).encode() + b"\n")
            self._take(line)

    def _take(self, line: dict[str, Any]) -> None:
        if line.get("forget"):
            self._there.pop(line["file"], None)
        else:
            self._there.setdefault(line["file"], []).append(Stretch(line["start"], line["end"], line["crc32"]))


def _lines(path: Path) -> list[dict[str, Any]]:
    """The whole lines of the journal; a torn one is none."""
    try:
        texts = path.read_bytes().split(b"\n")
    except FileNotFoundError:
        return []
    return [line for line in map(_line, texts) if line is not None]


def _line(text: bytes) -> dict[str, Any] | None:
    try:
        line = json.loads(text)
    except ValueError:
        return None
    if not isinstance(line, dict) or not isinstance(line.get("file"), str):
        return None
    whole = line.get("forget") is True or all(isinstance(line.get(name), int) for name in ("start", "end", "crc32"))
    return line if whole else None


def _key(file: RemoteFile) -> str:
    checksum = file.checksum and f"{file.checksum.algorithm}:{file.checksum.hexadecimal}"
    return json.dumps([file.path, file.size, checksum, file.version])
