from __future__ import annotations

import sqlite3
import tempfile
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hypothesis
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cajajejo.errors import CajajejoError, UsageError
from cajajejo.metrics import handler
from cajajejo.metrics.baselines import Accepted, Baselines, Muted
from cajajejo.metrics.handler import RunUnderTest
from cajajejo.metrics.history import History
from cajajejo.metrics.judgement.verdict import Verdict
from tests.metrics.builders import collection, condition, scalar_record, settings, write_records, write_simple

if TYPE_CHECKING:
    from collections.abc import Sequence
    from random import Random

    from cajajejo.metrics.config.conditions import SuccessCondition
    from cajajejo.metrics.history.rows import Row
    from cajajejo.metrics.reports.report import Report
    from cajajejo.metrics.runs import JobStatus

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
        run = RunUnderTest("t", run_id, status, start, options.pop("stop", None), options.pop("commit", None))
        wanted = settings(SPIKE if conditions is None else conditions, **fields)
        return handler.check(logs, run, options.pop("settings", wanted), history_url=self.url, **options)

    def rows(self) -> list[Row]:
        return History.at(self.url).rows("t")

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
    assert bench.check("r3", 9.0) == replace(first, runs_after=1)
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
    assert found.metrics[0].basis is not None
    assert (found.runs_before, found.metrics[0].basis.n) == (4, 3)


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
        (RunUnderTest("t", "a", commit="a\nb"), r"--config-version 'a\nb': not a commit"),
        (RunUnderTest("t", "a", commit=" "), "--config-version ' ': not a commit"),
        (RunUnderTest("t", "r", "success", 2.0, 1.0), "--stop-time is before --start-time"),
    ],
)
def test_a_run_has_a_name_and_ends_after_it_begins(bench: Bench, run: RunUnderTest, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        handler.check(bench.folder, run, settings(), history_url=bench.url)
    assert caught.value.message == message


def test_a_directory_without_a_name_is_not_the_working_directory(bench: Bench) -> None:
    for act in (
        lambda: handler.check("", RunUnderTest("t", "r"), settings(), history_url=bench.url),
        lambda: handler.collect(""),
    ):
        with pytest.raises(UsageError, match="LOGDIR is empty"):
            act()


def test_collecting_takes_final_values_where_nothing_is_said(tmp_path: Path) -> None:
    write_simple(tmp_path, {"loss": [1.0, 0.5]})
    assert handler.collect(tmp_path).metrics == {"loss_final": 0.5}
    wanted = settings().model_copy(
        update={"metric_collection_config": collection(default_aggregation_strategies=["max"])}
    )
    assert handler.collect(tmp_path, wanted).metrics == {"loss_max": 1.0}


def test_collecting_nothing_is_a_warning(tmp_path: Path) -> None:
    assert handler.collect(tmp_path).warnings == (f"no scalars in event files under {tmp_path}",)


NOTED = Accepted("t", "loss_final", "r5", "new data", "ann", "2026-11-22")
SHIFTED = {"loss_final": condition("less", stddevs_from_mean=4, wait=3)}


def levels(bench: Bench, **options: Any) -> list[Report]:
    """Five runs about 1 and five about 9, a second apart, all on a day before the level was accepted."""
    values = [1.0, 1.1, 1.05, 1.0, 1.1, 9.0, 9.1, 9.05, 9.0, 9.1]
    return [
        bench.check(f"r{number}", value, start=1000.0 + number, conditions=SHIFTED, **options)
        for number, value in enumerate(values)
    ]


@pytest.mark.parametrize("noted", [True, False], ids=["in the history", "in the file"])
def test_an_accepted_level_is_what_later_runs_are_compared_with(bench: Bench, *, noted: bool) -> None:
    assert levels(bench)[-1].verdict is Verdict.REGRESSION
    if noted:
        History.at(bench.url).note(NOTED)
    lines = Baselines() if noted else Baselines((NOTED,))
    found = bench.check("r10", 9.05, start=2000.0, conditions=SHIFTED, baselines=lines)
    assert (found.verdict, found.metrics[0].reason) == (Verdict.PASS, "4 sd from the mean of 5 runs")
    assert bench.check("r4", 1.1, start=1004.0, conditions=SHIFTED, baselines=lines).verdict is Verdict.PASS


def test_a_level_accepted_at_a_run_that_is_not_there_is_a_warning(bench: Bench) -> None:
    lines = Baselines((replace(NOTED, start="gone"),))
    assert bench.check("r0", 1.0, baselines=lines).warnings == (
        "loss_final: the level accepted at run gone is not used: no such run before this one",
    )


@pytest.mark.parametrize(
    ("metric", "until", "alerts"),
    [("*", "2999-01-01", 0), ("loss*", "2999-01-01", 0), ("acc", "2999-01-01", 1), ("*", "2020-01-01", 1)],
    ids=["all", "a glob", "another", "over"],
)
def test_a_muted_metric_is_judged_as_ever_and_alerts_nobody(bench: Bench, metric: str, until: str, alerts: int) -> None:
    lines = Baselines((), (Muted("t", metric, until, "node pool", "ann", "2020-01-01"),))
    found = bench.check("r0", 2.0, conditions={"default": condition("less", fixed_value=1)}, baselines=lines)
    assert (found.verdict, len(found.alerts), len(found.muted)) == (
        Verdict.REGRESSION, alerts, {"*": 3, "loss*": 1}.get(metric, 0) * (1 - alerts),
    )  # fmt: skip


def test_a_failed_job_of_a_muted_test_alerts_nobody(bench: Bench) -> None:
    lines = Baselines((), (Muted("t", "*", "2999-01-01", "node pool", "ann", "2026-11-21"),))
    found = bench.check("r0", None, status="failure", baselines=lines)
    assert (found.verdict, found.alerts) == (Verdict.FAILED, ())


def test_a_shift_that_only_warns_passes_with_a_warning(bench: Bench) -> None:
    wanted = {"loss_final": condition("less", level_shift={"ongoing": "warn"})}
    values = [1.0 + number % 3 / 100 for number in range(12)] + [2.0] * 5
    found = [
        bench.check(f"r{number}", value, start=float(number), conditions=wanted) for number, value in enumerate(values)
    ]
    assert [each.verdict for each in found[12:]] == [
        Verdict.PASS, Verdict.PASS, Verdict.REGRESSION, Verdict.PASS, Verdict.PASS,
    ]  # fmt: skip
    assert [len(each.alerts) for each in found[12:]] == [0, 0, 1, 0, 0]
    (warning,) = found[-1].warnings
    assert warning == (
        "loss_final is 2.000; its level rose from 1.010 to 2.000 (z 4.65), beginning between run r11 and run r12,"
        " and goes on"
    )


def test_the_commit_of_a_run_is_kept_and_named_by_a_later_regression(bench: Bench) -> None:
    wanted = {"loss_final": condition("less", fixed_value=1.5)}
    bench.check("r0", 1.0, start=1.0, conditions=wanted, commit="10abfb1")
    bench.check("r1", 1.0, start=2.0, conditions=wanted, commit="unset")
    found = bench.check("r2", 2.0, start=3.0, conditions=wanted, commit="77e02c5")
    bench.check("r0", 1.0, conditions=wanted)
    assert [run.commit for run in History.at(bench.url).runs("t")] == ["10abfb1", None, "77e02c5"]
    assert found.metrics[0].turn is not None
    assert (found.metrics[0].turn.good.run_id, found.metrics[0].turn.commits) == ("r1", None)


def test_tags_that_are_ignored_change_no_id(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/history.db"
    write_simple(tmp_path / "logs", {"loss": [1.0], "debug/x": [2.0]})
    ids, names = set(), []
    for ignored in ([], ["debug/*"]):
        wanted = settings(SPIKE).model_copy(update={"metric_collection_config": collection(tags_to_ignore=ignored)})
        found = handler.check(tmp_path / "logs", RunUnderTest("t"), wanted, history_url=url)
        ids.add(found.run_id)
        names.append([metric.name for metric in found.metrics])
    assert (len(ids), names) == (1, [["debug/x_final", "loss_final"], ["loss_final"]])


def judged_in(order: Sequence[int], values: Sequence[float], wanted: SuccessCondition, *, twice: bool = False) -> Any:
    """The verdict on each of the runs `values` after all were stored in that order, and judged again one by one."""
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder))
        for number in order:
            bench.check(f"r{number}", values[number], start=float(number), conditions={"loss_final": wanted})
        if not twice:
            return bench.rows()
        found = [
            bench.check(f"r{number}", value, start=float(number), conditions={"loss_final": wanted}).metrics
            for number, value in enumerate(values)
        ]
        return found, bench.rows()


