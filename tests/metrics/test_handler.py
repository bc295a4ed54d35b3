from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from cajajejo.errors import CajajejoError, UsageError
from cajajejo.metrics import handler
from cajajejo.metrics.handler import RunUnderTest
from cajajejo.metrics.verdict import JobStatus, Verdict
from tests.metrics.builders import collection, condition, scalar_record, settings, write_records, write_simple

if TYPE_CHECKING:
    from pathlib import Path

    from cajajejo.metrics.report import Report

SPIKE = {"default": condition("less", stddevs_from_mean=4)}


class Bench:
    """A directory with runs and a history."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.url = f"sqlite:///{folder}/history.db"

    def check(
        self, run_id: str, value: float | None, *, start: float | None = None, conditions: Any = None, **options: Any
    ) -> Report:
        logs = self.folder / run_id
        logs.mkdir(exist_ok=True)
        if value is not None:
            write_records(logs / "events.out.tfevents.1", [scalar_record("loss", value)])
        fields, status = options.pop("fields", {}), options.pop("status", "success")
        run = RunUnderTest("t", run_id, status, start, options.pop("stop", None))
        wanted = settings(SPIKE if conditions is None else conditions, **fields)
        return handler.check(logs, run, options.pop("settings", wanted), history_url=self.url, **options)

    def count(self, table: str = "job_history") -> int:
        if not (self.folder / "history.db").exists():
            return 0
        with closing(sqlite3.connect(self.folder / "history.db")) as connection:
            return int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])  # noqa: S608  # our own names


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def test_a_run_is_judged_by_the_runs_before_it(bench: Bench) -> None:
    verdicts = [bench.check(f"r{number}", value).verdict for number, value in enumerate((1.0, 1.1, 1.05, 1.2, 9.0))]
    assert verdicts == [Verdict.INCONCLUSIVE] * 2 + [Verdict.PASS] * 2 + [Verdict.REGRESSION]


def test_checking_again_gives_the_same_verdict_and_no_more_rows(bench: Bench) -> None:
    for number, value in enumerate((1.0, 1.1, 1.05)):
        bench.check(f"r{number}", value)
    first = bench.check("r3", 9.0)
    bench.check("r4", 1.0)
    assert bench.check("r3", 9.0) == first
    assert (bench.count(), bench.count("metric_history")) == (5, 5)


def test_a_run_starts_when_it_was_first_judged(bench: Bench) -> None:
    bench.check("b", 1.0)
    bench.check("a", 2.0)
    assert bench.check("b", 1.0).runs_before == 0
    assert bench.check("a", 1.0).runs_before == 1


def test_runs_are_ordered_by_their_start_and_not_by_the_time_of_judging(bench: Bench) -> None:
    bench.check("late", 9.0, start=300.0)
    for number, value in enumerate((1.0, 1.1, 1.05)):
        bench.check(f"r{number}", value, start=100.0 + number)
    found = bench.check("this", 1.1, start=200.0)
    assert (found.runs_before, found.verdict) == (3, Verdict.PASS)


def test_nothing_is_stored_where_that_is_asked(bench: Bench) -> None:
    bench.check("r", 1.0, store=False)
    assert not (bench.folder / "history.db").exists()


def test_write_to_bigquery_false_stores_nothing_and_still_judges(bench: Bench) -> None:
    wanted = settings({"loss_final": condition("less", fixed_value=1)})
    quiet = wanted.model_copy(update={"metric_collection_config": collection(write_to_bigquery="False")})
    assert bench.check("r", 2.0, settings=quiet).verdict is Verdict.REGRESSION
    assert bench.count() == 0


@pytest.mark.parametrize("status", ["failure", "timeout", "missed"])
def test_a_failed_job_is_on_record_and_never_history(bench: Bench, status: JobStatus) -> None:
    for number in range(3):
        bench.check(f"r{number}", 1.0 + number / 10)
    failed = bench.check("r3", 99.0, status=status)
    assert (failed.verdict, [alert.kind for alert in failed.alerts]) == (Verdict.FAILED, ["failed"])
    found = bench.check("r4", 1.1)
    assert found.metrics[0].prior is not None
    assert (found.runs_before, found.metrics[0].prior.n) == (4, 3)


def test_a_failed_job_may_have_left_no_directory(bench: Bench) -> None:
    run = RunUnderTest("t", "r", "failure")
    found = handler.check(bench.folder / "gone", run, settings(SPIKE), history_url=bench.url)
    assert (found.verdict, found.metrics, bench.count()) == (Verdict.FAILED, (), 1)


def test_a_job_that_succeeded_has_left_a_directory(bench: Bench) -> None:
    with pytest.raises(CajajejoError, match="no such directory"):
        handler.check(bench.folder / "gone", RunUnderTest("t", "r"), settings(SPIKE), history_url=bench.url)
    assert bench.count() == 0


def test_no_events_are_a_warning_and_nothing_to_judge(bench: Bench) -> None:
    found = bench.check("r", None)
    assert (found.verdict, found.metrics) == (Verdict.INCONCLUSIVE, ())
    assert found.warnings == (f"no scalars in event files under {bench.folder}/r",)
    assert bench.check("s", None, conditions={}).verdict is Verdict.PASS


def test_a_run_without_an_id_is_known_by_its_events(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/history.db"
    for name, value in (("a", 1.0), ("copy", 1.0), ("b", 2.0)):
        write_simple(tmp_path / name, {"loss": [value]})
    ids = [
        handler.check(tmp_path / name, RunUnderTest("t"), settings(SPIKE), history_url=url).run_id
        for name in ("a", "copy", "b")
    ]
    assert ids[0] == ids[1] != ids[2]


def test_runs_without_events_and_id_are_known_by_place_and_start(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/history.db"
    runs = [RunUnderTest("t", None, "failure", start) for start in (1.0, 2.0, 2.0)]
    ids = [handler.check(tmp_path / "gone", run, settings(SPIKE), history_url=url).run_id for run in runs]
    assert ids[0] != ids[1] == ids[2]


def test_wall_time_and_the_missed_threshold_are_part_of_the_run(bench: Bench) -> None:
    wanted = settings(
        {"total_wall_time": condition("less", fixed_value=50)}, metric_subset_to_alert=["time_to_accuracy"]
    )
    accuracy = collection(time_to_accuracy={"accuracy_tag": "loss", "accuracy_threshold": 5})
    wanted = wanted.model_copy(update={"metric_collection_config": accuracy})
    found = bench.check("r", 1.0, start=100.0, stop=160.0, settings=wanted)
    assert found.verdict is Verdict.REGRESSION
    assert [(alert.kind, alert.message) for alert in found.alerts] == [
        ("time_to_accuracy", "loss never reached 5 (best 1)")
    ]


def test_a_second_failure_in_a_row_is_confirmed(bench: Bench) -> None:
    fields = {"alert_after_second_test_failure": True}
    conditions = {"loss_final": condition("less", fixed_value=1)}
    found = [
        bench.check(f"r{number}", value, conditions=conditions, fields=fields)
        for number, value in enumerate((0.5, 2.0, 2.0))
    ]
    assert [each.verdict for each in found] == [Verdict.PASS, Verdict.INCONCLUSIVE, Verdict.REGRESSION]
    assert [len(each.alerts) for each in found] == [0, 0, 1]


def test_a_lasting_shift_keeps_being_a_regression_and_is_named(bench: Bench) -> None:
    for number in range(12):
        bench.check(f"good{number}", 1.0 + number % 3 / 100)
    shifted = [bench.check(f"bad{number}", 2.0) for number in range(8)]
    assert {each.verdict for each in shifted} == {Verdict.REGRESSION}
    assert shifted[-1].metrics[0].reason.endswith("; level shift since run bad0")
    assert bench.check("back", 1.01).verdict is Verdict.PASS


@pytest.mark.parametrize(
    ("run", "message"),
    [
        (RunUnderTest(" "), "--test ' ': not a name"),
        (RunUnderTest("t", ""), "--run-id '': not a name"),
        (RunUnderTest("t", "a\nb"), r"--run-id 'a\nb': not a name"),
        (RunUnderTest("t", "r", "success", 2.0, 1.0), "--stop-time is before --start-time"),
    ],
)
def test_a_run_has_a_name_and_ends_after_it_begins(bench: Bench, run: RunUnderTest, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        handler.check(bench.folder, run, settings(), history_url=bench.url)
    assert caught.value.message == message


def test_collecting_takes_final_values_where_nothing_is_said(tmp_path: Path) -> None:
    write_simple(tmp_path, {"loss": [1.0, 0.5]})
    assert handler.collect(tmp_path).metrics == {"loss_final": 0.5}
    wanted = settings().model_copy(
        update={"metric_collection_config": collection(default_aggregation_strategies=["max"])}
    )
    assert handler.collect(tmp_path, wanted).metrics == {"loss_max": 1.0}


def test_collecting_nothing_is_a_warning(tmp_path: Path) -> None:
    assert handler.collect(tmp_path).warnings == (f"no scalars in event files under {tmp_path}",)
