"""What is said here, sent to Cloud Logging: for machines whose standard output nobody collects.

On GKE an agent collects it, and this is not needed. Entries wait in a queue of bounded length and are sent by a thread
of their own, so that a slow or absent Cloud Logging never holds up, and never fails, what is logged.
"""

from __future__ import annotations

import itertools
import json
import queue
import secrets
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from cajajejo.errors import CajajejoError, require
from cajajejo.logs import cloud_connection

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

VARIABLE: Final = "CAJAJEJO_CLOUD_LOGGING"
"""The variable that names the project of Google Cloud whose log is written to."""
_LOG: Final = "cajajejo"
_MOST_WAITING: Final = 10_000
_MOST_AT_ONCE: Final = 500
_PAUSE_SECONDS: Final = 0.5
_CALL_SECONDS: Final = 10.0
_LAST_SECONDS: Final = 5.0
_TRIES: Final = 3


class CloudSink:
    """Entries of one process, on their way to the log ``cajajejo`` of a project.

    Args:
        project: the project of Google Cloud.
        connection: Cloud Logging.
        warn: is told once that entries are lost, from another thread.
    """

    def __init__(self, project: str, connection: cloud_connection.Connection, warn: Callable[[str], None]) -> None:
        self._log = f"projects/{project}/logs/{_LOG}"
        self._connection = connection
        self._warn = warn
        self._waiting: queue.Queue[dict[str, Any] | None] = queue.Queue(_MOST_WAITING)
        self._is_told = False
        self._names = (f"{secrets.token_hex(6)}-{number:09d}" for number in itertools.count())
        self._thread = threading.Thread(target=self._send_all, name="cloud-sink", daemon=True)
        self._thread.start()

    def __call__(self, severity: str, message: str, labels: Mapping[str, str], now: datetime, **fields: object) -> None:
        """Takes one entry; returns at once."""
        entry = {
            "insert_id": next(self._names),  # what is sent twice is kept once
            "severity": severity,
            "timestamp": now,
            "labels": {name: str(value) for name, value in labels.items()},
            "json_payload": json.loads(json.dumps({"message": message, **fields}, default=str)),
        }
        try:
            self._waiting.put_nowait(entry)
        except queue.Full:
            self._lose("too many at once")

    def close(self) -> None:
        """Sends what waits, for some seconds at most."""
        with suppress(queue.Full):
            self._waiting.put(None, timeout=_LAST_SECONDS)
            self._thread.join(_LAST_SECONDS)

    def _send_all(self) -> None:
        goes_on = True
        while goes_on:
            entries = [self._waiting.get()]
            time.sleep(0 if entries[0] is None else _PAUSE_SECONDS)
            while len(entries) < _MOST_AT_ONCE and not self._waiting.empty():
                entries.append(self._waiting.get_nowait())
            goes_on = None not in entries
            self._send([entry for entry in entries if entry is not None])

    def _send(self, entries: list[dict[str, Any]]) -> None:
        reason = ""
        for attempt in range(_TRIES if entries else 0):
            time.sleep(attempt)
            try:
                self._connection.write(self._log, entries, timeout=_CALL_SECONDS)
            except self._connection.call_error as error:
                reason = type(error).__name__
            else:
                return
        if entries:
            self._lose(reason)

    def _lose(self, reason: str) -> None:
        if not self._is_told:
            self._is_told = True
            self._warn(f"Cloud Logging does not take every entry ({reason}); all of them are in this log")


def opened(environ: Mapping[str, str], warn: Callable[[str], None]) -> CloudSink | None:
    """Where entries go beside this log; None where no variable asks for it, or it cannot be done, which is told."""
    project = environ.get(VARIABLE, "").strip()
    if not project:
        return None
    try:
        require("google.cloud.logging_v2", extra="evaluation", purpose="writing to Cloud Logging")
        return CloudSink(project, cloud_connection.connect(environ), warn)
    except CajajejoError as error:
        warn(f"{VARIABLE} is set, and entries do not go to Cloud Logging: {error.message}")
        return None
