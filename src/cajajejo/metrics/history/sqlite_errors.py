"""What SQLite and the file system say of a history, as a sentence and what to do."""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from cajajejo.errors import HistoryError

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def explained(url: str) -> Iterator[None]:
    """Turns what SQLite and the file system say into a sentence and what to do.

    Raises:
        HistoryError: something went wrong inside.
    """
    try:
        yield
    except UnicodeEncodeError as error:
        message = f"no metric history holds such a name: {error.object}: {url}"
        raise HistoryError(message, facts={"do": "write it in UTF-8"}) from error
    except UnicodeDecodeError as error:  # of a name, or of what SQLite says
        message, do = _DAMAGED
        facts = {"says": "it holds a text that is none", "do": do}
        raise HistoryError(f"{message}: {url}", facts=facts) from error
    except (sqlite3.Error, OSError) as error:
        says = error.strerror or str(error) if isinstance(error, OSError) else str(error)
        message, do = next(
            (sentence for signs, *sentence in _EXPLANATIONS if any(sign in says.lower() for sign in signs)), _OTHERWISE
        )
        raise HistoryError(f"{message}: {url}", facts={"says": says, "do": do}) from error


_DAMAGED: Final = ("the metric history is damaged", "restore it from a copy, or move it away to begin anew")
_EXPLANATIONS: Final = (  # what SQLite or the file system says, what happened, what to do; the first that fits
    (("not a database",), "this file is not a metric history", "name another file with --history"),
    (("malformed",), *_DAMAGED),
    (("locked",), "the metric history is in use by another program", "try again in a moment"),
    (
        ("full", "no space", "file too large", "quota"),
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
    (
        ("disk i/o",),
        "the metric history cannot be read or written",
        "look whether it is a file, and whether its disk is full, or name another place with --history",
    ),
    (("no such", "already exists"), "this SQLite database holds something else", "name another file with --history"),
)
_OTHERWISE: Final = ("the metric history cannot be used", "name another file with --history")
