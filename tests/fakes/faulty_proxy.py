"""An HTTP server that stands before a real one, and does to its answers what networks and servers do at night.

::

    with FaultyProxy("http://127.0.0.1:5000") as proxy:      # give proxy.url to the client
        proxy.will(faults.Cut(after=100_000), on="GET .*weights", times=1)
        proxy.will(faults.Answer(503), times=2, skip=1)             # the first request passes, then two are refused
        ...
        assert [seen.range for seen in proxy.seen("GET .*weights")] == [None, "bytes=100000-"]

A fault meets the requests whose ``METHOD /path?query`` its `on` is found in (a regular expression), after `skip` of
them, `times` times (None: for ever). The first fault that fits is used; requests without one pass unchanged, `Host`
included. All faults are in `tests.fakes.faults`. `down()` closes the port and every connection, `up()` opens the same
port again. Everything is threads of this process: a client in another process may be killed at any moment.
"""

from __future__ import annotations

import http.client
import re
import socket
import struct
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Final, Self
from urllib.parse import urlsplit

from tests.fakes import faults, ports

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from types import TracebackType

    from tests.fakes.faults import Fault

_CHUNK: Final = 64 * 1024
_LONGEST_HANG: Final = 120.0
_HOP: Final = {"connection", "keep-alive", "transfer-encoding", "te", "trailer", "upgrade", "expect"}


@dataclass(frozen=True)
class Seen:
    """A request that arrived; `fault` is what met it."""

    line: str
    headers: Mapping[str, str]
    fault: Fault | None

    @property
    def range(self) -> str | None:
        """The part that was asked for."""
        return self.headers.get("range")


@dataclass
class _Plan:
    fault: Fault
    on: re.Pattern[str]
    skip: int
    times: int | None


