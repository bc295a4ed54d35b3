"""HTTP to where alerts go: what fails is told, for how long it is left alone, and no secret with it."""

from __future__ import annotations

import base64
import errno
import json
import logging
import socket
import threading
import time
import traceback
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cajajejo.errors import AlertError
from cajajejo.metrics.sending import web as sending_web
from cajajejo.metrics.sending.web import Web, quoted
from tests.fakes.kubernetes import certificates
from tests.metrics.sending import far_ends
from tests.metrics.sending.far_ends import Answer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SECRET_PATH = "/services/T0AB12CD3/B0EF45GH6/qWeRtYuIoPaSdFgHjKl12345"  # noqa: S105  # of nobody
TOKEN = "tok-0123456789abcdef"  # noqa: S105  # as above


@pytest.fixture(autouse=True)
def no_secret_is_logged(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    caplog.set_level(logging.DEBUG)
    yield
    assert [part for part in (TOKEN, *SECRET_PATH.split("/")[2:]) if part in caplog.text] == []


def refusal(far: far_ends.Web, *answers: Answer, url: str | None = None) -> AlertError:
    """What is raised of an answer to a post to a secret address; nothing of the address or the token is in it."""
    far.answers[:] = answers
    address = url or far.url + SECRET_PATH
    web = Web("Slack (SLACK_URL)", (address, TOKEN), connect_seconds=0.5, silence_seconds=0.5)
    with pytest.raises(AlertError) as caught:
        web.post(address, {"text": "x"}, {"Authorization": f"Bearer {TOKEN}"})
    told = "".join(traceback.format_exception(caught.value)) + repr(web) + repr(caught.value.facts)
    assert [part for part in (TOKEN, *SECRET_PATH.split("/")[2:]) if part in told] == []
    return caught.value


def test_what_is_posted_is_json_in_utf_8_whatever_it_holds(far: far_ends.Web) -> None:
    said = Web("x").post(far.url, {"text": "漢字 \ud800 \x00 \u2028", "none": None})
    (request,) = far.requests
    assert (said, request.line) == (b"ok", "POST /")
    assert request.json == {"text": "漢字 ? \x00 \u2028", "none": None}
    assert request.headers["content-type"] == "application/json; charset=utf-8"
    assert request.headers["user-agent"].startswith("cajajejo/")


@pytest.mark.parametrize("status", [200, 201, 202, 204])
def test_every_good_status_is_a_yes(far: far_ends.Web, status: int) -> None:
    far.answers[:] = [Answer(status, b"")]
    assert Web("x").post(far.url, {}) == b""
    assert len(far.requests) == 1


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        pytest.param(Answer(400, b"invalid_payload"), "said no: HTTP 400, invalid_payload", id="text"),
        pytest.param(Answer(401, b'{"errors":[{"message":"bad key"}]}'), "said no: HTTP 401, bad key", id="SendGrid"),
        pytest.param(Answer(403, b'{"error":{"message":"denied"}}'), "said no: HTTP 403, denied", id="Google"),
        pytest.param(Answer(404, b""), "said no: HTTP 404", id="nothing said"),
        pytest.param(Answer(410, b"[" * 9999), f"said no: HTTP 410, {'[' * 199}…", id="JSON that is too deep"),
        pytest.param(Answer(400, b"\x1b[2J\xff\n\tx"), "said no: HTTP 400, \\x1b[2J� x", id="what moves a terminal"),
        pytest.param(Answer(500, b"oops"), "does not take it now: HTTP 500, oops", id="500"),
        pytest.param(Answer(429, b"slow down"), "does not take it now: HTTP 429, slow down", id="429"),
        pytest.param(Answer(408, b""), "does not take it now: HTTP 408", id="408"),
    ],
)
def test_a_no_is_told_in_the_words_of_the_far_end(far: far_ends.Web, answer: Answer, message: str) -> None:
    assert refusal(far, answer).message == f"Slack (SLACK_URL) {message}"
    assert len(far.requests) == 1


