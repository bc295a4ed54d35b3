"""What `tests.fakes.faulty_proxy` can do to a request or its answer."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Cut:
    """The answer breaks off after so many bytes of its body; its ``Content-Length`` promised all. `reset`: with RST."""

    after: int = 0
    reset: bool = False


@dataclass(frozen=True)
class Shorten:
    """The answer is complete as HTTP goes, and too short: its length says so, or (`lengthless`) it has none."""

    to: int
    lengthless: bool = False


@dataclass(frozen=True)
class Lengthless:
    """The answer is whole, and does not say how long it is: it ends when the connection does."""


@dataclass(frozen=True)
class Answer:
    """This in place of what the server would say; the server is not asked."""

    status: int
    body: bytes = b"a fault"
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Hang:
    """Silence after so many bytes of the body (None: before the head), until the client goes away or `release()`."""

    after: int | None = None


@dataclass(frozen=True)
class Delay:
    """The answer comes later."""

    seconds: float


@dataclass(frozen=True)
class Slow:
    """The answer trickles: `chunk` bytes, then a pause."""

    chunk: int = 64 * 1024
    pause_seconds: float = 0.01


@dataclass(frozen=True)
class Flip:
    """One byte of the body, at this place of the answer, is another."""

    at: int


@dataclass(frozen=True)
class WithoutRange:
    """The server does not know ``Range``: it is not told of it, and sends all with 200."""


@dataclass(frozen=True)
class CutUpload:
    """The connection ends after so many bytes of the request's body; the server hears nothing of it."""

    after: int = 0


@dataclass(frozen=True)
class LoseAnswer:
    """The server does what it was asked, and nobody hears that it did."""


Fault = Cut | Shorten | Lengthless | Answer | Hang | Delay | Slow | Flip | WithoutRange | CutUpload | LoseAnswer
