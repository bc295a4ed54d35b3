"""Text files, read with a limit, and written whole: a reader finds the old file or the new one, never a part."""

from __future__ import annotations

import os
import re
import secrets
import stat
from functools import cache
from pathlib import Path
from typing import Final

from cajajejo.errors import FileProblemsError, Problem

MAX_BYTES: Final = 8 * 1024 * 1024
_DESCRIPTOR: Final = re.compile(r"(/dev|/proc/\d+(/task/\d+)?)/fd/\d+")
_MOST_LINKS: Final = 40


def read_text(path: Path) -> str:
    """The text of a file that people write, every character as it is.

    Raises:
        FileProblemsError: it is missing, unreadable, too large or not UTF-8.
    """
    try:
        data = _read(path) if stat.S_ISREG(path.stat().st_mode) else _read_once(path)
        if len(data) > MAX_BYTES:
            raise _problem(path, f"too large to be a configuration: over {MAX_BYTES // 1024 // 1024} MiB")
        return data.decode("utf-8-sig")
    except FileNotFoundError as error:
        raise _problem(path, "no such file") from error
    except UnicodeDecodeError as error:
        raise _problem(path, f"not UTF-8 text (byte {error.start})") from error
    except OSError as error:
        raise _problem(path, f"cannot be read: {error.strerror}") from error


def _read(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(MAX_BYTES + 1)


@cache
def _read_once(path: Path) -> bytes:
    """What comes out of a pipe, which is empty when it is asked again."""
    return _read(path)


def _problem(path: Path, message: str) -> FileProblemsError:
    return FileProblemsError([Problem(str(path), message)])


def mode(path: Path) -> int | None:
    """The type and permissions of what stands at `path`, through links; None where nothing does."""
    try:
        return path.stat().st_mode
    except FileNotFoundError:
        return None


def is_open_here(path: Path) -> bool:
    """Whether `path` is another name of a file that this process has open, as ``/dev/stdout`` is."""
    for _ in range(_MOST_LINKS):
        path = Path(os.path.realpath(path.parent), path.name)
        if _DESCRIPTOR.fullmatch(str(path)):
            return True
        if not path.is_symlink():
            return False
        path = path.parent / path.readlink()
    return False


def replace(path: Path, data: bytes) -> None:
    """Puts `data` in the place of `path`, with the mode of what was there; nothing else is left beside it.

    The name in between is hidden, so that nobody takes it for a file of its kind.
    """
    new = path.with_name(f".cajajejo-{secrets.token_hex(4)}.tmp")
    try:
        with new.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if path.exists():
            new.chmod(stat.S_IMODE(path.stat().st_mode))
        new.replace(path)
    except BaseException:
        new.unlink(missing_ok=True)
        raise
