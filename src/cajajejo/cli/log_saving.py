"""``jobs logs --save``: the lines that are shown, as a JSON array in a file as well."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from cajajejo.cli import log_output, screen
from cajajejo.errors import CajajejoError, UsageError, printable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from cajajejo.cli.log_output import Format, Output
    from cajajejo.logs.lines import Block, Line


def check(path: Path, *, follow: bool) -> None:
    """Returns where the lines can be saved at `path`.

    Raises:
        UsageError: an array ends, and what is followed does not.
        CajajejoError: the directory is missing, or `path` is one.
    """
    if follow:
        raise UsageError("--save writes a JSON array, which must end; -f --json prints one object a line")
    shown = printable(str(path))
    if path.is_dir():
        raise CajajejoError(f"--save {shown}: is a directory")
    if not path.parent.is_dir():
        raise CajajejoError(f"--save {shown}: there is no directory {printable(str(path.parent))}")


@contextmanager
def saving(path: Path | None) -> Iterator[Callable[[Format], Format]]:
    """What makes a format that saves each line as well, into `path`, which is there whole or not at all.

    Raises:
        CajajejoError: it cannot be written.
    """
    if path is None:
        yield lambda form: form
        return
    with log_output.opened(path, live=False) as output:
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
