"""What goes wrong on request: refusals, lost connections, halves of answers, slow answers and cut watches."""

from __future__ import annotations

import re
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from tests.fakes.kubernetes.messages import Answer, refusal
from tests.fakes.kubernetes.model import ApiError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.fakes.kubernetes.messages import Request

PROXY_PAGE = "<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>\n"


class HangupError(Exception):
    """The connection ends now."""


class Sender(Protocol):
    """The connection that an answer goes to."""

    def send(self, answer: Answer, *, content: bytes | None = None) -> None:
        """Sends an answer, or other bytes in place of its body."""

    def hang_up(self) -> None:
        """Ends the connection."""


@dataclass
class Fault:
    """What happens to the next `times` requests that match, after `skip` that do and are left alone."""

    method: str
    path: str
    times: int
    skip: int = 0
    refuse: Answer | None = None
    drop: str = ""
    delay_seconds: float = 0.0
    half: bool = False
    dribble_seconds: float = 0.0
    cut_after: int | None = None
    cut_bytes: int | None = None
    hits: int = field(default=0, init=False)

    def answer(self, status: int, message: str = "", *, retry_after: int | None = None, reason: str = "") -> None:
        """A Status with this code, before anything is stored."""
        headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
        self.refuse = refusal(ApiError(status, reason, message or "the server is asked to fail", headers=headers))

    def too_many_requests(self, retry_after: int = 1) -> None:
        """What flow control answers: plain text and Retry-After."""
        body = "Too many requests, please try again later.\n"
        self.refuse = Answer(429, body, {"Retry-After": str(retry_after), "X-Content-Type-Options": "nosniff"})

    def proxy_page(self, status: int = 502, page: str = PROXY_PAGE) -> None:
        """The HTML page of something between client and server."""
        self.refuse = Answer(status, page, {"Content-Type": "text/html"})

    def drop_before(self) -> None:
        """The connection ends, and nothing was stored."""
        self.drop = "before"

    def drop_after(self) -> None:
        """The change is stored, and the connection ends before the answer."""
        self.drop = "after"

    def half_body(self) -> None:
        """The answer breaks off in the middle of its body; what was asked for is stored."""
        self.half = True

    def delay(self, seconds: float) -> None:
        """The request waits before it is looked at."""
        self.delay_seconds = seconds

    def dribble(self, seconds: float) -> None:
        """The body comes in small pieces, and takes this long."""
        self.dribble_seconds = seconds

    def cut(self, after_events: int = 0) -> None:
        """A stream breaks off after so many parts."""
        self.cut_after = after_events

    def break_off(self, after_bytes: int) -> None:
        """A stream breaks off after so many bytes, wherever that is."""
        self.cut_bytes = after_bytes

    def matches(self, request: Request) -> bool:
        """Whether this request is meant."""
        return bool(re.fullmatch(self.method, request.method) and re.search(self.path, request.path))


class Faults:
    """The faults that are still to come; thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._faults: list[Fault] = []

    def on(self, method: str = ".*", path: str = "", *, times: int = 1, skip: int = 0) -> Fault:
        """A fault for requests with this method and path (regular expressions); say on it what shall happen."""
        fault = Fault(method, path, times, skip)
        with self._lock:
            self._faults.append(fault)
        return fault

    def clear(self) -> None:
        """Nothing goes wrong any more."""
        with self._lock:
            self._faults.clear()

    def take(self, request: Request) -> Fault | None:
        """The fault that this request meets."""
        with self._lock:
            for fault in self._faults:
                if fault.hits >= fault.skip + fault.times or not fault.matches(request):
                    continue
                fault.hits += 1
                if fault.hits > fault.skip:
                    return fault
        return None


def deliver(fault: Fault | None, sender: Sender, produce: Callable[[], Answer]) -> None:
    """Makes an answer and sends it, with what the fault does to it."""
    if fault is None:
        sender.send(produce())
        return
    time.sleep(fault.delay_seconds)
    if fault.drop == "before":
        sender.hang_up()
    answer = fault.refuse or produce()
    if fault.drop == "after":
        sender.hang_up()
    if fault.half:
        content = answer.content()
        sender.send(answer, content=content[: len(content) // 2])
        sender.hang_up()
    if fault.dribble_seconds and answer.stream is None:
        answer.stream = _slowly(answer.content(), fault.dribble_seconds)
    if fault.cut_after is not None and answer.stream is not None:
        answer.stream = _cut(answer.stream, fault.cut_after)
    if fault.cut_bytes is not None and answer.stream is not None:
        answer.stream = _broken(answer.stream, fault.cut_bytes)
    sender.send(answer)


def _slowly(content: bytes, seconds: float, pieces: int = 20) -> Iterator[bytes]:
    size = max(1, -(-len(content) // pieces))
    for start in range(0, len(content), size):
        time.sleep(seconds / pieces)
        yield content[start : start + size]


def _cut(stream: Iterator[bytes], count: int) -> Iterator[bytes]:
    if count == 0:
        raise HangupError
    for part in stream:
        yield part
        count -= bool(part)
        if count == 0:
            raise HangupError


def _broken(stream: Iterator[bytes], size: int) -> Iterator[bytes]:
    for part in stream:
        if part[:size]:
            yield part[:size]
        size -= len(part)
        if size <= 0:
            raise HangupError
