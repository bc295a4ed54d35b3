"""Checksums of files as the places that models come from know them, taken in one pass over the bytes."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final, Protocol

from cajajejo.errors import require

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from cajajejo.models.source import Checksum, RemoteFile

_READ_BYTES: Final = 1024 * 1024


class Hasher(Protocol):
    """Takes bytes, and gives the hash of all of them."""

    def update(self, data: bytes, /) -> object:
        """Takes the next bytes."""

    def hexdigest(self) -> str | bytes:
        """The hash of all bytes so far, as hexadecimal digits."""


class Reading:
    """The SHA-256 of a file whose bytes come in order, and whether it has the checksum that its server told."""

    def __init__(self, file: RemoteFile) -> None:
        self._expected = file.checksum
        self._sha256: Hasher = hashlib.sha256()
        self._other = _hasher(file.checksum, file.size) if file.checksum else None

    def update(self, data: bytes) -> None:
        """Takes the next bytes."""
        self._sha256.update(data)
        if self._other is not None:
            self._other.update(data)

    @property
    def sha256(self) -> str:
        """The SHA-256 of all bytes so far."""
        return _text(self._sha256.hexdigest())

    def trouble(self) -> str | None:
        """What is wrong, ``md5 0f3a… in place of 77b1…``; None where nothing is, or no checksum is known."""
        if self._expected is None:
            return None
        algorithm, right = self._expected.algorithm, self._expected.hexadecimal.lower()
        found = self.sha256 if self._other is None else _text(self._other.hexdigest())
        return None if found == right else f"{algorithm} {found} in place of {right}"


def sha256(path: Path, goes_on: Callable[[], bool] = lambda: True) -> str | None:
    """The SHA-256 of the file at `path`; None where it was told in the middle not to go on."""
    digest = hashlib.sha256()
    return digest.hexdigest() if feed(path, digest.update, goes_on) else None


def feed(path: Path, take: Callable[[bytes], object], goes_on: Callable[[], bool] = lambda: True) -> bool:
    """Gives `take` the bytes of a file in order, in the memory of one piece; whether it came to the end."""
    with path.open("rb", buffering=0) as opened:
        while goes_on():
            data = opened.read(_READ_BYTES)
            if not data:
                return True
            take(data)
    return False


def _hasher(checksum: Checksum, size: int | None) -> Hasher | None:
    """What computes `checksum`; None where SHA-256, which is taken anyway, does."""
    match checksum.algorithm:
        case "sha256":
            return None
        case "git":
            return hashlib.sha1(f"blob {size}\0".encode(), usedforsecurity=False)
        case "crc32c":
            google = require("google_crc32c", extra="evaluation", purpose="checking what came from a bucket")
            crc: Hasher = google.Checksum()
            return crc
        case algorithm:
            return hashlib.new(algorithm, usedforsecurity=False)


def _text(digits: str | bytes) -> str:
    return digits if isinstance(digits, str) else digits.decode("ascii")
