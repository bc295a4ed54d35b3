"""The stream of one watch: events as whole lines of JSON, however they come in, until it ends or breaks."""

from __future__ import annotations

import json
import threading
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from cajajejo.cluster import errors
from cajajejo.cluster.exchange import plain

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cajajejo.cluster.exchange import Answer, JsonObject, Target

_PIECE: Final = 65_536
_LONGEST: Final = 32 * 1024 * 1024
"""No object of a cluster is so long; what is, is no line of a watch."""


class SilenceError(errors.UnreachableError):
    """A watch said nothing for longer than it may."""


@dataclass(frozen=True, slots=True)
class Event:
    """One line of a watch: ``ADDED``, ``MODIFIED``, ``DELETED``, ``BOOKMARK`` and the object."""

    type: str
    object: JsonObject


class EventStream:
    """The events of an open watch; `stop` ends the reading from any thread, also in the middle of a wait.

    Raises:
        UnexpectedAnswerError: it is a web page.
    """

    def __init__(self, answer: Answer, target: Target) -> None:
        self._answer = answer
        self._target = target
        self._lock = threading.Lock()
        self._open = True
        if answer.content_type == "text/html":
            self.close()
            raise self._no_watch("a web page")

    def __iter__(self) -> Iterator[Event]:
        """The events; half a line at the end is none.

        Raises:
            ExpiredError: the watch began too long ago.
            SilenceError: nothing came for too long.
            ClusterBusyError: the cluster says in the stream that it failed.
            UnexpectedAnswerError: what comes is no watch.
            UnreachableError: the stream was cut.
        """
        try:
            for line in self._lines():
                if line.strip():
                    yield self._event(line)
        finally:
            self.close()

    def stop(self) -> None:
        """Ends the reading at once."""
        with self._lock:
            if self._open:
                with suppress(OSError, ValueError, RuntimeError):  # it has ended by itself
                    self._answer.stream.shutdown()

    def close(self) -> None:
        """Gives the connection back; nothing is read any more."""
        with self._lock:
            self._open = False
            self._answer.stream.close()

    def _lines(self) -> Iterator[bytes]:
        parts: list[bytes] = []
        length = 0
        while piece := self._read():
            *whole, rest = piece.split(b"\n")
            if whole:
                yield b"".join([*parts, whole[0]])
                yield from whole[1:]
                parts, length = [], 0
            parts.append(rest)
            length += len(rest)
            if length > _LONGEST:
                raise self._no_watch("a line without an end")

    def _read(self) -> bytes:
        try:
            return self._answer.stream.read1(_PIECE)  # type: ignore[no-any-return]  # urllib3 is imported when needed
        except Exception as error:
            if errors.is_silence(error):
                raise SilenceError(f"the cluster fell silent: {self._target.server}") from error
            if errors.is_of_connection(error):
                raise errors.unreachable(error, self._target) from error
            raise

    def _event(self, line: bytes) -> Event:
        try:
            event = json.loads(line)
        except (ValueError, RecursionError):
            event = None
        if not isinstance(event, dict) or not isinstance(event.get("object"), dict):
            raise self._no_watch(plain(line[:600].decode("utf-8", "replace"), 120))
        if event.get("type") == "ERROR":
            raise self._told(event["object"])
        return Event(str(event.get("type")), event["object"])

    def _no_watch(self, says: str) -> errors.ClusterError:
        facts = {"got": says, "context": plain(self._target.context)}
        message = f"what comes in place of a watch is none; does a proxy stand in between? {self._target.server}"
        return errors.UnexpectedAnswerError(message, facts=facts)

    def _told(self, status: JsonObject) -> errors.ClusterError:
        """The error that a ``Status`` in the stream means."""
        facts = {"says": plain(status.get("message") or "nothing"), "context": plain(self._target.context)}
        if status.get("code") == HTTPStatus.GONE or status.get("reason") in {"Expired", "Gone"}:
            return errors.ExpiredError("the watch began too long ago to be continued", facts=facts)
        return errors.ClusterBusyError(f"the cluster ended a watch: {self._target.server}", facts=facts)
