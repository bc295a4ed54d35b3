"""The Job that this pod belongs to: its progress as an annotation, written past everything that matters more.

One PATCH every ten seconds at most, from a thread of its own, with the standard library: the client of `cluster` would
cost every evaluation half a second and tens of megabytes, and would wait and try again, which nobody here wants.
"""

from __future__ import annotations

import http.client
import json
import ssl
import threading
import time
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from cajajejo import __version__
from cajajejo.errors import printable
from cajajejo.pod_config import API_ACCESS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

ANNOTATION: Final = "cajajejo/progress"
_EVERY_SECONDS: Final = 10.0
_ANSWER_SECONDS: Final = 5.0
_ANSWER_BYTES: Final = 16_384
_SHOWN: Final = 300
_PASSES: Final = frozenset(
    {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.CONFLICT, HTTPStatus.TOO_MANY_REQUESTS, *range(500, 600)}
)
"""Answers that the next attempt may not get."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where the Job of this pod is, and the directory with the token and the certificates (``ca.crt``) for it."""

    host: str
    port: int
    namespace: str
    job: str
    access: Path

    @property
    def path(self) -> str:
        """The address of the Job on the API server."""
        inside, name = quote(self.namespace, safe=""), quote(self.job, safe="")
        return f"/apis/batch/v1/namespaces/{inside}/jobs/{name}?fieldManager=cajajejo-progress"


def find(environ: Mapping[str, str]) -> Place | None:
    """The place that the manifest and Kubernetes tell of; None where the pod was given no access to its Job."""
    access = Path(environ.get("CAJAJEJO_API_ACCESS") or API_ACCESS)
    host, port = environ.get("KUBERNETES_SERVICE_HOST"), environ.get("KUBERNETES_SERVICE_PORT", "443")
    namespace, job = environ.get("JOB_NAMESPACE"), environ.get("JOB_NAME")
    if not (host and namespace and job and port.isdecimal() and (access / "token").exists()):
        return None
    return Place(host, int(port), namespace, job, access)


class _RefusedError(Exception):
    """The API server does not let us; trying again is no use."""


class OwnJob:
    """Writes the newest value that it is given on the Job, and nothing else; never raises, and never waits.

    Args:
        place: the Job.
        warn: is called once, with a sentence, when the cluster refuses or does not answer.
        every_seconds: the least time between two requests.
    """

    def __init__(self, place: Place, warn: Callable[[str], None], *, every_seconds: float = _EVERY_SECONDS) -> None:
        self._place = place
        self._warn = warn
        self._every = every_seconds
        self._news = threading.Condition()
        self._newest: str | None = None
        self._warned = False
        self._closed = False
        threading.Thread(target=self._run, name="own-job", daemon=True).start()

    def annotate(self, value: Mapping[str, object]) -> None:
        """Takes `value` as the newest one; it is written when it is time."""
        with self._news:
            self._newest = json.dumps(value)
            self._news.notify()

    def close(self) -> None:
        """Writes and tells nothing from now on."""
        with self._news:
            self._closed = True
            self._news.notify()

    def _run(self) -> None:
        while True:
            with self._news:
                self._news.wait_for(lambda: self._closed or self._newest is not None)
                if self._closed or self._newest is None:
                    return
                value, self._newest = self._newest, None
            began = time.monotonic()
            try:
                self._write(value)
            except _RefusedError as error:
                self._tell(f"progress is not written on the Job any more: {error}")
                return
            except (OSError, http.client.HTTPException, ValueError) as error:
                self._warn_once(f"progress could not be written on the Job: {_said(error)}")
            with self._news:
                self._news.wait_for(lambda: self._closed, self._every - (time.monotonic() - began))

    def _tell(self, sentence: str) -> None:
        with self._news:  # nothing is told once `close` has returned
            if not self._closed:
                self._warn(sentence)

    def _warn_once(self, sentence: str) -> None:
        if not self._warned:
            self._warned = True
            self._tell(f"{sentence}; it is tried again, and not told again")

    def _write(self, value: str) -> None:
        token = (self._place.access / "token").read_text("ascii").strip()  # Kubernetes renews it
        context = ssl.create_default_context(cafile=str(self._place.access / "ca.crt"))
        connection = http.client.HTTPSConnection(
            self._place.host, self._place.port, context=context, timeout=_ANSWER_SECONDS
        )
        try:
            connection.request(
                "PATCH",
                self._place.path,
                json.dumps({"metadata": {"annotations": {ANNOTATION: value}}}),
                {
                    "Authorization": f"Bearer {token}",
                    "Content-Type": "application/merge-patch+json",
                    "Accept": "application/json",
                    "User-Agent": f"cajajejo/{__version__} (pod)",
                },
            )
            answer = connection.getresponse()
            body = answer.read(_ANSWER_BYTES)
        finally:
            connection.close()
        if answer.status in _PASSES:
            raise OSError(f"the cluster answers {answer.status}")
        if answer.status != HTTPStatus.OK:
            raise _RefusedError(f"the cluster answers {answer.status}: {_message(body)}")


def _message(body: bytes) -> str:
    """What the ``Status`` of an API server says, or the beginning of what came in its place."""
    try:
        text = json.loads(body)["message"]
    except (ValueError, TypeError, KeyError, RecursionError):
        text = body.decode("utf-8", "replace")
    return printable(str(text))[:_SHOWN] or "nothing"


def _said(error: Exception) -> str:
    return printable(f"{type(error).__name__}: {error}")[:_SHOWN]
