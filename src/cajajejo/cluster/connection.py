"""The connection to a cluster: sends one request, logged in, and again where that is safe; used by all threads.

It goes through the pooled connections of the kubernetes package's client, with no types and no discovery in between.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

from cajajejo import __version__
from cajajejo.cluster import kubeconfig, refusals
from cajajejo.cluster.errors import ClusterBusyError, UnreachableError, connection_trouble, unreachable
from cajajejo.cluster.exchange import Answer, parse_warnings
from cajajejo.cluster.retries import Attempts, Timing, announcement, chance
from cajajejo.errors import require

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from cajajejo.cluster.api_requests import Request
    from cajajejo.cluster.errors import ClusterError
    from cajajejo.cluster.exchange import Target
    from cajajejo.cluster.kubeconfig import Place
    from cajajejo.cluster.retries import Trouble

DEFAULT_TIMING: Final = Timing()

_KEPT_HEADERS: Final = ("content-type", "location", "retry-after")
_RENEWAL_SECONDS: Final = 5.0
"""How often it is looked whether the login must be renewed."""
_LEAST_SECONDS: Final = 1.0


def _say_nothing(_: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Options:
    """How to talk to a cluster; what tells time, waits and draws by lot is here, too.

    `on_retry` gets a sentence before each wait: ``the cluster is busy (429), trying again in 4 s``.
    """

    connect_seconds: float = 10.0
    read_seconds: float = 30.0
    connections: int = 32
    timing: Timing = DEFAULT_TIMING
    on_retry: Callable[[str], None] = _say_nothing
    clock: Callable[[], float] = time.monotonic
    now: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep
    random: Callable[[], float] = chance
    service_account: Path = kubeconfig.SERVICE_ACCOUNT


@dataclass(frozen=True, slots=True)
class Sent:
    """The answer to a request, and what it took to get it."""

    answer: Answer
    attempts: Attempts


class Connection:
    """A connection to the cluster of `place`, logged in.

    Raises:
        KubeconfigError: there is no kubeconfig, it is wrong, or it has no such context.
        CredentialsError: the login cannot be had.
    """

    def __init__(self, place: Place, options: Options) -> None:
        self._urllib3: Any = require("urllib3", extra="evaluation", purpose="talking to a cluster")
        self._place = place
        self._options = options
        self._lock = threading.Lock()
        self._login = kubeconfig.log_in(place, connections=options.connections)
        self._headers: dict[str, str] = {}
        self._looked_at = -_RENEWAL_SECONDS
        self._answered = False
        self._no_retry = self._urllib3.Retry(total=False, redirect=False)
        self._timeout = self._urllib3.Timeout(connect=options.connect_seconds, read=options.read_seconds)

    @property
    def target(self) -> Target:
        """Which cluster this is."""
        return self._login.target

    @property
    def options(self) -> Options:
        """How it is talked to."""
        return self._options

    def close(self) -> None:
        """Closes what is idle."""
        self._login.client.close()

    def send(self, request: Request) -> Sent:
        """Sends the request, again where that is safe, and returns the answer, whatever its status.

        Raises:
            UnreachableError: no answer came, in spite of all attempts; or another `ClusterError` that tells why.
        """
        options = self._options
        attempts = Attempts(request.effect, options.timing, options.clock, options.random)
        while True:
            outcome = self._attempt(request, attempts)
            trouble = self._trouble(outcome)
            again = trouble is not None and request.patient
            wait = attempts.wait_after(trouble, answered=self._answered) if trouble and again else None
            if trouble is None or wait is None:
                break
            options.on_retry(announcement(trouble, wait))
            options.sleep(wait)
        if isinstance(outcome, Answer):
            return Sent(outcome, attempts)
        raise tell(unreachable(outcome, self.target), attempts) from outcome

    def _trouble(self, outcome: Answer | Exception) -> Trouble | None:
        if isinstance(outcome, Exception):
            return connection_trouble(outcome)
        self._answered = True
        return refusals.answer_trouble(outcome, self._options.now())

    def _attempt(self, request: Request, attempts: Attempts) -> Answer | Exception:
        login, headers = self._logged_in()
        outcome = self._once(login, headers, request, attempts)
        if not isinstance(outcome, Answer) or outcome.status != HTTPStatus.UNAUTHORIZED:
            return outcome
        self._log_in_again(login)
        return self._once(*self._logged_in(), request, attempts)

    def _logged_in(self) -> tuple[kubeconfig.Login, dict[str, str]]:
        """The login and its headers, renewed by one thread while the others wait."""
        with self._lock:
            now = self._options.clock()
            if now - self._looked_at >= _RENEWAL_SECONDS:
                self._headers = _headers(kubeconfig.authorization(self._login))
                self._looked_at = now
            return self._login, self._headers

    def _log_in_again(self, refused: kubeconfig.Login) -> None:
        """Logs in anew to the same context, unless another thread has done so since `refused`."""
        with self._lock:
            if self._login is refused:
                context = None if self.target.context == kubeconfig.IN_CLUSTER else self.target.context
                place = replace(self._place, context=self._place.context or context)
                self._login = kubeconfig.log_in(place, connections=self._options.connections)
                self._looked_at = -_RENEWAL_SECONDS + self._options.clock()
                refused.client.close()

    def _once(
        self, login: kubeconfig.Login, headers: dict[str, str], request: Request, attempts: Attempts
    ) -> Answer | Exception:
        query = f"?{urlencode(request.query)}" if request.query else ""
        if request.body is not None:
            headers = {**headers, "Content-Type": request.content_type}
        try:
            response = login.client.rest_client.pool_manager.urlopen(
                request.method,
                login.client.configuration.host + request.path + query,
                body=request.body,
                headers=headers,
                timeout=self._patience(request, attempts),
                retries=self._no_retry,
                redirect=False,
                preload_content=not request.stream,
            )
            return _answer(response, request, headers)
        except self._urllib3.exceptions.HTTPError as error:
            return error  # type: ignore[no-any-return]  # urllib3 is imported when it is needed

    def _patience(self, request: Request, attempts: Attempts) -> Any:
        """The time-outs of this attempt: never beyond the time at which the request is given up."""
        if not attempts.failed and request.read_seconds is None:
            return self._timeout
        read = self._options.read_seconds if request.read_seconds is None else request.read_seconds
        left = max(attempts.left(), _LEAST_SECONDS) if attempts.failed else read
        return self._urllib3.Timeout(
            connect=min(self._options.connect_seconds, left), read=read if request.stream else min(read, left)
        )


def _headers(authorization: str | None) -> dict[str, str]:
    headers = {
        "Accept": "application/json",
        "Accept-Encoding": "gzip",
        "User-Agent": f"cajajejo/{__version__}",
    }
    return {**headers, "Authorization": authorization} if authorization else headers


def _answer(response: Any, request: Request, headers: dict[str, str]) -> Answer:
    given = response.headers
    kept = {name: given[name] for name in _KEPT_HEADERS if name in given}
    warnings = parse_warnings(given.getlist("Warning")) if "Warning" in given else ()
    answer = Answer(response.status, kept, b"", warnings)
    if answer.is_good and request.stream:
        return replace(answer, stream=response)
    body = response.data
    secret = headers.get("Authorization", "").partition(" ")[2].encode()
    if not answer.is_good and secret:
        body = body.replace(secret, b"(hidden)")
    return replace(answer, body=body)


def tell(error: ClusterError, attempts: Attempts) -> ClusterError:
    """`error` with how often it was tried, where trying could have helped."""
    if attempts.failed > 1 and isinstance(error, UnreachableError | ClusterBusyError):
        error.facts["tried"] = f"{attempts.failed} times in {round(attempts.seconds)} s"
    return error
