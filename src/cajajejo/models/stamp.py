"""What is written beside a model that was fetched: where it came from, what it consists of, and that it is whole."""

from __future__ import annotations

import json
import os
import time
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from cajajejo import __version__, moments
from cajajejo.files import replace
from cajajejo.models.source import Checksum, RemoteFile
from cajajejo.phrases import without_logins

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

NAME: Final = ".cajajejo-model.json"
_TICK_SECONDS: Final = 0.02
"""Longer than the clock of a file system stands still: what is changed from then on has another time."""


@dataclass(frozen=True, slots=True)
class Trace:
    """What the file system tells of a file, which changes whenever the file does."""

    size: int
    mtime_ns: int
    ctime_ns: int
    inode: int

    @classmethod
    def of(cls, path: Path) -> Trace:
        """The trace of the file at `path`, through links."""
        status = path.stat()
        return cls(status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)


@dataclass(frozen=True, slots=True)
class StampedFile:
    """A file of the model: as its server told it, its SHA-256 where it was taken, and what became of it here."""

    remote: RemoteFile
    sha256: str | None
    trace: Trace


@dataclass(frozen=True, slots=True)
class Stamp:
    """Where a model came from, and its files; there is one only beside a model that is whole."""

    address: str
    files: tuple[StampedFile, ...]

    @property
    def size(self) -> int:
        """Bytes of the model."""
        return sum(file.trace.size for file in self.files)

    def is_of(self, listed: Sequence[RemoteFile]) -> bool:
        """Whether the model is what its server lists now."""
        return sorted(map(_told, listed)) == sorted(_told(file.remote) for file in self.files)

    def changed(self, directory: Path) -> list[StampedFile]:
        """The files in `directory` that may have another content by now, as the file system tells."""
        return [file for file in self.files if Trace.of(directory / file.remote.path) != file.trace]

    def trouble(self, directory: Path) -> str | None:
        """Which file in `directory` is not as it was fetched, by its size; None where none is."""
        for file in self.files:
            path = directory / file.remote.path
            if not path.is_file():
                return f"{file.remote.path} is not there"
            size = path.stat().st_size
            if size != file.trace.size:
                return f"{file.remote.path} has {size:,} bytes in place of {file.trace.size:,}"
        return None


def read(directory: Path) -> Stamp | None:
    """The stamp of the model in `directory`; None where there is none, or none that can be read."""
    try:
        written = json.loads((directory / NAME).read_text("utf-8"))
        return Stamp(written["address"], tuple(map(_file, written["files"])))
    except (OSError, ValueError, TypeError, KeyError):
        return None


def write(
    directory: Path, address: str, files: Sequence[RemoteFile], sha256: Mapping[str, str | None], *, sealed: bool
) -> Stamp:
    """The stamp of the `files` in `directory`, written; `sealed` takes away the right to write to them first."""
    stamped = []
    for file in files:
        path = directory / file.path
        if sealed:
            path.chmod(path.stat().st_mode & ~0o222)
        stamped.append(StampedFile(file, sha256[file.path], Trace.of(path)))
    time.sleep(_TICK_SECONDS)
    stamp = Stamp(without_logins(address), tuple(stamped))
    now = moments.rfc3339(datetime.now(UTC))
    head = {"address": stamp.address, "fetched_at": now, "cajajejo": __version__}
    text = json.dumps({**head, "files": [_row(file) for file in stamped]}, indent=2) + "\n"
    replace(directory / NAME, text.encode())
    for folder, _, _ in os.walk(directory, topdown=False):
        sync(folder)
    return stamp


def sync(directory: Path | str) -> None:
    """Puts the names in `directory` on the disk."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _row(file: StampedFile) -> dict[str, Any]:
    remote = file.remote
    told = {"path": remote.path, "size": remote.size, "version": remote.version}
    checksum = asdict(remote.checksum) if remote.checksum else None
    return {**told, "checksum": checksum, "sha256": file.sha256, "here": asdict(file.trace)}


def _file(row: dict[str, Any]) -> StampedFile:
    checksum = Checksum(**row["checksum"]) if row["checksum"] else None
    remote = RemoteFile(row["path"], row["size"], checksum, row["version"])
    return StampedFile(remote, row["sha256"], Trace(**row["here"]))


def _told(file: RemoteFile) -> str:
    """What a server tells of the content of a file."""
    return repr((file.path, file.size, file.checksum, file.version))
