"""A GitHub REST server with the comments of pull requests, over HTTP: pages, permissions, limits and faults."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qs, urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

LONGEST: Final = 65_536
APP: Final = {"login": "github-actions[bot]", "type": "Bot"}


@dataclass(frozen=True)
class Fault:
    """How one request is answered in place of its answer; `after` it was done all the same."""

    method: str
    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    message: str = "Server Error"
    after: bool = False


@dataclass
class GitHub:
    """A server that runs. `user` is whose the token is, `may_write` what it may; `asked` has (method, path) of each."""

    repository: str = "org/models"
    token: str = "ghs_" + "t0ken" * 7
    user: Mapping[str, str] = field(default_factory=lambda: APP)
    may_write: bool = True
    comments: list[dict[str, Any]] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    asked: list[tuple[str, str]] = field(default_factory=list)
    url: str = ""
    number: int = 0

    def add(self, body: str, user: Mapping[str, str], pull: int = 7) -> dict[str, Any]:
        """A comment that somebody wrote."""
        self.number += 1
        url = f"https://github.example/{self.repository}/pull/{pull}#issuecomment-{self.number}"
        self.comments.append({"id": self.number, "body": body, "user": user, "html_url": url, "pull": pull})
        return self.comments[-1]

    def written(self) -> list[str]:
        """What was asked for that changes something."""
        return [method for method, _ in self.asked if method != "GET"]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    far: GitHub

    def log_message(self, *said: object) -> None:
        """Says nothing."""

    def do_GET(self) -> None:
        self._take()

    do_POST = do_PATCH = do_DELETE = do_GET  # noqa: N815  # the names of the standard library

    def _take(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or b"{}")
        self.far.asked.append((self.command, self.path))
        fault = next((one for one in self.far.faults if one.method == self.command), None)
        if fault is not None:
            self.far.faults.remove(fault)
            if fault.after:
                self._answer(body)
            return self._send(fault.status, {"message": fault.message}, fault.headers)
        return self._send(*self._answer(body))

    def _answer(self, body: Any) -> tuple[int, Any, Mapping[str, str]]:
        far, url = self.far, urlsplit(self.path)
        if self.headers.get("Authorization") != f"Bearer {far.token}":
            return 401, {"message": "Bad credentials"}, {}
        if url.path == "/user":
            is_app = far.user["type"] == "Bot"
            return (403, {"message": "Resource not accessible by integration"}, {}) if is_app else (200, far.user, {})
        parts = url.path.removeprefix(f"/repos/{far.repository}/").split("/")
        if parts[0] != "issues":
            return 404, {"message": "Not Found"}, {}
        if self.command == "GET":
            return self._page(int(parts[1]), {name: int(one) for name, [one] in parse_qs(url.query).items()})
        if not far.may_write:
            return 403, {"message": "Resource not accessible by integration"}, {}
        if len(body.get("body", "")) > LONGEST:
            return 422, {"message": f"Body is too long (maximum is {LONGEST} characters)"}, {}
        if self.command == "POST":
            return 201, far.add(body["body"], far.user, int(parts[1])), {}
        known = next((one for one in far.comments if one["id"] == int(parts[2])), None)
        if known is None:
            return 404, {"message": "Not Found"}, {}
        if self.command == "DELETE":
            far.comments.remove(known)
            return 204, None, {}
        known["body"] = body["body"]
        return 200, known, {}

    def _page(self, pull: int, query: Mapping[str, int]) -> tuple[int, Any, Mapping[str, str]]:
        size, page = min(query.get("per_page", 30), 100), query.get("page", 1)
        found = [one for one in self.far.comments if one["pull"] == pull]
        more = len(found) > size * page
        link = f'<{self.far.url}{urlsplit(self.path).path}?page={page + 1}>; rel="next"'
        return 200, found[size * (page - 1) : size * page], {"Link": link} if more else {}

    def _send(self, status: int, answer: Any, headers: Mapping[str, str]) -> None:
        data = b"" if answer is None else json.dumps(answer).encode()
        self.send_response(status)
        for name, value in {"Content-Length": str(len(data)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)


@contextmanager
def serving(far: GitHub) -> Iterator[GitHub]:
    """Runs the server while inside."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"far": far}))
    far.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield far
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
