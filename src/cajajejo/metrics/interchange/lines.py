"""Lines of text out of bytes that anyone may have written, with a limit on each."""

from __future__ import annotations

import gzip
import io
import zlib
from typing import TYPE_CHECKING, BinaryIO, Final, cast

if TYPE_CHECKING:
    from collections.abc import Iterator

LONGEST: Final = 1024 * 1024
_BOM: Final = b"\xef\xbb\xbf"
_GZIP: Final = b"\x1f\x8b"
_DAMAGED: Final = (EOFError, zlib.error, gzip.BadGzipFile)


class UnreadableError(ValueError):
    """The rest of a file cannot be read; `line` is where that is, None where it has no lines."""

    def __init__(self, message: str, line: int | None = None) -> None:
        super().__init__(message)
        self.line = line


def unpacked(file: io.BufferedReader) -> io.BufferedReader:
    """The bytes of `file`, without gzip's packing where there is any."""
    if file.peek(2)[:2] != _GZIP:
        return file
    return io.BufferedReader(cast("io.RawIOBase", gzip.GzipFile(fileobj=file)))


def beginning(file: io.BufferedReader) -> bytes:
    """What a file begins with, but for blanks; nothing where its packing is damaged."""
    try:
        return file.peek(64).removeprefix(_BOM).lstrip()
    except _DAMAGED:
        return b""


def lines(file: BinaryIO) -> Iterator[str]:
    """The lines of a file, each with its end.

    Raises:
        UnreadableError: one is no UTF-8 or too long; the packing is damaged.
    """
    number = 0
    while True:
        try:
            line = file.readline(LONGEST + 1)
        except _DAMAGED as error:
            raise UnreadableError("the gzip file is damaged, or cut short") from error
        if not line:
            return
        number += 1
        if len(line) > LONGEST:
            raise UnreadableError(f"longer than {LONGEST // 1024 // 1024} MiB: is this a table?", number)
        try:
            yield line.removeprefix(_BOM if number == 1 else b"").decode()
        except UnicodeDecodeError as error:
            raise UnreadableError(f"not UTF-8 text (byte {error.start + 1} of the line)", number) from error
