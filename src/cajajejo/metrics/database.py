"""SQLite as the history uses it: readers do not wait for a writer, and what goes wrong is told in a sentence."""

from __future__ import annotations

import sqlite3
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from cajajejo.errors import HistoryError

if TYPE_CHECKING:
    from collections.abc import Iterator


def use_write_ahead_log(connection: sqlite3.Connection, busy_seconds: float) -> None:
    """Readers do not wait for a writer; changing the mode does not wait by itself, so it is tried again."""
    deadline = time.monotonic() + busy_seconds
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > deadline:
                raise
            time.sleep(0.02)
        else:
            return


@contextmanager
def explained(url: str) -> Iterator[None]:
    """Turns what SQLite and the file system say into a sentence and what to do."""
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        says = error.strerror or str(error) if isinstance(error, OSError) else str(error)
        message, do = next(
            (sentence for signs, *sentence in _EXPLANATIONS if any(sign in says.lower() for sign in signs)), _OTHERWISE
        )
        raise HistoryError(f"{message}: {url}", facts={"says": says, "do": do}) from error


_EXPLANATIONS: Final = (  # what SQLite or the file system says, what happened, what to do; the first that fits
    (("not a database",), "this file is not a metric history", "name another file with --history"),
    (("malformed",), "the metric history is damaged", "restore it from a copy, or move it away to begin anew"),
    (("locked",), "the metric history is in use by another program", "try again in a moment"),
    (
        ("full", "no space"),
        "there is no space left for the metric history",
        "free some space, or name another place with --history",
    ),
    (
        ("readonly", "read-only"),
        "the metric history cannot be written",
        "make the file and its directory writable, or judge with --no-store",
    ),
    (
        ("unable to open", "permission", "no such file"),
        "the metric history cannot be opened",
        "make the file and its directory readable and writable",
    ),
    (("no such",), "this SQLite database holds something else", "name another file with --history"),
)
_OTHERWISE: Final = ("the metric history cannot be used", "name another file with --history")
