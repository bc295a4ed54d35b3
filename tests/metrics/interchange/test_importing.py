"""Runs are checked, compared with what is stored, and stored some thousand rows at a time."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from cajajejo.errors import CajajejoError, InterruptedRunError
from cajajejo.metrics.interchange import importing, staging
from tests.metrics.interchange.stored import a_run, exported, imported, runs_of, store

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    """Ten runs with three metrics each."""
    history = store(tmp_path / "from.db", [a_run(number, a=0.1, b=0.2, c=float(number)) for number in range(10)])
    file = tmp_path / "rows.csv"
    file.write_bytes(exported(history))
    return file


def test_progress_is_told_while_rows_are_read_and_runs_are_stored(
    tmp_path: Path, rows: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "BATCH", 16)
    monkeypatch.setattr(importing, "REPORTED", 15)
    monkeypatch.setattr(staging, "WAITING", 7)
    told: list[tuple[str, int, int | None]] = []
    into = store(tmp_path / "into.db")
    importing.load(importing.Sources([str(rows)]), into, lambda *what: told.append(what))
    assert told == [
        ("rows read", 15, None),
        ("rows read", 30, None),
        ("runs stored", 4, 10),
        ("runs stored", 8, 10),
        ("runs stored", 10, 10),
    ]
    assert exported(into) == rows.read_bytes()


def test_an_import_that_is_stopped_says_how_far_it_came_and_goes_on(
    tmp_path: Path, rows: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "BATCH", 16)

    def stop(what: str, done: int, total: int | None) -> None:
        if (what, done, total) == ("runs stored", 4, 10):
            raise KeyboardInterrupt

    into = store(tmp_path / "into.db")
    with pytest.raises(InterruptedRunError, match="interrupted: 4 of 10 runs are stored"):
        importing.load(importing.Sources([str(rows)]), into, stop)
    assert [stored.run.run_id for stored in runs_of(into)] == ["r0", "r1", "r2", "r3"]
    found = imported(into, rows)
    assert (found.stored, found.unchanged) == (6, 4)
    assert exported(into) == rows.read_bytes()


def test_an_import_that_is_stopped_before_it_stores_has_stored_nothing(
    tmp_path: Path, rows: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "REPORTED", 15)

    def stop(what: str, _done: int, _total: int | None) -> None:
        if what == "rows read":
            raise KeyboardInterrupt

    into = store(tmp_path / "into.db")
    with pytest.raises(InterruptedRunError, match=r"^interrupted: nothing was stored$"):
        importing.load(importing.Sources([str(rows)]), into, stop)
    assert runs_of(into) == []


def test_nothing_stays_of_the_temporary_file(tmp_path: Path, rows: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    imported(store(tmp_path / "into.db"), rows)
    assert list((tmp_path / "temporary").iterdir()) == []


def test_where_there_is_no_room_for_the_temporary_file_that_is_told(
    tmp_path: Path, rows: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "gone"))
    with pytest.raises(CajajejoError, match="there is no room for a temporary file with the rows") as refused:
        imported(store(tmp_path / "into.db"), rows)
    assert refused.value.facts["do"] == "free some space, or name another directory in the variable TMPDIR"


def test_a_disk_that_fills_up_meanwhile_is_told_and_nothing_is_stored(tmp_path: Path) -> None:
    metrics = {f"metric {number}": float(number) for number in range(100)}
    history = store(tmp_path / "from.db", [a_run(number, **metrics) for number in range(100)])
    (tmp_path / "rows.csv").write_bytes(exported(history))
    program = (
        "import resource, sys; from cajajejo import cli; from cajajejo.metrics.interchange import staging; "
        "staging.CACHE_KIB = 64; resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000)); "
        "sys.exit(cli.run(cli.app, ['metrics', 'import', 'rows.csv'], prog_name='cajajejo'))"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True)  # noqa: PLW1510
    first, says, _ = done.stderr.splitlines()
    assert (done.returncode, first) == (1, "Error: there is no room for a temporary file with the rows")
    assert says.startswith("  says        ")
    assert not (tmp_path / ".cajajejo").exists()
