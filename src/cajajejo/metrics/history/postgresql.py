"""PostgreSQL as the history uses it: its tables, whichever version wrote them; errors are told in a sentence.

Every transaction says for itself how it wants to be treated, so that a pool of connections may stand between. One
program writes at a time: it holds a lock of its own that ends with its transaction, or with its connection. Readers
wait for nobody.
"""

from __future__ import annotations

import functools
import os
import re
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

from cajajejo.errors import HistoryError, require
from cajajejo.metrics.history import postgresql_schema
from cajajejo.metrics.history.postgresql_errors import explained
from cajajejo.metrics.history.postgresql_schema import SCHEMA
from cajajejo.metrics.history.sql_store import SqlStore
from cajajejo.metrics.history.store import Selected

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from types import ModuleType

    from cajajejo.metrics.history.database import Connection, Cursor

PATIENCE: Final = 120.0
_KINDS: Final = ("postgresql://", "postgres://")
_SECRETS: Final = ("password", "sslpassword", "oauth_client_secret")
_LOCK: Final = 0x63616A616A656A6F  # the bytes of "cajajejo"
_PATIENT: Final = {"connect_timeout": "10", "keepalives_idle": "30", "tcp_user_timeout": "60000"}
"""How long a silent server is waited for, where the URL does not say; libpq's own names."""
_IN_BACKTICKS: Final = re.compile(rf"`(?:[\w-]+\.)?{SCHEMA}\.(\w+)`")
"""A table as queries of BigQuery name it."""
_AT_ONCE: Final = 1000
"""So many rows of a query of the user's are fetched at a time."""


def at(url: str) -> SqlStore:
    """The history at ``postgresql://USER@HOST:PORT/DATABASE``; nothing is opened yet.

    Raises:
        HistoryError: the URL cannot be read.
    """
    return SqlStore(PostgresqlDatabase.at(url))


@dataclass(frozen=True, slots=True)
class PostgresqlDatabase:
    """The database that `address` leads to; `url` is the same without a password.

    Another program is waited for so many seconds as `patience`.
    """

    url: str
    address: str = field(repr=False)
    patience: float = PATIENCE

    @classmethod
    def at(cls, url: str) -> PostgresqlDatabase:
        """The database at ``postgresql://USER@HOST:PORT/DATABASE``, with the options of libpq behind a ``?``.

        Raises:
            HistoryError: the URL cannot be read.
        """
        if not url.startswith(_KINDS) or "\0" in url:
            raise HistoryError("no URL of a PostgreSQL database", facts={"written": "postgresql://USER@HOST/DATABASE"})
        return cls(_without_password(url), url)

    @contextmanager
    def reading(self) -> Iterator[Connection | None]:
        """One moment of it, whatever others write meanwhile; None where nothing was ever written.

        Raises:
            HistoryError: it cannot be read.
        """
        with self._transaction("ISOLATION LEVEL REPEATABLE READ READ ONLY") as connection:
            yield connection if postgresql_schema.version(connection, self.url) else None

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """One transaction, alone among those that write: what is executed is written whole, or not at all.

        Raises:
            HistoryError: it cannot be written.
        """
        with self._transaction("ISOLATION LEVEL READ COMMITTED READ WRITE") as connection:
            connection.execute("SELECT pg_advisory_xact_lock(?)", (_LOCK,))
            postgresql_schema.bring_to_newest(connection, self.url)
            yield connection
            connection.commit()

    @contextmanager
    def selecting(self, query: str) -> Iterator[Selected]:
        """What a query of the user's finds; it can change nothing. The tables are in `metrics_handler_dataset`.

        Raises:
            HistoryError: it cannot be read, or the query cannot be answered, or is none.
        """
        with self._transaction("READ WRITE") as connection:
            if postgresql_schema.version(connection, self.url) == 0:  # empty tables, until the transaction ends
                connection.execute("SELECT pg_advisory_xact_lock(?)", (_LOCK,))
                postgresql_schema.bring_to_newest(connection, self.url)
            connection.execute(f"SET LOCAL search_path = {SCHEMA}, public")
            connection.execute("SET TRANSACTION READ ONLY")
            with connection.asked(_IN_BACKTICKS.sub(rf"{SCHEMA}.\1", query)) as cursor:
                yield Selected(tuple(column.name for column in cursor.description or ()), iter(cursor))

    def give_back(self) -> None:
        """Gives the space of what was removed back to whoever else needs it.

        Raises:
            HistoryError: the database does not answer.
        """
        with explained(self.url, self.address, _library().Error), closing(self._opened()) as connection:
            connection.execute(f"VACUUM {SCHEMA}.points, {SCHEMA}.runs")

    @contextmanager
    def _transaction(self, how: str) -> Iterator[_Connection]:
        """A transaction that is undone where nobody commits it."""
        wait = round(self.patience * 1000)
        with explained(self.url, self.address, _library().Error), closing(self._opened()) as connection:
            connection.execute(
                f"BEGIN {how}; SET LOCAL search_path = {SCHEMA}; SET LOCAL timezone = 'UTC';"
                f" SET LOCAL lock_timeout = {wait}; SET LOCAL idle_in_transaction_session_timeout = {5 * wait}"
            )
            try:
                yield _Connection(connection)
            finally:
                if not connection.broken:
                    connection.rollback()

    def _opened(self) -> Any:
        given = dict(parse_qsl(urlsplit(self.address).query))
        said = {*given, *(["connect_timeout"] if os.environ.get("PGCONNECT_TIMEOUT") else [])}
        patient = {name: value for name, value in _PATIENT.items() if name not in said}
        named = {} if "application_name" in given else {"fallback_application_name": "cajajejo"}
        return _library().connect(
            self.address, autocommit=True, prepare_threshold=None, client_encoding="utf8", **patient, **named
        )


