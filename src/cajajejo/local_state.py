"""``.cajajejo``: the directory of what stays on this machine (scratch, history, tracebacks)."""

from __future__ import annotations

from pathlib import Path
from typing import Final

DIRECTORY: Final = Path(".cajajejo")


def prepare(directory: Path = DIRECTORY) -> Path:
    """`directory`, made where it is not there; one called ``.cajajejo`` tells git to ignore all of it."""
    directory.mkdir(parents=True, exist_ok=True)
    ignore = directory / ".gitignore"
    if directory.name == DIRECTORY.name and not ignore.exists():
        ignore.write_text("*\n")
    return directory
