"""What a place that keeps bytes says of a file, and the calls that every such place takes."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

CHUNK: Final = 1024 * 1024
"""The most that is yielded at once, in bytes."""


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file in a bucket or directory.

    Attributes:
        path: below the address that was asked, with ``/``.
        size: in bytes.
        address: its own, for `read`, `get` and `remove`.
        md5: hexadecimal, of its bytes; None where the server knows none.
        crc32c: the same.
        sha256: the same.
        version: changes when the content does.
    """

    path: str
    size: int
    address: str
    md5: str | None = None
    crc32c: str | None = None
    sha256: str | None = None
    version: str | None = None


class Place(Protocol):
    """One address: a file, or the files below it."""

    def files(self, *, checksums: bool) -> Sequence[StoredFile]:
        """Every file below, in no order; none where there is nothing."""

    def own(self) -> StoredFile | None:
        """The file of just this address."""

    def read(self, start: int, end: int | None, version: str | None) -> Iterator[bytes]:
        """Its bytes."""

    def put(self, data: bytes) -> None:
        """Makes it a file with these bytes, whole or not at all."""

    def put_file(self, path: Path) -> None:
        """Makes it a copy of a file of this machine, whole or not at all."""

    def remove(self) -> None:
        """Removes the file of just this address; nothing where there is none."""


def hexadecimal(text: str | None) -> str | None:
    """A checksum as the clouds write it, base64, in hexadecimal digits; None where it is none."""
    try:
        return base64.b64decode(text, validate=True).hex() if text else None
    except binascii.Error:
        return None
