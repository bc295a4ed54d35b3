"""A Hugging Face hub over HTTP: repositories of files, small ones sent by itself, large ones from another server."""

from __future__ import annotations

import hashlib
import json
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

COMMIT: Final = "0123456789abcdef0123456789abcdef01234567"
LARGE: Final = 1000
"""Files of so many bytes are kept as LFS keeps them: on the other server, known by their SHA-256."""


@dataclass
class Repository:
    """What one repository holds; `revisions` name its one commit."""

    files: Mapping[str, bytes]
    revisions: tuple[str, ...] = ("main", COMMIT)
    token: str | None = None
    gated: bool = False


@dataclass
class Hub:
    """A hub that runs; `asked` holds (server, path, login, range) of each request."""

    repositories: dict[str, Repository] = field(default_factory=dict)
    moved: dict[str, str] = field(default_factory=dict)
    asked: list[tuple[str, str, str | None, str | None]] = field(default_factory=list)
    url: str = ""
    cdn_url: str = ""

    def environ(self, **more: str) -> dict[str, str]:
        """What leads a client here."""
        return {"HF_ENDPOINT": self.url, **more}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    hub: Hub
    server_name = "hub"

    def log_message(self, *said: object) -> None:
        """Says nothing."""

    def do_GET(self) -> None:
        login = self.headers.get("Authorization")
        path = unquote(urlsplit(self.path).path)
        self.hub.asked.append((self.server_name, path, login, self.headers.get("Range")))
        if self.server_name == "cdn":
            found = {
                hashlib.sha256(data).hexdigest(): data
                for one in self.hub.repositories.values()
                for data in one.files.values()
            }
            self._bytes(found[path.rpartition("/")[2]])
        elif path.startswith("/api/models/"):
            name, _, revision = path.removeprefix("/api/models/").partition("/revision/")
            self._told(name, revision, login)
        else:
            name, _, rest = path.strip("/").partition("/resolve/")
            self._file(name, rest.partition("/")[2], login)

    def _told(self, name: str, revision: str, login: str | None) -> None:
        repository = self.hub.repositories.get(name)
        if name in self.hub.moved:
            place = f"/api/models/{self.hub.moved[name]}/revision/{revision}?blobs=true"
            self._send(307, b"", Location=place)
        elif repository is None or (repository.token and login != f"Bearer {repository.token}"):
            self._send(401, b'{"error":"Repository not found"}', **{"X-Error-Code": "RepoNotFound"})
        elif revision not in repository.revisions:
            self._send(404, b'{"error":"Invalid rev id"}', **{"X-Error-Code": "RevisionNotFound"})
        else:
            siblings = [_sibling(path, data) for path, data in repository.files.items()]
            self._send(200, json.dumps({"id": name, "sha": COMMIT, "siblings": siblings}).encode())

    def _file(self, name: str, path: str, login: str | None) -> None:
        repository = self.hub.repositories[name]
        if repository.gated and login is None:
            return self._send(401, b'{"error":"Access is restricted"}', **{"X-Error-Code": "GatedRepo"})
        data = repository.files[path]
        if len(data) >= LARGE:
            return self._send(302, b"", Location=f"{self.hub.cdn_url}/{hashlib.sha256(data).hexdigest()}")
        return self._bytes(data)

    def _bytes(self, data: bytes) -> None:
        asked = self.headers.get("Range", "")
        if not asked:
            return self._send(200, data, ETag='"x"')
        first, _, last = asked.removeprefix("bytes=").partition("-")
        end = min(int(last) + 1 if last else len(data), len(data))
        return self._send(206, data[int(first) : end], **{"Content-Range": f"bytes {first}-{end - 1}/{len(data)}"})

    def _send(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


def _sibling(path: str, data: bytes) -> dict[str, Any]:
    told = {
        "rfilename": path,
        "size": len(data),
        "blobId": hashlib.sha1(b"blob %d\0%s" % (len(data), data), usedforsecurity=False).hexdigest(),
    }
    if len(data) < LARGE:
        return told
    return {**told, "lfs": {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data), "pointerSize": 130}}


@contextmanager
def running(**repositories: Repository) -> Iterator[Hub]:
    """A hub and its other server; in names, ``__`` stands for the slash."""
    hub = Hub({name.replace("__", "/"): one for name, one in repositories.items()})
    servers = []
    for name in ("hub", "cdn"):
        handler = type(name, (_Handler,), {"hub": hub, "server_name": name})
        server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        servers.append(server)
    hub.url, hub.cdn_url = (f"http://127.0.0.1:{server.server_address[1]}" for server in servers)
    try:
        yield hub
    finally:
        for server in servers:
            server.shutdown()
            server.server_close()
