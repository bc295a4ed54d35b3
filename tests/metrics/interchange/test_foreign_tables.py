"""Tables of the old data set, in the forms that BigQuery exports, and of other programs."""

from __future__ import annotations

import csv
import gzip
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from cajajejo.metrics.history.rows import StoredMetric, StoredRun
from cajajejo.metrics.runs import Origin, Run
from tests.metrics.interchange.stored import imported, runs_of, store

if TYPE_CHECKING:
    from cajajejo.metrics.history.store import Store

JOBS = [
    {
        "uuid": "u1", "test_name": "pt-resnet50", "test_type": "conv", "accelerator": "v3-8",
        "framework_version": "pt-nightly", "job_status": "success", "num_failures": "0", "job_duration_sec": "3600",
        "timestamp": "2020-03-10 12:34:56.789 UTC", "stackdriver_logs_link": "https://logs.example/1",
        "msg_publish_time": "1583840096", "logs_download_command": "gcloud logging read",
        "kubernetes_workload_link": "",
    },
    {
        "uuid": "u2", "test_name": "pt-resnet50", "test_type": "conv", "accelerator": "v3-8",
        "framework_version": "pt-nightly", "job_status": "timeout", "num_failures": "2", "job_duration_sec": "7200",
        "timestamp": "2020-03-11 12:00:00 UTC", "stackdriver_logs_link": "", "msg_publish_time": "1583920800",
        "logs_download_command": "", "kubernetes_workload_link": "",
    },
]  # fmt: skip
METRICS = [
    {
        "uuid": "u1", "test_name": "pt-resnet50", "timestamp": "2020-03-10 12:34:56.789 UTC",
        "metric_name": "Accuracy/test_final", "metric_value": "75.1", "metric_lower_bound": "75.6",
        "metric_upper_bound": "",
    },
    {
        "uuid": "u1", "test_name": "pt-resnet50", "timestamp": "2020-03-10 12:34:56.789 UTC",
        "metric_name": "total_wall_time", "metric_value": "3600.789", "metric_lower_bound": "",
        "metric_upper_bound": "4000",
    },
    {
        "uuid": "u1", "test_name": "pt-resnet50", "timestamp": "2020-03-10 12:34:56.789 UTC",
        "metric_name": "loss_final", "metric_value": "0.5", "metric_lower_bound": "", "metric_upper_bound": "",
    },
]  # fmt: skip
ORIGIN = Origin("conv", "v3-8", "pt-nightly")
EXPECTED = [
    StoredRun(
        Run(
            "pt-resnet50", "u1", 1_583_840_096.0, "success", 1_583_843_696.789, None,
            Origin("conv", "v3-8", "pt-nightly", "https://logs.example/1", "gcloud logging read"),
        ),
        "regression",
        (
            StoredMetric("Accuracy/test_final", 75.1, 75.6, None, inclusive=False, verdict="regression", outside=True),
            StoredMetric("loss_final", 0.5),
            StoredMetric("total_wall_time", 3600.789, None, 4000.0, inclusive=False, verdict="pass"),
        ),
    ),
    StoredRun(Run("pt-resnet50", "u2", 1_583_920_800.0, "timeout", 1_583_928_000.0, None, ORIGIN), "failed", (), 2),
]  # fmt: skip


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def into(tmp_path: Path) -> Store:
    return store(tmp_path / "history.db")


def csv_of(rows: list[dict[str, str]]) -> str:
    lines = [",".join(rows[0]), *(",".join(row.values()) for row in rows)]
    return "".join(f"{line}\n" for line in lines)


@pytest.mark.parametrize("names", [("jobs", "metrics"), ("metrics", "jobs")])
def test_two_tables_are_joined_by_the_id_of_the_run(into: Store, names: tuple[str, str]) -> None:
    Path("jobs.csv").write_text(csv_of(JOBS))
    Path("metrics.csv").write_text(csv_of(METRICS))
    found = imported(into, *(f"{name}.csv" for name in names))
    assert runs_of(into) == EXPECTED
    assert (found.stored, found.metrics, found.warnings) == (2, 3, [])
    assert imported(into, "metrics.csv", "jobs.csv").unchanged == 2


