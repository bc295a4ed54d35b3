from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pytest

from cajajejo.metrics.config import RegressionTestConfig
from cajajejo.metrics.judgement import alerts
from cajajejo.metrics.judgement.alerts import Alert
from cajajejo.metrics.judgement.judging import judge
from cajajejo.metrics.judgement.verdict import MetricVerdict, Verdict
from tests.metrics.builders import H20, condition, points, regression_tests, this_run

if TYPE_CHECKING:
    from cajajejo.metrics.runs import JobStatus

CONDITIONS = {"a": condition("greater", fixed_value=1), "b": condition("greater", fixed_value=1)}
METRICS = {"a": 0.5, "b": math.nan}
REGRESSION = Alert("regression", "a", "a is 0.500; it must be greater than 1 (fixed value)")
INVALID = Alert("invalid", "b", "b is NaN; it must be a finite number")
MISSING = Alert("missing", "c", "c is missing: the run did not write it")
TIME = Alert("time_to_accuracy", "time_to_accuracy", "acc never reached 76")


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        pytest.param({}, (REGRESSION, INVALID, MISSING, TIME), id="all by default"),
        pytest.param({"alert_for_oob_metrics": False}, (MISSING, TIME), id="not for bounds"),
        pytest.param(
            {"alert_for_failed_jobs": False}, (REGRESSION, INVALID, MISSING, TIME), id="failed jobs are another matter"
        ),
        pytest.param({"metric_subset_to_alert": ["a"]}, (REGRESSION,), id="one metric"),
        pytest.param(
            {"metric_subset_to_alert": ["c", "time_to_accuracy"]}, (MISSING, TIME), id="computed and required ones"
        ),
    ],
)
def test_alerts_of_metrics_follow_the_configuration(fields: dict[str, object], expected: tuple[Alert, ...]) -> None:
    tests = regression_tests(CONDITIONS, required_metrics=["c"], **fields)
    metrics = judge(METRICS, {}, tests, this_run())
    assert alerts.of_metrics(metrics, "acc never reached 76", tests) == expected


def test_what_passes_waits_or_was_not_written_alerts_nobody() -> None:
    tests = regression_tests(
        {"a": condition("less", fixed_value=1), "b": condition("less", stddevs_from_mean=1), "c": CONDITIONS["a"]}
    )
    assert alerts.of_metrics(judge({"a": 0.5, "b": 1.0}, {}, tests, this_run()), None, tests) == ()


@pytest.mark.parametrize(
    ("status", "message"),
    [("failure", "t: the job failed"), ("timeout", "t: the job ran out of time"), ("missed", "t: the job did not run")],
)
def test_a_job_that_did_not_succeed_alerts(status: JobStatus, message: str) -> None:
    assert alerts.of_job("t", status, 0, regression_tests()) == (Alert("failed", None, message),)


@pytest.mark.parametrize(
    ("status", "before", "fields", "count"),
    [
        ("success", 3, {}, 0),
        ("failure", 0, {"alert_for_failed_jobs": "False"}, 0),
        ("failure", 0, {"alert_after_second_test_failure": True}, 0),
        ("failure", 1, {"alert_after_second_test_failure": True}, 1),
    ],
)
def test_failed_jobs_alert_only_as_configured(
    status: JobStatus, before: int, fields: dict[str, object], count: int
) -> None:
    assert len(alerts.of_job("t", status, before, RegressionTestConfig.model_validate(fields))) == count


def test_what_is_muted_alerts_nobody() -> None:
    tests = regression_tests(CONDITIONS, required_metrics=["c"])
    metrics = judge(METRICS, {}, tests, this_run())
    assert alerts.of_metrics(metrics, "acc never reached 76", tests, {"a", "c", "time_to_accuracy"}) == (INVALID,)


@pytest.mark.parametrize(("muted", "count"), [({"*"}, 0), ({"m"}, 1)], ids=["the whole test", "a metric of it"])
def test_a_failed_job_is_muted_with_the_whole_test_alone(muted: set[str], count: int) -> None:
    assert len(alerts.of_job("t", "failure", 0, regression_tests(), muted)) == count


def test_a_shift_that_goes_on_alerts_once() -> None:
    tests = regression_tests({"m": condition("greater", level_shift={})})
    values = (0.903, 0.901, 0.900, 0.902, 0.901)
    sent = []
    for count in range(len(values)):
        (metric,) = judge({"m": values[count]}, {"m": points([*H20, *values[:count]])}, tests, this_run())
        sent.append(len(alerts.of_metrics([metric], None, tests)))
    assert sent == [0, 0, 1, 0, 0]


def test_a_value_out_of_bounds_alerts_each_time() -> None:
    tests = regression_tests({"m": condition("greater", fixed_value=1)})
    for count in range(3):
        metrics = judge({"m": 0.5}, {"m": points([0.5] * count, outside=range(count))}, tests, this_run())
        assert [alert.kind for alert in alerts.of_metrics(metrics, None, tests)] == ["regression"]


def test_an_improvement_alerts_nobody() -> None:
    tests = regression_tests()
    assert alerts.of_metrics([MetricVerdict("m", 1.0, "better", Verdict.IMPROVEMENT)], None, tests) == ()
