"""A query of the user's on a history in SQLite: it finds the tables under the name of the data set, and only reads."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Final

from cajajejo.errors import HistoryError
from cajajejo.metrics.history.store import Selected

if TYPE_CHECKING:
    from collections.abc import Iterator

DATASET: Final = "metrics_handler_dataset"
_EXAMPLE: Final = f"SELECT * FROM {DATASET}.job_history"  # noqa: S608  # our own name
_LOOK: Final = "look at job_history and metric_history: SELECT * FROM job_history LIMIT 1"
_IN_BACKTICKS: Final = re.compile(rf"`(?:[\w-]+\.)?{DATASET}\.(\w+)`")
_READS: Final = frozenset(
    {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE}
)
_SAYS_OF_TABLES: Final = frozenset({"table_info", "table_xinfo", "table_list", "index_list", "index_info"})
_STEPS: Final = 10_000  # of SQLite's machine between two looks whether somebody pressed Ctrl-C


@contextmanager
def answered(uri: str, query: str, *, timeout: float) -> Iterator[Selected]:
    """What `query` finds in the file at `uri`; rows are read as they are asked for.

    Raises:
        HistoryError: the query cannot be answered, or does more than read.
    """
    with closing(sqlite3.connect(":memory:", uri=True, timeout=timeout, isolation_level=None)) as connection:
        connection.execute(f"ATTACH ? AS {DATASET}", (uri,))
        connection.set_authorizer(_authorized)
        connection.set_progress_handler(lambda: 0, _STEPS)
        with _told():
            cursor = connection.execute(_IN_BACKTICKS.sub(rf"{DATASET}.\1", query))
            if cursor.description is None:
                raise HistoryError("this is no query", facts={"for example": _EXAMPLE})
            yield Selected(tuple(column[0] for column in cursor.description), cursor)


def _authorized(action: int, argument: str | None, *_: str | None) -> int:
    allowed = action in _READS or (action == sqlite3.SQLITE_PRAGMA and argument in _SAYS_OF_TABLES)
    return sqlite3.SQLITE_OK if allowed else sqlite3.SQLITE_DENY


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, sqlite3.Warning) as error:
        says = str(error)
        if says == "interrupted":
            raise KeyboardInterrupt from error
        if "authoriz" in says or "cannot modify" in says:
            raise HistoryError("a query can only read the history", facts={"do": "begin it with SELECT"}) from error
        if "one statement" in says:
            raise HistoryError(
                "one query at a time, please", facts={"do": "leave out what follows the semicolon"}
            ) from error
        look = {"do": _LOOK} if says.startswith("no such") else {}
        raise HistoryError("the history has no answer to this query", facts={"says": says, **look}) from error
