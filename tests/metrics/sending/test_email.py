"""Letters over SMTP, to a mail server that is real: whole, once, over TLS, and what it refuses told in a sentence."""

from __future__ import annotations

import base64
import email
import email.policy
import re
import socket
import time
import traceback
from typing import TYPE_CHECKING, Any

import pytest

from cajajejo.errors import AlertError
from cajajejo.metrics.sending.email import Email, Login, Server
from tests.fakes.kubernetes import certificates
from tests.metrics.sending import far_ends
from tests.metrics.sending.arranging import MESSAGE, event

if TYPE_CHECKING:
    import ssl
    from pathlib import Path

    from tests.metrics.sending.far_ends import Mail

PASSWORD = "correct-horse-battery"  # noqa: S105  # of nobody
GREETING = b"220 localhost\r\n"
WELL: list[bytes | None] = [GREETING, *[b"250 OK\r\n"] * 3, b"354 go on\r\n", b".250 OK\r\n"]
"""What a mail server says to one letter."""
TEAM = ("ml-team@example.org", "night@example.org")


@pytest.fixture
def tls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    """The certificate of a mail server on this machine, which clients trust."""
    made = certificates.make()
    (tmp_path / "authority.pem").write_text(made.authority)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
    return made.context


def sink(port: int, transport: Any = "none", login: Login | None = None, *, host: str = "localhost") -> Email:
    server = Server(host, port, transport, login, seconds=0.5 if transport == "none" else 5.0)
    return Email(server, "alerts@example.org", TEAM[0], TEAM)


def letters(mail: Mail) -> list[Any]:
    return [email.message_from_bytes(data, policy=email.policy.SMTP) for _, _, data in mail.letters]


def refusal(of: Email) -> AlertError:
    with pytest.raises(AlertError) as caught:
        of.send([event()], "k1")
    told = "".join(traceback.format_exception(caught.value))
    assert PASSWORD not in told
    return caught.value


def test_a_letter_arrives_over_starttls_after_a_login(tls: ssl.SSLContext) -> None:
    with far_ends.mail_server(tls=tls, password=PASSWORD) as mail:
        sink(mail.port, "starttls", Login("alerts@example.org", PASSWORD, "SMTP_PASSWORD")).send([event()], "k1")
        assert [(sender, to) for sender, to, _ in mail.letters] == [("alerts@example.org", [TEAM[0]])]
        assert mail.logins == [("alerts@example.org", PASSWORD)]
    (letter,) = letters(mail)
    headers = {name: letter[name] for name in ("From", "To", "Subject", "Message-ID", "Auto-Submitted")}
    assert headers == {
        "From": "cajajejo <alerts@example.org>",
        "To": "ml-team@example.org, night@example.org",
        "Subject": "demo: 1 alert (loss_final)",
        "Message-ID": "<k1@example.org>",
        "Auto-Submitted": "auto-generated",
    }
    assert letter.get_content_type() == "multipart/alternative"
    text, html = letter.get_body(("plain",)), letter.get_body(("html",))
    assert f"  Alert: {MESSAGE}\n" in text.get_content().replace("\r\n", "\n")
    assert MESSAGE in html.get_content()


def test_a_letter_arrives_over_tls_from_the_first_byte(tls: ssl.SSLContext) -> None:
    with far_ends.mail_server(tls=tls, implicit=True) as mail:
        sink(mail.port, "tls").send([event()], "k1")
        assert len(mail.letters) == 1


def test_a_certificate_that_nobody_vouches_for_is_refused_before_the_login() -> None:
    login = Login("alerts@example.org", PASSWORD, "SMTP_PASSWORD")
    with far_ends.mail_server(tls=certificates.make().context, password=PASSWORD) as mail:
        error = refusal(sink(mail.port, "starttls", login))
        assert error.message == f"the mail server localhost:{mail.port} cannot be trusted: self-signed certificate"
        assert (mail.letters, mail.logins) == ([], [])


def test_a_certificate_of_another_host_is_refused(tls: ssl.SSLContext) -> None:
    with far_ends.mail_server(tls=tls) as mail:
        error = refusal(sink(mail.port, "starttls", host="127.0.0.2"))
        assert "cannot be trusted: IP address mismatch" in error.message or "does not answer" in error.message


def test_a_server_without_starttls_is_given_nothing() -> None:
    with far_ends.mail_server() as mail:
        login = Login("alerts@example.org", PASSWORD, "SMTP_PASSWORD")
        error = refusal(sink(mail.port, "starttls", login))
        assert error.message == f"the mail server localhost:{mail.port} offers no STARTTLS"
        assert (mail.letters, mail.logins) == ([], [])


def test_a_password_that_is_not_taken_is_told_by_its_variable(tls: ssl.SSLContext) -> None:
    with far_ends.mail_server(tls=tls, password=PASSWORD[::-1]) as mail:
        error = refusal(sink(mail.port, "starttls", Login("alerts@example.org", PASSWORD, "SMTP_PASSWORD")))
        assert error.message == (
            f"the mail server localhost:{mail.port} does not take the password in SMTP_PASSWORD: "
            "535 5.7.8 Authentication credentials invalid"
        )
        assert mail.letters == []


