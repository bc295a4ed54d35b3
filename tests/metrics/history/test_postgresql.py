"""The history in PostgreSQL, against a real server: what users query, who may read, and every way it can be refused."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import psycopg
import pytest

from cajajejo.errors import HistoryError, MissingExtraError
from cajajejo.metrics.history import History, postgresql
from cajajejo.metrics.history.postgresql import PostgresqlDatabase
from cajajejo.metrics.history.postgresql_schema import STEPS, VERSION
from cajajejo.metrics.history.rows import StoredMetric, StoredRun
from cajajejo.metrics.history.sql_store import SqlStore
from cajajejo.metrics.runs import Origin, Run
from tests.fakes.postgresql import running
from tests.metrics.history import writers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.fakes.postgresql import Server

RUN: Final = StoredRun(
    Run("mnist", "a", 1_763_733_600.0, "failure", 1_763_733_660.5, origin=Origin("convergence")),
    "failed",
    (StoredMetric("loss", 0.25, 0.125, None, verdict="regression", outside=True),),
    failures=1,
)


@pytest.fixture
def mortal_server() -> Iterator[Server]:
    """A server that the test may end."""
    with running() as server:
        yield server


def store(url: str, patience: float = 120.0) -> SqlStore:
    database = PostgresqlDatabase.at(url)
    return SqlStore(PostgresqlDatabase(database.url, database.address, patience))


def asked(url: str, query: str) -> list[tuple[object, ...]]:
    """What any other program finds."""
    with psycopg.connect(url) as connection:
        return connection.execute(query.encode()).fetchall()


def test_any_program_can_query_the_documented_columns_in_the_schema_of_the_old_data_set(postgresql_url: str) -> None:
    postgresql.at(postgresql_url).record([RUN])

    query = (
        "SELECT j.test_type, j.job_status, j.num_failures, j.job_duration_sec, j.timestamp, m.metric_name,"
        " m.metric_value, m.metric_lower_bound, m.metric_upper_bound FROM metrics_handler_dataset.job_history j"
        " JOIN metrics_handler_dataset.metric_history m USING (test_name, uuid)"
    )
    ended = datetime(2025, 11, 21, 14, 1, 0, 500_000, tzinfo=UTC)
    assert asked(postgresql_url, query) == [("convergence", "failure", 1, 60, ended, "loss", 0.25, 0.125, None)]


def test_the_time_zone_of_the_session_changes_no_timestamp(
    postgresql_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGTZ", "Asia/Tokyo")

    postgresql.at(postgresql_url).record([RUN])

    moments = asked(postgresql_url, "SELECT extract(epoch FROM timestamp) FROM metrics_handler_dataset.job_history")
    assert [float(str(moment)) for (moment,) in moments] == [1_763_733_660.5]


def test_reading_creates_nothing(postgresql_url: str) -> None:
    with postgresql.at(postgresql_url).select("SELECT * FROM metric_history") as selected:
        assert (len(selected.columns), list(selected.rows)) == (10, [])

    assert asked(postgresql_url, "SELECT nspname FROM pg_namespace WHERE nspname LIKE 'metrics%'") == []


def test_postgres_is_another_name_of_the_same(postgresql_url: str) -> None:
    History.at(postgresql_url.replace("postgresql://", "postgres://")).store.record([RUN])

    assert list(postgresql.at(postgresql_url).stored()) == [RUN]


def test_a_role_that_may_only_read_reads_and_is_told_that_it_may_not_write(
    postgresql_server: Server, postgresql_url: str
) -> None:
    postgresql.at(postgresql_url).record([RUN])
    database = postgresql_url.rpartition("/")[2]
    postgresql_server.do("CREATE ROLE reader LOGIN")
    postgresql_server.do("GRANT USAGE ON SCHEMA metrics_handler_dataset TO reader", database)
    postgresql_server.do("GRANT SELECT ON ALL TABLES IN SCHEMA metrics_handler_dataset TO reader", database)
    readers = postgresql.at(postgresql_server.url(database, "reader"))

    assert list(readers.stored()) == [RUN]
    with readers.select("SELECT count(*) FROM job_history") as selected:
        assert list(selected.rows) == [(1,)]
    with pytest.raises(HistoryError) as refused:
        readers.record([RUN])
    assert refused.value.message.startswith("the role may not use the metric history: postgresql://reader@127.0.0.1:")
    assert refused.value.facts["says"] == "permission denied for table tests"


def test_a_role_that_may_make_no_schema_is_told_so(postgresql_server: Server, postgresql_url: str) -> None:
    postgresql_server.do("CREATE ROLE guest LOGIN")
    url = postgresql_server.url(postgresql_url.rpartition("/")[2], "guest")

    with pytest.raises(HistoryError, match="the role may not use the metric history"):
        postgresql.at(url).record([RUN])
    assert postgresql.at(url).runs("mnist") == []


def test_no_password_is_printed_or_shown(postgresql_server: Server, postgresql_url: str) -> None:
    with_password = postgresql_url.replace("owner@", "owner:s3cr%20et@") + "?application_name=ci&password=0ther"
    there = postgresql.at(with_password)
    there.record([RUN])

    assert there.url == f"{postgresql_url}?application_name=ci"
    assert "s3cr" not in repr(there)
    assert "0ther" not in repr(there)
    with pytest.raises(HistoryError) as refused:
        postgresql.at(with_password.replace(f":{postgresql_server.port}/", ":1/")).runs("mnist")
    assert "s3cr" not in str(refused.value.lines())
    assert "0ther" not in str(refused.value.lines())


@pytest.mark.parametrize(
    "url",
    [
        *("postgresql://owner:s3cr/et@127.0.0.1/x", "postgresql://owner:s3cr?et@127.0.0.1/x"),
        *("postgresql://owner:s3cr#et@127.0.0.1/x", "postgresql://owner:p@s3cr@127.0.0.1/x"),
        *("postgresql://owner:s3cr@[127.0.0.1:5432/x", "postgresql://127.0.0.1/x?password=p@s3cr"),
    ],
)
def test_an_address_whose_password_ends_nobody_knows_where_is_refused_and_nothing_of_it_is_shown(url: str) -> None:
    with pytest.raises(HistoryError) as refused:
        postgresql.at(url)

    assert refused.value.message == "the URL of the PostgreSQL database cannot be read"
    assert "s3cr" not in str(refused.value.lines())
    assert "%2F" in refused.value.facts["do"]


@pytest.mark.parametrize("secret", ["s3cr et", "s3cr:et", "s3cr%zzet", "s3cr%2Fet"])
def test_a_password_that_libpq_cannot_read_either_is_not_shown(secret: str) -> None:
    with pytest.raises(HistoryError) as refused:
        postgresql.at(f"postgresql://owner:{secret}@127.0.0.1:1/history").runs("mnist")

    assert "s3cr" not in str(refused.value.lines())


def test_the_password_may_come_from_the_environment(mortal_server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    url = mortal_server.database()
    mortal_server.do("ALTER ROLE owner PASSWORD 's3cret'")
    rules = mortal_server.place / "data" / "pg_hba.conf"
    rules.write_text("host all postgres 127.0.0.1/32 trust\nhost all all 127.0.0.1/32 scram-sha-256\n")
    mortal_server.do("SELECT pg_reload_conf()")

    with pytest.raises(HistoryError, match="the PostgreSQL server refuses the login"):
        store(url).record([RUN])
    monkeypatch.setenv("PGPASSWORD", "wrong")
    with pytest.raises(HistoryError, match="the PostgreSQL server refuses the login"):
        store(url).record([RUN])
    monkeypatch.setenv("PGPASSWORD", "s3cret")
    store(url).record([RUN])

    assert list(store(url.replace("owner@", "owner:s3cret@")).stored()) == [RUN]


def test_a_server_that_is_not_there_is_a_sentence(postgresql_server: Server) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        with pytest.raises(HistoryError) as refused:
            store(f"postgresql://owner@127.0.0.1:{port}/history").runs("mnist")

    assert refused.value.message == (
        f"the PostgreSQL server cannot be reached: postgresql://owner@127.0.0.1:{port}/history"
    )
    with pytest.raises(HistoryError, match="there is no such PostgreSQL database"):
        store(postgresql_server.url("nowhere")).runs("mnist")
    with pytest.raises(HistoryError, match="no secure connection to the PostgreSQL server"):
        store(f"{postgresql_server.url('postgres')}?sslmode=require").runs("mnist")


def test_a_server_that_says_nothing_is_given_up_after_the_time_of_the_url() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        began = time.monotonic()
        with pytest.raises(HistoryError, match="the PostgreSQL server does not answer"):
            store(f"postgresql://owner@127.0.0.1:{silent.getsockname()[1]}/x?connect_timeout=2").runs("mnist")

    assert time.monotonic() - began < 30


def test_another_programs_tables_are_left_alone(postgresql_url: str) -> None:
    with psycopg.connect(postgresql_url) as connection:
        connection.execute("CREATE SCHEMA metrics_handler_dataset")
        connection.execute("CREATE TABLE metrics_handler_dataset.job_history (mine text)")

    with pytest.raises(HistoryError, match="the schema metrics_handler_dataset holds something else"):
        store(postgresql_url).record([RUN])
    tables = (
        "SELECT relname FROM pg_class WHERE relnamespace = 'metrics_handler_dataset'::regnamespace AND relkind = 'r'"
    )
    assert asked(postgresql_url, tables) == [("job_history",)]


def test_an_empty_schema_of_that_name_is_used(postgresql_url: str) -> None:
    with psycopg.connect(postgresql_url) as connection:
        connection.execute("CREATE SCHEMA metrics_handler_dataset")

    store(postgresql_url).record([RUN])

    assert list(store(postgresql_url).stored()) == [RUN]


def test_a_history_of_a_newer_version_is_neither_read_nor_written(postgresql_url: str) -> None:
    there = store(postgresql_url)
    there.record([RUN])
    with psycopg.connect(postgresql_url) as connection:
        connection.execute("UPDATE metrics_handler_dataset.history_version SET version = version + 1")

    for use in (lambda: there.runs("mnist"), lambda: there.record([RUN])):
        with pytest.raises(HistoryError) as refused:
            use()
        assert refused.value.facts["version"] == f"{VERSION + 1}; this program knows {len(STEPS)}"


@pytest.mark.parametrize("name", ["a\0b", "m\ud800"], ids=["NUL", "surrogate"])
def test_a_name_that_postgresql_cannot_hold_is_refused_and_nothing_of_its_run_is_written(
    postgresql_url: str, name: str
) -> None:
    there = store(postgresql_url)
    with pytest.raises(HistoryError, match="no metric history holds such a text"):
        there.record([RUN, StoredRun(Run("mnist", "b", 2.0), "pass", (StoredMetric(name, 1.0),))])

    assert list(there.stored()) == []


def test_a_database_of_another_encoding_refuses_what_it_cannot_hold(postgresql_server: Server) -> None:
    postgresql_server.do("CREATE DATABASE narrow OWNER owner ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0")
    there = store(postgresql_server.url("narrow"))
    there.record([StoredRun(Run("é", "a", 1.0), "pass")])

    with pytest.raises(HistoryError, match="no database of this encoding holds such a name"):
        there.record([StoredRun(Run("🐊", "a", 1.0), "pass")])
    assert there.tests() == ["é"]


def test_who_waits_too_long_for_another_program_is_told_so(postgresql_url: str) -> None:
    there = store(postgresql_url)
    there.record([RUN])
    with PostgresqlDatabase.at(postgresql_url).writing():
        with pytest.raises(HistoryError, match="the metric history is in use by another program"):
            store(postgresql_url, patience=0.3).record([RUN])
        assert list(there.stored()) == [RUN]


def test_a_reader_sees_one_moment_and_waits_for_nobody(postgresql_url: str) -> None:
    there = store(postgresql_url)
    there.record([writers.run("mnist", number) for number in range(3)])
    reading = there.stored()
    first = next(reading)

    there.record([writers.run("mnist", 1, metrics=1), writers.run("mnist", 9)])

    assert [first, *reading] == [writers.run("mnist", number) for number in range(3)]


def test_the_lock_of_a_writer_ends_with_its_transaction(postgresql_url: str) -> None:
    there = store(postgresql_url)
    for number in range(3):
        there.record([writers.run("mnist", number)])
    with psycopg.connect(postgresql_url) as connection:
        left = connection.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'").fetchone()

    assert left == (0,)


def test_a_server_that_dies_half_way_is_a_sentence_and_after_it_is_back_everything_told_is_there(
    mortal_server: Server,
) -> None:
    url = mortal_server.database()
    told: list[int] = []
    errors: list[HistoryError] = []

    def write() -> None:
        there = store(url)
        try:
            for number in range(10_000):
                there.record([writers.run("mnist", number, 200)])
                told.append(number)
        except HistoryError as error:
            errors.append(error)

    for _ in range(3):
        thread = threading.Thread(target=write)
        thread.start()
        time.sleep(0.7)
        mortal_server.end(how=signal.SIGQUIT)
        thread.join(60)
        mortal_server.start()
        stored = {found.run.run_id: found for found in store(url).stored()}
        assert all(found == writers.run("mnist", int(name.split()[1]), 200) for name, found in stored.items())
        assert {f"run {number}" for number in told} <= stored.keys()

    assert told
    assert len(errors) == 3
    assert {error.message.partition(": ")[0] for error in errors} <= {
        "the PostgreSQL server is going down, or ended the connection",
        "the connection to the PostgreSQL server broke off",
        "the PostgreSQL server cannot be reached",
    }


def test_programs_that_are_killed_while_they_write_hold_nobody_up(postgresql_url: str) -> None:
    there = store(postgresql_url, patience=20.0)
    there.record([writers.run("mnist", 0)])
    for number in range(12):
        process = writers.started(writers.write, postgresql_url, "mnist", range(1, 500), 300)
        time.sleep(0.05 + number * 0.03)
        process.kill()
        process.join()
        there.record([writers.run("other", number)])

    assert all(
        stored == writers.run("mnist", int(stored.run.run_id.split()[1]), len(stored.metrics))
        for stored in there.stored("mnist")
    )
    assert {len(stored.metrics) for stored in there.stored("mnist")} <= {3, 300}
    assert len(there.runs("other")) == 12


def test_without_the_extra_one_is_told_which_it_is() -> None:
    code = (
        "import sys; sys.modules['psycopg'] = None\n"
        "from cajajejo.metrics.history import postgresql\n"
        "postgresql.at('postgresql://h/d').runs('t')"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, env=dict(os.environ)
    )

    assert f"{MissingExtraError.__name__}: a metric history in PostgreSQL needs the package psycopg" in done.stderr
