"""Files that are wrong: every problem at once, each with its line, and nothing is stored."""

from __future__ import annotations

import gzip
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cajajejo.errors import FileProblemsError
from tests.metrics.interchange.stored import a_run, exported, imported, runs_of, store

if TYPE_CHECKING:
    from cajajejo.metrics.history.store import Store

HEADER = "uuid,test_name,job_status,timestamp,metric_name,metric_value"
GOOD = "r1,t,success,2020-03-10 12:34:56 UTC,acc,0.5"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def into(tmp_path: Path) -> Store:
    return store(tmp_path / "history.db")


def problems(into: Store, *names: str, **sources: Any) -> list[str]:
    """What is said of files that are refused; nothing is stored of them."""
    with pytest.raises(FileProblemsError) as refused:
        imported(into, *names, **sources)
    assert runs_of(into) == []
    *lines, total = refused.value.lines()
    assert total.endswith("nothing was stored")
    return lines


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (",t,success,2020-03-10,acc,0.5", "uuid: required, and not there"),
        ("r1,,success,2020-03-10,acc,0.5", "test_name: required, and not there"),
        ("r1,t,,2020-03-10,acc,0.5", "job_status: required, and not there"),
        ("r1,t,success,,acc,0.5", "timestamp: required, and not there"),
        ("r1,t,success,2020-03-10,,0.5", "metric_name: required, and not there"),
        ("r1,t,success,2020-03-10,acc,", "metric_value: required, and not there"),
        (
            "r1,t,RUNNING,2020-03-10,acc,1",
            "job_status: one of success, failure, timeout, missed is expected, not 'RUNNING'",
        ),
        ("r1,t,success,yesterday,acc,1", "timestamp: a time is expected, not 'yesterday'"),
        ("r1,t,success,2020-02-30,acc,1", "timestamp: a time is expected, not '2020-02-30'"),
        (
            "r1,t,success,1583843696789,acc,1",
            "timestamp: out of range: are these milliseconds? Seconds are expected: '1583843696789'",
        ),
        ("r1,t,success,2020-03-10,acc,0;5", "metric_value: a number is expected, not '0;5'"),
        ("r1,t,success,2020-03-10,acc,1_000", "metric_value: a number is expected, not '1_000'"),
        ("r\x1b[2J,t,success,2020-03-10,acc,1", "uuid: not a name: 'r\\x1b[2J'"),
        ("r1,t,success,2020-03-10,acc", "5 cells, and the header has 6"),
        ("r1,t,success,2020-03-10,acc,1,2", "7 cells, and the header has 6"),
        ('r1,t,success,2020-03-10,"acc"x,1', "not CSV: ',' expected after '\"'"),
        ('r1,t,success,2020-03-10,"acc,1', "not CSV: unexpected end of data"),
    ],
)
def test_a_bad_row_is_told_with_its_line(into: Store, row: str, said: str) -> None:
    Path("rows.csv").write_text(f"{HEADER}\n{GOOD}\n{row}\n")
    assert problems(into, "rows.csv") == [f"rows.csv:3: {said}"]


def test_lines_are_counted_as_an_editor_counts_them(into: Store) -> None:
    Path("rows.csv").write_text(
        f'{HEADER}\r\nr0,t,success,2020-03-10,"a\r\nb",1\r\n\r\nr1,t,success,2020-03-10,acc,x\r\n'
    )
    assert problems(into, "rows.csv") == ["rows.csv:5: metric_value: a number is expected, not 'x'"]


def test_every_problem_is_told_at_once_of_every_file(into: Store) -> None:
    Path("a.csv").write_text(f"{HEADER}\nr1,t,no,2020-03-10,acc,x\n")
    Path("b.csv").write_text(f"{HEADER}\n,,success,2020-03-10,acc,1\n")
    assert problems(into, "a.csv", "b.csv", "c.csv") == [
        "a.csv:2: job_status: one of success, failure, timeout, missed is expected, not 'no'",
        "a.csv:2: metric_value: a number is expected, not 'x'",
        "b.csv:2: uuid: required, and not there",
        "c.csv: no such file",
    ]


