"""Bytes that arrive in fsspec's event loop, taken out of it in chunks; nothing that arrived before a cut is lost."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from cajajejo.errors import require
from cajajejo.storage.stored import CHUNK

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator


class Stream:
    """The body of an answer.

    Args:
        read: gives the next bytes up to so many, none at the end.
        close: ends the connection, where there is more to come on it.
        rest: what arrived before `read` failed and was not yet read, which aiohttp keeps to itself.
        broken: what `read` raises where the connection breaks.
    """

    def __init__(
        self,
        read: Callable[[int], Awaitable[bytes]],
        close: Callable[[], object],
        rest: Callable[[], bytes],
        broken: tuple[type[Exception], ...],
    ) -> None:
        self._read = read
        self._rest = rest
        self._broken = broken
        self._error: Exception | None = None
        self.close = close

    async def chunk(self) -> bytes:
        """The next `CHUNK` bytes, fewer before the end or before an error, which is raised at the next call."""
        if self._error is not None:
            raise self._error
        got = bytearray()
        try:
            while len(got) < CHUNK and (piece := await self._read(CHUNK - len(got))):
                got += piece
        except self._broken as error:
            got += self._rest()
            if not got:
                raise
            self._error = error
        return bytes(got)


def in_loop(loop: Any, coroutine: Callable[..., Any], *given: Any) -> Any:
    """What `coroutine` returns, run in fsspec's thread."""
    asyn = require("fsspec.asyn", extra="evaluation", purpose="buckets")
    return asyn.sync(loop, coroutine, *given)


@contextmanager
def closing(loop: Any, stream: Stream) -> Iterator[None]:
    """Closes `stream` at the end, without waiting: also when the interpreter ends, and its thread is gone."""
    try:
        yield
    finally:
        loop.call_soon_threadsafe(stream.close)


def chunks(loop: Any, stream: Stream) -> Iterator[bytes]:
    """The bytes of `stream`."""
    while got := in_loop(loop, stream.chunk):
        for start in range(0, len(got), CHUNK):
            yield got[start : start + CHUNK]


def unread(content: Any) -> bytes:
    """What is left in aiohttp's reader of a broken connection: without it, one cut often enough would never end."""
    return bytes(content._read_nowait(-1))  # noqa: SLF001  # its public one fails once the connection has
