"""The connection to Cloud Logging: the only import of Google's client."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from cajajejo.errors import require
from cajajejo.logs.cloud_errors import no_login

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from types import ModuleType

EMULATOR: Final = "CLOUD_LOGGING_EMULATOR_HOST"
"""The variable that names a ``host:port`` that stands for Cloud Logging: no TLS, no login."""
_ANY_SIZE: Final = ("grpc.max_receive_message_length", -1)  # a page has no limit of its own
_PAGE_SECONDS: Final = 60.0
_EXTRA: Final = "evaluation"
_PURPOSE: Final = "reading Cloud Logging"


@dataclass(frozen=True, slots=True)
class Connection:
    """Cloud Logging as it is called here.

    Attributes:
        client: Google's ``LoggingServiceV2Client``.
        types: the messages that it takes.
        call_error: what a call raises.
    """

    client: Any
    types: ModuleType
    call_error: type[Exception]
    _from_rpc_error: Any

    def page(self, project: str, filter_text: str, page_size: int, token: str) -> Any:
        """One page of entries, oldest first: a ``ListLogEntriesResponse`` of protobuf.

        Raises:
            Exception: `call_error`; nothing was tried again.
        """
        request = self.types.ListLogEntriesRequest(
            resource_names=[f"projects/{project}"],
            filter=filter_text,
            order_by="timestamp asc",
            page_size=page_size,
            page_token=token,
        )
        pager = self.client.list_log_entries(request=request, retry=None, timeout=_PAGE_SECONDS)
        response = next(iter(pager.pages))
        return type(response).pb(response)

    def live(self, project: str, filter_text: str, requests: Any, *, buffer_seconds: float, seconds: float) -> Any:
        """A live tail: a call of gRPC that gives a ``TailLogEntriesResponse`` at a time, and can be cancelled.

        The client's own method would wait for the first entry before it returns.

        Args:
            project: whose logs.
            filter_text: which entries.
            requests: makes what is sent, of the one request; it ends when the tail may.
            buffer_seconds: how long Cloud Logging holds entries back to put them in order.
            seconds: when the tail ends by itself.
        """
        request = self.types.TailLogEntriesRequest(
            resource_names=[f"projects/{project}"],
            filter=filter_text,
            buffer_window={"seconds": int(buffer_seconds), "nanos": int(buffer_seconds % 1 * 10**9)},
        )
        return self.client.transport.tail_log_entries(requests(request), timeout=seconds)

    def write(self, log_name: str, entries: Sequence[Mapping[str, Any]], *, timeout: float) -> None:
        """Writes entries to a log; one that Cloud Logging does not take keeps back none of the others.

        Raises:
            Exception: `call_error`; nothing was tried again.
        """
        request = {
            "log_name": log_name,
            "resource": {"type": "global"},
            "entries": [dict(entry) for entry in entries],
            "partial_success": True,
        }
        self.client.write_log_entries(request=request, retry=None, timeout=timeout)

    def responses(self, call: Any) -> Iterator[Any]:
        """What a live tail answers, as protobuf has it.

        Raises:
            Exception: `call_error`.
        """
        grpc = require("grpc", extra=_EXTRA, purpose=_PURPOSE)
        try:
            for response in call:
                yield type(response).pb(response)
        except grpc.RpcError as error:
            raise self._from_rpc_error(error) from error


def connect(environ: Mapping[str, str]) -> Connection:
    """Cloud Logging, or what a variable names in its place. Nothing is sent yet.

    Raises:
        MissingExtraError: Google's client is not installed.
        CloudLoginError: there is no login.
    """
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")  # else it writes notes of its own on stderr
    types = require("google.cloud.logging_v2.types", extra=_EXTRA, purpose=_PURPOSE)
    calls = require("google.api_core.exceptions", extra=_EXTRA, purpose=_PURPOSE)
    login = require("google.auth.exceptions", extra=_EXTRA, purpose=_PURPOSE)
    try:
        client = _client(environ.get(EMULATOR))
    except login.GoogleAuthError as error:
        raise no_login(error) from error
    return Connection(client, types, calls.GoogleAPICallError, calls.from_grpc_error)


def _client(emulator: str | None) -> Any:
    service = require("google.cloud.logging_v2.services.logging_service_v2", extra=_EXTRA, purpose=_PURPOSE)
    if not emulator:
        return service.LoggingServiceV2Client()
    grpc = require("grpc", extra=_EXTRA, purpose=_PURPOSE)
    channel = grpc.insecure_channel(emulator, options=[_ANY_SIZE])
    transport = service.transports.LoggingServiceV2GrpcTransport(host=emulator, channel=channel)
    return service.LoggingServiceV2Client(transport=transport)
