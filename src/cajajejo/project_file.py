"""Where the project file is: `cajajejo.toml`, or a `pyproject.toml` with ``[tool.cajajejo]``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

FILE: Final = "cajajejo.toml"
_SECTION: Final = "[tool.cajajejo"


def find(start: Path, environ: Mapping[str, str]) -> Path | None:
    """The project file that counts at `start`: the nearest one upward, as far as the root of the repository.

    ``CAJAJEJO_CONFIG`` names it outright; empty, it means none.
    """
    named = environ.get("CAJAJEJO_CONFIG")
    if named is not None:
        return Path(named) if named else None
    for folder in (start, *start.parents):
        if (folder / FILE).is_file():
            return folder / FILE
        project = folder / "pyproject.toml"
        if project.is_file() and _SECTION in project.read_text("utf-8", errors="replace"):
            return project
        if (folder / ".git").exists():
            return None
    return None


def find_here(environ: Mapping[str, str]) -> Path | None:
    """The project file that counts in the working directory; None where that is gone."""
    try:
        return find(Path.cwd(), environ)
    except FileNotFoundError:
        return None
