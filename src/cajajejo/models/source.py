"""What a model is fetched from: a list of files, and bytes of any of them from any place on where the server can."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, Protocol

from cajajejo.errors import ModelError
from cajajejo.storage import paths

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

CHUNK: Final = 1024 * 1024
"""The most that a source yields at once, in bytes."""


@dataclass(frozen=True, slots=True)
class Checksum:
    """A checksum that the server knows of a file; ``git`` is git's hash of a blob: SHA-1 with its size before it."""

    algorithm: Literal["md5", "sha256", "sha1", "crc32c", "git"]
    hexadecimal: str


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file of a model.

    Attributes:
        path: below the model's directory, with ``/``; never leads out of it.
        size: in bytes; None where the server does not tell before it sends.
        checksum: None where the server knows none.
        version: changes when the content does (etag, generation); None where the server tells none.
        ranged: whether a part of it can be asked for.
        key: what the source itself calls it.
    """

    path: str
    size: int | None
    checksum: Checksum | None = None
    version: str | None = None
    ranged: bool = True
    key: str = ""


class Source(Protocol):
    """Where a model comes from.

    Attributes:
        address: for messages and stamps; holds no secret.
        name: the directory that the model gets: the last part of its path.
    """

    address: str
    name: str

    def files(self) -> Sequence[RemoteFile]:
        """Every file, in the order of their paths.

        Raises:
            ModelError: there is no such model, it is no directory, or we may not read it.
            SourceAwayError: the server does not answer now; trying again may help.
        """

    def read(self, file: RemoteFile, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """The bytes of `file` from `start` up to `end` (exclusive; None: to its end), in chunks of at most 1 MiB.

        Raises:
            ModelError: it is gone, changed since it was listed, or we may not read it.
            SourceAwayError: the connection broke, was silent for too long, or ended early; what was yielded is right.
        """


def checked(files: Iterable[RemoteFile], address: str) -> tuple[RemoteFile, ...]:
    """`files` in the order of their paths, each of which can stand below one directory.

    Raises:
        ModelError: one leads out of it, or two exclude each other.
    """
    given = tuple(sorted(files, key=lambda file: file.path))
    trouble = paths.trouble(file.path for file in given)
    if trouble is not None:
        raise ModelError(f"{address} holds {trouble}")
    return given
