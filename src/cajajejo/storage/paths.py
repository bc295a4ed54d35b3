"""Paths that a server names, held against what can stand below a directory of ours."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable


_LONGEST: Final = 255
"""Bytes of a name, on every file system that counts."""


def leads_out(path: str) -> bool:
    """Whether `path` names no file below a directory: absolute, empty, with ``..``, ``.``, an empty part, or a NUL."""
    return "\0" in path or any(part in {"", ".", ".."} for part in path.split("/"))


def trouble(paths: Iterable[str]) -> str | None:
    """Why files with these paths cannot stand below one directory, as the end of a sentence; None: they can."""
    seen: set[str] = set()
    for path in sorted(paths):
        if leads_out(path):
            return f"a file whose name leads out of a directory: {path!r}"
        if not all(map(_is_a_name, path.split("/"))):
            return f"a file whose name no file can have: {path!r:.100}"
        if path in seen:
            return f"two files of one name: {path!r}"
        seen.add(path)
    for path in seen:
        parents = path.split("/")[:-1]
        above = next((one for n in range(1, len(parents) + 1) if (one := "/".join(parents[:n])) in seen), None)
        if above is not None:
            return f"a file and a directory of one name: {above!r}"
    return None


def _is_a_name(part: str) -> bool:
    try:
        return len(os.fsencode(part)) <= _LONGEST
    except UnicodeEncodeError:
        return False
