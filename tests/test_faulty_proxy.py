"""The proxy does to answers what it says, and nothing else."""

from __future__ import annotations

import socket
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest
import urllib3

from tests.fakes import faults
from tests.fakes.faulty_proxy import FaultyProxy

if TYPE_CHECKING:
    from collections.abc import Iterator

WHOLE = bytes(range(256)) * 1000


class _Upstream(SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    puts: list[bytes]

    def log_message(self, *said: object) -> None:
        pass

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(WHOLE)))
        self.send_header("X-Range", self.headers.get("Range", "none"))
        self.end_headers()
        self.wfile.write(WHOLE)

    def do_PUT(self) -> None:
        self.puts.append(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(204)
        self.end_headers()


@pytest.fixture
def puts() -> list[bytes]:
    return []


@pytest.fixture
def proxy(puts: list[bytes]) -> Iterator[FaultyProxy]:
    handler: Any = type("Upstream", (_Upstream,), {"puts": puts})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        with FaultyProxy(f"http://127.0.0.1:{server.server_address[1]}") as proxy:
            yield proxy
        server.shutdown()


def _ask(proxy: FaultyProxy, method: str = "GET", **headers: str) -> urllib3.BaseHTTPResponse:
    body = b"sent" if method == "PUT" else None
    with urllib3.PoolManager() as pool:
        return pool.request(method, f"{proxy.url}/a", body=body, headers=headers, retries=False, timeout=60)


def test_without_a_fault_everything_passes(proxy: FaultyProxy, puts: list[bytes]) -> None:
    response = _ask(proxy, Range="bytes=1-")
    assert (response.data, response.headers["X-Range"]) == (WHOLE, "bytes=1-")
    assert _ask(proxy, "PUT").status == 204
    assert puts == [b"sent"]
    assert [(seen.line, seen.range) for seen in proxy.seen()] == [("GET /a", "bytes=1-"), ("PUT /a", None)]


@pytest.mark.parametrize("reset", [False, True])
def test_a_cut_answer_ends_before_its_length(proxy: FaultyProxy, *, reset: bool) -> None:
    proxy.will(faults.Cut(after=100_000, reset=reset))
    with pytest.raises(urllib3.exceptions.ProtocolError):
        _ask(proxy)
    assert _ask(proxy).data == WHOLE


@pytest.mark.parametrize("lengthless", [False, True])
def test_a_shortened_answer_looks_complete(proxy: FaultyProxy, *, lengthless: bool) -> None:
    proxy.will(faults.Shorten(to=1000, lengthless=lengthless))
    response = _ask(proxy)
    assert (response.headers.get("Content-Length"), response.data) == (None if lengthless else "1000", WHOLE[:1000])


def test_faults_meet_what_they_are_meant_for(proxy: FaultyProxy) -> None:
    proxy.will(faults.Answer(503, b"away"), on="GET /a", skip=1, times=1)
    proxy.will(faults.Answer(500), on="PUT")
    assert [_ask(proxy).status for _ in range(3)] == [200, 503, 200]


def test_other_faults_of_answers(proxy: FaultyProxy) -> None:
    proxy.will(faults.Flip(at=70_000))
    proxy.will(faults.Lengthless())
    proxy.will(faults.WithoutRange())
    proxy.will(faults.Slow(chunk=100_000, pause_seconds=0))
    assert [n for n, (a, b) in enumerate(zip(_ask(proxy).data, WHOLE, strict=True)) if a != b] == [70_000]
    response = _ask(proxy)
    assert (response.headers.get("Content-Length"), response.data) == (None, WHOLE)
    assert _ask(proxy, Range="bytes=5-").headers["X-Range"] == "none"
    assert _ask(proxy).data == WHOLE


def test_silence_lasts_until_it_is_ended(proxy: FaultyProxy) -> None:
    proxy.will(faults.Hang(after=10))
    with socket.create_connection(("127.0.0.1", int(proxy.url.rpartition(":")[2])), timeout=60) as client:
        client.sendall(b"GET /a HTTP/1.1\r\nHost: here\r\n\r\n")
        said = b""
        while not said.endswith(WHOLE[:10]):
            said += client.recv(1000)
        client.settimeout(0.1)
        with pytest.raises(TimeoutError):
            client.recv(1000)
        proxy.release()
        client.settimeout(20)
        assert client.recv(1000) == b""


def test_uploads_are_lost_on_the_way_there_or_back(proxy: FaultyProxy, puts: list[bytes]) -> None:
    proxy.will(faults.CutUpload(after=2))
    proxy.will(faults.LoseAnswer())
    for _ in range(2):
        with pytest.raises(urllib3.exceptions.ProtocolError):
            _ask(proxy, "PUT")
    assert puts == [b"sent"]


def test_a_proxy_that_is_down_comes_back_at_its_port(proxy: FaultyProxy) -> None:
    proxy.down()
    with pytest.raises(urllib3.exceptions.NewConnectionError):
        _ask(proxy)
    proxy.up()
    assert _ask(proxy).data == WHOLE
    proxy.wait_for(lambda seen: len(seen) == 1)
