"""Alerts as letters, through a mail server over SMTP."""

from __future__ import annotations

import base64
import smtplib
import socket
import ssl
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email.header import Header
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.policy import compat32
from email.utils import formataddr, formatdate
from typing import TYPE_CHECKING, Final, Literal

from cajajejo.errors import AlertError
from cajajejo.metrics.sending import digest, wording
from cajajejo.metrics.sending.web import quoted

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cajajejo.metrics.judgement.incidents import Event

_SENDER: Final = "cajajejo"
_LINE: Final = 65  # with the name of the header, less than 78
_TEMPORARY: Final = range(400, 500)


@dataclass(frozen=True, slots=True)
class Login:
    """Who logs in to a mail server; `variable` is where the password was."""

    username: str
    password: str = field(repr=False)
    variable: str


@dataclass(frozen=True, slots=True)
class Server:
    """A mail server, and how the connection is kept from others; `seconds`: how long it may say nothing."""

    host: str
    port: int
    transport: Literal["starttls", "tls", "none"]
    login: Login | None = None
    seconds: float = 20.0

    @property
    def whose(self) -> str:
        """What messages call it."""
        return f"the mail server {self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Email:
    """One recipient; the letter is addressed to `everyone` who gets the same."""

    server: Server
    sender: str
    to: str
    everyone: tuple[str, ...]
    tests: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """What its deliveries are kept under."""
        return f"email to {self.to}"

    @property
    def most(self) -> None:
        """Any number of events."""

    def send(self, events: Sequence[Event], key: str) -> None:
        """Hands one letter to the server.

        Raises:
            AlertError: it did not take it.
        """
        data = letter(events, key, sender=self.sender, to=self.everyone)
        with _told(self.server):
            smtp = _connect(self.server)
            try:
                smtp.sendmail(self.sender, [self.to], data)
            except BaseException:
                smtp.close()
                raise
            with suppress(smtplib.SMTPException, OSError):  # it has the letter
                smtp.quit()


def letter(events: Sequence[Event], key: str, *, sender: str, to: Sequence[str]) -> bytes:
    """The letter about `events`; the same events have the same ``Message-ID``, so that a mailbox can tell."""
    told = digest.letter(events)
    message = MIMEMultipart("alternative")
    message["From"] = formataddr((_SENDER, sender))
    message["To"] = ", ".join(to)
    message["Subject"] = _subject(told.subject)  # type: ignore[assignment]  # typeshed knows text alone
    message["Date"] = formatdate()
    message["Message-ID"] = message_id(key, sender)
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"
    message.attach(MIMEText(told.text, "plain", "utf-8"))
    message.attach(MIMEText(told.html, "html", "utf-8"))
    return message.as_bytes(policy=compat32.clone(linesep="\r\n"))


def _subject(text: str) -> str | Header:
    """`text` as it is where it is plain; else encoded, so that it comes back with every space and nothing else."""
    plain = len(text) <= _LINE and text.isascii() and "=?" not in text and text == " ".join(text.split())
    return text if plain else Header(text, "utf-8", header_name="Subject")


def message_id(key: str, sender: str) -> str:
    """The ``Message-ID`` of what is known by `key`."""
    return f"<{wording.plain_key(key)}@{sender.rpartition('@')[2]}>"


def _connect(server: Server) -> smtplib.SMTP:
    """A connection that may send: kept from others, and logged in."""
    here = socket.gethostname()
    own_name = here if "." in here and here.isascii() else "[127.0.0.1]"
    context = ssl.create_default_context()
    if server.transport == "tls":
        smtp: smtplib.SMTP = smtplib.SMTP_SSL(
            server.host, server.port, local_hostname=own_name, timeout=server.seconds, context=context
        )
    else:
        smtp = smtplib.SMTP(server.host, server.port, local_hostname=own_name, timeout=server.seconds)
    try:
        if server.transport == "starttls":
            smtp.starttls(context=context)
        if server.login is not None:
            smtp.login(server.login.username, server.login.password)
    except BaseException:
        smtp.close()
        raise
    return smtp


@contextmanager
def _told(server: Server) -> Iterator[None]:
    """Sends inside.

    Raises:
        AlertError: what went wrong, with what the server said, and without the password.
    """
    try:
        yield
    except smtplib.SMTPNotSupportedError as error:
        wanted = "STARTTLS" if "STARTTLS" in str(error) else "login"
        raise AlertError(f"{server.whose} offers no {wanted}") from None
    except smtplib.SMTPAuthenticationError as error:
        variable = server.login.variable if server.login else ""
        says = _says(server, error.smtp_code, error.smtp_error)
        raise AlertError(f"{server.whose} does not take the password in {variable}: {says}") from None
    except smtplib.SMTPRecipientsRefused as error:
        (address, (code, text)), *_ = error.recipients.items()
        says = _says(server, code, text)
        raise AlertError(f"{server.whose} {_no(code)} for {address}: {says}") from None
    except smtplib.SMTPResponseException as error:
        code = error.smtp_code
        raise AlertError(f"{server.whose} {_no(code)}: {_says(server, code, error.smtp_error)}") from None
    except (TimeoutError, smtplib.SMTPServerDisconnected, ssl.SSLError, smtplib.SMTPException, OSError) as error:
        raise AlertError(f"{server.whose} {_away(server, error)}") from None


def _no(code: int) -> str:
    return "takes no letter now" if code in _TEMPORARY else "said no"


def _away(server: Server, error: Exception) -> str:
    if isinstance(error, TimeoutError) or "timed out" in str(error):
        return f"says nothing within {server.seconds:g} s"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"cannot be trusted: {error.verify_message}"
    if isinstance(error, ssl.SSLError):
        return f"speaks no TLS, or another one: {error.reason}"
    if isinstance(error, smtplib.SMTPServerDisconnected | ConnectionResetError | BrokenPipeError):
        return "broke off"
    reason = error.strerror if isinstance(error, OSError) else str(error)
    return f"does not answer: {quoted(reason or type(error).__name__, _secrets(server))}"


def _says(server: Server, code: int, text: bytes | str) -> str:
    said = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    return f"{code} {quoted(said, _secrets(server))}".rstrip()


def _secrets(server: Server) -> tuple[str, ...]:
    """The password, also as it is sent: in Base64, alone and behind the user's name."""
    if server.login is None:
        return ()
    password, whole = server.login.password, f"\0{server.login.username}\0{server.login.password}"
    return (password, *(base64.b64encode(text.encode()).decode() for text in (password, whole)))
