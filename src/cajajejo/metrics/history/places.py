"""Which store a URL of a history means."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cajajejo.errors import HistoryError
from cajajejo.metrics.history import urls
from cajajejo.metrics.history.sql_store import SqlStore
from cajajejo.metrics.history.sqlite_database import SqliteDatabase

if TYPE_CHECKING:
    from cajajejo.metrics.history.store import Store


def store_at(url: str) -> Store:
    """The store at `url`; nothing is opened yet.

    Raises:
        HistoryError: no URL of a history.
    """
    kind = url.partition("://")[0]
    if kind == "sqlite":
        return SqlStore(SqliteDatabase.at(url))
    if kind in {"postgresql", "postgres"}:
        from cajajejo.metrics.history import postgresql

        return postgresql.at(url)
    if kind == "bigquery":
        from cajajejo.metrics.history import bigquery

        return bigquery.at(url)
    known = "sqlite:///FILE, sqlite:////ABSOLUTE/FILE, postgresql://HOST/DATABASE, bigquery://PROJECT/DATASET"
    raise HistoryError(f"no URL of a metric history: {urls.shown(url)}", facts={"known here": known})