def test_a_far_end_that_says_nothing_or_breaks_off_is_told_soon(far: far_ends.Web) -> None:
    begin = time.monotonic()
    said_nothing = refusal(far, Answer(fault="hang")).message
    assert time.monotonic() - begin < 5
    assert said_nothing == "Slack (SLACK_URL) does not answer: nothing said within 0.5 s"
    for said in ("\n", "HTTP/1.", "HTTP/1.1 abc\r\n\r\n"):
        assert refusal(far, Answer(fault=said)).message == "Slack (SLACK_URL) does not answer: it broke off"


def drop_by_drop(begin: bytes, drop: bytes) -> Iterator[str]:
    """A far end that says `begin`, and a `drop` every tenth of a second for a minute."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            connection, _ = server.accept()
            with connection, suppress(OSError):
                connection.recv(65_536)
                connection.sendall(begin)
                for _ in range(600):
                    connection.sendall(drop)
                    time.sleep(0.1)

        threading.Thread(target=answer, daemon=True).start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}/"


def test_an_answer_that_never_ends_keeps_nobody() -> None:
    web, begin = Web("it", connect_seconds=0.5, silence_seconds=0.5), time.monotonic()
    for url in drop_by_drop(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n", b": beat\n"):
        assert web.post(url, {}) == b""
    for url in drop_by_drop(b"HTTP/1.1 200 OK\r\n", b"A: b\r\n"):
        with pytest.raises(AlertError, match=r"^it does not answer: no answer within 1 s$"):
            web.post(url, {})
    assert time.monotonic() - begin < 10


@pytest.mark.parametrize(
    "rest", ["", "Content-Le", "Content-Length: 9\r\n\r\nhalf", "Content-Length: x\r\n\r\n", "\r\n"]
)
def test_a_yes_is_a_yes_whatever_comes_after_it(far: far_ends.Web, rest: str) -> None:
    far.answers[:] = [Answer(fault=f"HTTP/1.1 202 Accepted\r\n{rest}")]
    address = far.url + SECRET_PATH
    Web("x", (address,)).post(address, {})
    assert len(far.requests) == 1


def test_a_far_end_that_is_not_there_is_told(far: far_ends.Web) -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{held.getsockname()[1]}{SECRET_PATH}"
        message = refusal(far, url=url).message
    refused = f"[Errno {errno.ECONNREFUSED}] Connection refused"
    assert message == f"Slack (SLACK_URL) does not answer: Failed to establish a new connection: {refused}"
    nowhere = refusal(far, url=f"http://no-such-host.invalid{SECRET_PATH}").message
    assert nowhere.startswith("Slack (SLACK_URL) does not answer: Failed to resolve 'no-such-host.invalid'")


def test_a_far_end_without_tls_is_told(far: far_ends.Web) -> None:
    url = far.url.replace("http:", "https:") + SECRET_PATH
    message = refusal(far, url=url).message
    assert message.startswith("Slack (SLACK_URL) does not answer: it cannot be trusted, or speaks no TLS: ")


def test_a_certificate_is_checked_against_the_authorities_of_this_machine(
    far: far_ends.Web, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = certificates.make()
    with far_ends.web_server(made.context) as web:
        message = refusal(far, url=web.url + SECRET_PATH).message
        assert "it cannot be trusted, or speaks no TLS: " in message
        assert "self-signed certificate" in message
        assert web.requests == []
        (tmp_path / "authority.pem").write_text(made.authority)
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
        assert Web("x").post(web.url, {}) == b"ok"
        assert len(web.requests) == 1


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_nothing_is_sent_on_to_another_address(far: far_ends.Web, status: int) -> None:
    with far_ends.web_server() as other:
        error = refusal(far, Answer(status, b"", {"Location": other.url + SECRET_PATH}))
        assert error.message == (
            f"Slack (SLACK_URL) sends us on to another address, which is not followed: HTTP {status}"
        )
        assert other.requests == []


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7.0),
        ("0", 0.0),
        (" 12 ", 12.0),
        ("999999999", 86_400.0),
        ("soon", None),
        ("-1", None),
        ("", None),
        ("٣", None),
    ],
)
def test_how_long_it_asks_to_be_left_alone_is_told(
    far: far_ends.Web, status: int, header: str, seconds: float | None
) -> None:
    answer = Answer(status, b"", {"Retry-After": header.encode("utf-8").decode("latin-1")})
    assert refusal(far, answer).retry_after == seconds


def test_until_when_it_asks_to_be_left_alone_is_told(far: far_ends.Web) -> None:
    now = datetime.now(UTC)
    for ahead, least, most in ((60, 50, 60), (-60, 0, 0), (10 * 86_400, 86_400, 86_400)):
        moment = format_datetime(now + timedelta(seconds=ahead), usegmt=True)
        after = refusal(far, Answer(503, b"", {"Retry-After": moment})).retry_after
        assert after is not None
        assert least <= after <= most


@pytest.mark.parametrize(
    "said",
    [
        pytest.param("no hook at URL", id="the address"),
        pytest.param("no hook at PATH", id="its path"),
        pytest.param("no hook at QUOTED", id="quoted"),
        pytest.param('{"message": "no hook at PATH"}', id="in JSON"),
        pytest.param('{"path": "ESCAPED", "status": 404}', id="with escaped slashes"),
        pytest.param("hook qWeRtYuIoPaSdFgHjKl12345 is gone", id="its last part"),
        pytest.param("hook qWeRtYuIoPaSdFgHj... is gone", id="cut by the far end"),
        pytest.param("team T0AB12CD3 is gone", id="another part"),
        pytest.param("bad Authorization: Bearer TOKEN", id="the token"),
        pytest.param("x" * 190 + " TOKEN", id="where the quotation ends"),
        pytest.param("x" * (64 * 1024 - 10) + "TOKEN", id="where reading ends"),
    ],
)
def test_a_far_end_that_says_the_secret_is_not_quoted(far: far_ends.Web, said: str) -> None:
    url = far.url + SECRET_PATH
    for word, value in {
        "URL": url,
        "PATH": SECRET_PATH,
        "QUOTED": quote(url, safe=""),
        "ESCAPED": SECRET_PATH.replace("/", "\\/"),
        "TOKEN": TOKEN,
    }.items():
        said = said.replace(word, value)
    refusal(far, Answer(404, said.encode()))


@given(
    st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=8, max_size=40),
    st.text(max_size=30),
    st.text(max_size=300),
)
def test_nothing_that_is_quoted_holds_a_secret(secret: str, before: str, after: str) -> None:
    said = before + secret + after
    assert secret not in quoted(said, (secret,))
    assert secret not in quoted(json.dumps({"message": said}), (secret,))
    assert len(quoted(said, (secret,))) <= 200


def test_a_proxy_of_the_environment_is_gone_through_with_its_login(
    far: far_ends.Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", far.url.replace("//", "//me:pass%20word@"))
    assert Web("x").post("http://far.example.org/hook", {"a": 1}) == b"ok"
    (request,) = far.requests
    assert request.line == "POST http://far.example.org/hook"
    login = base64.b64encode(b"me:pass word").decode()
    assert request.headers["proxy-authorization"] == f"Basic {login}"
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    Web("x").post(f"{far.url}/direct", {})
    assert far.requests[-1].line == "POST /direct"


def test_a_proxy_that_is_not_there_is_told_without_its_password(
    far: far_ends.Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        monkeypatch.setenv("http_proxy", f"http://me:hunter2hunter2@127.0.0.1:{held.getsockname()[1]}")
        error = refusal(far, url=f"http://far.example.org{SECRET_PATH}")
    assert "does not answer" in error.message
    assert "hunter2" not in "".join(traceback.format_exception(error))


def test_what_an_address_consists_of_is_no_secret_where_it_is_a_word() -> None:
    secrets = ("https://hooks.slack.com" + SECRET_PATH,)
    assert quoted("the services of hooks are closed", secrets) == "the services of hooks are closed"


def test_numbers_that_json_does_not_know_are_an_error_of_ours() -> None:
    document: Any = {"value": float("nan")}
    with pytest.raises(ValueError, match="Out of range float"):
        sending_web.as_json(document)
