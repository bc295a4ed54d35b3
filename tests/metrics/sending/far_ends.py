"""Far ends of the sinks, on ports of this machine: an HTTP server that does as it is told, and mail servers."""

from __future__ import annotations

import base64
import json
import re
import socket
import threading
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from aiosmtpd.smtp import Envelope, Session


@dataclass(frozen=True)
class Answer:
    """What the HTTP server does with a request; a `fault` is what it says instead, ``hang``: nothing."""

    status: int = 200
    body: bytes = b"ok"
    headers: Mapping[str, str] = field(default_factory=dict)
    fault: str = ""


@dataclass(frozen=True)
class Request:
    """A request as it arrived; names of headers in small letters."""

    line: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body, as strict as JSON is."""
        return json.loads(self.body.decode("utf-8"))


@dataclass
class Web:
    """An HTTP server; `answers` are used up one by one, then it answers with `otherwise`."""

    url: str = ""
    answers: list[Answer] = field(default_factory=list)
    otherwise: Callable[[Request], Answer] = lambda _: Answer()
    requests: list[Request] = field(default_factory=list)
    released: threading.Event = field(default_factory=threading.Event)


@contextmanager
def web_server(tls: ssl.SSLContext | None = None) -> Iterator[Web]:
    """A server that runs for a while; with `tls` it speaks that."""
    web = Web()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *said: object) -> None:
            """Says nothing."""

        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            headers = {name.lower(): value for name, value in self.headers.items()}
            request = Request(f"{self.command} {self.path}", headers, body)
            web.requests.append(request)
            answer = web.answers.pop(0) if web.answers else web.otherwise(request)
            self.close_connection = True
            if answer.fault == "hang":
                web.released.wait(30)
                return
            if answer.fault:
                self.wfile.write(answer.fault.encode())
                return
            self.send_response(answer.status)
            for name, value in {**answer.headers, "Content-Length": str(len(answer.body))}.items():
                self.send_header(name, value)
            self.end_headers()
            with suppress(OSError):
                self.wfile.write(answer.body)

        do_GET = do_POST = answer  # noqa: N815  # the names that the server calls

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        web.url = f"http{'s' if tls else ''}://127.0.0.1:{server.server_address[1]}"
        if tls is not None:
            server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield web
        finally:
            web.released.set()
            server.shutdown()
            thread.join()


@dataclass
class Mail:
    """A mail server; `says` are answers to a command, used up one by one, in place of its own."""

    port: int = 0
    letters: list[tuple[str, list[str], bytes]] = field(default_factory=list)
    logins: list[tuple[str, str]] = field(default_factory=list)
    says: dict[str, list[str]] = field(default_factory=dict)
    password: str | None = None

    def answer(self, command: str) -> str | None:
        """What it says to `command`, where that was arranged."""
        said = self.says.get(command)
        return said.pop(0) if said else None


class _Handler:
    def __init__(self, mail: Mail) -> None:
        self._mail = mail

    async def handle_MAIL(  # noqa: N802
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return self._mail.answer("MAIL") or "250 OK"

    async def handle_RCPT(  # noqa: N802
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        said = self._mail.answer("RCPT")
        if said is None:
            envelope.rcpt_tos.append(address)
        return said or "250 OK"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        said = self._mail.answer("DATA")
        if said is None:
            content = envelope.content
            assert isinstance(content, bytes)
            self._mail.letters.append((envelope.mail_from or "", list(envelope.rcpt_tos), content))
        return said or "250 OK"


@contextmanager
def mail_server(
    *, tls: ssl.SSLContext | None = None, implicit: bool = False, password: str | None = None
) -> Iterator[Mail]:
    """A mail server that runs for a while; with `tls` it offers STARTTLS, or speaks nothing but TLS."""
    mail = Mail(password=password)

    def authenticate(_server: Any, _session: Any, _envelope: Any, _mechanism: str, data: Any) -> AuthResult:
        given = (data.login.decode(), data.password.decode())
        mail.logins.append(given)
        return AuthResult(success=given[1] == password, handled=False)

    class Server(Controller):
        def factory(self) -> SMTP:
            return SMTP(
                self.handler,
                tls_context=None if implicit else tls,
                require_starttls=tls is not None and not implicit,
                authenticator=authenticate if password else None,
                auth_required=password is not None,
                auth_require_tls=not implicit and tls is not None,
                hostname="localhost",
                timeout=10,
            )

    mail.port = _free_port()
    controller = Server(_Handler(mail), hostname="127.0.0.1", port=mail.port, ssl_context=tls if implicit else None)
    controller.start()
    try:
        yield mail
    finally:
        controller.stop()


@contextmanager
def mail_line(script: Sequence[bytes | None]) -> Iterator[int]:
    """A port that says each of `script` to a line that it hears, the first as a greeting, and closes after the last.

    None is silence; what begins with a dot is said to the line that is a dot.
    """
    released = threading.Event()

    def talk(listener: socket.socket) -> None:
        with suppress(OSError):
            connection, _ = listener.accept()
            with connection, connection.makefile("rb") as heard:
                for place, said in enumerate(script):
                    line = heard.readline() if place else b""
                    while line and (said or b"").startswith(b".") and line != b".\r\n":
                        line = heard.readline()
                    if said is None:
                        released.wait(30)
                        return
                    connection.sendall(said.removeprefix(b"."))
                if script:
                    heard.readline()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=talk, args=(listener,))
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            released.set()
            with suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            thread.join()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


GOOGLE_TOKEN = "ya29.token-of-nobody"  # noqa: S105  # of nobody
SENDGRID_KEY = "SG.key-of-nobody-0123456789"
SECRETS = {
    "alert-destination-email-address": "ml-team@example.org\n",
    "alert-sender-email-address": "alerts@example.org\n",
    "sendgrid-api-key": f"{SENDGRID_KEY}\n",
}
"""What Secret Manager keeps, as people paste it."""


def google_cloud(request: Request) -> Answer:
    """What Google answers: a token to a login, a secret or a yes to the token; and SendGrid a yes to its key."""
    path = request.line.split(" ")[1]
    if path == "/token":
        return Answer(body=json.dumps({"access_token": GOOGLE_TOKEN, "expires_in": 3600}).encode())
    if path == "/v3/mail/send":
        known = request.headers["authorization"] == f"Bearer {SENDGRID_KEY}"
        return Answer(202, b"") if known else Answer(401, b'{"errors":[{"message":"authorization required"}]}')
    if request.headers.get("authorization") != f"Bearer {GOOGLE_TOKEN}":
        return Answer(401, b'{"error": {"code": 401, "message": "no valid login", "status": "UNAUTHENTICATED"}}')
    secret = re.fullmatch("/v1/projects/p/secrets/([^/]+)/versions/latest:access", path)
    if secret and secret[1] in SECRETS:
        data = base64.b64encode(SECRETS[secret[1]].encode()).decode()
        return Answer(body=json.dumps({"name": secret[1], "payload": {"data": data}}).encode())
    if path == "/v1beta1/projects/p/events:report":
        return Answer(body=b"{}")
    return Answer(404, b'{"error": {"code": 404, "message": "not found", "status": "NOT_FOUND"}}')
