"""Logs of containers: tests write them line by line, clients read them as the API has them."""

from __future__ import annotations

import re
import threading
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from tests.fakes.kubernetes.errors import bad_request, invalid_options, not_found, number
from tests.fakes.kubernetes.messages import Answer
from tests.fakes.kubernetes.model import Cause

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.fakes.kubernetes.calls import Call
    from tests.fakes.kubernetes.model import ApiError, Object

_HEARTBEAT_SECONDS = 0.25
_SECOND = len("2026-01-01T00:00:00")


@dataclass(frozen=True)
class Line:
    """What a container wrote, with its line end where it has one, and when."""

    at: str
    text: str


@dataclass(frozen=True)
class Instance:
    """One run of a container: the present one, or the one before."""

    namespace: str
    pod: str
    container: str
    previous: bool = False


class LogBook:
    """All logs of a cluster."""

    def __init__(self) -> None:
        self.changed = threading.Condition()
        self._lines: dict[Instance, list[Line]] = defaultdict(list)

    def write(self, instance: Instance, text: str, *, at: str | None = None) -> None:
        """Appends lines; `at` is their time in RFC 3339, default now."""
        stamp = at or datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f000Z")
        with self.changed:
            self._lines[instance].extend(Line(stamp, part) for part in re.findall(r"[^\n]*\n|[^\n]+", text))
            self.changed.notify_all()

    def rotate(self, instance: Instance, keep: int) -> None:
        """Only the last `keep` lines stay."""
        with self.changed:
            lines = self._lines[instance]
            del lines[: len(lines) - keep]

    def read(self, instance: Instance) -> list[Line]:
        """The lines so far."""
        with self.changed:
            return list(self._lines.get(instance, ()))


def log(call: Call, book: LogBook, stopped: Callable[[], bool]) -> Answer:
    """The answer to GET of a Pod's log.

    Raises:
        ApiError: the log cannot be had, and why.
    """
    options = _options(call)
    pod = call.live()
    if pod is None:
        raise not_found(call.resource, call.target.name)
    container = _container(call, pod)
    if not pod.get("spec", {}).get("nodeName"):
        return Answer(204)
    previous = call.request.flag("previous")
    if not _started(pod, container, previous=previous):
        raise _waiting(pod, container, previous=previous)
    instance = Instance(call.target.namespace or "", call.target.name, container, previous)
    return Answer(
        200, headers={"Content-Type": "text/plain"}, stream=_Reading(call, book, instance, options, stopped).parts()
    )


@dataclass(frozen=True)
class _Options:
    tail: int | None
    limit: int | None
    since: str
    stamps: bool
    follow: bool


def _options(call: Call) -> _Options:
    query, name = call.request.query, call.target.name
    given = {key: number(query, key) for key in ("tailLines", "limitBytes", "sinceSeconds")}
    numbers = {key: found for key, found in given.items() if found is not None}
    for key, found in numbers.items():
        least = 0 if key == "tailLines" else 1
        if found < least:
            bound = "greater than or equal to 0" if key == "tailLines" else "greater than 0"
            raise _wrong(name, Cause("FieldValueInvalid", f"Invalid value: {found}: must be {bound}", key))
    if "stream" in query:
        raise _wrong(name, Cause("FieldValueForbidden", "Forbidden: may not be specified", "stream"))
    if "sinceTime" in query and "sinceSeconds" in query:
        message = "Forbidden: at most one of `sinceTime` or `sinceSeconds` may be specified"
        raise _wrong(name, Cause("FieldValueForbidden", message, ""))
    since = query.get("sinceTime", "")[:_SECOND]
    if "sinceSeconds" in numbers:
        moment = datetime.now(UTC) - timedelta(seconds=numbers["sinceSeconds"])
        since = moment.strftime("%Y-%m-%dT%H:%M:%S")
    flag = call.request.flag
    return _Options(numbers.get("tailLines"), numbers.get("limitBytes"), since, flag("timestamps"), flag("follow"))


def _wrong(name: str, cause: Cause) -> ApiError:
    return invalid_options("PodLogOptions", cause, name=name, group="")


def _container(call: Call, pod: Object) -> str:
    spec, name = pod.get("spec", {}), call.target.name
    known = [
        each["name"] for key in ("initContainers", "containers", "ephemeralContainers") for each in spec.get(key, ())
    ]
    wanted = call.request.query.get("container")
    if wanted:
        if wanted not in known:
            raise bad_request(f"container {wanted} is not valid for pod {name}")
        return wanted
    containers = spec.get("containers", ())
    if len(containers) != 1:
        raise bad_request(f"a container name must be specified for pod {name}, choose one of: [{' '.join(known)}]")
    return str(containers[0]["name"])


def _status(pod: Object, container: str) -> Object:
    status = pod.get("status", {})
    keys = ("initContainerStatuses", "containerStatuses", "ephemeralContainerStatuses")
    found = [each for key in keys for each in status.get(key, ()) if each["name"] == container]
    return dict(found[0]) if found else {}


def _started(pod: Object, container: str, *, previous: bool) -> bool:
    status = _status(pod, container)
    if "terminated" in status.get("lastState", {}):
        return True
    return not previous and bool({"running", "terminated"} & status.get("state", {}).keys())


def _waiting(pod: Object, container: str, *, previous: bool) -> ApiError:
    name = pod["metadata"]["name"]
    if previous:
        return bad_request(f'previous terminated container "{container}" in pod "{name}" not found')
    reason = _status(pod, container).get("state", {}).get("waiting", {}).get("reason")
    if reason:
        return bad_request(f'container "{container}" in pod "{name}" is waiting to start: {reason}')
    return bad_request(f'container "{container}" in pod "{name}" is not available')


class _Reading:
    """One reading of a log; what `tailLines` counts is what was there when it was asked for, before any answer."""

    def __init__(
        self, call: Call, book: LogBook, instance: Instance, options: _Options, stopped: Callable[[], bool]
    ) -> None:
        self._call = call
        self._book = book
        self._instance = instance
        self._options = options
        self._stopped = stopped
        self._left = options.limit
        self._first = book.read(instance)

    def parts(self) -> Iterator[bytes]:
        """The lines that are there, and, following, those that come until the container ends."""
        place = len(self._first)
        shown = [each for each in self._first if each.at[:_SECOND] >= self._options.since]
        if self._options.tail is not None:
            shown = shown[len(shown) - min(self._options.tail, len(shown)) :]
        yield from self._shown(shown)
        while self._options.follow and not self._stopped():
            running = self._running()
            with self._book.changed:
                if running and len(self._book.read(self._instance)) <= place:
                    self._book.changed.wait(_HEARTBEAT_SECONDS)
                lines = self._book.read(self._instance)
            yield b""
            yield from self._shown(lines[place:])
            place = len(lines)
            if not running:
                return

    def _shown(self, lines: list[Line]) -> Iterator[bytes]:
        for each in lines:
            data = (f"{each.at} {each.text}" if self._options.stamps else each.text).encode("utf-8", "surrogateescape")
            if self._left is not None:
                data, self._left = data[: self._left], self._left - len(data[: self._left])
            if data:
                yield data

    def _running(self) -> bool:
        pod = self._call.live()
        return pod is not None and "running" in _status(pod, self._instance.container).get("state", {})