class FaultyProxy:
    """See the module; `upstream` is ``http://HOST:PORT``."""

    def __init__(self, upstream: str) -> None:
        self.upstream = upstream
        self._plans: list[_Plan] = []
        self._seen: list[Seen] = []
        self._changed = threading.Condition()
        self._released = threading.Event()
        self._server: _Server | None = None
        self._held = ports.reserved()
        self._port = self._held.getsockname()[1] if self._held else 0
        self.up()

    @property
    def url(self) -> str:
        """What a client is given."""
        return f"http://127.0.0.1:{self._port}"

    def will(self, fault: Fault, *, on: str = "", times: int | None = 1, skip: int = 0) -> None:
        """Does `fault` to the requests that fit."""
        with self._changed:
            self._plans.append(_Plan(fault, re.compile(on), skip, times))

    def heal(self) -> None:
        """Forgets all faults, and lets go of what hangs."""
        with self._changed:
            self._plans.clear()
        self.release()

    def release(self) -> None:
        """Ends the silence of all that hang now: their connections are closed."""
        self._released.set()
        self._released = threading.Event()

    def seen(self, on: str = "") -> list[Seen]:
        """The requests that arrived until now, in order."""
        with self._changed:
            return [seen for seen in self._seen if re.search(on, seen.line)]

    def wait_for(self, condition: Callable[[list[Seen]], bool], *, seconds: float = 60) -> None:
        """Returns when the requests that arrived are as `condition` wants."""
        with self._changed:
            assert self._changed.wait_for(lambda: condition(list(self._seen)), seconds), [s.line for s in self._seen]

    def down(self) -> None:
        """Nobody listens any more, and every connection is closed."""
        if self._server is not None:
            self._server.end()
            self._server = None
        self.release()

    def up(self) -> None:
        """Listens, at the port of before."""
        if self._server is None:
            self._server = _Server(("127.0.0.1", self._port), self)
            self._port = self._server.server_address[1]
            threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.down()
        if self._held is not None:
            self._held.close()

    def arrived(self, line: str, headers: Mapping[str, str]) -> tuple[Fault | None, threading.Event]:
        """What is to be done to a request, and what ends its silence."""
        with self._changed:
            fault = self._next_fault(line)
            self._seen.append(Seen(line, {name.lower(): value for name, value in headers.items()}, fault))
            self._changed.notify_all()
            return fault, self._released

    def _next_fault(self, line: str) -> Fault | None:
        for plan in self._plans:
            if not plan.on.search(line) or plan.times == 0:
                continue
            if plan.skip:
                plan.skip -= 1
                continue
            if plan.times is not None:
                plan.times -= 1
            return plan.fault
        return None


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], proxy: FaultyProxy) -> None:
        self.proxy = proxy
        self._open: set[socket.socket] = set()
        super().__init__(address, _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that go away are what this is for."""

    def end(self) -> None:
        self.shutdown()
        self.server_close()
        for connection in list(self._open):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def log_message(self, *said: object) -> None:
        """Says nothing."""

    def _handle(self) -> None:
        fault, released = self.server.proxy.arrived(f"{self.command} {self.path}", dict(self.headers.items()))
        if isinstance(fault, faults.CutUpload):
            self.rfile.read(min(fault.after, int(self.headers.get("Content-Length", 0))))
            return self._hang_up()
        body = b"".join(self._body())
        if isinstance(fault, faults.Answer):
            return self._answer(fault)
        if isinstance(fault, faults.Hang) and fault.after is None:
            released.wait(_LONGEST_HANG)
            return self._hang_up()
        if isinstance(fault, faults.Delay):
            time.sleep(fault.seconds)
        try:
            self._forward(body, fault, released)
        except (OSError, http.client.HTTPException):
            self._hang_up()
        return None

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = _handle  # noqa: N815  # its names

    def _body(self) -> Iterator[bytes]:
        if "chunked" not in self.headers.get("Transfer-Encoding", ""):
            yield self.rfile.read(int(self.headers.get("Content-Length", 0)))
            return
        while size := int(self.rfile.readline().partition(b";")[0], 16):
            yield self.rfile.read(size)
            self.rfile.readline()
        while self.rfile.readline().strip():
            pass

    def _answer(self, answer: faults.Answer) -> None:
        self.send_response(answer.status)
        for name, value in {**answer.headers, "Content-Length": str(len(answer.body))}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body)

    def _forward(self, body: bytes, fault: Fault | None, released: threading.Event) -> None:
        place = urlsplit(self.server.proxy.upstream)
        upstream = http.client.HTTPConnection(place.hostname or "", place.port, timeout=_LONGEST_HANG)
        try:
            upstream.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
            for name, value in self.headers.items():
                wanted = not (isinstance(fault, faults.WithoutRange) and name.lower() == "range")
                if name.lower() not in _HOP | {"content-length"} and wanted:
                    upstream.putheader(name, value)
            if body or self.command in {"POST", "PUT", "PATCH"}:
                upstream.putheader("Content-Length", str(len(body)))
            upstream.endheaders(body or None)
            response = upstream.getresponse()
            if isinstance(fault, faults.LoseAnswer):
                response.read()
                return self._hang_up()
            return self._pass_on(response, fault, released)
        finally:
            upstream.close()

    def _pass_on(self, response: http.client.HTTPResponse, fault: Fault | None, released: threading.Event) -> None:
        length = None if response.length is None else int(response.length)
        if isinstance(fault, faults.Shorten) and length is not None:
            length = min(length, fault.to)
        if isinstance(fault, faults.Lengthless) or (isinstance(fault, faults.Shorten) and fault.lengthless):
            length = None
        self.send_response_only(response.status, response.reason)
        for name, value in response.getheaders():
            if name.lower() not in _HOP | {"content-length"}:
                self.send_header(name, value)
        if self.command == "HEAD":
            length, told = 0, response.headers.get("Content-Length")
        else:
            told = None if length is None else str(length)
        if told is not None:
            self.send_header("Content-Length", told)
        elif self.command != "HEAD":
            self.send_header("Connection", "close")
            self.close_connection = True
        self.end_headers()
        if self.command != "HEAD":
            self._send(response, fault, released)

    def _send(self, response: http.client.HTTPResponse, fault: Fault | None, released: threading.Event) -> None:
        stop = {faults.Cut: "after", faults.Hang: "after", faults.Shorten: "to"}.get(type(fault))
        limit = getattr(fault, stop) if stop else None
        sent = 0
        size = fault.chunk if isinstance(fault, faults.Slow) else _CHUNK
        while limit is None or sent < limit:
            chunk = response.read(size if limit is None else min(size, limit - sent))
            if not chunk:
                return
            if isinstance(fault, faults.Flip) and sent <= fault.at < sent + len(chunk):
                here = fault.at - sent
                chunk = chunk[:here] + bytes([chunk[here] ^ 1]) + chunk[here + 1 :]
            self.wfile.write(chunk)
            sent += len(chunk)
            if isinstance(fault, faults.Slow):
                time.sleep(fault.pause_seconds)
        if isinstance(fault, faults.Hang):
            released.wait(_LONGEST_HANG)
        if not isinstance(fault, faults.Shorten):
            self._hang_up(reset=isinstance(fault, faults.Cut) and fault.reset)

    def _hang_up(self, *, reset: bool = False) -> None:
        self.close_connection = True
        with suppress(OSError):
            self.wfile.flush()
            if reset:
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                self.connection.close()
            else:
                self.connection.shutdown(socket.SHUT_RDWR)
