"""SQLite as the history uses it: its tables, whichever version wrote them; errors are told in a sentence.

A file is brought to the newest version in one transaction, by the first program that writes to it. Who only reads sees
an older file as if that had been done. Readers do not wait for a writer; writers wait for each other.
"""

from __future__ import annotations

import os
import random
import sqlite3
import time
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cajajejo import local_state
from cajajejo.errors import HistoryError
from cajajejo.metrics.history import network_files, sqlite_queries, sqlite_schema, urls
from cajajejo.metrics.history.sqlite_errors import explained

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cajajejo.metrics.history.store import Selected

PATIENCE: Final = 120.0
_PREFIX: Final = "sqlite:///"
_LONGEST_PAUSE: Final = 0.1


@dataclass(frozen=True, slots=True)
class SqliteDatabase:
    """The SQLite file at `path`, named as `url`; another program is waited for so many seconds as `patience`."""

    url: str
    path: Path
    patience: float = PATIENCE

    @classmethod
    def at(cls, url: str) -> SqliteDatabase:
        """The file at ``sqlite:///relative.db`` or ``sqlite:////absolute.db``.

        Raises:
            HistoryError: the URL names no file.
        """
        name = url.removeprefix(_PREFIX)
        if not url.startswith(_PREFIX) or name in {"", ":memory:"} or name.endswith("/") or "\0" in name:
            raise HistoryError(
                f"the history URL names no file: {urls.shown(url)}",
                facts={"for example": "sqlite:///.cajajejo/history.db"},
            )
        return cls(url, Path(name).absolute())

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection | None]:
        """One moment of the file, whatever others write meanwhile; None where nothing was ever written.

        Raises:
            HistoryError: the file cannot be read.
        """
        with explained(self.url):
            if not self._is_there():
                yield None
                return
            with closing(self._opened()) as connection:
                connection.execute("PRAGMA temp_store = MEMORY")
                connection.execute("BEGIN")
                version = sqlite_schema.version(connection, self.url)
                if version in {0, sqlite_schema.VERSION}:
                    yield connection if version else None
                    return
                with closing(sqlite3.connect(":memory:", isolation_level=None)) as copy:
                    self._copy_to(copy, connection)
                    yield copy

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction: what is executed inside is written whole, or not at all.

        Raises:
            HistoryError: the file cannot be written.
        """
        with explained(self.url), closing(self._opened_for_writing()) as connection:
            _patiently(connection, "BEGIN IMMEDIATE", self.patience)
            try:
                sqlite_schema.bring_to_newest(connection, self.url)
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    @contextmanager
    def selecting(self, query: str) -> Iterator[Selected]:
        """What a query of the user's finds; it can change nothing. The tables are in `metrics_handler_dataset`.

        Raises:
            HistoryError: the file cannot be read, the query cannot be answered, or is none.
        """
        shared = f"file:history-{os.urandom(8).hex()}?mode=memory&cache=shared"
        with explained(self.url), closing(sqlite3.connect(shared, uri=True, isolation_level=None)) as copy:
            place = shared
            if self._is_there():
                with closing(self._opened()) as connection:
                    place = self._uri() if sqlite_schema.version(connection, self.url) == sqlite_schema.VERSION else ""
                    if not place:
                        self._copy_to(copy, connection)
            else:
                sqlite_schema.bring_to_newest(copy, self.url)
            with sqlite_queries.answered(place or shared, query, timeout=self.patience) as found:
                yield found

    def give_back(self) -> None:
        """Gives the space of what was removed back to the file system.

        Raises:
            HistoryError: there is no space for the smaller file beside the larger one.
        """
        with explained(self.url), closing(self._opened_for_writing()) as connection:
            _patiently(connection, "VACUUM", self.patience)
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def _is_there(self) -> bool:
        self._ensure_file()
        return self.path.exists()

    def _ensure_file(self) -> None:
        """Returns where the path can be that of a history: a file of this machine, or nothing yet.

        Raises:
            HistoryError: it is something else.
        """
        network_files.refuse(self.path, self.url)
        if self.path.exists() and not self.path.is_file():
            facts = {"do": "name a file with --history, for example sqlite:///.cajajejo/history.db"}
            raise HistoryError(f"the metric history is no file: {self.url}", facts=facts)

    def _opened(self) -> sqlite3.Connection:
        return sqlite3.connect(self._uri(), uri=True, timeout=self.patience, isolation_level=None)

    def _opened_for_writing(self) -> sqlite3.Connection:
        self._ensure_file()
        local_state.prepare(self.path.parent)
        connection = sqlite3.connect(self.path, timeout=min(1.0, self.patience), isolation_level=None)
        try:
            _patiently(connection, "PRAGMA journal_mode = WAL", self.patience)
        except BaseException:
            connection.close()
            raise
        return connection

    def _copy_to(self, copy: sqlite3.Connection, old: sqlite3.Connection) -> None:
        """A copy of an older file in memory, brought to the newest version."""
        old.backup(copy)
        sqlite_schema.bring_to_newest(copy, self.url)

    def _uri(self) -> str:
        """Without a place for SQLite's own files beside it, a history that nobody writes is read as it is."""
        log = Path(f"{self.path}-wal")
        still = not os.access(self.path.parent, os.W_OK) and not log.exists()
        return f"{self.path.as_uri()}?mode=ro{'&immutable=1' * still}"


def _patiently(connection: sqlite3.Connection, statement: str, patience: float) -> None:
    """Executes a statement that others may be in the way of.

    SQLite's own waiting is unfair to who waits long, and not done for each kind of lock; so it is tried again, each
    time after another pause.
    """
    deadline = time.monotonic() + patience
    while True:
        try:
            connection.execute(statement)
        except sqlite3.OperationalError as error:
            if "lock" not in str(error) or time.monotonic() > deadline:
                raise
            time.sleep(random.uniform(0, _LONGEST_PAUSE))  # noqa: S311  # a pause, no secret
        else:
            return
