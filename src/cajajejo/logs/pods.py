"""The log of one container, read from its node: what is there, then what comes, each line once, until it has ended.

A stream is cut often and in any place: by time-outs, by a restart of the API server, in the middle of a line. It is
then read again from the last whole second on, and what was read before is dropped.
"""

from __future__ import annotations

import select
from collections import deque
from contextlib import closing, suppress
from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING, Any, Final

from cajajejo.cluster import kinds
from cajajejo.cluster.errors import (
    ClusterBusyError,
    ClusterError,
    InvalidObjectError,
    MissingObjectError,
    UnreachableError,
    connection_trouble,
    unreachable,
)
from cajajejo.cluster.exchange import plain
from cajajejo.cluster.retries import Timing, pause
from cajajejo.logs.cutting import Cutter, Position
from cajajejo.logs.lines import Block, Gap
from cajajejo.status.reading import items, mapping, number, text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from cajajejo.cluster import Cluster
    from cajajejo.cluster.exchange import JsonObject, Target

_PIECE: Final = 64 * 1024
_BATCH: Final = 256 * 1024
"""Bytes that are handed on at once, where they are there already."""
_SILENT_SECONDS: Final = 300.0
"""A stream that says nothing for so long may be dead, and is opened anew."""
_TIMING: Final = Timing(first=0.25, longest=10.0)
_MOST_CUTS: Final = 5
"""After so many cuts in a row that brought nothing, what is there cannot be read."""
_TAIL_BYTES: Final = 64 * 1024
_TAIL_READ: Final = 32 * 1024 * 1024
_STATUSES: Final = ("initContainerStatuses", "containerStatuses", "ephemeralContainerStatuses")
_REMARK: Final = b"unable to retrieve container logs"
"""How a kubelet begins when the log is not on the node any more; it stands in place of the log."""


@dataclass(frozen=True, slots=True)
class Instance:
    """One run of a container: the pod, the container, and how often it was started anew before."""

    namespace: str
    pod: str
    uid: str
    container: str
    run: int = 0


class Standing(Enum):
    """How a run of a container stands."""

    WAITING = auto()  # not started yet
    RUNNING = auto()
    ENDED = auto()
    PREVIOUS = auto()  # ended, and the container was started anew
    LOST = auto()  # started anew more than once: its log is not kept
    GONE = auto()  # the pod is deleted


_OVER: Final = frozenset({Standing.ENDED, Standing.PREVIOUS})


def container_status(pod: JsonObject, container: str) -> JsonObject:
    """What the pod's status says about a container; empty where it says nothing."""
    rows = [row for name in _STATUSES for row in items(pod, "status", name) if row.get("name") == container]
    return dict(rows[0]) if rows else {}


def standing(pod: JsonObject | None, instance: Instance) -> Standing:
    """How `instance` stands by its pod, which is None where it is deleted."""
    if pod is None or pod["metadata"].get("uid") != instance.uid:
        return Standing.GONE
    status = container_status(pod, instance.container)
    since = (number(status, "restartCount") or 0) - instance.run
    if since > 0:
        return Standing.PREVIOUS if since == 1 else Standing.LOST
    state, last = mapping(status, "state"), mapping(status, "lastState")
    if "running" in state:
        return Standing.RUNNING
    ended = "terminated" in state or "terminated" in last
    over = text(pod, "status", "phase") in {"Succeeded", "Failed"}
    return Standing.ENDED if ended or over else Standing.WAITING