def test_the_order_of_columns_and_rows_windows_line_ends_and_a_byte_order_mark_do_not_matter(into: Store) -> None:
    Path("jobs.csv").write_text(csv_of([dict(reversed(row.items())) for row in reversed(JOBS)]))
    text = csv_of([dict(reversed(row.items())) for row in reversed(METRICS)]).replace("\n", "\r\n")
    Path("metrics-000000000000").write_bytes(gzip.compress(b"\xef\xbb\xbf" + text.encode()))
    imported(into, "jobs.csv", "metrics-000000000000")
    assert runs_of(into) == EXPECTED


def test_json_exports_leave_nulls_out_and_write_integers_as_text(into: Store) -> None:
    def lines(rows: list[dict[str, str]]) -> str:
        kept = ({name: _number(name, value) for name, value in row.items() if value} for row in rows)
        return "".join(f"{json.dumps(row)}\n" for row in kept)

    Path("jobs.json").write_text(lines(JOBS))
    Path("metrics-000000000000").write_bytes(gzip.compress(lines(METRICS).encode()))
    imported(into, "jobs.json", "metrics-000000000000")
    assert runs_of(into) == EXPECTED


def _number(name: str, value: str) -> object:
    return float(value) if name in {"metric_value", "metric_lower_bound", "metric_upper_bound"} else value


def test_parquet_exports_have_timestamps_of_their_own(into: Store) -> None:
    import pyarrow as pa
    from pyarrow import parquet

    def value(name: str, text: str) -> Any:
        if name == "timestamp":
            return datetime.fromisoformat(text.removesuffix(" UTC")).replace(tzinfo=UTC)
        if name in {"num_failures", "job_duration_sec", "msg_publish_time"}:
            return int(text)
        return None if text == "" else _number(name, text)

    for file, rows in (("jobs.parquet", JOBS), ("metrics.parquet", METRICS)):
        table = pa.Table.from_pylist([{name: value(name, text) for name, text in row.items()} for row in rows])
        parquet.write_table(table, file)
    imported(into, "jobs.parquet", "metrics.parquet")
    assert runs_of(into) == EXPECTED


def test_metrics_alone_are_runs_that_succeeded_and_that_is_said(into: Store) -> None:
    Path("metrics.csv").write_text(csv_of(METRICS))
    found = imported(into, "metrics.csv")
    run = Run("pt-resnet50", "u1", 1_583_843_696.789)
    assert runs_of(into) == [StoredRun(run, "regression", EXPECTED[0].metrics)]
    said = "1 run without a row that tells of the job: taken as succeeded (name the file of job_history, too)"
    assert found.warnings == [said]


def test_in_the_second_version_the_timestamp_was_the_start(into: Store) -> None:
    Path("jobs.csv").write_text(
        "uuid,test_name,job_status,job_duration_sec,timestamp,msg_publish_time\n"
        "e1,bert,success,60,2023-07-18 08:00:00 UTC,1689667260.25\n"
    )
    imported(into, "jobs.csv")
    start = datetime(2023, 7, 18, 8, tzinfo=UTC).timestamp()
    assert runs_of(into) == [StoredRun(Run("bert", "e1", start, "success", start + 60.25), "pass")]


def test_without_the_time_of_a_message_the_duration_says_when_a_run_began(into: Store) -> None:
    Path("jobs.csv").write_text("uuid,test_name,job_status,job_duration_sec,timestamp\ne1,bert,missed,60,100060\n")
    imported(into, "jobs.csv")
    assert runs_of(into) == [StoredRun(Run("bert", "e1", 100_000.0, "missed", 100_060.0), "failed")]


@pytest.mark.parametrize("seconds", ["-5", "NaN", "1e300", ""])
def test_a_duration_that_no_run_can_have_says_nothing(into: Store, seconds: str) -> None:
    Path("jobs.csv").write_text(f"uuid,test_name,job_status,job_duration_sec,timestamp\ne1,b,success,{seconds},100\n")
    imported(into, "jobs.csv")
    assert runs_of(into) == [StoredRun(Run("b", "e1", 100.0), "pass")]


