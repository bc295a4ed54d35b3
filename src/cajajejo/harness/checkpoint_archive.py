"""What an evaluation wrote, as one file, and back again: output, caches, log and state; never the model."""

from __future__ import annotations

import gzip
import sqlite3
import tarfile
import zlib
from contextlib import closing, suppress
from typing import TYPE_CHECKING, Final

from cajajejo.errors import CajajejoError
from cajajejo.harness import transcript
from cajajejo.harness.scratch import PROGRESS_FILE, STATE_FILE, Scratch, State
from cajajejo.results import write_whole

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MOST_BYTES: Final = 200_000_000
"""What is kept at most, before it is compressed."""

_NUMBER_FILE: Final = "checkpoint"
_LEFT_OUT: Final = (PROGRESS_FILE, "-journal", "-wal", "-shm")
"""Ends of the names of files that every start writes anew, or that belong to a database, which is copied as one."""
_READ_BYTES: Final = 1 << 20
_SQLITE: Final = b"SQLite format 3\0"
_DAMAGE: Final = (tarfile.TarError, OSError, EOFError, zlib.error, ValueError)


def number_of(work: Path) -> int:
    """How often what is in the directory `work` was kept; 0: never."""
    try:
        return int((work / _NUMBER_FILE).read_text("ascii"))
    except (OSError, ValueError):
        return 0


def pack(place: Scratch, archive: Path, number: int) -> None:
    """Writes what `place` holds into the file `archive`, as the checkpoint of this number. The harness may be at work.

    Raises:
        CajajejoError: it is too much.
        OSError: the disk is full, or a file became shorter while it was read.
    """
    write_whole(place.work / _NUMBER_FILE, f"{number}\n")
    files = list(_files(place.work))
    size = sum(path.stat().st_size for path in files)
    if size > MOST_BYTES:
        raise CajajejoError(f"{size / 1e6:,.0f} MB are more than the {MOST_BYTES / 1e6:,.0f} MB that are kept")
    with tarfile.open(archive, "w:gz", compresslevel=1) as tar:
        for path in files:
            with suppress(FileNotFoundError, sqlite3.Error):  # it is gone, or a database in the middle of a change
                tar.add(_still(path, archive.with_suffix(".copy")), str(path.relative_to(place.work)))


def _files(work: Path) -> Iterator[Path]:
    for path in sorted(work.rglob("*")):
        if path.is_symlink() or path.name.endswith(_LEFT_OUT) or transcript.is_own(path):
            continue
        if path.is_file():
            yield path


def _still(path: Path, copy: Path) -> Path:
    """What can be read while others write to `path`: of a database a copy, of anything else the file itself."""
    with path.open("rb") as file:
        if file.read(len(_SQLITE)) != _SQLITE:
            return path
    copy.unlink(missing_ok=True)
    with closing(sqlite3.connect(path, timeout=1)) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)
    return copy


def _check(archive: Path) -> None:
    """Reads it to its end, where the checksum is; who takes files out of it stops before."""
    with gzip.open(archive) as whole:
        while whole.read(_READ_BYTES):
            pass


def unpack(archive: Path, root: Path) -> tuple[State, int] | None:
    """The state and the number of a checkpoint, its files put into the scratch directory `root`; None where it is torn.

    Raises:
        OSError: the disk is full.
    """
    place = Scratch(root)
    place.work.mkdir(parents=True)
    try:
        _check(archive)
        with tarfile.open(archive, "r:gz") as tar:
            tar.extractall(place.work, filter="data")
        return State.read((place.work / STATE_FILE).read_text("utf-8")), number_of(place.work)
    except _DAMAGE:
        return None
