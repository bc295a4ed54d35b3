"""How far a fetch is, counted by many threads; and in words."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a fetch is, in bytes and files.

    Attributes:
        done: bytes that are there.
        total: bytes of the model; None where the server does not tell the size of a file.
        files_done: files that are whole, and checked where that is asked for.
        files: of the model.
        came: bytes that came over the wire this time, also those that came twice.
    """

    done: int
    total: int | None
    files_done: int
    files: int
    came: int

    @property
    def told(self) -> str:
        """``1.3 GB of 2.0 GB, 3 of 9 files``."""
        total = "" if self.total is None else f" of {size(self.total)}"
        return f"{size(self.done)}{total}, {self.files_done} of {self.files} files"


class Tally:
    """Counts what comes, and collects what there is to say about it; any thread may call it.

    Args:
        sizes: of all files, in bytes; None where it is not known.
    """

    def __init__(self, sizes: Iterable[int | None]) -> None:
        known = list(sizes)
        self._total = None if None in known else sum(size or 0 for size in known)
        self._files = len(known)
        self._lock = threading.Lock()
        self._done = self._came = self._files_done = 0
        self._notes: deque[str] = deque()

    def add(self, *, done: int = 0, came: int = 0, files_done: int = 0) -> None:
        """Adds to the counts; what turned out not to be there is taken away."""
        with self._lock:
            self._done += done
            self._came += came
            self._files_done += files_done

    def note(self, sentence: str) -> None:
        """Remembers `sentence`, to be said by the thread that looks on."""
        self._notes.append(sentence)

    def notes(self) -> list[str]:
        """What there is to say since this was asked last."""
        return [self._notes.popleft() for _ in range(len(self._notes))]

    @property
    def progress(self) -> Progress:
        """How far it is."""
        with self._lock:
            return Progress(self._done, self._total, self._files_done, self._files, self._came)


def size(number: int) -> str:
    """Bytes as people say them: ``812 B``, ``1.3 GB``, ``67 GB``."""
    if number < 1000:  # noqa: PLR2004  # from here on in units of a thousand
        return f"{number} B"
    amount, units = number / 1000, iter(("kB", "MB", "GB", "TB"))
    unit = next(units)
    while amount >= 999.5 and unit != "TB":  # noqa: PLR2004  # what is rounded to a thousand
        amount, unit = amount / 1000, next(units)
    return f"{amount:.{1 if amount < 9.95 else 0}f} {unit}"  # noqa: PLR2004  # two digits at least
