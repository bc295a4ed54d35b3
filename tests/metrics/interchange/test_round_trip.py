"""What is written of a history and read into another one is the same history."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings

from tests.metrics.interchange.stored import RUNS, a_run, exported, imported, runs_of, store

if TYPE_CHECKING:
    from cajajejo.metrics.history.rows import StoredRun
    from cajajejo.metrics.interchange.writers import Format

FORMATS: list[tuple[str, Format]] = [("csv", "csv"), ("csv.gz", "csv"), ("jsonl", "jsonl"), ("parquet", "parquet")]


@pytest.mark.parametrize(("suffix", "form"), FORMATS)
@settings(max_examples=30)
@given(runs=RUNS)
def test_an_export_read_into_an_empty_history_exports_the_same_bytes(
    suffix: str, form: Format, runs: list[StoredRun]
) -> None:
    with tempfile.TemporaryDirectory() as directory:
        before, after = store(Path(directory) / "a.db", runs), store(Path(directory) / "b.db")
        file = Path(directory) / f"rows.{suffix}"
        file.write_bytes(exported(before, form, packed=suffix.endswith("gz")))
        found = imported(after, file)
        assert exported(after, form, packed=suffix.endswith("gz")) == file.read_bytes()
        assert runs_of(after) == runs_of(before)
        assert (found.stored, found.unchanged) == (len(runs), 0)


@pytest.mark.parametrize(("suffix", "form"), FORMATS)
def test_reading_a_file_twice_changes_nothing(tmp_path: Path, suffix: str, form: Format) -> None:
    history = store(tmp_path / "a.db", [a_run(number, acc=number / 3) for number in range(5)])
    file = tmp_path / f"rows.{suffix}"
    file.write_bytes(exported(history, form, packed=suffix.endswith("gz")))
    into = store(tmp_path / "b.db")
    imported(into, file)
    bytes_before = (tmp_path / "b.db").read_bytes()
    again = imported(into, file)
    assert (again.stored, again.metrics, again.unchanged, again.warnings) == (0, 0, 5, [])
    assert (tmp_path / "b.db").read_bytes() == bytes_before


def test_a_run_that_was_stored_otherwise_is_replaced(tmp_path: Path) -> None:
    file = tmp_path / "rows.csv"
    file.write_bytes(exported(store(tmp_path / "a.db", [a_run(0, acc=0.5), a_run(1, acc=0.6)])))
    into = store(tmp_path / "b.db", [a_run(0, acc=0.4, loss=0.1), a_run(1, acc=0.6), a_run(2, acc=0.7)])
    found = imported(into, file)
    assert (found.stored, found.unchanged) == (1, 1)
    assert runs_of(into) == [a_run(0, acc=0.5), a_run(1, acc=0.6), a_run(2, acc=0.7)]


def test_only_the_tests_and_times_that_are_wanted_are_written(tmp_path: Path) -> None:
    history = store(tmp_path / "a.db", [a_run(number, test, acc=1.0) for test in "abc" for number in range(3)])
    start = a_run(1).run.start_time
    lines = exported(history, tests=("c", "a", "c"), since=start).decode().splitlines()[1:]
    assert [line.split(",")[:2] for line in lines] == [["r1", "a"], ["r2", "a"], ["r1", "c"], ["r2", "c"]]


def test_an_empty_history_is_a_header_and_reads_as_nothing(tmp_path: Path) -> None:
    file = tmp_path / "rows.csv"
    file.write_bytes(exported(store(tmp_path / "a.db")))
    assert file.read_text().startswith("uuid,test_name,")
    found = imported(store(tmp_path / "b.db"), file)
    assert (found.stored, found.warnings) == (0, [f"{file}: no runs"])


def test_rows_in_any_order_come_together(tmp_path: Path) -> None:
    runs = [a_run(number, test, acc=number / 7, loss=1.0) for test in "ab" for number in range(40)]
    history = store(tmp_path / "a.db", runs)
    header, *lines = exported(history).decode().splitlines(keepends=True)
    file = tmp_path / "rows.csv"
    file.write_text(header + "".join(sorted(lines, key=lambda line: hash((line, 7)))))
    into = store(tmp_path / "b.db")
    imported(into, file)
    assert runs_of(into) == runs_of(history)


def test_parquet_has_types_that_other_programs_read(tmp_path: Path) -> None:
    from pyarrow import parquet

    file = tmp_path / "rows.parquet"
    file.write_bytes(exported(store(tmp_path / "a.db", [a_run(0, acc=0.5)]), "parquet"))
    types = {field.name: str(field.type) for field in parquet.read_schema(file)}
    assert types["timestamp"] == "timestamp[us, tz=UTC]"
    assert (types["start_time"], types["metric_value"], types["out_of_bounds"]) == ("double", "double", "bool")
    assert parquet.read_table(file).to_pylist()[0]["timestamp"].isoformat() == "2026-11-21T14:02:40.125000+00:00"


def test_many_rows_are_several_groups_of_parquet(tmp_path: Path) -> None:
    from pyarrow import parquet

    from cajajejo.metrics.interchange.parquet import GROUP

    metrics = {f"m{number}": float(number) for number in range(500)}
    file = tmp_path / "rows.parquet"
    history = store(tmp_path / "a.db", [a_run(number, **metrics) for number in range(GROUP // 500 + 1)])
    file.write_bytes(exported(history, "parquet"))
    found = parquet.ParquetFile(file).metadata
    assert [found.row_group(number).num_rows for number in range(found.num_row_groups)] == [GROUP, 500]
