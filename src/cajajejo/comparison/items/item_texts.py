"""What was asked and answered, read again from the file of results for the few items that are shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, Final

from cajajejo.comparison.items import lines
from cajajejo.errors import FileProblemsError, Problem

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence
    from pathlib import Path

    from cajajejo.comparison.paired import Ints

Stamp = tuple[int, int, int]
"""What a file can be told by: its number on the disk, its size, and when it was written."""
_CHANGED: Final = "changed while it was compared; compare again"


@dataclass(frozen=True, slots=True)
class ItemText:
    """What a line says in words; None: not known."""

    scenario: str
    subject: str | None
    id: str
    prompt: str | None
    reference: str | None
    prediction: str | None

    @property
    def name(self) -> str:
        """What people know the item by: ``<scenario>/<id>``, with its subject between where the scenario lacks it."""
        subject = () if self.subject is None or self.subject in self.scenario else (self.subject,)
        return "/".join((*((self.scenario,) if self.scenario else ()), *subject, self.id))


def stamp(status: os.stat_result) -> Stamp:
    """The stamp of a file, by what the system says of it."""
    return status.st_ino, status.st_size, status.st_mtime_ns


@dataclass(frozen=True, eq=False, slots=True)
class FileTexts:
    """The texts of the lines of a file, as long as it is what it was.

    Attributes:
        file: where it is.
        stamp: what it was when it was read.
        offsets: where the line of each row begins, shape (n,).
    """

    file: Path
    stamp: Stamp
    offsets: Ints

    def __call__(self, rows: Sequence[int]) -> list[ItemText]:
        """The texts of `rows`, in their order.

        Raises:
            FileProblemsError: the file is gone, or another one now.
        """
        if not rows:
            return []
        try:
            with self.file.open("rb") as stream:
                self.check(stream)
                found = {row: self._text(stream, row) for row in sorted(set(rows))}
        except OSError as error:
            raise self._problem(f"cannot be read any more: {error.strerror}") from error
        return [found[row] for row in rows]

    def check(self, stream: BinaryIO) -> None:
        """Returns where the file is what it was.

        Raises:
            FileProblemsError: it is not.
        """
        import os

        if stamp(os.fstat(stream.fileno())) != self.stamp:
            raise self._problem(_CHANGED)

    def _text(self, stream: BinaryIO, row: int) -> ItemText:
        stream.seek(int(self.offsets[row]))
        try:
            line = lines.decode(stream.readline())
        except lines.WrongLineError as error:
            raise self._problem(_CHANGED) from error
        return ItemText(
            line.scenario,
            line.subject,
            line.id,
            line.prompt,
            line.reference,
            line.prediction,
        )

    def _problem(self, message: str) -> FileProblemsError:
        return FileProblemsError([Problem(str(self.file), message)])