@dataclass(frozen=True, slots=True)
class _Connection:
    """A connection of psycopg that takes question marks, and refuses what PostgreSQL's texts cannot hold."""

    connection: Any

    def execute(self, statement: str, values: Sequence[Any] = (), /) -> Cursor:
        cursor: Cursor = self.connection.execute(_marked(statement), tuple(values))
        return cursor

    def executemany(self, statement: str, values: Iterable[Sequence[Any]], /) -> object:
        with self.connection.cursor() as cursor:
            return cursor.executemany(_marked(statement), list(values))

    def commit(self) -> None:
        self.connection.execute("COMMIT")

    @contextmanager
    def asked(self, query: str) -> Iterator[Any]:
        """A cursor of the server's own, which there is for one query only, and for nothing else than a query."""
        with self.connection.cursor("asked") as cursor:
            cursor.itersize = _AT_ONCE
            yield cursor.execute(query)


@functools.lru_cache(maxsize=256)
def _marked(statement: str) -> str:
    """A statement with psycopg's marks for values."""
    return statement.replace("%", "%%").replace("?", "%s")


def _library() -> ModuleType:
    return require("psycopg", extra="postgresql", purpose="a metric history in PostgreSQL")


def _without_password(url: str) -> str:
    """`url` with nothing in it that is secret.

    Raises:
        HistoryError: where its password ends cannot be told; nothing of it is shown.
    """
    try:
        parts = urlsplit(url)
        options = parse_qsl(parts.query, keep_blank_values=True)
    except ValueError as error:
        raise _unreadable() from error
    who, at_sign, where = parts.netloc.rpartition("@")
    if "@" in who or "@" in parts.path or "@" in parts.query or "#" in url:
        raise _unreadable()
    query = urlencode([(name, value) for name, value in options if name not in _SECRETS], quote_via=quote, safe="/,")
    return urlunsplit((parts.scheme, who.partition(":")[0] + at_sign + where, parts.path, query, ""))


def _unreadable() -> HistoryError:
    facts = {
        "written": "postgresql://USER@HOST:PORT/DATABASE",
        "do": "give the password in PGPASSWORD or ~/.pgpass; in the URL its / ? # @ % are written %2F %3F %23 %40 %25",
    }
    return HistoryError("the URL of the PostgreSQL database cannot be read", facts=facts)
