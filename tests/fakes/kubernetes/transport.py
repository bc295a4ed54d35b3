"""HTTP/1.1 over threads: reads requests, lets faults and hooks in, and sends answers, whole or in chunks."""

from __future__ import annotations

import select
import socket
import socketserver
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import parse_qsl, unquote, urlsplit

from tests.fakes.kubernetes.faults import HangupError
from tests.fakes.kubernetes.messages import Answer, Request

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable

    from tests.fakes.kubernetes.faults import Sender

_TLS_HANDSHAKE = 0x16
_PLAIN = b"HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n"


class Listener(ThreadingHTTPServer):
    """A listening socket with its open connections."""

    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 256

    def __init__(self, port: int, serve: Callable[[Request, Sender], None], tls: ssl.SSLContext | None) -> None:
        super().__init__(("127.0.0.1", port), Connection)
        self.serve = serve
        self.tls = tls
        self.closing = False
        self._is_cut = False
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()

    @property
    def port(self) -> int:
        """The port that was chosen."""
        return int(self.server_address[1])

    def server_bind(self) -> None:
        """Binds without a look-up of the name of the machine, which costs time."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = "127.0.0.1", self.server_address[1]

    def close(self, *, cut: bool = True) -> None:
        """Refuses new connections; cuts the open ones, or lets their streams come to their end."""
        self.closing = True
        self.shutdown()
        self.server_close()
        self._thread.join()
        with self._lock:
            self._is_cut = cut
            connections = list(self._open)
        for connection in connections if cut else ():
            abort(connection)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """One connection, with its handshake where there is one."""
        self._take(request)
        try:
            secured = self._secured(request)
            if secured is not None:
                self._take(secured)
                super().process_request_thread(secured, client_address)
        finally:
            with self._lock:
                self._open = {each for each in self._open if each.fileno() >= 0}

    def _take(self, connection: socket.socket) -> None:
        """Notes an open connection; one that was accepted before the cut, and had no thread yet, is cut, too."""
        with self._lock:
            self._open.add(connection)
            if self._is_cut:
                abort(connection)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no news; anything else is."""
        if not isinstance(sys.exception(), OSError | HangupError):
            super().handle_error(request, client_address)

    def _secured(self, connection: socket.socket) -> socket.socket | None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self.tls is None:
            return connection
        try:
            first = connection.recv(1, socket.MSG_PEEK)
            if first and first[0] != _TLS_HANDSHAKE:
                connection.recv(65536)
                connection.sendall(_PLAIN)
                connection.close()
                return None
            return self.tls.wrap_socket(connection, server_side=True)
        except OSError:
            connection.close()
            return None


def abort(connection: socket.socket) -> None:
    """Ends a connection in both directions at once."""
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return


class Connection(BaseHTTPRequestHandler):
    """One connection; answers request after request until somebody closes."""

    protocol_version = "HTTP/1.1"
    server: Listener
    methods: ClassVar = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")

    def __getattr__(self, name: str) -> Callable[[], None]:
        if name.startswith("do_") and name[3:] in self.methods:
            return self._respond
        raise AttributeError(name)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name of the overridden method
        """Nothing: tests look into the list of requests."""

    def send(self, answer: Answer, *, content: bytes | None = None) -> None:
        """An answer; `content` in place of its own body, under its own length."""
        body = answer.content()
        length = [] if answer.stream or answer.status == 204 else [("Content-Length", str(len(body)))]
        self._head(answer, length if not answer.stream else [("Transfer-Encoding", "chunked")])
        if answer.stream is None:
            self.write(body if content is None else content)
            return
        for part in answer.stream:
            if self._gone():
                raise HangupError
            if part:
                self.write(b"%x\r\n%s\r\n" % (len(part), part))
        self.write(b"0\r\n\r\n")

    def write(self, data: bytes) -> None:
        """Bytes as they are, behind what is waiting to be sent."""
        waiting, self._waiting = getattr(self, "_waiting", b""), b""
        if self.command != "HEAD" or waiting:
            self.wfile.write(waiting + (b"" if self.command == "HEAD" else data))

    def hang_up(self) -> None:
        """Ends the connection without another byte."""
        self._waiting = b""
        raise HangupError

    def _head(self, answer: Answer, more: list[tuple[str, str]]) -> None:
        lines = [f"HTTP/1.1 {answer.status} {self.responses.get(answer.status, ('', ''))[0]}"]
        headers = [*answer.head(), *more, ("Date", self.date_time_string())]
        if self.server.closing:
            headers.append(("Connection", "close"))
        lines += [f"{name}: {value}" for name, value in headers]
        self.close_connection = self.close_connection or ("Connection", "close") in headers
        self._waiting = ("\r\n".join(lines) + "\r\n\r\n").encode()
        if answer.stream is not None:
            self.write(b"")

    def _respond(self) -> None:
        place = urlsplit(self.path)
        query = dict(parse_qsl(place.query, keep_blank_values=True))
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Request(self.command, unquote(place.path), query, headers, self._body(headers))
        try:
            self.server.serve(request, self)
        except HangupError:
            self.close_connection = True
            abort(self.connection)

    def _body(self, headers: dict[str, str]) -> bytes:
        if headers.get("transfer-encoding", "").lower() != "chunked":
            return self.rfile.read(int(headers.get("content-length") or 0))
        parts = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def _gone(self) -> bool:
        """Whether the client has left a stream: a client sends nothing while it listens."""
        poll = select.poll()
        poll.register(self.connection, select.POLLIN)
        return bool(poll.poll(0))
