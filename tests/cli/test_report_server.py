from __future__ import annotations

import http.client
import socket
import struct
import threading
import time
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

import pytest

from cajajejo.cli import report_server
from cajajejo.cli.report_server import Address
from cajajejo.errors import HistoryError, UsageError
from cajajejo.metrics.reports import html, overview
from cajajejo.metrics.reports.html import rendering
from tests import browser as browsers
from tests.metrics.html.readings import mnist

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from cajajejo.cli.report_server import Server


def page() -> str:
    return html.page(overview.of([mnist()]), {}, 0.0)


@contextmanager
def serving(made: Callable[[], str] = page, bind: str = "127.0.0.1:0") -> Iterator[Server]:
    with report_server.opened(Address.parse(bind), made) as server:
        thread = threading.Thread(target=report_server.serve, args=[server])
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def asked(
    server: Server, method: str = "GET", path: str = "/", host: str | None = None, body: bytes | None = None
) -> tuple[int, dict[str, str], str]:
    connection = http.client.HTTPConnection(server.address.host, server.address.port, timeout=30)
    connection.request(method, path, body, {} if host is None else {"Host": host})
    answer = connection.getresponse()
    found = answer.status, dict(answer.getheaders()), answer.read().decode()
    connection.close()
    return found


def test_the_page_is_answered_with_headers_that_keep_it_to_itself() -> None:
    with serving() as server:
        status, headers, text = asked(server)
    assert (status, text) == (200, page())
    del headers["Date"]
    assert headers == {
        "Server": "cajajejo",
        "Content-Type": "text/html; charset=utf-8",
        "Content-Length": str(len(page().encode())),
        "Content-Security-Policy": f"{rendering.policy()}; frame-ancestors 'none'",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "no-store",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
    }


def test_head_is_the_same_without_the_page() -> None:
    with serving() as server:
        status, headers, text = asked(server, "HEAD")
    assert (status, headers["Content-Length"], text) == (200, str(len(page().encode())), "")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND", "HACK"])
def test_whatever_is_no_reading_is_refused(method: str) -> None:
    with serving() as server:
        status, headers, text = asked(server, method, body=b"GET / HTTP/1.1\r\n\r\n")
        assert asked(server)[0] == 200
    assert (status, headers["Allow"], text) == (405, "GET, HEAD", "The report can only be read.\n")


@pytest.mark.parametrize("path", ["/favicon.ico", "/../../etc/passwd", "/index.html", "/%2e%2e/"])
def test_there_is_nothing_else(path: str) -> None:
    with serving() as server:
        assert asked(server, path=path)[::2] == (404, "There is nothing here; the report is at /.\n")
        assert asked(server, path="/?x=1")[0] == 200


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1", 200),
        ("127.0.0.1:8080", 200),
        ("localhost:9", 200),
        ("LOCALHOST", 200),
        ("[::1]:80", 200),
        (socket.gethostname(), 200),
        ("evil.example.org", 421),
        ("evil.example.org:8080", 421),
        ("127.0.0.1.evil.example.org", 421),
        ("localhost.evil.example.org:80", 421),
        ("", 421),
    ],
)
def test_who_was_told_another_name_is_not_answered(host: str, status: int) -> None:
    """DNS rebinding: the name of a foreign page is made to mean this machine, and its script reads what is here."""
    with serving() as server:
        assert asked(server, host=host)[0] == status


def test_a_history_that_cannot_be_read_is_a_sentence_and_the_next_request_may_find_it_again() -> None:
    states = iter([True, False])

    def made() -> str:
        if next(states):
            raise HistoryError("the history cannot be read", facts={"file": "history.db"})
        return "<p>here again"

    with serving(made) as server:
        assert asked(server)[::2] == (503, "Error: the history cannot be read\n  file        history.db\n")
        assert asked(server)[::2] == (200, "<p>here again")


def test_ipv6_is_served_too() -> None:
    with serving(bind="[::1]:0") as server:
        assert server.url == f"http://[::1]:{server.address.port}/"
        assert asked(server)[0] == 200


def test_one_page_is_made_at_a_time() -> None:
    busy: list[int] = []
    most: list[int] = []

    def made() -> str:
        busy.append(1)
        most.append(len(busy))
        threading.Event().wait(0.02)
        busy.pop()
        return "x"

    with serving(made) as server:
        threads = [threading.Thread(target=asked, args=[server]) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert most == [1] * 8


def test_who_goes_away_is_not_spoken_of(capfd: pytest.CaptureFixture[str]) -> None:
    asked_for, gone = threading.Event(), threading.Event()

    def made() -> str:
        asked_for.set()
        gone.wait(10)
        return "x" * 10_000_000

    with serving(made) as server:
        with socket.create_connection((server.address.host, server.address.port)) as connection:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # ends with a reset
            connection.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert asked_for.wait(10)
        gone.set()
        assert asked(server)[0] == 200
    assert capfd.readouterr() == ("", "")


def test_many_that_say_nothing_keep_nobody_waiting() -> None:
    with serving() as server, ExitStack() as stack:
        begin = time.monotonic()
        for _ in range(64):
            stack.enter_context(socket.create_connection((server.address.host, server.address.port)))
        assert asked(server)[0] == 200
        assert time.monotonic() - begin < 10


@pytest.mark.parametrize(
    ("text", "address", "loopback"),
    [
        ("127.0.0.1:8080", Address("127.0.0.1", 8080), True),
        ("127.0.0.9:1", Address("127.0.0.9", 1), True),
        ("localhost:80", Address("localhost", 80), True),
        ("[::1]:8080", Address("::1", 8080), True),
        ("0.0.0.0:8080", Address("0.0.0.0", 8080), False),  # noqa: S104  # it is what is asked about
        ("[::]:8080", Address("::", 8080), False),
        ("build-7.example.org:0", Address("build-7.example.org", 0), False),
    ],
)
def test_an_address_says_who_can_reach_it(text: str, address: Address, *, loopback: bool) -> None:
    assert (Address.parse(text), address.is_loopback, str(address)) == (address, loopback, text)


@pytest.mark.parametrize(
    "text", ["8080", "127.0.0.1", ":8080", "::1:8080", "[::1]", "a b:1", "127.0.0.1:65536", "é:1", ""]
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        Address.parse(text)
    assert caught.value.message == f"--bind {text}: not an address with a port"


def test_a_browser_shows_it_and_complains_of_nothing() -> None:
    with serving() as server, browsers.opened() as browser:
        tab = browser.new_page()
        complaints: list[str] = []
        asked_for: list[str] = []
        tab.on("console", lambda message: complaints.append(message.text))
        tab.on("pageerror", lambda error: complaints.append(str(error)))
        tab.on("request", lambda request: asked_for.append(request.url))
        tab.goto(server.url)
        tab.wait_for_selector(".uplot")
        tab.close()
    assert (complaints, asked_for) == ([], [server.url])