CONDITIONS = st.sampled_from(
    [
        condition("less", level_shift={"min_history": 5}),
        condition("within", prediction_interval={}),
        condition("less", stddevs_from_mean=3),
        condition("less", fixed_value=1.5, confirm_after=2),
    ]
)
VALUES = st.lists(st.sampled_from([1.0, 1.01, 1.02, 1.03, 2.0, 2.02]), min_size=1, max_size=9)


@given(VALUES, CONDITIONS)
@hypothesis.settings(max_examples=8, deadline=None)
def test_a_verdict_does_not_depend_on_its_run_being_stored(values: list[float], wanted: SuccessCondition) -> None:
    in_order = judged_in(range(len(values)), values, wanted)
    again, rows = judged_in(range(len(values)), values, wanted, twice=True)
    assert rows == in_order
    assert [str(found.verdict) for (found,) in again] == [row.verdict for row in reversed(in_order)]


@given(VALUES, CONDITIONS, st.randoms(use_true_random=False))
@hypothesis.settings(max_examples=8, deadline=None)
def test_verdicts_depend_on_the_order_of_runs_and_not_on_that_of_storing(
    values: list[float], wanted: SuccessCondition, random: Random
) -> None:
    """A late run changes what is known of those after it: judged once more in their order, all are as in order."""
    order = random.sample(range(len(values)), len(values))
    assert judged_in(order, values, wanted, twice=True)[1] == judged_in(range(len(values)), values, wanted)