def test_of_many_problems_the_first_twenty_are_shown_and_all_are_counted(into: Store) -> None:
    Path("rows.csv").write_text(f"{HEADER}\n" + "r1,t,success,2020-03-10,acc,x\n" * 1234)
    with pytest.raises(FileProblemsError) as refused:
        imported(into, "rows.csv")
    lines = refused.value.lines()
    assert lines[0] == "rows.csv:2: metric_value: a number is expected, not 'x'"
    assert (len(lines), lines[-1]) == (21, "1,234 problems; the first 20 are shown, nothing was stored")


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ("test_name,job_status,timestamp", ["rows.csv:1: uuid: the column is required, and not there"]),
        ("uuid,test_name,job_status", ["rows.csv:1: timestamp: the column is required, and not there"]),
        ("uuid,test_name,timestamp", ["rows.csv:1: job_status: the column is required, and not there"]),
        ("uuid,test_name,timestamp,metric_name", ["rows.csv:1: metric_value: the column is required, and not there"]),
        ("uuid,uuid,test_name,job_status,timestamp", ["rows.csv:1: uuid: there twice"]),
        (
            "uuid,test_nam,job_status,timestamp",
            ["rows.csv:1: test_name: the column is required, and not there", "    is it test_nam?"],
        ),
    ],
)
def test_a_header_without_what_is_needed_is_told(into: Store, header: str, said: list[str]) -> None:
    Path("rows.csv").write_text(f"{header}\n")
    assert problems(into, "rows.csv") == said


def test_another_separator_is_guessed(into: Store) -> None:
    Path("rows.csv").write_text("uuid;test_name;job_status;timestamp\n")
    assert "    are the columns separated by semicolons? Commas are expected" in problems(into, "rows.csv")


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "rows.csv: empty: a header with the names of columns is expected"),
        (b"\n\n", "rows.csv: empty: a header with the names of columns is expected"),
        (b"uuid\xff\n", "rows.csv:1: not UTF-8 text (byte 5 of the line)"),
        (HEADER.encode() + b"\nr1,t\xe9,success\n", "rows.csv:2: not UTF-8 text (byte 5 of the line)"),
        (HEADER.encode("utf-16"), "rows.csv:1: not UTF-8 text (byte 1 of the line)"),
        (b"x" * 2_000_000, "rows.csv:1: longer than 1 MiB: is this a table?"),
        (b'"' + b"x\n" * 200_000, "rows.csv:65537: not CSV: field larger than field limit (131072)"),
        (gzip.compress(f"{HEADER}\n{GOOD}\n".encode())[:-9], "rows.csv: the gzip file is damaged, or cut short"),
        (b"\x1f\x8b\x08\x00garbage-garbage", "rows.csv: the gzip file is damaged, or cut short"),
    ],
    ids=["empty", "blank", "bytes", "latin-1", "utf-16", "long", "open quote", "cut gzip", "no gzip"],
)
def test_what_is_no_table_is_told(into: Store, data: bytes, said: str) -> None:
    Path("rows.csv").write_bytes(data)
    assert problems(into, "rows.csv") == [said]


def test_a_damaged_file_whose_name_says_nothing_is_told(into: Store) -> None:
    Path("rows-000").write_bytes(b"\x1f\x8b\x08\x00garbage-garbage")
    assert problems(into, "rows-000") == ["rows-000: the gzip file is damaged, or cut short"]


