"""Evaluations on a tracking store, made quickly: what the tests of sources and baselines arrange with."""

from __future__ import annotations

import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cajajejo import results, tracking
from cajajejo.tracking import sqlite_file
from tests.finished import found

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from cajajejo.results import Results

COMPLETE = {"evaluation_status": "complete"}
PASSED = {**COMPLETE, "comparison.outcome": "pass"}


def run(
    uri: str,
    *,
    tags: Mapping[str, str] | None = None,
    ended: int | None = 1_000,
    experiment: str = "tests",
    status: str = "FINISHED",
    given: Results | None = None,
) -> str:
    """The id of a run with these tags, which ended then (None: it has not) and has the results `given`, if any."""
    new = tracking.NewRun(uri, experiment, "merciful-crocodile", "", tags or {})
    with tracking.client(uri) as store:
        run_id = new.create(store, tracking.experiment(store, uri, experiment), start_time=500)
        if ended is not None:
            store.set_terminated(run_id, status=status, end_time=ended)
        if given is not None:
            with tempfile.TemporaryDirectory() as temporary:
                results.write(given, Path(temporary))
                store.log_artifacts(run_id, temporary, "output")
    return run_id


def with_results(uri: str, **more: Any) -> str:
    """The id of a run that has results."""
    return run(uri, given=found(), **more)


def copies(uri: str, run_id: str, ids: Iterable[str]) -> None:
    """Puts copies of a run into a SQLite store, with these ids, which MLflow lets nobody choose."""
    with closing(sqlite3.connect(sqlite_file(uri))) as store, store:
        columns = [row[1] for row in store.execute("PRAGMA table_info(runs)") if row[1] != "run_uuid"]
        named = ", ".join(columns)
        store.executemany(
            f"INSERT INTO runs (run_uuid, {named}) SELECT ?, {named} FROM runs WHERE run_uuid = ?",  # noqa: S608  # ours
            [(each, run_id) for each in ids],
        )
