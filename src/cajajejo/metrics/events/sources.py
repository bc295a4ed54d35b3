"""The bytes of one event file, from its beginning to its end: on this machine, or in a bucket.

Both read into memory of the caller, who decides how much of a file is held at once.
"""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Final, NoReturn, Protocol, Self

from cajajejo.errors import CajajejoError, StorageAwayError, StorageError

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence
    from types import TracebackType

    from cajajejo.storage.stored import StoredFile

PAUSES: Final = (0.5, 2.0, 8.0)
"""Seconds before a broken connection is tried again; when a byte has come in between, they begin anew."""


class Source(Protocol):
    """An opened event file; used in ``with``, which closes it.

    Attributes:
        name: its path or address, for messages.
    """

    name: str

    def begin(self) -> None:
        """Fetches the first bytes, where that takes long enough to do it for several files at once."""

    def readinto(self, view: memoryview) -> int:
        """How many bytes now stand at the beginning of `view`; fewer than it takes mean nothing, 0 means the end.

        Raises:
            CajajejoError: the file cannot be read; the error names it.
        """

    def size(self) -> int:
        """How many bytes there are from the first to the last; a file that is being written has more later."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class LocalSource:
    """A file of this machine, read without a buffer of its own: thousands of small files cost three calls each."""

    __slots__ = ("_descriptor", "name")

    def __init__(self, path: str) -> None:
        self.name = path
        try:
            self._descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError as error:
            _refuse(path, error)

    def begin(self) -> None:
        """Does nothing: it is begun."""

    def readinto(self, view: memoryview) -> int:
        """See `Source`; what is appended while it is read is read, too."""
        try:
            return os.readv(self._descriptor, (view,))
        except OSError as error:
            _refuse(self.name, error)

    def size(self) -> int:
        """See `Source`."""
        return os.fstat(self._descriptor).st_size

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self._descriptor)


class RemoteSource:
    """A file in a bucket, of one version from its beginning to its end.

    A connection that breaks is made again, from the byte at which it broke. A file that is being written has another
    version each time that it grows: the one read is that of the first byte, and one that is replaced before its last
    byte has come is an error, because nobody could tell where the old ends and the new begins.
    """

    def __init__(self, file: StoredFile, *, pauses: Sequence[float] = PAUSES) -> None:
        self.name = file.address
        self._file = file
        self._pauses = pauses
        self._chunks = self._arriving()
        self._chunk = memoryview(b"")

    def begin(self) -> None:
        """See `Source`."""
        self._chunk = memoryview(next(self._chunks, b""))

    def readinto(self, view: memoryview) -> int:
        """See `Source`."""
        if not self._chunk:
            self.begin()
        size = min(len(view), len(self._chunk))
        view[:size] = self._chunk[:size]
        self._chunk = self._chunk[size:]
        return size

    def size(self) -> int:
        """See `Source`."""
        return self._file.size

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._chunks.close()

    def _arriving(self) -> Generator[bytes, None, None]:
        """Every byte once, over as many connections as it takes."""
        here = failures = 0
        while here < self._file.size:
            try:
                for chunk in self._from(here):
                    here += len(chunk)
                    failures = 0
                    yield chunk
            except StorageAwayError as error:
                if failures == len(self._pauses):
                    facts = {**error.facts, "tried": f"{failures + 1} times", "read": self._share(here)}
                    raise StorageAwayError(error.message, facts=facts, run="the same command again, later") from error
                time.sleep(self._pauses[failures])
                failures += 1
            except StorageError as error:
                self._file = self._newer(here, error)

    def _from(self, here: int) -> Iterator[bytes]:
        """The bytes from `here` on; StorageAwayError where the answer ended early without saying so."""
        from cajajejo import storage  # 0.1 s that local files do without

        for chunk in storage.read(self.name, here, self._file.size, version=self._file.version):
            here += len(chunk)
            yield chunk
        if here < self._file.size:
            raise StorageAwayError(f"broke off: {self.name}")

    def _newer(self, here: int, error: StorageError) -> StoredFile:
        """The file as it is now, where it changed between the listing and its first byte; else the error."""
        from cajajejo import storage

        now = storage.own(self.name)
        if now is None or now.version == self._file.version:
            raise error
        if here:
            facts = {"read": self._share(here)}
            raise StorageError(f"changed while it was read: {self.name}", facts=facts, run="the same command again")
        return now

    def _share(self, here: int) -> str:
        return f"{here:,} of {self._file.size:,} bytes"


def _refuse(path: str, error: OSError) -> NoReturn:
    facts = {"says": error.strerror or str(error)}
    raise CajajejoError(f"an event file cannot be read: {path}", facts=facts) from error
