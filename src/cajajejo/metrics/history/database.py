"""SQLite as the history uses it: its tables, whichever version wrote them; errors are told in a sentence.

A file is brought to the newest version in one transaction, by the first program that writes to it. Who only reads sees
an older file as if that had been done. Readers do not wait for a writer.
"""

from __future__ import annotations

import os
import sqlite3
import time
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cajajejo import local_state
from cajajejo.errors import HistoryError

if TYPE_CHECKING:
    from collections.abc import Iterator

BUSY_SECONDS: Final = 10.0
_PREFIX: Final = "sqlite:///"
_BASELINES: Final = """TABLE baselines (
    kind TEXT NOT NULL, test_name TEXT NOT NULL, metric_name TEXT NOT NULL, run_id TEXT, until TEXT,
    reason TEXT NOT NULL, author TEXT NOT NULL, noted_on TEXT NOT NULL)"""
STEPS: Final = (  # the statements that lead from each version to the next; a new file takes them all
    (
        """CREATE TABLE IF NOT EXISTS job_history (
    uuid TEXT NOT NULL, test_name TEXT NOT NULL, test_type TEXT, accelerator TEXT, framework_version TEXT,
    job_status TEXT NOT NULL, num_failures INTEGER, job_duration_sec INTEGER, timestamp TEXT NOT NULL,
    stackdriver_logs_link TEXT, msg_publish_time INTEGER, logs_download_command TEXT, kubernetes_workload_link TEXT,
    start_time REAL NOT NULL, stop_time REAL, verdict TEXT NOT NULL, PRIMARY KEY (test_name, uuid)) WITHOUT ROWID""",
        """CREATE TABLE IF NOT EXISTS metric_history (
    uuid TEXT NOT NULL, test_name TEXT NOT NULL, timestamp TEXT NOT NULL, metric_name TEXT NOT NULL,
    metric_value REAL NOT NULL, metric_lower_bound REAL, metric_upper_bound REAL,
    inclusive INTEGER NOT NULL, verdict TEXT, out_of_bounds INTEGER NOT NULL,
    PRIMARY KEY (test_name, metric_name, uuid)) WITHOUT ROWID""",
        "CREATE INDEX IF NOT EXISTS job_history_by_start ON job_history (test_name, start_time, uuid)",
    ),
    ("ALTER TABLE job_history ADD COLUMN config_git_sha TEXT", f"CREATE {_BASELINES}"),
)
VERSION: Final = len(STEPS)
_AS_IF_NEW: Final = (  # what a file of version 1 lacks, beside it in memory; these names come before those of the file
    "CREATE TEMP VIEW job_history AS SELECT *, NULL AS config_git_sha FROM main.job_history",
    f"CREATE TEMP {_BASELINES}",
)


@dataclass(frozen=True, slots=True)
class Database:
    """The SQLite file at `path`, named as `url`; `busy_seconds` is how long another program is waited for."""

    url: str
    path: Path
    busy_seconds: float = BUSY_SECONDS

    @classmethod
    def at(cls, url: str) -> Database:
        """The file at ``sqlite:///relative.db`` or ``sqlite:////absolute.db``.

        Raises:
            HistoryError: another kind of URL.
        """
        if not url.startswith(_PREFIX):
            facts = {"known here": "sqlite:///FILE and sqlite:////ABSOLUTE/FILE"}
            raise HistoryError(f"this version keeps the metric history in SQLite only: {url}", facts=facts)
        name = url.removeprefix(_PREFIX)
        if name in {"", ":memory:"} or name.endswith("/") or "\0" in name:
            raise HistoryError(
                f"the history URL names no file: {url}", facts={"for example": "sqlite:///.cajajejo/history.db"}
            )
        return cls(url, Path(name).absolute())

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection | None]:
        """One moment of the file, whatever others write meanwhile; None where nothing was ever written.

        Raises:
            HistoryError: the file cannot be read.
        """
        with _explained(self.url):
            if not self.path.exists():
                yield None
                return
            with closing(
                sqlite3.connect(self._uri_for_reading(), uri=True, timeout=self.busy_seconds, isolation_level=None)
            ) as connection:
                connection.execute("PRAGMA temp_store = MEMORY")
                connection.execute("BEGIN")
                version = _version_of(connection, self.url)
                for statement in _AS_IF_NEW if 0 < version < VERSION else ():
                    connection.execute(statement)
                yield connection if version else None

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction: what is executed inside is written whole, or not at all.

        Raises:
            HistoryError: the file cannot be written.
        """
        with _explained(self.url):
            local_state.prepare(self.path.parent)
            with closing(sqlite3.connect(self.path, timeout=self.busy_seconds, isolation_level=None)) as connection:
                _use_write_ahead_log(connection, self.busy_seconds)
                connection.execute("BEGIN IMMEDIATE")
                try:
                    _bring_to_newest(connection, self.url)
                    yield connection
                    connection.execute("COMMIT")
                except BaseException:
                    if connection.in_transaction:
                        connection.execute("ROLLBACK")
                    raise

    def _uri_for_reading(self) -> str:
        """Without a place for SQLite's own files beside it, a history that nobody writes is read as it is."""
        log = Path(f"{self.path}-wal")
        still = not os.access(self.path.parent, os.W_OK) and not log.exists()
        return f"{self.path.as_uri()}?mode=ro{'&immutable=1' * still}"


def _version_of(connection: sqlite3.Connection, url: str) -> int:
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if version > VERSION:
        do = "update cajajejo, or name another file with --history"
        facts = {"version": f"{version}; this program knows {VERSION}", "do": do}
        message = f"the metric history was written by a newer cajajejo, or by another program: {url}"
        raise HistoryError(message, facts=facts)
    return version


def _bring_to_newest(connection: sqlite3.Connection, url: str) -> None:
    version = _version_of(connection, url)
    if version < VERSION:
        for statement in (statement for step in STEPS[version:] for statement in step):
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {VERSION}")


def _use_write_ahead_log(connection: sqlite3.Connection, busy_seconds: float) -> None:
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
def _explained(url: str) -> Iterator[None]:
    """Turns what SQLite and the file system say into a sentence and what to do."""
    try:
        yield
    except UnicodeEncodeError as error:
        message = f"no metric history holds such a name: {error.object}: {url}"
        raise HistoryError(message, facts={"do": "write it in UTF-8"}) from error
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
    (
        ("disk i/o",),
        "the metric history cannot be read or written",
        "look whether it is a file, and whether its disk is full, or name another place with --history",
    ),
    (("no such",), "this SQLite database holds something else", "name another file with --history"),
)
_OTHERWISE: Final = ("the metric history cannot be used", "name another file with --history")