def test_our_own_table_of_metrics_keeps_its_verdicts(into: Store) -> None:
    Path("metrics.csv").write_text(
        "uuid,test_name,timestamp,metric_name,metric_value,metric_lower_bound,inclusive,verdict,out_of_bounds\n"
        "r,t,100,acc,0.5,0.5,1,improvement,0\nr,t,100,loss,0.1,,0,,0\n"
    )
    imported(into, "metrics.csv")
    rows = csv.DictReader(Path("metrics.csv").read_text().splitlines())
    Path("metrics.jsonl").write_text("\n\n".join(json.dumps(row) for row in rows) + "\n")
    assert imported(into, "metrics.jsonl").unchanged == 1
    acc = StoredMetric("acc", 0.5, 0.5, None, inclusive=True, verdict="improvement")
    assert runs_of(into) == [StoredRun(Run("t", "r", 100.0), "pass", (acc, StoredMetric("loss", 0.1)))]


def test_nan_and_infinity_are_left_out_and_counted_and_their_bounds_are_none(into: Store) -> None:
    Path("rows.csv").write_text(
        "uuid,test_name,job_status,timestamp,metric_name,metric_value,metric_lower_bound,metric_upper_bound\n"
        "r,t,success,100,a,NaN,,\nr,t,success,100,b,-inf,,\nr,t,success,100,c,1,-Infinity,nan\n"
    )
    found = imported(into, "rows.csv")
    assert runs_of(into) == [StoredRun(Run("t", "r", 100.0), "pass", (StoredMetric("c", 1.0),))]
    assert found.warnings == ["rows.csv: 2 values left out: NaN or infinite"]


def test_rows_that_are_there_twice_count_once_and_of_others_the_last(into: Store) -> None:
    Path("rows.csv").write_text(
        "uuid,test_name,job_status,timestamp,metric_name,metric_value\n"
        "r,t,success,100,a,1\nr,t,success,100,a,1\nr,t,failure,100,b,2\nr,t,failure,100,b,3\n"
    )
    found = imported(into, "rows.csv")
    metrics = (StoredMetric("a", 1.0), StoredMetric("b", 3.0))
    assert runs_of(into) == [StoredRun(Run("t", "r", 100.0, "failure"), "failed", metrics, 1)]
    assert found.warnings == [
        "1 row told of a run otherwise than a row before; the last one counts",
        "1 metric had another value in a row before; the last one counts",
        "1 metric stood there twice",
    ]


def test_columns_that_are_not_known_are_named_and_left_out(into: Store) -> None:
    Path("rows.csv").write_text("uuid,test_name,job_status,timestamp,zone,team\nr,t,success,100,a,b\n")
    Path("rows.jsonl").write_text(
        '{"uuid": "s", "test_name": "t", "job_status": "success", "timestamp": 1, "zone": {}}\n'
    )
    found = imported(into, "rows.csv", "rows.jsonl")
    assert found.warnings == [
        "rows.csv: columns that are not known are left out: team, zone",
        "rows.jsonl: unknown column: zone",
    ]
    assert found.stored == 2


def test_runs_join_the_test_that_is_given_and_metrics_that_do_not_fit_stay_away(into: Store) -> None:
    Path("rows.csv").write_text(
        "uuid,job_status,timestamp,metric_name,metric_value\nr,success,100,acc_final,1\nr,success,100,loss_final,2\n"
    )
    imported(into, "rows.csv", test="other name", metrics=["acc*"])
    assert runs_of(into) == [StoredRun(Run("other name", "r", 100.0), "pass", (StoredMetric("acc_final", 1.0),))]


def test_nothing_in_a_name_moves_the_terminal_or_begins_a_line(into: Store) -> None:
    name = "a\nError: x.csv"
    Path(name).write_text('uuid,test_name,job_status,timestamp,"z\x1b[2J\nError"\nr,t,success,100,a\n')
    assert imported(into, name).warnings == ["a\\nError: x.csv: unknown column: z\\x1b[2j\\nerror"]
