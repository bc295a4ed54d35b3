"""A check as JUnit XML: a suite for the test, a case for each metric; pure.

A regression that fails the run is a failure. What is inconclusive is skipped, but for what decides the run: a metric
that is missing, no finite number, or waits to be confirmed is an error, as is a job that did not succeed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cajajejo import junit_xml
from cajajejo.junit_xml import Case, Suite
from cajajejo.metrics.judgement.verdict import Verdict
from cajajejo.metrics.reports import documents, paragraphs
from cajajejo.metrics.reports.report import summary
from cajajejo.metrics.runs import ENDINGS

if TYPE_CHECKING:
    from cajajejo.metrics.judgement.verdict import MetricVerdict
    from cajajejo.metrics.reports.report import Report


def document(report: Report) -> str:
    """The XML document of one check, in ASCII."""
    return junit_xml.document("metrics check", [suite(report)])


def suite(report: Report) -> Suite:
    """The suite of one check, its metrics worst first."""
    cases = [_case(metric, report) for metric in report.worst_first]
    if report.verdict is Verdict.FAILED:
        cases.insert(0, Case(report.test, "job", "failed", f"the job {ENDINGS[report.status]}", "error"))
    if not cases:
        doubt = report.verdict is Verdict.INCONCLUSIVE
        cases = [Case(report.test, "run", report.verdict, summary(report), "error" if doubt else "")]
    told = {metric.name for metric in report.metrics} | {None}
    others = [alert.message for alert in report.alerts if alert.metric not in told]
    warnings = [f"Warning: {warning}" for warning in report.warnings]
    return Suite(report.test, tuple(cases), _properties(report), (*others, *warnings))


def _case(metric: MetricVerdict, report: Report) -> Case:
    name, verdict = metric.name, str(metric.verdict or "not judged")
    if metric.warns:
        return Case(report.test, name, verdict, f"{metric.sentence}; told before")
    if metric.verdict is Verdict.REGRESSION:
        facts = paragraphs.known(metric, report.start_time, report.commits).items()
        reason = "; ".join([metric.sentence, *(f"{name} {text}" for name, text in facts)])
        return Case(report.test, name, verdict, reason, "failure")
    if metric.decides:
        reason = f"{metric.sentence}; {metric.reason}" if metric.wrong else metric.sentence
        return Case(report.test, name, verdict, reason, "error")
    if metric.verdict is Verdict.INCONCLUSIVE or report.verdict is Verdict.FAILED:
        return Case(report.test, name, verdict, metric.reason, "skipped")
    return Case(report.test, name, verdict, metric.reason)


def _properties(report: Report) -> dict[str, str]:
    """What is known of the run, by name."""
    origin = report.origin
    known = {
        "run_id": report.run_id,
        "verdict": str(report.verdict),
        "job_status": report.status,
        "runs_before": str(report.runs_before),
        "start_time": documents.utc(report.start_time) if report.start_time else None,
        "commit": report.commit,
        "test_type": origin.test_type,
        "accelerator": origin.accelerator,
        "framework_version": origin.framework_version,
        "logs_link": origin.logs_link,
        "logs_command": origin.logs_command,
        "workload_link": origin.workload_link,
    }
    return {name: value for name, value in known.items() if value is not None}
