"""A history moves from SQLite to PostgreSQL or BigQuery and back, and is asked and cut there as here."""

from __future__ import annotations

import json
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest
from hypothesis import Phase, given, settings

from cajajejo.cli import app, run
from cajajejo.metrics.history import History
from tests.fakes import bigquery, postgresql
from tests.metrics.interchange.stored import RUNS, a_run, exported, imported, runs_of, store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from cajajejo.metrics.history.rows import StoredRun

JOINED = "FROM job_history j JOIN metric_history m ON m.test_name = j.test_name AND m.uuid = j.uuid"


@pytest.fixture(scope="module", params=["postgresql", "bigquery"])
def new_url(request: pytest.FixtureRequest) -> Iterator[Callable[[], str]]:
    """Gives the URL of a place where nothing is yet."""
    if request.param == "postgresql":
        with postgresql.running() as server:
            yield server.database
        return
    with ExitStack() as running, pytest.MonkeyPatch.context() as patch:

        def another() -> str:
            patch.setenv("BIGQUERY_EMULATOR_HOST", running.enter_context(bigquery.running()).url)
            return "bigquery://acme"

        yield another


@settings(max_examples=8, phases=[Phase.generate])
@given(runs=RUNS.filter(lambda runs: "\\x00" not in repr(runs)))
def test_a_history_that_was_moved_there_and_back_is_the_same(
    new_url: Callable[[], str], tmp_path_factory: pytest.TempPathFactory, runs: list[StoredRun]
) -> None:
    directory = tmp_path_factory.mktemp("moved")
    here, there = store(directory / "a.db", runs), History.at(new_url()).store
    (directory / "here.csv").write_bytes(exported(here))
    imported(there, directory / "here.csv")
    assert exported(there) == exported(here)
    assert imported(there, directory / "here.csv").unchanged == len(runs)
    (directory / "there.parquet").write_bytes(exported(there, "parquet"))
    back = store(directory / "b.db")
    imported(back, directory / "there.parquet")
    assert runs_of(back) == runs_of(here)


def test_it_is_asked_and_cut_as_here(
    new_url: Callable[[], str], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    def shell(*arguments: str) -> tuple[int, str, str]:
        code = run(app, ["metrics", *arguments, "--history", url], prog_name="cajajejo")
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    url = new_url()
    (tmp_path / "rows.csv").write_bytes(exported(store(tmp_path / "a.db", [a_run(n, acc=n / 4) for n in range(4)])))
    assert shell("import", str(tmp_path / "rows.csv"))[0] == 0
    query = f"SELECT j.uuid, m.metric_value, m.metric_upper_bound, j.config_git_sha {JOINED} ORDER BY 1 LIMIT 1"
    assert json.loads(shell("sql", query, "--json")[1])["rows"] == [["r0", 0.0, None, "10abfb1"]]
    assert shell("sql", "SELECT count(*) AS n FROM metrics_handler_dataset.job_history")[1] == "  n\n  4\n"
    code, out, err = shell("sql", "SELECT missing FROM job_history")
    assert (code, out, "missing" in err, len(err.splitlines()) <= 4) == (1, "", True, True)
    assert shell("sql", "DELETE FROM metrics_handler_dataset.job_history WHERE TRUE")[0] == 1
    before = ("--before", "2026-11-22", "--keep", "1")
    assert shell("prune", *before, "-y")[1] == "  test  removed  kept\n  t           3     1\n"
    assert shell("sql", "SELECT uuid FROM job_history", "--format", "csv")[1] == "uuid\nr3\n"
