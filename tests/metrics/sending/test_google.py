"""A login and secrets of Google Cloud, over REST, from a server that knows both."""

from __future__ import annotations

import base64
import json
import traceback
from typing import TYPE_CHECKING

import pytest

from cajajejo.errors import AlertError
from cajajejo.metrics.sending import google as google_cloud
from cajajejo.metrics.sending.google import SecretManager
from tests.metrics.sending.far_ends import GOOGLE_TOKEN, Answer

OLD_TOKEN = GOOGLE_TOKEN[::-1]

if TYPE_CHECKING:
    from pathlib import Path

    from tests.metrics.sending.far_ends import Web


def test_the_login_of_a_service_account_gives_a_token(google: Web) -> None:
    assert google_cloud.token() == GOOGLE_TOKEN
    assert [request.line for request in google.requests] == ["POST /token"]


def test_a_secret_is_its_latest_version_without_the_line_break_at_its_end(google: Web) -> None:
    kept = SecretManager("p", google.url)
    assert kept.secret("alert-sender-email-address", GOOGLE_TOKEN) == "alerts@example.org"


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (Answer(404, b'{"error": {"message": "Secret [projects/1/secrets/s] not found"}}'), None),
        (Answer(body=b"<html>"), "answers with something that is no secret"),
        (Answer(body=b'{"payload": {"data": 3}}'), "answers with something that is no secret"),
        (
            Answer(body=json.dumps({"payload": {"data": base64.b64encode(b"\xff\xfe").decode()}}).encode()),
            "answers with something that is no secret",
        ),
        (Answer(body=b'{"payload": {"data": "IAo="}}'), "is empty"),
    ],
    ids=["not there", "no JSON", "no text", "no UTF-8", "blank"],
)
def test_a_secret_that_cannot_be_had_is_told(google: Web, answer: Answer, message: str | None) -> None:
    google.answers[:] = [answer]
    with pytest.raises(AlertError) as caught:
        SecretManager("p", google.url).secret("s", GOOGLE_TOKEN)
    told = message or "said no: HTTP 404, Secret [projects/1/secrets/s] not found"
    assert caught.value.message == f"Secret Manager (s of p) {told}"


def test_a_token_that_is_not_taken_is_not_shown(google: Web) -> None:
    google.answers[:] = [Answer(401, f'{{"error": {{"message": "bad token {OLD_TOKEN}"}}}}'.encode())]
    with pytest.raises(AlertError) as caught:
        SecretManager("p", google.url).secret("s", OLD_TOKEN)
    assert OLD_TOKEN not in "".join(traceback.format_exception(caught.value))


def test_a_login_that_google_does_not_take_is_told(google: Web, private_key: str) -> None:
    google.answers[:] = [Answer(400, b'{"error": "invalid_grant", "error_description": "account not found"}')] * 5
    with pytest.raises(AlertError, match=r"^no login for Google Cloud: .*account not found") as caught:
        google_cloud.token()
    assert private_key.splitlines()[1] not in "".join(traceback.format_exception(caught.value))


def test_no_login_at_all_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "none.json"))
    with pytest.raises(AlertError, match=r"^no login for Google Cloud: File .*none.json was not found"):
        google_cloud.token()
