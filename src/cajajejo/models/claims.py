"""One process at a time fetches to one place; where the file system cannot tell, each has a place of its own."""

from __future__ import annotations

import errno
import fcntl
import secrets
import time
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from typing import IO

PARTIAL: Final = ".partial-"
_LOCK: Final = ".cajajejo-fetching-"
_ASK_SECONDS: Final = 0.1


@contextmanager
def claimed(target: Path, say: Callable[[str], None]) -> Iterator[Path]:
    """The directory for what comes in before it is `target`: held by this process alone, and found again by the next.

    Where another process holds it, it is waited for. Where nothing can be locked (some network file systems, a lock of
    another user, a place that may only be read), the directory has a name that nobody else has, and what comes in is
    not found again.
    """
    with ExitStack() as stack:
        file = _opened(target.parent / f"{_LOCK}{target.name}", stack)
        if file and _lock(file, lambda: say(f"another process fetches {target}; waiting for it")):
            yield target.with_name(f"{PARTIAL}{target.name}")
        else:
            yield target.with_name(f"{PARTIAL}{target.name}-{secrets.token_hex(4)}")


def _opened(path: Path, stack: ExitStack) -> IO[str] | None:
    """The file to lock; None where we may not write it."""
    try:
        return stack.enter_context(path.open("a"))
    except OSError as error:
        if error.errno not in {errno.EACCES, errno.EPERM, errno.EROFS}:
            raise
        return None


def _lock(file: IO[str], waits: Callable[[], None]) -> bool:
    """Whether `file` is locked; False where it cannot be."""
    told = False
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno not in {errno.EWOULDBLOCK, errno.EAGAIN, errno.EACCES, errno.EINTR}:
                return False
        else:
            return True
        if not told:
            waits()
            told = True
        time.sleep(_ASK_SECONDS)