def test_what_is_no_file_is_told(into: Store) -> None:
    Path("folder.csv").mkdir()
    assert problems(into, "folder.csv", "gone.parquet", "a\0b.csv") == [
        "a\\x00b.csv: not the name of a file",
        "folder.csv: a directory; name the files in it",
        "gone.parquet: no such file",
    ]


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_what_may_not_be_read_is_told(into: Store) -> None:
    Path("rows.csv").write_text(HEADER)
    Path("rows.csv").chmod(0)
    assert problems(into, "rows.csv") == ["rows.csv: cannot be read: Permission denied"]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("[]", ["rows.jsonl:2: no object", "    one object a line is expected, not a list of them"]),
        ("1", ["rows.jsonl:2: no object"]),
        ('{"uuid": 1', ["rows.jsonl:2: not JSON: Expecting ',' delimiter (column 11)"]),
        ("[" * 100_000, ["rows.jsonl:2: not JSON"]),
        (
            json.dumps({"uuid": ["r"], "test_name": "t", "job_status": "success", "timestamp": 1e9}),
            ["rows.jsonl:2: uuid: text is expected, not a list"],
        ),
        (
            json.dumps({"uuid": "\ud800", "test_name": "t", "job_status": "success", "timestamp": 1e9}),
            ["rows.jsonl:2: uuid: holds half of a character"],
        ),
        (
            json.dumps({"uuid": "r", "test_name": "t", "job_status": "success", "timestamp": True}),
            ["rows.jsonl:2: timestamp: a time is expected, not true"],
        ),
        (
            json.dumps({"uuid": "r", "test_name": "t", "job_status": "success", "timestamp": 1e9, "num_failures": -1}),
            ["rows.jsonl:2: num_failures: a whole number is expected, not -1"],
        ),
        (
            json.dumps({"uuid": "r", "test_name": "t", "timestamp": 1e9, "metric_name": "m", "metric_value": {}}),
            ["rows.jsonl:2: metric_value: a number is expected, not a mapping"],
        ),
        (
            json.dumps(
                {
                    "uuid": "r",
                    "test_name": "t",
                    "timestamp": 1e9,
                    "metric_name": "m",
                    "metric_value": 1,
                    "verdict": "bad",
                }
            ),
            ["rows.jsonl:2: metric_verdict: one of pass, improvement, regression, inconclusive is expected, not 'bad'"],
        ),
        (
            json.dumps({"uuid": "r", "test_name": "t", "timestamp": 1e9}),
            ["rows.jsonl:2: metric_name: required, and not there"],
        ),
        (
            json.dumps({"uuid": "r", "test_name": "t", "job_status": "success", "start_time": 2.0, "stop_time": 1}),
            ["rows.jsonl:2: stop_time: before start_time"],
        ),
    ],
)
def test_a_bad_line_of_json_is_told(into: Store, line: str, said: list[str]) -> None:
    good = exported(store(Path("good.db"), [a_run(0)]), "jsonl").decode()
    Path("rows.jsonl").write_text(f"{good}{line}\n")
    assert problems(into, "rows.jsonl") == said


def test_damaged_parquet_is_told(into: Store) -> None:
    whole = exported(store(Path("good.db"), [a_run(n, acc=n / 7) for n in range(500)]), "parquet")
    Path("cut.parquet").write_bytes(whole[: len(whole) // 2])
    Path("garbage.parquet").write_bytes(b"PAR1" + bytes(range(256)) * 20)
    Path("holed.parquet").write_bytes(whole[:200] + bytes(500) + whole[700:])
    Path("packed.parquet").write_bytes(gzip.compress(whole))
    *found, packed = problems(into, "cut.parquet", "garbage.parquet", "holed.parquet", "packed.parquet")
    assert packed == "packed.parquet: Parquet in a gzip file: unpack it first"
    assert [line.partition(":")[0] for line in found] == ["cut.parquet", "garbage.parquet", "holed.parquet"]
    assert all("not Parquet, or damaged: " in line for line in found)


def test_parquet_with_other_types_is_told_by_row(into: Store) -> None:
    import pyarrow as pa
    from pyarrow import parquet

    rows = {"uuid": ["a", "b"], "test_name": [b"t", b"t"], "job_status": ["success"] * 2, "timestamp": [1.0, None]}
    parquet.write_table(pa.table(rows), "rows.parquet")
    parquet.write_table(pa.table({"uuid": ["a"]}), "few.parquet")
    assert problems(into, "few.parquet") == [
        f"few.parquet: {column}: the column is required, and not there"
        for column in ("test_name", "job_status", "timestamp")
    ]
    assert problems(into, "rows.parquet") == [
        "rows.parquet:1: test_name: text is expected, not b't'",
        "rows.parquet:2: test_name: text is expected, not b't'",
    ]


@given(data=st.binary(max_size=400), suffix=st.sampled_from(["csv", "jsonl", "parquet", "none"]))
def test_whatever_bytes_a_file_holds_it_is_read_or_refused(data: bytes, suffix: str) -> None:
    file = Path(f"any.{suffix}")
    file.write_bytes(data)
    into = store(Path("any.db"))
    try:
        found = imported(into, file)
    except FileProblemsError as error:
        assert error.problems  # noqa: PT017  # either is well
    else:
        assert (found.stored, runs_of(into)) == (0, [])
