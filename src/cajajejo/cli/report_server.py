"""A page at an address: made anew for who asks, read-only, and only for who asked for this address by its name."""

from __future__ import annotations

import errno
import ipaddress
import os
import re
import socket
import sys
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, ClassVar, Final

from cajajejo.errors import CajajejoError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

_ADDRESS: Final = re.compile(r"(?:\[(?P<v6>[0-9A-Fa-f:.]+)\]|(?P<name>[A-Za-z0-9.-]+)):(?P<port>[0-9]{1,5})", re.ASCII)
_MOST_PORT: Final = 65_535
_EXAMPLES: Final = "127.0.0.1:8080, [::1]:8080, 0.0.0.0:8080 (every network of this machine)"
_READS: Final = ("GET", "HEAD")
_HEADERS: Final[Mapping[str, str]] = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


@dataclass(frozen=True, slots=True)
class Address:
    """Where to listen."""

    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> Address:
        """The address that `text` means: ``HOST:PORT`` or ``[IPV6]:PORT``.

        Raises:
            UsageError: it is none.
        """
        found = _ADDRESS.fullmatch(text.strip())
        if found is None or int(found["port"]) > _MOST_PORT:
            raise UsageError(f"--bind {text}: not an address with a port", facts={"for example": _EXAMPLES})
        return cls(found["v6"] or found["name"], int(found["port"]))

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach it."""
        found = _literal(self.host)
        return self.host == "localhost" if found is None else found.is_loopback

    @property
    def family(self) -> socket.AddressFamily:
        """IPv6 where the host is written so, else IPv4."""
        return socket.AF_INET6 if ":" in self.host else socket.AF_INET

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


class Server(ThreadingHTTPServer):
    """Listens at `address`, and answers with what `page` makes."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, address: Address, page: Callable[[], str]) -> None:
        self.address_family = address.family
        super().__init__((address.host, address.port), _Handler)
        self.address = Address(address.host, self.server_address[1])
        self._page = page
        self._turn = threading.Lock()

    @property
    def url(self) -> str:
        """What to open."""
        everywhere = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  # what is shown is one address of all
        shown = Address(everywhere.get(self.address.host, self.address.host), self.address.port)
        return f"http://{shown}/"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Says nothing of who went away before the answer was whole."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)

    def page(self) -> str:
        """The page as it is now; one is made at a time."""
        with self._turn:
            return self._page()

    def expects(self, host: str | None) -> bool:
        """Whether `host`, which a browser was told to open, is a name of this machine.

        A foreign page can make a browser believe that its own name stands for this machine: then that name is here.
        """
        if host is None:
            return False
        name = host.rpartition(":")[0] if re.search(r":[0-9]+$", host) else host
        known = {"localhost", self.address.host.lower(), socket.gethostname().lower()}
        return name.lower().rstrip(".") in known or _literal(name.strip("[]")) is not None


class _Handler(BaseHTTPRequestHandler):
    """Answers one request."""

    server: Server
    protocol_version = "HTTP/1.1"
    timeout: ClassVar[float] = 30.0

    def __getattr__(self, name: str) -> Any:
        """What answers a method: `handle_one_request` asks for ``do_GET``, or for the name of any other."""
        if name.startswith("do_"):
            return self._answer if name.removeprefix("do_") in _READS else self._refuse
        raise AttributeError(name)

    def version_string(self) -> str:
        """What the server calls itself: no version of anything."""
        return "cajajejo"

    def _answer(self) -> None:
        if not self.server.expects(self.headers.get("Host")):
            self._text(HTTPStatus.MISDIRECTED_REQUEST, "This is not an address of the report.")
        elif self.path.partition("?")[0] != "/":
            self._text(HTTPStatus.NOT_FOUND, "There is nothing here; the report is at /.")
        else:
            self._show()

    def _show(self) -> None:
        from cajajejo.metrics.reports.html import rendering

        try:
            page = self.server.page()
        except CajajejoError as error:
            self._text(HTTPStatus.SERVICE_UNAVAILABLE, "\n".join(error.lines()))
            return
        policy = f"{rendering.policy()}; frame-ancestors 'none'"
        self._send(HTTPStatus.OK, page, "text/html", {"Content-Security-Policy": policy})

    def _refuse(self) -> None:
        self.close_connection = True  # what else was sent with the request is not read
        self._text(HTTPStatus.METHOD_NOT_ALLOWED, "The report can only be read.", {"Allow": ", ".join(_READS)})

    def _text(self, status: HTTPStatus, text: str, more: Mapping[str, str] | None = None) -> None:
        policy = {"Content-Security-Policy": "default-src 'none'"}
        self._send(status, f"{text}\n", "text/plain", {**policy, **(more or {})})

    def _send(self, status: HTTPStatus, text: str, kind: str, headers: Mapping[str, str]) -> None:
        body = text.encode()
        self.send_response(status)
        length = {"Content-Type": f"{kind}; charset=utf-8", "Content-Length": str(len(body))}
        for name, value in {**length, **_HEADERS, **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the name in the standard library
        """Says nothing: who reads the report is nobody's business."""


@contextmanager
def opened(address: Address, page: Callable[[], str]) -> Iterator[Server]:
    """A server that listens at `address`, and is closed at the end.

    Raises:
        CajajejoError: it cannot listen there.
    """
    try:
        server = Server(address, page)
    except OSError as error:
        raise _refused(address, error) from error
    with server:
        yield server


def serve(server: Server) -> None:
    """Answers until Ctrl-C, which ends it well."""
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        return


def _refused(address: Address, error: OSError) -> CajajejoError:
    """What it means that nobody can listen at `address`."""
    match error.errno:
        case errno.EADDRINUSE:
            free = Address(address.host, 0)
            facts = {"any free one": f"--bind {free}"}
            return CajajejoError(f"--bind {address}: another program listens at this port", facts=facts)
        case errno.EADDRNOTAVAIL:
            return CajajejoError(f"--bind {address}: this machine does not have this address")
    reason = error.strerror or os.strerror(error.errno or 0)
    return CajajejoError(f"--bind {address}: cannot listen there: {reason}")


def _literal(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """The address that is written out in `host`; None where it is a name."""
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None
