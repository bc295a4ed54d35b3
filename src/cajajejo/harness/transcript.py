"""What a harness prints: passed on line by line while it works, and kept in a log without secret values.

The harness writes into a file of its own: it never waits for us, and what it said before we were killed is there. That
file is copied, line by line and without secrets, to the end of the log. Its name holds the length that the log had, so
that a copy which broke off is made anew, from the same place, when the log is opened next.
"""

from __future__ import annotations

import codecs
import os
import re
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from cajajejo.harness.progress import Listener

_READ_BYTES: Final = 65_536
_LONGEST_LINE: Final = 15_000
"""Characters of a line that are waited for; of a longer one the rest is a line of its own."""
_HELD_CHARACTERS: Final = 20_000
"""Of a line without an end so much is held back: a secret value in it is whole before it is cut."""
QUICKLY: Final = 2 << 20
"""So many bytes are passed on in a second or less, so that no harness keeps us busy with what it prints."""
_OWN_NAME: Final = re.compile(r"\..+\.log\.\d+")
_LINE_ENDS: Final = re.compile(r"\r\n|\n|\r(?!\Z)")


class PrintedLines:
    """What is printed into the growing file at `path`, passed on line by line to `said`, each line as `hide` makes it.

    A bar that is redrawn is many lines. Bytes that are no UTF-8 stand as U+FFFD; a line of any length takes no more
    memory than a short one.
    """

    def __init__(self, path: Path, said: Listener, hide: Callable[[str], str] = str) -> None:
        self._path = path
        self._said = said
        self._hide = hide
        self._position = 0
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._open = ""

    def pass_on(self, most: int | None = None) -> bool:
        """Passes on what was printed until now, but for a line that is still being written; whether that was all.

        Args:
            most: how many bytes at most; None: all that there are at this moment.
        """
        try:
            with self._path.open("rb") as file:
                size = os.fstat(file.fileno()).st_size
                end = size if most is None else min(size, self._position + most)
                file.seek(self._position)
                while data := file.read(min(_READ_BYTES, end - self._position)):
                    self._position += len(data)
                    self._take(self._decoder.decode(data))
        except FileNotFoundError:
            return True
        return self._position >= size

    def close(self, most: int | None = None) -> bool:
        """Passes on the rest, with or without the end of its line; False where it is more than `most` bytes."""
        if not self.pass_on(most):
            return False
        self._take(self._decoder.decode(b"", final=True) + "\n")
        return True

    def _take(self, text: str) -> None:
        *complete, self._open = _LINE_ENDS.split(self._open + text)
        for line in filter(str.strip, complete):
            self._say(self._hide(line))
        if len(self._open) > _LONGEST_LINE + _HELD_CHARACTERS:
            hidden = self._hide(self._open)
            cut = max(0, len(hidden) - _HELD_CHARACTERS) // _LONGEST_LINE * _LONGEST_LINE
            self._open = hidden[cut:]
            self._say(hidden[:cut])

    def _say(self, line: str) -> None:
        for start in range(0, len(line), _LONGEST_LINE):
            self._said(line[start : start + _LONGEST_LINE])


@contextmanager
def opened(log: Path, said: Listener, hide: Callable[[str], str]) -> Iterator[tuple[IO[bytes], PrintedLines]]:
    """A file for a harness to write into, and the lines in it, which go to the end of `log` and to `said`.

    Raises:
        OSError: the log cannot be written.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("a", buffering=1, encoding="utf-8", errors="backslashreplace") as kept:
        _copy_anew(log, kept, hide)
        own = _own(log, os.fstat(kept.fileno()).st_size)

        def keep(line: str) -> None:
            kept.write(f"{line}\n")
            said(line)

        printed = PrintedLines(own, keep, hide)
        with open(own, "ab", buffering=0, opener=_private) as file:  # pathlib takes no opener
            try:
                yield file, printed
            except BaseException:  # seconds may be left: what is too much for them is copied at the next start
                printed.close(QUICKLY)
                if own.stat().st_size <= QUICKLY:
                    _copy_anew(log, kept, hide)  # a line may have been broken off
                raise
            printed.close()
        own.unlink()


def _copy_anew(log: Path, kept: IO[str], hide: Callable[[str], str]) -> None:
    """Copies what a harness printed while nobody was left to copy it."""
    kept.flush()
    for own in sorted(log.parent.glob(f".{log.name}.[0-9]*"), key=_length_before):
        os.truncate(log, min(_length_before(own), os.fstat(kept.fileno()).st_size))
        PrintedLines(own, lambda line: print(line, file=kept), hide).close()
        own.unlink()


def is_own(path: Path) -> bool:
    """Whether `path` is a file that a harness prints into, in which secret values may stand."""
    return _OWN_NAME.fullmatch(path.name) is not None


def _own(log: Path, length: int) -> Path:
    return log.with_name(f".{log.name}.{length}")


def _length_before(own: Path) -> int:
    return int(own.name.rpartition(".")[2])


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
