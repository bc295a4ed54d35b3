"""``jobs logs --save``: the lines that are shown, as a JSON array in a file as well."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from cajajejo.cli import log_output, screen
from cajajejo.errors import UsageError, printable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from cajajejo.cli.log_output import Format, Output
    from cajajejo.logs.lines import Block, Line


def check(path: Path, *, shown: Path | None, follow: bool) -> None:
    """Returns where the lines can be saved at `path`.

    Args:
        path: where.
        shown: the file that they are written to besides; None: stdout.
        follow: whether they are followed.

    Raises:
        UsageError: an array ends, and what is followed does not; both files are one; a file has another name.
        CajajejoError: the directory is missing, or `path` is one.
    """
    if follow:
        raise UsageError("--save writes a JSON array, which must end; -f --json prints one object a line")
    if str(path) == "-":
        raise UsageError("--save -: the lines are on stdout already; --json shows them as JSON")
    if shown is not None and os.path.realpath(shown) == os.path.realpath(path):
        raise UsageError("-o and --save name the same file")
    log_output.check(path, "--save")


@contextmanager
def saving(path: Path | None) -> Iterator[Callable[[Format], Format]]:
    """What makes a format that saves each line as well, into `path`, which is there whole or not at all.

    Raises:
        CajajejoError: it cannot be written.
    """
    if path is None:
        yield lambda form: form
        return
    with log_output.opened(path, live=False, option="--save") as output:
        array = _Array(output)
        yield array.through
        array.end()
    screen.say(f"wrote {printable(str(path))} ({array.count:,} line{'s' * (array.count != 1)})")


class _Array:
    def __init__(self, output: Output) -> None:
        self._output = output
        self.count = 0

    def through(self, form: Format) -> Format:
        def shown(item: Block | Line) -> bytes:
            self._add(item)
            return form(item)

        return shown

    def end(self) -> None:
        self._output.write(b"\n]\n" if self.count else b"[]\n")

    def _add(self, item: Block | Line) -> None:
        for line in log_output.as_json(item).splitlines():
            self._output.write((b",\n  " if self.count else b"[\n  ") + line)
            self.count += 1