def test_a_server_that_asks_for_a_login_where_there_is_none_says_so(tls: ssl.SSLContext) -> None:
    with far_ends.mail_server(tls=tls, password=PASSWORD) as mail:
        error = refusal(sink(mail.port, "starttls"))
        assert error.message.endswith("said no: 530 5.7.0 Authentication required")


@pytest.mark.parametrize("command", ["MAIL", "RCPT", "DATA"])
def test_what_is_refused_for_now_is_taken_later(command: str) -> None:
    with far_ends.mail_server() as mail:
        mail.says[command] = ["451 4.7.1 Greylisted, come again"]
        error = refusal(sink(mail.port))
        assert "takes no letter now" in error.message
        assert error.message.endswith(": 451 4.7.1 Greylisted, come again")
        sink(mail.port).send([event()], "k1")
        assert len(mail.letters) == 1


@pytest.mark.parametrize("command", ["MAIL", "RCPT", "DATA"])
def test_what_is_refused_for_good_is_told_in_the_words_of_the_server(command: str) -> None:
    with far_ends.mail_server() as mail:
        mail.says[command] = ["550 5.1.1 No such user \x1b[31m"]
        about = f" for {TEAM[0]}" if command == "RCPT" else ""
        whose = f"the mail server localhost:{mail.port}"
        assert refusal(sink(mail.port)).message == f"{whose} said no{about}: 550 5.1.1 No such user \\x1b[31m"
        assert mail.letters == []


@pytest.mark.parametrize("said", [PASSWORD, base64.b64encode(f"\0me\0{PASSWORD}".encode()).decode(), PASSWORD[:12]])
def test_a_server_that_says_the_password_is_not_quoted(said: str) -> None:
    script = [GREETING, b"250-localhost\r\n250 AUTH PLAIN\r\n", f"535 5.7.8 bad login: {said}\r\n".encode()]
    with far_ends.mail_line(script) as port:
        error = refusal(sink(port, login=Login("me", PASSWORD, "SMTP_PASSWORD")))
        assert error.message.endswith("the password in SMTP_PASSWORD: 535 5.7.8 bad login: (hidden)")


@pytest.mark.parametrize("heard", range(6), ids=["greeting", "EHLO", "MAIL", "RCPT", "DATA", "the letter"])
def test_a_server_that_says_nothing_more_is_not_waited_for_long(heard: int) -> None:
    with far_ends.mail_line([*WELL[:heard], None]) as port:
        begin = time.monotonic()
        assert refusal(sink(port)).message == f"the mail server localhost:{port} says nothing within 0.5 s"
        assert time.monotonic() - begin < 5


@pytest.mark.parametrize("heard", range(6), ids=["greeting", "EHLO", "MAIL", "RCPT", "DATA", "the letter"])
def test_a_server_that_dies_half_way_is_told(heard: int) -> None:
    with far_ends.mail_line(WELL[:heard]) as port:
        assert refusal(sink(port)).message == f"the mail server localhost:{port} broke off"


@pytest.mark.parametrize("end", [(), (None,), (b"500 what?\r\n",)], ids=["dies", "says nothing", "says no"])
def test_a_server_that_has_taken_the_letter_may_end_as_it_likes(end: tuple[bytes | None, ...]) -> None:
    with far_ends.mail_line([*WELL, *end]) as port:
        sink(port).send([event()], "k1")


def test_a_server_that_is_not_there_is_told() -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        port = held.getsockname()[1]
        assert refusal(sink(port)).message == f"the mail server localhost:{port} does not answer: Connection refused"


def test_a_server_that_has_no_address_is_told() -> None:
    error = refusal(sink(25, host="no-such-host.invalid"))
    assert error.message.startswith("the mail server no-such-host.invalid:25 does not answer: ")


def test_a_server_of_something_else_is_told() -> None:
    with far_ends.web_server() as web:
        error = refusal(sink(int(web.url.rpartition(":")[2])))
        assert "the mail server localhost:" in error.message


def test_the_same_events_are_the_same_letter_to_a_mailbox_and_others_are_not() -> None:
    with far_ends.mail_server() as mail:
        for key in ("k1", "k1", "k2", "two\nlines: é"):
            sink(mail.port).send([event()], key)
        same, again, other, odd = (letter["Message-ID"] for letter in letters(mail))
    assert (same, again, other) == ("<k1@example.org>", "<k1@example.org>", "<k2@example.org>")
    assert re.fullmatch("<[0-9a-f]{32}@example.org>", odd)


def test_no_secret_is_in_what_describes_a_sink() -> None:
    assert PASSWORD not in repr(sink(25, login=Login("me", PASSWORD, "SMTP_PASSWORD")))
