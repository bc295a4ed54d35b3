"""One part of one file on its way: read through cuts and silence, written by position, and written down."""

from __future__ import annotations

import os
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from cajajejo.errors import ModelError, SourceAwayError
from cajajejo.models.checksums import Reading
from cajajejo.models.journal import Stretch

if TYPE_CHECKING:
    from pathlib import Path

    from cajajejo.models.crew import Crew
    from cajajejo.models.journal import Journal
    from cajajejo.models.parts import Part
    from cajajejo.models.patience import Patience
    from cajajejo.models.source import RemoteFile, Source
    from cajajejo.models.tally import Tally

_STRETCH_BYTES: Final = 16 * 1024 * 1024
"""After so many bytes it is written down that they are there."""


@dataclass(frozen=True, slots=True)
class Wire:
    """What all parts of all files have in common: where from, who knows what is there, who works, who counts."""

    source: Source
    journal: Journal
    crew: Crew
    tally: Tally
    patience: Patience

    def error(self, file: RemoteFile, what: str, facts: dict[str, str]) -> ModelError:
        """The error that ends a fetch."""
        so_far = {"from": self.source.address, "so far": self.tally.progress.told}
        again = "the same command again; it goes on where this one ended"
        return ModelError(f"{file.path} {what}", facts={**facts, **so_far}, run=again)


@dataclass
class Arriving:
    """A file on its way; `reading` takes the checksums of one that comes from its first byte to its last."""

    file: RemoteFile
    path: Path
    parts_left: int = 0
    fetches: int = 1
    reading: Reading | None = None
    sha256: str | None = None


class PartFetch:
    """Brings `part` of a file into the open file `descriptor`."""

    def __init__(self, wire: Wire, arriving: Arriving, part: Part, descriptor: int) -> None:
        self._wire, self._arriving, self._file, self._descriptor = wire, arriving, arriving.file, descriptor
        self._begin, self._end = part.start, part.end
        self._resumes = self._file.ranged and part.end is not None
        self._at = self._noted = part.start  # where the next byte stands, and since where nothing is written down
        self._crc = 0

    def run(self) -> None:
        """Returns when the part is there, or everything stops.

        Raises:
            ModelError: it cannot be had.
        """
        failures = 0
        while self._wire.crew.goes_on():
            before = self._at
            try:
                self._read()
            except SourceAwayError as error:
                failures = 1 if self._resumes and self._at > before else failures + 1
                self._wait(failures, error)
            else:
                return

    def _read(self) -> None:
        """Reads to the end of the part, from where we are.

        Raises:
            SourceAwayError: it broke off.
        """
        if not self._resumes:
            self._start_over()
        try:
            for data in self._wire.source.read(self._file, self._at, self._end):
                if not self._wire.crew.goes_on():
                    return
                self._write(data)
            if self._end is not None and self._at < self._end:
                raise SourceAwayError(f"it ended {self._end - self._at:,} bytes early")
        finally:
            if self._resumes:
                self._note()
        if not self._resumes:
            self._note()

    def _write(self, data: bytes) -> None:
        if self._end is not None and self._at + len(data) > self._end:
            raise self._wire.error(self._file, "is longer than it was listed", {"listed": f"{self._file.size:,} bytes"})
        _write_all(self._descriptor, data, self._at)
        self._at += len(data)
        self._crc = zlib.crc32(data, self._crc)
        if self._arriving.reading is not None:
            self._arriving.reading.update(data)
        self._wire.tally.add(done=len(data), came=len(data))
        if self._resumes and self._at - self._noted >= _STRETCH_BYTES:
            self._note()

    def _note(self) -> None:
        """Writes down what came since the last time, once it is on the disk."""
        if self._at > self._noted or not self._resumes:
            os.fdatasync(self._descriptor)
            self._wire.journal.add(self._file, Stretch(self._noted, self._at, self._crc))
            self._noted, self._crc = self._at, 0

    def _start_over(self) -> None:
        """Throws away what came of a file that cannot be continued."""
        self._wire.tally.add(done=self._begin - self._at)
        self._at = self._noted = self._begin
        self._crc = 0
        os.ftruncate(self._descriptor, self._begin)
        if self._arriving.reading is not None:
            self._arriving.reading = Reading(self._file)

    def _wait(self, failures: int, error: SourceAwayError) -> None:
        """Waits before the next try.

        Raises:
            ModelError: it was the last one.
        """
        if failures >= self._wire.patience.tries:
            tried = {"tried": f"{failures} times in a row", "came": f"{self._at:,} bytes"}
            facts = {"because": error.message, **error.facts, **tried}
            raise self._wire.error(self._file, "cannot be fetched", facts) from error
        broke = f"{self._file.path} broke off at byte {self._at:,}: {error.message}"
        self._wire.tally.note(f"{broke}; trying again")
        self._wire.crew.wait(self._wire.patience.wait(failures))


def _write_all(descriptor: int, data: bytes, position: int) -> None:
    view = memoryview(data)
    while view:
        written = os.pwrite(descriptor, view, position)
        view, position = view[written:], position + written
