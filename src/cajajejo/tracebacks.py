"""What people see below a traceback where they call us from Python."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from cajajejo.errors import CajajejoError

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def explained() -> Iterator[None]:
    """Shows below a traceback what a command prints below an error: the facts, and the way out."""
    try:
        yield
    except CajajejoError as error:
        for line in error.lines()[1:]:
            error.add_note(line)
        raise