class ContainerLog:
    """The log of one run of a container, and how far it was read.

    Args:
        cluster: where it is.
        instance: the run.
        since: no lines before the second of this time.
        tail: only so many of the lines that are there.
    """

    def __init__(
        self, cluster: Cluster, instance: Instance, *, since: datetime | None = None, tail: int | None = None
    ) -> None:
        self.instance = instance
        self._cluster = cluster
        self._since = since
        self._tail = tail
        self._position = Position(whole=tail is None)
        self._rest = b""
        self._read = 0

    def history(self, *, previous: bool = False) -> Iterator[Block | Gap]:
        """The lines that are there now; `previous`: the container was started anew since.

        Raises:
            ClusterError: they cannot be read.
        """
        cuts = 0
        while True:
            before = self._read
            try:
                yield from self._pass(follow=False, previous=previous)
            except MissingObjectError:
                yield self._gap(f"pod {self.instance.pod} was deleted before its log was read")
                return
            except UnreachableError:
                cuts = 0 if self._read > before else cuts + 1
                if cuts >= _MOST_CUTS:
                    raise
                self._wait(cuts)
            else:
                yield from self._last_line()
                return

    def follow(self) -> Iterator[Block | Gap]:
        """The lines that were not read yet and those that come, until the run has ended.

        Where it has ended, and the log cannot be read although the cluster answers, the rest of it is a gap.

        Raises:
            ClusterError: a refusal; failures that pass are waited for, however long.
        """
        cut, barren, refused = False, 0, 0
        while True:
            before, now = self._read, None
            try:
                now = self._standing()
                if now is Standing.RUNNING:
                    yield from self._pass(follow=True, previous=False)
                    cut = False
                elif now in _OVER:
                    yield from self._pass(follow=False, previous=now is Standing.PREVIOUS)
                    yield from self._last_line()
                    return
                elif now is not Standing.WAITING:
                    yield from self._end(now, cut=cut)
                    return
            except (MissingObjectError, InvalidObjectError, UnreachableError, ClusterBusyError) as error:
                # of a refusal, its status says otherwise in a moment
                cut = cut or isinstance(error, UnreachableError | ClusterBusyError)
                refused = refused + 1 if now in _OVER and self._read == before else 0
                if refused >= _MOST_CUTS:
                    yield self._gap(f"the rest of the log of pod {self.instance.pod} cannot be read: {remark(error)}")
                    return
            barren = 0 if self._read > before else barren + 1
            if barren:
                self._wait(barren)

    def _end(self, now: Standing, *, cut: bool) -> Iterator[Block | Gap]:
        """What is told where no more can be read."""
        yield from self._last_line()
        name = self.instance.pod
        if now is Standing.LOST:
            yield self._gap(f"container {self.instance.container} of pod {name} was restarted twice meanwhile")
        elif cut:
            yield self._gap(f"pod {name} was deleted before the rest of its log was read")

    def _pass(self, *, follow: bool, previous: bool) -> Iterator[Block | Gap]:
        """One request: the lines that were not read before; half a line at its end is kept as `_rest`."""
        known, cutter = self._position.known(), Cutter()
        self._rest = b""
        with closing(self._open(follow=follow, previous=previous)) as stream:
            for data in _pieces(stream, self._cluster.target):
                lines = cutter.feed(data)
                if lines and (fresh := known.fresh(lines)):
                    if known.rotated:
                        known.rotated = False
                        yield self._gap(f"the log of pod {self.instance.pod} was rotated before it could be read")
                    yield self._block(fresh)
        rest = cutter.rest()
        self._rest = known.fresh(rest + b"\n") if rest else b""

    def _open(self, *, follow: bool, previous: bool) -> Any:
        query = [("container", self.instance.container), ("timestamps", "true")]
        query += [("follow", "true")] * follow + [("previous", "true")] * previous
        since = self._position.since or (f"{self._since:%Y-%m-%dT%H:%M:%SZ}" if self._since else None)
        if since is not None:
            query.append(("sinceTime", since))
        if self._tail is not None and self._position.last is None:
            query.append(("tailLines", str(self._tail)))
        seconds = _SILENT_SECONDS if follow else None
        path = _path(self.instance.namespace, self.instance.pod)
        return self._cluster.request("GET", path, query, stream=True, read_seconds=seconds).stream

    def _block(self, lines: bytes) -> Block | Gap:
        if self._position.last is None and lines.startswith(_REMARK):
            return self._gap(f"the node has no log of pod {self.instance.pod} any more")
        self._read += 1
        data, first, last = self._position.advance(lines)
        return Block(self.instance.pod, self.instance.container, data, first, last, data.count(b"\n"))

    def _last_line(self) -> Iterator[Block | Gap]:
        """The line that has no end, where the log has one."""
        if self._rest:
            rest, self._rest = self._rest, b""
            yield self._block(rest)

    def _gap(self, why: str) -> Gap:
        return Gap(self._position.last, None, why, self.instance.pod)

    def _standing(self) -> Standing:
        pod = self._cluster.get("Pod", self.instance.pod, self.instance.namespace)
        return standing(pod, self.instance)

    def _wait(self, count: int) -> None:
        options = self._cluster.options
        options.sleep(pause(count, None, _TIMING, options.random()))


def tail(
    cluster: Cluster, namespace: str, pod: str, container: str, *, lines: int = 20, previous: bool = False
) -> tuple[str, ...]:
    """The last lines of a container, without times, 64 KiB at most; none where there are none or none can be had."""
    query = [("container", container), ("tailLines", str(lines)), *[("previous", "true")] * previous]
    kept: deque[bytes] = deque()
    size = read = 0
    try:
        with closing(cluster.request("GET", _path(namespace, pod), query, stream=True).stream) as stream:
            for data in _pieces(stream, cluster.target):
                kept.append(data[-_TAIL_BYTES:])
                size, read = size + len(kept[-1]), read + len(data)
                while size - len(kept[0]) >= _TAIL_BYTES:
                    size -= len(kept.popleft())
                if read > _TAIL_READ:
                    break
    except ClusterError:
        pass  # what was read until then is better than nothing
    text = b"".join(kept)[-_TAIL_BYTES:].decode("utf-8", "replace")
    return tuple(line.removesuffix("\r") for line in text.removesuffix("\n").split("\n")[-lines:] if text)


def _path(namespace: str, pod: str) -> str:
    return kinds.find("Pod").path(namespace, pod, "log")


def _pieces(stream: Any, target: Target) -> Iterator[bytes]:
    """The bytes of a stream as they come: at once where there are few, many together where they are there already.

    Raises:
        UnreachableError: the stream was cut; what came before was given out.
    """
    parts: list[bytes] = []
    size = 0
    poll = select.poll()
    encoded = "content-encoding" in stream.headers
    while True:
        try:
            part = stream.read1(_PIECE, decode_content=encoded)
        except Exception as error:
            if parts:
                yield b"".join(parts)
            if connection_trouble(error) is None and not isinstance(error, OSError | ValueError):
                raise
            raise unreachable(error, target) from error
        if not part:
            break
        if not size:
            _register(poll, stream)
        parts.append(part)
        size += len(part)
        if size >= _BATCH or not poll.poll(0):
            yield b"".join(parts)
            parts, size = [], 0
    if parts:
        yield b"".join(parts)


def _register(poll: select.poll, stream: Any) -> None:
    """Lets `poll` look whether more has come; a stream that is read to its end has nothing to look at."""
    with suppress(OSError, AttributeError):
        poll.register(stream.fileno(), select.POLLIN)


def remark(error: ClusterError) -> str:
    """What the cluster said, as the end of a sentence."""
    return plain(error.facts.get("says") or error.message)
