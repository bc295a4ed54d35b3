"""A model at a far end that fails on request: in this process, so that a test can say at which byte."""

from __future__ import annotations

import hashlib
import threading
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from cajajejo.errors import SourceAwayError
from cajajejo.models.source import Checksum, RemoteFile

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

CHUNK = 4096


@dataclass
class FarModel:
    """A source with `contents` by path.

    Attributes:
        cut_every: bytes after which each connection breaks.
        away: how many requests find nobody, before anything else.
        damage: how many reads flip a bit.
        ranged: whether parts can be asked for.
        sized: whether sizes are told.
        told: whether checksums are.
        read_hook: called with each path and position before a chunk is sent; may raise or wait.
    """

    contents: Mapping[str, bytes]
    address: str = "far://models/tiny"
    name: str = "tiny"
    cut_every: int | None = None
    away: int = 0
    damage: int = 0
    ranged: bool = True
    sized: bool = True
    told: bool = True
    read_hook: Callable[[str, int], None] = lambda _path, _at: None
    sent: int = 0
    asked: list[tuple[str, int, int | None]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def files(self) -> Sequence[RemoteFile]:
        """The listing."""
        self._answer()
        return [self._file(path, data) for path, data in sorted(self.contents.items())]

    def _file(self, path: str, data: bytes) -> RemoteFile:
        checksum = Checksum("md5", hashlib.md5(data, usedforsecurity=False).hexdigest()) if self.told else None
        return RemoteFile(path, len(data) if self.sized else None, checksum, ranged=self.ranged)

    def read(self, file: RemoteFile, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """The bytes, as far as the faults let them through."""
        self._answer()
        with self.lock:
            self.asked.append((file.path, start, end))
            damaged, self.damage = self.damage > 0, max(0, self.damage - 1)
        data = self.contents[file.path][start:end]
        if damaged and data:
            data = bytes([data[0] ^ 1]) + data[1:]
        for at in range(0, len(data), CHUNK):
            if self.cut_every is not None and at >= self.cut_every:
                raise SourceAwayError("connection reset")
            self.read_hook(file.path, start + at)
            chunk = data[at : at + CHUNK]
            with self.lock:
                self.sent += len(chunk)
            yield chunk

    def _answer(self) -> None:
        with self.lock:
            if self.away > 0:
                self.away -= 1
                raise SourceAwayError("no answer from far")

    def with_contents(self, **changes: bytes) -> FarModel:
        """The same address, holding something else."""
        return replace(self, contents={**self.contents, **changes}, sent=0, asked=[], lock=threading.Lock())
