"""One connection pool per set of logins and endpoints, kept for the process, and closed before it ends."""

from __future__ import annotations

import atexit
import os
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

CONNECT_SECONDS: Final = 10.0
SILENCE_SECONDS: Final = 30.0
POOL: Final = 64

_lock = threading.Lock()
_opened: dict[object, Any] = {}


def opened(make: Callable[[], Any], variables: Sequence[str]) -> Any:
    """What `make` gives, made once for each state of the variables whose names begin with one of `variables`."""
    state = (make, tuple(sorted(item for item in os.environ.items() if item[0].startswith(tuple(variables)))))
    with _lock:
        if state not in _opened:
            _opened[state] = make()
        return _opened[state]


def close_at_exit(close: Callable[[], object]) -> None:
    """Calls `close` before the interpreter takes its parts away, where nobody could be told of a failure."""

    def closing() -> None:
        with suppress(Exception):
            close()

    atexit.register(closing)
