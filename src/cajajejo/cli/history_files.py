"""The files of a history, which are no place for a result."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cajajejo.errors import UsageError, printable

if TYPE_CHECKING:
    from collections.abc import Sequence

_SQLITE: Final = "sqlite:///"
_COMPANIONS: Final = ("", "-wal", "-shm", "-journal")


def of(history: str) -> list[Path]:
    """The files of the history at a URL; none where it is on a server."""
    if not history.startswith(_SQLITE):
        return []
    return [Path(history.removeprefix(_SQLITE) + end) for end in _COMPANIONS]


def ensure_other(output: Path | None, read: Sequence[Path]) -> None:
    """Returns where `output` (None: stdout) is none of the files that a command reads.

    Raises:
        UsageError: it is one of them.
    """
    if output is not None and os.path.realpath(output) in {os.path.realpath(path) for path in read}:
        shown = printable(str(output))
        raise UsageError(f"-o {shown}: is read by this command", facts={"expected": "the path of another file"})
