"""Events of Error Reporting: what went wrong, in a group of each test and metric."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cajajejo.errors import AlertError
from cajajejo.metrics.runs import Origin
from cajajejo.metrics.sending import error_reporting
from cajajejo.metrics.sending.error_reporting import ErrorReporting
from tests.metrics.sending.arranging import MESSAGE, event
from tests.metrics.sending.far_ends import Answer

if TYPE_CHECKING:
    from tests.metrics.sending.far_ends import Web


def test_an_alert_is_an_event_with_a_link_to_its_log(google: Web) -> None:
    sink = ErrorReporting("p", google.url)
    sink.send([event()], "k1")
    token, report = google.requests
    assert (token.line, report.line) == ("POST /token", "POST /v1beta1/projects/p/events:report")
    assert report.json == {
        "serviceContext": {"service": "cajajejo", "version": "10abfb1"},
        "message": (f"demo: {MESSAGE} ||| Logs for this run: https://console.cloud.google.com/logs?project=p&q=job"),
        "context": {"reportLocation": {"filePath": "demo", "functionName": "loss_final"}},
    }
    assert (sink.name, sink.most) == ("error_reporting of p", 1)


def test_a_job_without_links_or_a_commit_has_fewer_words() -> None:
    failed = event("demo: the job failed", kind="failed", metric=None, commit=None, origin=Origin())
    assert error_reporting.document(failed) == {
        "serviceContext": {"service": "cajajejo"},
        "message": "demo: the job failed",
        "context": {"reportLocation": {"filePath": "demo", "functionName": "the job"}},
    }


def test_what_is_over_is_no_error(google: Web) -> None:
    sink = ErrorReporting("p", google.url)
    sink.send([event(happening="recovered"), event(happening="accepted")], "k1")
    assert google.requests == []
    sink.send([event(happening="escalated")], "k2")
    assert len(google.requests) == 2


def test_a_project_that_may_not_be_written_to_is_told(google: Web) -> None:
    denied = Answer(403, b'{"error": {"message": "Permission denied on resource project p."}}')
    google.answers[:] = [Answer(body=b'{"access_token": "t", "expires_in": 3600}'), denied]
    message = r"^Error Reporting \(p\) said no: HTTP 403, Permission denied on resource project p\.$"
    with pytest.raises(AlertError, match=message):
        ErrorReporting("p", google.url).send([event()], "k1")
