"""Cloud Logging over gRPC on loopback, with the library's own messages: write, list by pages, live tail, and faults."""

from __future__ import annotations

import base64
import hashlib
import itertools
import queue
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import grpc  # type: ignore[import-untyped]  # carries no types
from google.cloud.logging_v2 import types
from google.protobuf import any_pb2, json_format  # type: ignore[import-untyped]  # carries no types
from google.rpc import code_pb2, error_details_pb2, status_pb2  # type: ignore[import-untyped]  # carries no types
from grpc_status import rpc_status  # type: ignore[import-untyped]  # carries no types

from tests.fakes import cloud_logging_query as query

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

PROJECT: Final = "evaluations"
SECOND: Final = 10**9
_MOST: Final = 1000
_Entry: Final = types.LogEntry.pb()
_ListAnswer: Final = types.ListLogEntriesResponse.pb()
_TailAnswer: Final = types.TailLogEntriesResponse.pb()


@dataclass
class Fault:
    """A call that fails: which, how, how often, and after how many entries of a tail."""

    method: str
    code: grpc.StatusCode
    message: str = "a fault"
    times: float = 1
    reason: str = ""
    after: int = 0


@dataclass
class Asked:
    """A call as it came in."""

    method: str
    filter: str
    page_size: int = 0
    token: str = ""


@dataclass
class Listener:
    """A live tail that is open."""

    matches: Any
    pending: queue.Queue[Any] = field(default_factory=queue.Queue)
    left_out: int = 0


def entry(
    text: str | None = None,
    *,
    at: int,
    job: str = "eval-x",
    pod: str = "eval-x-abcde",
    payload: Mapping[str, Any] | None = None,
    **other: Any,
) -> Any:
    """An entry as the agent on a GKE node writes it, `at` nanoseconds since the epoch."""
    place = {"project_id": PROJECT, "location": "europe-west4", "cluster_name": "autopilot-cluster-1"}
    resource = {**place, "namespace_name": "default", "pod_name": pod, "container_name": "eval"}
    made = _Entry(
        log_name=f"projects/{PROJECT}/logs/stdout",
        resource={
            "type": other.pop("resource_type", "k8s_container"),
            "labels": {**resource, **other.pop("resource", {})},
        },
        labels=other.pop("labels", {"k8s-pod/batch_kubernetes_io/job-name": job}),
        severity=other.pop("severity", 200),
        **other,
    )
    made.timestamp.seconds, made.timestamp.nanos = divmod(at, SECOND)
    if payload is not None:
        json_format.ParseDict(dict(payload), made.json_payload)
    elif text is not None:
        made.text_payload = text
    return made


