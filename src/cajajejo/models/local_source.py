"""A model in a directory of this machine, as the far end of a fetch."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from cajajejo.errors import ModelError
from cajajejo.models.source import CHUNK, RemoteFile, checked

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


class LocalSource:
    """A directory; links in it are followed, as a cache of the hub is made of them."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory.absolute()
        self.address = str(self._directory)
        self.name = self._directory.name

    def files(self) -> Sequence[RemoteFile]:
        """Every file below the directory.

        Raises:
            ModelError: it is not there, is no directory, or cannot be read.
        """
        try:
            mode = self._directory.stat().st_mode
            found = [self._file(path) for path in _walk(self._directory)] if stat.S_ISDIR(mode) else None
        except OSError as error:
            raise _unreadable(error, self.address) from error
        if found is None:
            raise ModelError(f"a file, where the directory of a model is meant: {self.address}")
        if not found:
            raise ModelError(f"no files in {self.address}")
        return checked(found, self.address)

    def _file(self, path: Path) -> RemoteFile:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise ModelError(f"neither a file nor a directory: {path}")
        below = path.relative_to(self._directory).as_posix()
        return RemoteFile(below, status.st_size, version=_version(status), key=str(path))

    def read(self, file: RemoteFile, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """The bytes of `file` from `start` up to `end`.

        Raises:
            ModelError: it is gone, changed since it was listed, or cannot be read.
        """
        left = (file.size or 0) - start if end is None else end - start
        try:
            with Path(file.key).open("rb") as opened:
                _check_same(file, opened)
                opened.seek(start)
                while left > 0 and (chunk := opened.read(min(CHUNK, left))):
                    left -= len(chunk)
                    yield chunk
                _check_same(file, opened)
        except OSError as error:
            raise _unreadable(error, file.key) from error


def _walk(directory: Path, above: frozenset[Path] = frozenset()) -> Iterator[Path]:
    real = directory.resolve()
    if real in above:
        return  # a link that leads to where it is
    for path in directory.iterdir():
        if path.is_dir():
            yield from _walk(path, above | {real})
        else:
            yield path


def _version(status: os.stat_result) -> str:
    return f"{status.st_ino}-{status.st_size}-{status.st_mtime_ns}"


def _check_same(file: RemoteFile, opened: BinaryIO) -> None:
    if _version(os.fstat(opened.fileno())) != file.version:
        raise ModelError(f"changed while it was read: {file.key}")


def _unreadable(error: OSError, address: str) -> ModelError:
    if isinstance(error, FileNotFoundError):
        return ModelError(f"no such directory or file: {error.filename or address}")
    return ModelError(f"cannot be read: {error.filename or address}", facts={"says": str(error.strerror or error)})
