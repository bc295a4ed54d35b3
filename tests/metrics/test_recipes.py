"""Every recipe of the documentation, from its text to the verdicts, the alerts and the rows that it promises."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cajajejo.metrics.judgement.verdict import Verdict
from tests.metrics.builders import H10, scalar_record, write_records
from tests.metrics.nights import alerted, conditions, documented, metric, verdicts

if TYPE_CHECKING:
    from pathlib import Path

    from cajajejo.metrics.runs import JobStatus

PASS, REGRESSION, INCONCLUSIVE = Verdict.PASS, Verdict.REGRESSION, Verdict.INCONCLUSIVE


# --- the recipes -------------------------------------------------------------------------------------------------


def test_recording_without_alerts_records_final_values_duration_and_memory(tmp_path: Path) -> None:
    nights = documented("recipe_record_without_alerts", tmp_path)
    found = nights.run(loss=(2.0, 1.0, 0.5), vm_memory_usage_bytes=(1e9, 3e9, 2e9))
    assert (found.verdict, found.alerts, found.warnings) == (PASS, (), ())
    assert nights.rows("metric_name, metric_value, metric_lower_bound, metric_upper_bound, verdict") == [
        ("loss_final", 0.5, None, None, None),
        ("total_wall_time", 3600.0, None, None, None),
        ("vm_memory_usage_bytes", 3e9, None, None, None),
    ]


@pytest.mark.parametrize(
    ("recipe", "alerts"), [("recipe_record_without_alerts", []), ("recipe_alert_on_crash_only", [("failed", None)])]
)
@pytest.mark.parametrize("status", ["failure", "timeout"])
def test_a_crash_is_on_record_and_alerts_where_that_is_wanted(
    tmp_path: Path, recipe: str, alerts: list[tuple[str, str | None]], status: JobStatus
) -> None:
    nights = documented(recipe, tmp_path)
    found = nights.run(status, loss=1.0)
    assert (found.verdict, alerted(found)) == (Verdict.FAILED, alerts)
    assert nights.rows("test_name, job_status, job_duration_sec", "job_history") == [("nightly", status, 3600)]


def test_alerting_on_crashes_only_says_nothing_about_metrics_that_get_worse(tmp_path: Path) -> None:
    found = documented("recipe_alert_on_crash_only", tmp_path).runs([*H10, 99.0])
    assert {(report.verdict, report.alerts) for report in found} == {(PASS, ())}


def test_a_spike_alerts_once_there_are_ten_runs_to_compare_with(tmp_path: Path) -> None:
    nights = documented("recipe_any_spike", tmp_path)
    waiting = nights.runs(H10)
    assert {(report.verdict, report.alerts) for report in waiting} == {(INCONCLUSIVE, ())}
    assert metric(waiting[-1], "loss_final").reason == "9 of 10 runs so far"
    good, spike, good_again, fall = nights.runs([0.9255, 0.99, 0.9125, 0.2])
    assert verdicts([good, spike, good_again, fall]) == [PASS, REGRESSION, PASS, PASS]
    assert [alerted(report) for report in (good, spike, good_again, fall)] == [
        [],
        [("regression", "loss_final")],
        [],
        [],
    ]
    stored = nights.rows("metric_name, metric_lower_bound, metric_upper_bound")
    first = next(row for row in stored if row[0] == "loss_final" and row[2] is not None)
    assert first == ("loss_final", None, pytest.approx(0.925999, abs=1e-6))  # mean + 4 s of ten runs, worked by hand


def test_a_spike_of_any_metric_alerts_also_of_one_that_is_computed(tmp_path: Path) -> None:
    nights = documented("recipe_any_spike", tmp_path)
    for value in H10:
        nights.run(loss=value, vm_memory_usage_bytes=1e9 + value)
    found = nights.run(loss=0.9, vm_memory_usage_bytes=2e9)
    assert alerted(found) == [("regression", "vm_memory_usage_bytes")]
    assert metric(found, "total_wall_time").verdict is PASS


def test_a_constant_alerts_when_it_goes_up_at_all_and_without_waiting(tmp_path: Path) -> None:
    named = ("metric_with_constant_value", "parameters_final")
    nights = documented("recipe_spike_or_constant", tmp_path, named)
    first, same, less, more = [nights.run(parameters=value, loss=1.0) for value in (7.0, 7.0, 7.0, 7.0 + 1e-6)]
    assert verdicts([first, same, less, more], "parameters_final") == [INCONCLUSIVE, PASS, PASS, REGRESSION]
    assert [alerted(report) for report in (first, same, less, more)] == [
        [],
        [],
        [],
        [("regression", "parameters_final")],
    ]
    assert verdicts([more]) == [INCONCLUSIVE]


def test_a_constant_that_goes_down_is_no_alert(tmp_path: Path) -> None:
    nights = documented("recipe_spike_or_constant", tmp_path, ("metric_with_constant_value", "loss_final"))
    assert verdicts(nights.runs([7.0, 7.0, 6.5])) == [INCONCLUSIVE, PASS, PASS]


def test_a_name_that_is_no_metric_is_told(tmp_path: Path) -> None:
    said = "no metric can be called metric_with_constant_value; the names of those collected end in _final"
    found = documented("recipe_spike_or_constant", tmp_path).run(loss=1.0)
    assert found.warnings == (f"metric_success_conditions: {said}",)


@pytest.mark.parametrize(
    ("accuracy", "loss", "alerts"),
    [
        (99.1, 0.4, []),
        (99.0, 0.4, ["Accuracy/test_final"]),
        (98.0, 0.4, ["Accuracy/test_final"]),
        (99.1, 0.5, ["Loss/test_final"]),
        (98.0, 0.6, ["Accuracy/test_final", "Loss/test_final"]),
    ],
)
def test_a_known_value_takes_effect_at_the_first_run(
    tmp_path: Path, accuracy: float, loss: float, alerts: list[str]
) -> None:
    found = documented("recipe_known_value", tmp_path).run(Accuracy__test=accuracy, Loss__test=loss, other=1e9)
    assert sorted(name or "" for _, name in alerted(found)) == alerts
    assert found.verdict is (REGRESSION if alerts else PASS)
    assert metric(found, "other_final").verdict is None


# --- all options -------------------------------------------------------------------------------------------------


def test_all_options_of_the_collection_take_effect(tmp_path: Path) -> None:
    nights = documented("collection_full_options", tmp_path)
    found = nights.run(
        loss=(3.0, 1.0, 2.0), accuracy=(0.5, 0.9, 0.7), LearningRate=0.1, Accuracy__test=(50.0, 76.0, 80.0)
    )
    assert {metric.name: metric.value for metric in found.metrics} == {
        "loss_final": 2.0,
        "loss_min": 1.0,
        "accuracy_max": 0.9,
        "Accuracy/test_final": 80.0,
        "time_to_accuracy": 120.0,
        "total_wall_time": 3600.0,
    }
    assert len(nights.rows("metric_name")) == len(found.metrics)


def test_a_threshold_that_is_never_reached_alerts_and_the_run_is_on_record(tmp_path: Path) -> None:
    nights = documented("collection_full_options", tmp_path)
    found = nights.run(Accuracy__test=(50.0, 75.9))
    assert [(alert.kind, alert.message) for alert in found.alerts] == [
        ("time_to_accuracy", "Accuracy/test never reached 76 (best 75.9)")
    ]
    assert nights.rows("uuid, job_status", "job_history") == [("run-01", "success")]
    assert [name for (name,) in nights.rows("metric_name")] == ["Accuracy/test_final", "total_wall_time"]


@pytest.mark.parametrize("written", ['"False"', "false"])
def test_nothing_is_stored_where_that_is_not_wanted(tmp_path: Path, written: str) -> None:
    changes = (('"write_to_bigquery": "True"', f'"write_to_bigquery": {written}'),)
    nights = documented("collection_full_options", tmp_path, *changes)
    assert nights.run(loss=1.0).verdict is PASS
    assert nights.rows("uuid", "job_history") == []


def test_runs_are_told_apart_where_that_is_wanted(tmp_path: Path) -> None:
    nights = documented(
        "collection_full_options", tmp_path, ('"use_run_name_prefix: false', '"use_run_name_prefix: true')
    )
    for run, value in (("train", 1.0), ("eval", 2.0)):
        write_records(tmp_path / "run-01" / run / "events.out.tfevents.1", [scalar_record("x", value)])
    found = nights.run(y=3.0)
    assert {metric.name for metric in found.metrics} == {"train/x_final", "eval/x_final", "y_final", "total_wall_time"}


def test_all_options_of_the_regression_test_take_effect(tmp_path: Path) -> None:
    nights = documented("regression_full_options", tmp_path)
    for value in H10:
        nights.run(Accuracy__test=99.5, loss=value)
    found = nights.run(Accuracy__test=98.0, loss=99.0)
    assert (found.verdict, alerted(found)) == (REGRESSION, [("regression", "Accuracy/test_final")])
    assert verdicts([found]) == [REGRESSION]
    bounds = nights.rows("metric_name, uuid, metric_lower_bound, metric_upper_bound")
    assert [row for row in bounds if row[1] == "run-11"] == [
        ("Accuracy/test_final", "run-11", 99.0, None),
        ("loss_final", "run-11", None, pytest.approx(0.925999, abs=1e-6)),
        ("total_wall_time", "run-11", None, 3600.0),
    ]


@pytest.mark.parametrize(
    ("flag", "status", "alerts"),
    [
        ("alert_for_oob_metrics", "success", []),
        ("alert_for_oob_metrics", "failure", [("failed", None)]),
        ("alert_for_failed_jobs", "success", [("regression", "Accuracy/test_final")]),
        ("alert_for_failed_jobs", "failure", []),
    ],
)
def test_each_flag_silences_its_alerts_and_changes_no_verdict(
    tmp_path: Path, flag: str, status: JobStatus, alerts: list[tuple[str, str | None]]
) -> None:
    nights = documented("regression_full_options", tmp_path, (f'"{flag}": "True"', f'"{flag}": "False"'))
    found = nights.run(status, Accuracy__test=98.0)
    assert (found.verdict, alerted(found)) == (REGRESSION if status == "success" else Verdict.FAILED, alerts)


@pytest.mark.parametrize(
    ("status", "alerts"), [("success", [("missing", "accuracy_final")]), ("failure", [("failed", None)])]
)
def test_a_required_metric_that_is_missing_alerts_unless_the_job_failed(
    tmp_path: Path, status: JobStatus, alerts: list[tuple[str, str | None]]
) -> None:
    nights = conditions(tmp_path, "  required_metrics: [accuracy_final]\n")
    assert alerted(nights.run(status, loss=1.0)) == alerts
