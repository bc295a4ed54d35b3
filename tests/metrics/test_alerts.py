from __future__ import annotations

import math

import pytest

from cajajejo.metrics import alerts
from cajajejo.metrics.alerts import Alert
from cajajejo.metrics.config import RegressionTestConfig
from cajajejo.metrics.verdict import JobStatus, judge
from tests.metrics.builders import condition, regression_tests

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
    metrics = judge(METRICS, {}, tests, "success")
    assert alerts.of_metrics(metrics, "acc never reached 76", tests) == expected


def test_what_passes_waits_or_was_not_written_alerts_nobody() -> None:
    tests = regression_tests(
        {"a": condition("less", fixed_value=1), "b": condition("less", stddevs_from_mean=1), "c": CONDITIONS["a"]}
    )
    assert alerts.of_metrics(judge({"a": 0.5, "b": 1.0}, {}, tests, "success"), None, tests) == ()


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
