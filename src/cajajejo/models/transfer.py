"""The files of a model on their way: many at once, large ones by parts, each checked when it is whole."""

from __future__ import annotations

import os
import threading
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Final

from cajajejo.models import checksums, parts
from cajajejo.models.arrival import Arriving, PartFetch
from cajajejo.models.checksums import Reading

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from cajajejo.models.arrival import Wire
    from cajajejo.models.crew import Task
    from cajajejo.models.parts import Part
    from cajajejo.models.source import RemoteFile

_FETCHES: Final = 2
"""How often a file is fetched that comes damaged."""


class Transfer:
    """Brings `files` into `directory`.

    Args:
        wire: where they come from, and how.
        files: all of them.
        directory: where they are written, each under its path.
        verify: whether checksums are taken.
        part_bytes: size of the parts of large files.
    """

    def __init__(
        self, wire: Wire, files: Sequence[RemoteFile], directory: Path, *, verify: bool, part_bytes: int
    ) -> None:
        self._wire, self._verify, self._part_bytes = wire, verify, part_bytes
        self._lock = threading.Lock()
        self._arriving = [Arriving(file, directory / file.path) for file in files]

    @property
    def sha256(self) -> dict[str, str | None]:
        """The SHA-256 of each file by its path; None where it was not taken."""
        return {arriving.file.path: arriving.sha256 for arriving in self._arriving}

    def tasks(self) -> list[Task]:
        """The work, a task for each file; large files first, so that none is left alone at the end."""
        order = sorted(self._arriving, key=lambda arriving: -(arriving.file.size or 0))
        return [partial(self._begin, arriving) for arriving in order]

    def _begin(self, arriving: Arriving) -> Iterable[Task]:
        """Finds out what is there, and returns what is to be done."""
        file, path, goes_on = arriving.file, arriving.path, self._wire.crew.goes_on
        path.parent.mkdir(parents=True, exist_ok=True)
        there = [part for part in self._wire.journal.there(file) if part.is_in(path, goes_on)]
        length = _make(path, file.size)
        left = parts.missing(file, [(part.start, part.end) for part in there], self._part_bytes)
        arriving.parts_left = len(left)
        arriving.reading = Reading(file) if self._verify and left == [parts.Part(0, file.size)] else None
        whole = length if file.size is None else file.size
        self._wire.tally.add(done=max(0, whole - sum((part.end or whole) - part.start for part in left)))
        return [partial(self._fetch, arriving, part) for part in left] or self._arrived(arriving)

    def _fetch(self, arriving: Arriving, part: Part) -> Iterable[Task]:
        descriptor = os.open(arriving.path, os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            PartFetch(self._wire, arriving, part, descriptor).run()
        finally:
            os.close(descriptor)
        if not self._wire.crew.goes_on():
            return []
        with self._lock:
            arriving.parts_left -= 1
            last = arriving.parts_left == 0
        return self._arrived(arriving) if last else []

    def _arrived(self, arriving: Arriving) -> Iterable[Task]:
        if not self._verify:
            self._wire.tally.add(files_done=1)
            return []
        return self._judge(arriving, arriving.reading) if arriving.reading else [partial(self._read_again, arriving)]

    def _read_again(self, arriving: Arriving) -> Iterable[Task]:
        reading = Reading(arriving.file)
        whole = checksums.feed(arriving.path, reading.update, self._wire.crew.goes_on)
        return self._judge(arriving, reading) if whole else []

    def _judge(self, arriving: Arriving, reading: Reading) -> Iterable[Task]:
        """Takes a file that is as it should be, and fetches a damaged one once more.

        Raises:
            ModelError: it is damaged again.
        """
        trouble = reading.trouble()
        if trouble is None:
            arriving.sha256 = reading.sha256
            self._wire.tally.add(files_done=1)
            return []
        self._wire.journal.forget(arriving.file)
        if arriving.fetches >= _FETCHES:
            facts = {"checksum": trouble, "fetched": f"{_FETCHES} times"}
            raise self._wire.error(arriving.file, "came damaged", facts)
        arriving.fetches += 1
        self._wire.tally.add(done=-(arriving.file.size or 0))
        self._wire.tally.note(f"{arriving.file.path} came damaged ({trouble}); fetching it again")
        return [partial(self._begin, arriving)]


def _make(path: Path, length: int | None) -> int:
    """Makes an empty file at `path`, or leaves the one that is there, no longer than `length`; its length."""
    if path.is_symlink():
        path.unlink()  # not ours, and not followed
    with suppress(FileNotFoundError):
        path.chmod(0o644)  # a kill may have come after it was sealed
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644)
    try:
        there = os.fstat(descriptor).st_size
        if length is not None and there > length:
            os.ftruncate(descriptor, length)
        return there
    finally:
        os.close(descriptor)
