"""Letters through SendGrid: what it is asked, where the key and the addresses come from, and what it refuses."""

from __future__ import annotations

import traceback
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from cajajejo.errors import AlertError
from cajajejo.metrics.sending.google import SecretManager
from cajajejo.metrics.sending.sendgrid import Account, SendGrid
from tests.metrics.sending.arranging import MESSAGE, event
from tests.metrics.sending.far_ends import SENDGRID_KEY, Answer

if TYPE_CHECKING:
    from tests.metrics.sending.far_ends import Web

ACCOUNT = Account(("ml-team@example.org", "night@example.org"), "alerts@example.org", SENDGRID_KEY)


def test_one_request_asks_for_one_letter(google: Web) -> None:
    sink = SendGrid(ACCOUNT, google.url)
    sink.send([event()], "k1")
    (request,) = google.requests
    assert (request.line, request.headers["authorization"]) == ("POST /v3/mail/send", f"Bearer {SENDGRID_KEY}")
    document = request.json
    (text, html) = document.pop("content")
    assert document == {
        "personalizations": [{"to": [{"email": "ml-team@example.org"}, {"email": "night@example.org"}]}],
        "from": {"email": "alerts@example.org", "name": "cajajejo"},
        "subject": "demo: 1 alert (loss_final)",
        "headers": {"Message-ID": "<k1@example.org>", "Auto-Submitted": "auto-generated"},
        "custom_args": {"key": "k1"},
    }
    assert (text["type"], html["type"]) == ("text/plain", "text/html")
    assert MESSAGE in text["value"]
    assert MESSAGE in html["value"]
    assert sink.name == "sendgrid to ml-team@example.org, night@example.org"


def test_what_is_not_given_is_asked_of_secret_manager_under_the_names_of_the_documentation(google: Web) -> None:
    kept = SecretManager("p", google.url)
    sink = SendGrid(Account(None, None, None, kept), google.url)
    assert sink.name == "sendgrid by the secrets of p"
    sink.send([event()], "k1")
    secrets = "/v1/projects/p/secrets"
    assert [request.line for request in google.requests] == [
        "POST /token",
        f"GET {secrets}/alert-destination-email-address/versions/latest:access",
        f"GET {secrets}/alert-sender-email-address/versions/latest:access",
        f"GET {secrets}/sendgrid-api-key/versions/latest:access",
        "POST /v3/mail/send",
    ]
    document = google.requests[-1].json
    assert document["personalizations"] == [{"to": [{"email": "ml-team@example.org"}]}]
    assert document["from"]["email"] == "alerts@example.org"


def test_only_what_is_missing_is_asked_of_secret_manager(google: Web) -> None:
    SendGrid(replace(ACCOUNT, sender=None, kept=SecretManager("p", google.url)), google.url).send([event()], "k1")
    assert [request.line.rpartition("/secrets/")[2] for request in google.requests[1:-1]] == [
        "alert-sender-email-address/versions/latest:access"
    ]


def test_an_address_in_secret_manager_that_is_none_is_told(google: Web) -> None:
    data = b'{"payload": {"data": "dGVhbQ=="}}'
    google.answers[:] = [Answer(body=b'{"access_token": "t", "expires_in": 3600}'), Answer(body=data)]
    with pytest.raises(AlertError, match=r"^alert-destination-email-address holds no e-mail address$"):
        SendGrid(Account(None, None, None, SecretManager("p", google.url)), google.url).send([event()], "k1")


def test_a_key_that_is_not_taken_is_told_and_not_shown(google: Web) -> None:
    sink = SendGrid(replace(ACCOUNT, key="SG.another-key-of-nobody"), google.url)
    with pytest.raises(AlertError, match=r"^SendGrid said no: HTTP 401, authorization required$") as caught:
        sink.send([event()], "k1")
    assert "another-key-of-nobody" not in "".join(traceback.format_exception(caught.value)) + repr(sink)


def test_too_many_letters_are_told_with_when_to_come_again(google: Web) -> None:
    google.answers[:] = [Answer(429, b'{"errors":[{"message":"too many requests"}]}', {"Retry-After": "30"})]
    with pytest.raises(AlertError, match="too many requests") as caught:
        SendGrid(ACCOUNT, f"{google.url}/").send([event()], "k1")
    assert caught.value.retry_after == 30.0