class CloudLogging:
    """The logs of one project.

    Attributes:
        asked: the calls that came in.
        answered: how many calls of each method were answered.
        faults: calls that are to fail.
        doubled: whether every entry is listed twice.
        empty_pages: how many pages come empty before the entries: a search that takes long does that.
    """

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.answered: Counter[str] = Counter()
        self.faults: list[Fault] = []
        self.doubled = False
        self.empty_pages = 0
        self.host = ""
        self._entries: list[Any] = []
        self._listeners: list[Listener] = []
        self._lock = threading.Lock()
        self._numbers = itertools.count()
        self._epoch = 0

    def write(self, *entries: Any, quietly: bool = False) -> None:
        """Takes entries; `quietly`: open tails leave them out, and say so with what comes next."""
        with self._lock:
            for made in entries:
                made.insert_id = made.insert_id or f"{next(self._numbers):012d}"
                made.receive_timestamp.GetCurrentTime()
                self._entries.append(made)
                for listener in self._listeners:
                    if not listener.matches(made):
                        continue
                    if quietly:
                        listener.left_out += 1
                    else:
                        listener.pending.put(made)

    @property
    def listening(self) -> int:
        """How many tails are open."""
        return len(self._listeners)

    def repeat(self, made: Any) -> None:
        """Sends an entry that is there already to the open tails once more."""
        with self._lock:
            for listener in self._listeners:
                listener.pending.put(made)

    def fail(self, method: str, code: grpc.StatusCode, message: str = "a fault", **how: Any) -> None:
        """The next calls of `method` fail."""
        self.faults.append(Fault(method, code, message, **how))

    def forget_tokens(self) -> None:
        """All page tokens that were given are too old from now on."""
        self._epoch += 1

    def calls(self, method: str) -> list[Asked]:
        """The calls of `method` that came in."""
        return [asked for asked in self.asked if asked.method == method]

    def wait_for_tail(self, count: int = 1, seconds: float = 120.0) -> None:
        """Returns when the tail number `count` was opened, and listens."""
        until = time.monotonic() + seconds
        while len(self.calls("TailLogEntries")) < count or not self._listeners:
            assert time.monotonic() < until, "no tail was opened"
            time.sleep(0.005)

    def list_entries(self, request: Any, context: grpc.ServicerContext) -> Any:
        """``ListLogEntries``."""
        self.asked.append(Asked("ListLogEntries", request.filter, request.page_size, request.page_token))
        self._fail_if_asked("ListLogEntries", context)
        matches = self._checked(request, context)
        if request.order_by not in {"", "timestamp asc", "timestamp desc"} or not 0 <= request.page_size <= _MOST:
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, "order_by or page_size")
        at = self._offset(request, context)
        with self._lock:
            found = [made for made in self._entries if matches(made)]
        found.sort(key=_order, reverse=request.order_by.endswith("desc"))
        found = [made for made in found for _ in range(1 + self.doubled)]
        self.answered["ListLogEntries"] += 1
        if at < self.empty_pages:
            return _ListAnswer(next_page_token=self._token(request, at + 1))
        first, size = at - self.empty_pages, request.page_size or 50
        more = first + size < len(found)
        token = self._token(request, at + size) if more else ""
        return _ListAnswer(entries=found[first : first + size], next_page_token=token)

    def write_entries(self, request: Any, context: grpc.ServicerContext) -> Any:
        """``WriteLogEntries``."""
        self._fail_if_asked("WriteLogEntries", context)
        for made in request.entries:
            made.log_name = made.log_name or request.log_name
            if not made.HasField("timestamp"):
                made.timestamp.GetCurrentTime()
        self.write(*request.entries)
        return types.WriteLogEntriesResponse.pb()()

    def tail_entries(self, requests: Iterator[Any], context: grpc.ServicerContext) -> Iterator[Any]:
        """``TailLogEntries``."""
        request = next(requests)
        listener = Listener(self._checked(request, context))
        fault = self._fault("TailLogEntries")
        if fault and not fault.after:
            self.asked.append(Asked("TailLogEntries", request.filter))
            _abort(fault, context)
        with self._lock:
            self._listeners.append(listener)
        self.asked.append(Asked("TailLogEntries", request.filter))
        try:
            yield from self._heard(listener, fault, context)
        finally:
            with self._lock:
                self._listeners.remove(listener)

    def _heard(self, listener: Listener, fault: Fault | None, context: grpc.ServicerContext) -> Iterator[Any]:
        sent = 0
        while context.is_active():
            try:
                made = listener.pending.get(timeout=0.02)
            except queue.Empty:
                continue
            answer = _TailAnswer(entries=[made])
            if listener.left_out:
                answer.suppression_info.add(reason=2, suppressed_count=listener.left_out)
                listener.left_out = 0
            yield answer
            sent += 1
            if fault and sent == fault.after:
                if fault.code is grpc.StatusCode.OK:
                    return
                _abort(fault, context)

    def _checked(self, request: Any, context: grpc.ServicerContext) -> Any:
        if list(request.resource_names) != [f"projects/{PROJECT}"]:
            context.abort(grpc.StatusCode.NOT_FOUND, f"Project does not exist: {', '.join(request.resource_names)}")
        try:
            return query.parse(request.filter)
        except query.QueryError as error:
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, f"Unparseable filter: {error}")

    def _token(self, request: Any, at: int) -> str:
        asked = hashlib.sha256(request.filter.encode()).hexdigest()[:12]
        return base64.urlsafe_b64encode(f"{self._epoch} {asked} {at}".encode()).decode()

    def _offset(self, request: Any, context: grpc.ServicerContext) -> int:
        if not request.page_token:
            return 0
        at = int(base64.urlsafe_b64decode(request.page_token).split()[-1])
        if request.page_token != self._token(request, at):
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, "page_token doesn't match the request, or is too old")
        return at

    def _fault(self, method: str) -> Fault | None:
        with self._lock:
            for fault in self.faults:
                if fault.method == method and fault.times > 0:
                    fault.times -= 1
                    return fault
        return None

    def _fail_if_asked(self, method: str, context: grpc.ServicerContext) -> None:
        if fault := self._fault(method):
            _abort(fault, context)


def _order(made: Any) -> tuple[int, int, str]:
    return made.timestamp.seconds, made.timestamp.nanos, made.insert_id


def _abort(fault: Fault, context: grpc.ServicerContext) -> None:
    if not fault.reason:
        context.abort(fault.code, fault.message)
    detail = any_pb2.Any()
    detail.Pack(error_details_pb2.ErrorInfo(reason=fault.reason, domain="googleapis.com"))
    code = code_pb2.Code.Value(fault.code.name)
    status = status_pb2.Status(code=code, message=fault.message, details=[detail])
    context.abort_with_status(rpc_status.to_status(status))


@contextmanager
def serving() -> Iterator[CloudLogging]:
    """A server while it is needed."""
    logs = CloudLogging()
    server = grpc.server(ThreadPoolExecutor(16), options=[("grpc.max_send_message_length", -1)])
    unary, stream = grpc.unary_unary_rpc_method_handler, grpc.stream_stream_rpc_method_handler
    handlers = {
        "ListLogEntries": unary(logs.list_entries, *_coding(types.ListLogEntriesRequest, types.ListLogEntriesResponse)),
        "WriteLogEntries": unary(
            logs.write_entries, *_coding(types.WriteLogEntriesRequest, types.WriteLogEntriesResponse)
        ),
        "TailLogEntries": stream(
            logs.tail_entries, *_coding(types.TailLogEntriesRequest, types.TailLogEntriesResponse)
        ),
    }
    name = "google.logging.v2.LoggingServiceV2"
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(name, handlers),))
    logs.host = f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
    server.start()
    try:
        yield logs
    finally:
        server.stop(grace=None).wait()


def _coding(request: Any, response: Any) -> tuple[Any, Any]:
    return request.pb().FromString, response.pb().SerializeToString
