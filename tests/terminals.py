"""A terminal as a user sees it: what was written to it, after all that was drawn again and again."""

from __future__ import annotations

import os
import pty
import re
import select
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

_PIECE: Final = re.compile(r"\x1b\[(\??\d*)([A-Za-z])|\r|\n|[^\x1b\r\n]+|\x1b")


def seen(written: str) -> list[str]:
    """The lines that stand on the terminal at the end."""
    rows, row, column = [""], 0, 0
    for piece in _PIECE.finditer(written):
        text, count, letter = piece[0], piece[1], piece[2]
        if text == "\n":
            row, column = row + 1, 0
            rows += [""] * (row == len(rows))
        elif text == "\r":
            column = 0
        elif letter == "A":
            row = max(0, row - int(count or 1))
        elif letter == "J":
            rows[row] = rows[row][:column]
            del rows[row + 1 :]
        elif letter == "K":
            rows[row] = ""
        elif letter in {"l", "h", "m"}:
            continue
        elif letter or text == "\x1b":
            raise ValueError(f"an escape that nobody expects: {text!r}")
        else:
            rows[row] = rows[row][:column].ljust(column) + text + rows[row][column + len(text) :]
            column += len(text)
    return [line.rstrip() for line in rows]


class Terminal:
    """A program with a terminal of its own as stdin, stdout and stderr."""

    def __init__(self, arguments: Sequence[str], environ: Mapping[str, str], *, columns: int = 100) -> None:
        self._ours, theirs = pty.openpty()
        given = {**environ, "TERM": "xterm", "COLUMNS": str(columns), "LINES": "40"}
        self.process = subprocess.Popen(
            [sys.executable, *arguments],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env=given,
            start_new_session=True,
        )
        os.close(theirs)
        self.written = ""

    def read(self, until: Callable[[str], bool], seconds: float = 120.0) -> str:
        """What was written up to now, once it is as wanted."""
        end = time.monotonic() + seconds
        while not until(self.written):
            if time.monotonic() > end:
                self.process.kill()
                self.process.wait(120)
                raise AssertionError(f"not in {seconds} s: {self.written!r}")
            if not select.select([self._ours], [], [], 0.1)[0]:
                continue
            try:
                piece = os.read(self._ours, 65536)
            except OSError:  # the other end is closed
                piece = b""
            if not piece:
                assert until(self.written), self.written
                break
            self.written += piece.decode("utf-8", "replace").replace("\r\n", "\n")
        return self.written

    def type(self, text: str) -> None:
        """The user types this."""
        os.write(self._ours, text.encode())

    def close(self) -> int:
        """The exit code, once all is read."""
        try:
            while os.read(self._ours, 65536):
                pass
        except OSError:
            pass
        os.close(self._ours)
        return self.process.wait(120)
