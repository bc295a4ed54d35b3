"""A path of this machine as a place that keeps bytes."""

from __future__ import annotations

import os
import secrets
import shutil
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from cajajejo import files
from cajajejo.errors import StorageError, StorageMissingError
from cajajejo.storage.stored import CHUNK, StoredFile

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


class LocalPlace:
    """A file, or a directory with what is in it."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def files(self, *, checksums: bool) -> Sequence[StoredFile]:
        """Every file in the directory; a file system knows no checksums."""
        del checksums
        with _told(self._path):
            found = (Path(folder, name) for folder, _, names in os.walk(self._path) for name in names)
            return [_stored(path, self._path) for path in found if path.is_file()]

    def own(self) -> StoredFile | None:
        """The file, where it is one."""
        return _stored(self._path, self._path.parent) if self._path.is_file() else None

    def read(self, start: int, end: int | None, version: str | None) -> Iterator[bytes]:
        """The bytes of the file."""
        with _told(self._path), self._path.open("rb") as opened:
            status = os.fstat(opened.fileno())
            if version is not None and version != _version(status):
                raise StorageError(f"changed since it was listed: {self._path}")
            opened.seek(start)
            left = (status.st_size if end is None else end) - start
            while left > 0 and (chunk := opened.read(min(CHUNK, left))):
                left -= len(chunk)
                yield chunk

    def put(self, data: bytes) -> None:
        """Makes the file."""
        with _told(self._path):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            files.replace(self._path, data)

    def put_file(self, path: Path) -> None:
        """Copies `path` to here."""
        part = self._path.with_name(f".cajajejo-{secrets.token_hex(4)}.tmp")
        with _told(self._path):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            try:
                shutil.copyfile(path, part)
                part.replace(self._path)
            finally:
                part.unlink(missing_ok=True)

    def remove(self) -> None:
        """Removes the file, and a directory without files."""
        with _told(self._path):
            if self._path.is_dir() and not self._path.is_symlink():
                shutil.rmtree(self._path)
            else:
                self._path.unlink(missing_ok=True)


def _stored(path: Path, below: Path) -> StoredFile:
    status = path.stat()
    return StoredFile(path.relative_to(below).as_posix(), status.st_size, str(path), version=_version(status))


def _version(status: os.stat_result) -> str:
    return f"{status.st_ino}-{status.st_size}-{status.st_mtime_ns}"


@contextmanager
def _told(path: Path) -> Iterator[None]:
    try:
        yield
    except (FileNotFoundError, NotADirectoryError) as error:
        raise StorageMissingError(f"no such file: {error.filename or path}") from error
    except OSError as error:
        says = {"says": error.strerror or str(error)}
        raise StorageError(f"cannot be used: {error.filename or path}", facts=says) from error
