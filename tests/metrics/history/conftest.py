"""A history at each of the places that there are: SQLite, a real PostgreSQL, and a BigQuery of the tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.fakes import bigquery, postgresql

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.fakes.bigquery import BigQuery
    from tests.fakes.postgresql import Server


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[Server]:
    """The server of this worker."""
    with postgresql.running() as server:
        yield server


@pytest.fixture
def postgresql_url(postgresql_server: Server) -> str:
    """An empty database."""
    return postgresql_server.database()


@pytest.fixture
def bigquery_service(monkeypatch: pytest.MonkeyPatch) -> Iterator[BigQuery]:
    """A BigQuery without a data set, which the project ``acme`` is in."""
    with bigquery.running() as service:
        monkeypatch.setenv("BIGQUERY_EMULATOR_HOST", service.url)
        yield service


@pytest.fixture(params=["sqlite", "postgresql", "bigquery"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where a history can be, and none is yet."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/history.db"
    if request.param == "postgresql":
        return str(request.getfixturevalue("postgresql_url"))
    request.getfixturevalue("bigquery_service")
    return "bigquery://acme"
