"""Alerts as JSON to any program: what is posted, under which key, with which login."""

from __future__ import annotations

import traceback
from typing import TYPE_CHECKING

import pytest

from cajajejo.errors import AlertError
from cajajejo.metrics.runs import Origin
from cajajejo.metrics.sending.web import Web
from cajajejo.metrics.sending.webhook import Webhook
from tests.metrics.sending.arranging import MESSAGE, ORIGIN, event
from tests.metrics.sending.far_ends import Answer

if TYPE_CHECKING:
    from tests.metrics.sending import far_ends

TOKEN = "tok-0123456789abcdef"  # noqa: S105  # of nobody


def test_everything_that_is_known_of_an_alert_is_posted_under_its_key(far: far_ends.Web) -> None:
    told = event()
    failed = event("demo: the job failed", kind="failed", metric=None, commit=None, origin=Origin())
    Webhook("webhook by URL", Web("the webhook URL"), far.url, TOKEN).send([told, failed], "k1")
    (request,) = far.requests
    assert request.headers["idempotency-key"] == "k1"
    assert request.headers["authorization"] == f"Bearer {TOKEN}"
    assert request.json == {
        "version": 1,
        "key": "k1",
        "alerts": [
            {
                "id": told.id,
                "happening": "opened",
                "kind": "regression",
                "test": "demo",
                "metric": "loss_final",
                "message": MESSAGE,
                "run_id": "r7",
                "start_time": "2026-11-21T14:02:11Z",
                "commit": "10abfb1",
                "links": {"log": ORIGIN.logs_link, "workload": ORIGIN.workload_link},
                "logs_command": ORIGIN.logs_command,
            },
            {
                "id": failed.id,
                "happening": "opened",
                "kind": "failed",
                "test": "demo",
                "metric": None,
                "message": "demo: the job failed",
                "run_id": "r7",
                "start_time": "2026-11-21T14:02:11Z",
                "commit": None,
                "links": {},
                "logs_command": None,
            },
        ],
    }


def test_without_a_token_there_is_no_login_and_an_odd_key_becomes_a_digest(far: far_ends.Web) -> None:
    Webhook("webhook by URL", Web("the webhook URL"), far.url).send([event()], "two\nlines")
    (request,) = far.requests
    assert "authorization" not in request.headers
    assert request.headers["idempotency-key"] == request.json["key"]
    assert len(request.json["key"]) == 32


def test_a_server_that_throttles_says_when_to_come_again_and_then_takes_it(far: far_ends.Web) -> None:
    sink = Webhook("webhook by URL", Web("the webhook URL", (far.url, TOKEN)), far.url, TOKEN)
    far.answers[:] = [Answer(429, b"slow down", {"Retry-After": "7"}), Answer(503, b""), Answer(202, b"")]
    with pytest.raises(AlertError, match=r"^the webhook URL does not take it now: HTTP 429, slow down$") as caught:
        sink.send([event()], "k1")
    assert caught.value.retry_after == 7.0
    assert TOKEN not in "".join(traceback.format_exception(caught.value)) + repr(sink)
    with pytest.raises(AlertError, match="HTTP 503") as caught:
        sink.send([event()], "k1")
    assert caught.value.retry_after is None
    sink.send([event()], "k1")
    assert {request.headers["idempotency-key"] for request in far.requests} == {"k1"}
    assert len({request.body for request in far.requests}) == 1


def test_a_program_that_only_says_no_is_told_in_its_words(far: far_ends.Web) -> None:
    far.answers[:] = [Answer(422, b'{"error": "no such team"}')]
    with pytest.raises(AlertError, match=r"^the webhook URL said no: HTTP 422, no such team$"):
        Webhook("webhook by URL", Web("the webhook URL"), far.url).send([event()], "k1")
