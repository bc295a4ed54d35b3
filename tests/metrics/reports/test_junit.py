"""A check as JUnit XML, read back by a reader that knows what may stand where."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given

from cajajejo.metrics.judgement.verdict import Verdict
from cajajejo.metrics.reports import junit
from tests import junit_reader
from tests.hostile import texts
from tests.metrics.builders import H20, condition, points
from tests.metrics.reports import checks
from tests.metrics.reports.checks import ABOVE, made


def test_each_metric_is_a_case_and_what_decides_the_run_is_not_skipped() -> None:
    (suite,) = junit_reader.read(junit.document(checks.mixed()))
    assert suite.attrib == {"name": "t", "tests": "8", "failures": "2", "errors": "2", "skipped": "1"}
    loss = "loss is 0.930; it must be less than 0.926 (mean 0.912 of 10 runs + 4 standard deviations of 0.0034)"
    assert junit_reader.cases(suite) == [
        ("bad", "failure", "bad is 0.250; it must be greater than 0.40 (fixed value)"),
        ("loss", "failure", f"{loss}; last good 0.907, 98 s before, run r9, commit 0000009"),
        ("gone", "error", "gone is missing: the run did not write it"),
        ("nan", "error", "nan is NaN; it must be a finite number"),
        ("wait", "skipped", "4 of 10 runs so far"),
        ("up", "system-out", "improvement: level rose from 0.913 to 0.926, z 4.85"),
        ("good", "system-out", "pass: fixed value"),
        ("plain", "system-out", "not judged: no condition"),
    ]
    assert {case.get("classname") for case in suite.iter("testcase")} == {"t"}
    said = suite.find("system-out")
    assert said is not None
    assert said.text == "time_to_accuracy: 0.76 was never reached\nWarning: a `warning` @team"


def test_the_run_and_its_commit_are_properties() -> None:
    (suite,) = junit_reader.read(junit.document(checks.mixed()))
    found = {one.get("name"): one.get("value") for one in suite.iter("property")}
    assert found == {
        "run_id": "r1",
        "verdict": "regression",
        "job_status": "success",
        "runs_before": "10",
        "start_time": "2026-11-21T14:01:47Z",
        "commit": "77e02c53aa",
        "test_type": "func",
        "accelerator": "v100",
        "framework_version": "2.9",
        "logs_link": "https://ci.example.org/1?a=b&c=d",
        "logs_command": "kubectl logs job/t",
        "workload_link": "gs://no/page",
    }


def test_a_job_that_failed_is_an_error_and_its_metrics_are_skipped() -> None:
    (suite,) = junit_reader.read(junit.document(made({"a": 0.1}, {"a": ABOVE}, status="timeout")))
    assert junit_reader.cases(suite) == [
        ("job", "error", "the job ran out of time"),
        ("a", "skipped", "not judged: the job did not succeed"),
    ]


def test_a_regression_that_was_told_before_and_only_warns_passes() -> None:
    lenient = condition("greater", level_shift={"ongoing": "warn"})
    found = made({"b": 0.9}, {"b": lenient}, history={"b": points([*H20, 0.903, 0.901, 0.9])})
    (suite,) = junit_reader.read(junit.document(found))
    ((name, tag, text),) = junit_reader.cases(suite)
    assert (found.verdict, name, tag) == (Verdict.PASS, "b", "system-out")
    assert text is not None
    assert text.startswith("regression: b is 0.900; its level fell from 0.913 to")


def test_what_waits_to_be_confirmed_is_an_error_that_says_so() -> None:
    found = made({"a": 0.1}, {"a": condition("greater", fixed_value=0.4, confirm_after=2)})
    (suite,) = junit_reader.read(junit.document(found))
    sentence = "a is 0.100; it must be greater than 0.40 (fixed value)"
    assert junit_reader.cases(suite) == [("a", "error", f"{sentence}; {found.metrics[0].reason}")]


@pytest.mark.parametrize(("verdict", "tag"), [(Verdict.PASS, "system-out"), (Verdict.INCONCLUSIVE, "error")])
def test_a_run_without_metrics_is_one_case(verdict: Verdict, tag: str) -> None:
    (suite,) = junit_reader.read(junit.document(replace(made({}, {}), verdict=verdict)))
    assert [(name, found) for name, found, _ in junit_reader.cases(suite)] == [("run", tag)]


@given(texts)
def test_any_text_is_legal(text: str) -> None:
    document = junit.document(checks.hostile(text))
    assert document.isascii()
    junit_reader.read(document)
