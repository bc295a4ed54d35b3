"""Files written whole: a reader, or a kill at any moment, finds the old file or the new one, never a part."""

from __future__ import annotations

import os
import secrets
import stat
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


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
