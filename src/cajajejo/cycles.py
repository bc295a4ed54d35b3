"""Python's search for objects that only hold one another, paused where there is nothing to find."""

from __future__ import annotations

import gc
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def no_search_for_cycles() -> Iterator[None]:
    """Keeps Python from looking for cycles inside: many objects are made there that stay, or that have none."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
