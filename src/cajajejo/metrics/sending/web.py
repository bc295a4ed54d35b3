"""HTTP to where alerts go: nothing hangs, nothing is sent on to elsewhere, and no message holds a secret."""

from __future__ import annotations

import json
import logging
import re
import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

from cajajejo import __version__
from cajajejo.errors import AlertError, printable, require
from cajajejo.phrases import without_logins

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

_CONNECT_SECONDS: Final = 5.0
_SILENCE_SECONDS: Final = 20.0
_READ: Final = 64 * 1024
_SAID: Final = 200
_LONGEST_WAIT: Final = 86_400.0
_TELLING: Final = 8  # so many letters of a secret are one
_HIDDEN: Final = "(hidden)"
_LOGGERS: Final = ("urllib3.connection", "urllib3.connectionpool", "urllib3.response", "urllib3.util.retry")
_BUSY: Final = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS})


@dataclass(frozen=True, slots=True)
class Web:
    """Requests to one far end, each made once.

    Args:
        whose: what messages call it: ``Slack (SLACK_WEBHOOK_URL)``.
        secrets: what no message shows, nor any part of it: an address, a key.
        connect_seconds: how long it may take to be there.
        silence_seconds: how long it may say nothing.
    """

    whose: str
    secrets: tuple[str, ...] = field(default=(), repr=False)
    connect_seconds: float = _CONNECT_SECONDS
    silence_seconds: float = _SILENCE_SECONDS

    def post(self, url: str, document: object, headers: Mapping[str, str] | None = None) -> bytes:
        """The answer to `document`, which is sent as JSON, where it is a good one; the beginning of it.

        Raises:
            AlertError: it is none, or there is none.
        """
        return self.ask("POST", url, body=as_json(document), headers=headers)

    def ask(
        self, method: str, url: str, *, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> bytes:
        """The answer where it is a good one; the beginning of it. Redirections are not followed.

        Raises:
            AlertError: it is none, or there is none.
        """
        urllib3 = required()
        given = {"User-Agent": f"cajajejo/{__version__}", "Accept-Encoding": "identity", **(headers or {})}
        if body is not None:
            given["Content-Type"] = "application/json; charset=utf-8"
        timeout = urllib3.Timeout(connect=self.connect_seconds, read=self.silence_seconds)
        exchange = _Exchange(_pool(urllib3, url, timeout))
        exchange.make(self.connect_seconds + self.silence_seconds, method, url, body=body, headers=given)
        if exchange.status is None:
            reason = self._silence(exchange.error, (urllib3.exceptions.HTTPError, ValueError, OSError))
            raise AlertError(f"{self.whose} does not answer: {reason}") from None  # the error may hold the secret
        if exchange.status < HTTPStatus.MULTIPLE_CHOICES:
            return exchange.said
        raise self._no(exchange.status, exchange.told, exchange.said)

    def _no(self, status: int, headers: Mapping[str, str], said: bytes) -> AlertError:
        text = self.quoted(said.decode("utf-8", "replace"))
        says = f"HTTP {status}" + (f", {text}" if text else "")
        if status < HTTPStatus.BAD_REQUEST:
            return AlertError(f"{self.whose} sends us on to another address, which is not followed: HTTP {status}")
        away = status in _BUSY or status >= HTTPStatus.INTERNAL_SERVER_ERROR
        how = "does not take it now" if away else "said no"
        return AlertError(f"{self.whose} {how}: {says}", retry_after=_retry_after(headers))

    def _silence(self, error: Exception | None, known: tuple[type[Exception], ...]) -> str:
        """Why there is no answer; without an error it was waited for in vain."""
        if error is None:
            return f"no answer within {self.connect_seconds + self.silence_seconds:g} s"
        if not isinstance(error, known):
            raise error
        return self._reason(error)

    def _reason(self, error: Exception) -> str:
        kind = type(error).__name__
        match kind:
            case "ConnectTimeoutError":
                return f"no connection within {self.connect_seconds:g} s"
            case "ReadTimeoutError":
                return f"nothing said within {self.silence_seconds:g} s"
            case "ProtocolError" | "IncompleteRead":
                return "it broke off"
            case "SSLError":
                return f"it cannot be trusted, or speaks no TLS: {self.quoted(str(error))}"
            case "ProxyError":
                return "the proxy of the environment cannot be reached, or says no"
            case "NewConnectionError" | "NameResolutionError":
                return self.quoted(re.sub(r"HTTPS?Connection\([^)]*\): ", "", str(error)))
            case _:
                return kind

    def quoted(self, said: str) -> str:
        """What a far end said: the sentence in it, on one line, short, and without any secret."""
        return quoted(said, self.secrets)


@dataclass(slots=True)
class _Exchange:
    """One request and its answer; `status` is None where there is none, and `error` why, where that is known."""

    pool: Any
    status: int | None = None
    told: Mapping[str, str] = field(default_factory=dict)
    said: bytes = b""
    error: Exception | None = None

    def make(self, seconds: float, method: str, url: str, **sent: Any) -> None:
        """Sends, and waits for `seconds` in all: a far end that speaks, but never ends, keeps nobody."""
        thread = threading.Thread(target=self._made, args=(method, url), kwargs=sent, daemon=True)
        thread.start()
        thread.join(seconds)

    def _made(self, method: str, url: str, **sent: Any) -> None:
        try:
            with _quiet():
                response = self.pool.urlopen(method, url, redirect=False, retries=False, preload_content=False, **sent)
                self.told = {name.lower(): value for name, value in response.headers.items()}
                self.status = int(response.status)
                try:
                    self.said = bytes(response.read(_READ))
                finally:
                    response.close()
        except Exception as error:  # noqa: BLE001  # told by who waits; after the status nothing counts
            self.error = error
        finally:
            self.pool.clear()


def required() -> Any:
    """The package urllib3, which kubernetes and google-auth bring.

    Raises:
        MissingExtraError: it is not installed.
    """
    return require("urllib3", extra="evaluation", purpose="sending alerts over HTTP")


def as_json(document: object) -> bytes:
    """`document` as JSON in UTF-8, whatever text it holds."""
    return json.dumps(document, ensure_ascii=False, allow_nan=False).encode("utf-8", "replace")


def quoted(said: str, secrets: tuple[str, ...]) -> str:
    """What a far end `said`: the sentence in it, on one line, short, and without any of `secrets`."""
    with suppress(ValueError, RecursionError):
        said = _sentence(json.loads(said)) or said
    for part in dict.fromkeys(part for secret in secrets for part in _parts(secret)):
        said = re.sub(re.escape(part[: max(_TELLING, len(part) // 2)]) + r"[^\s\"'<>&]*", _HIDDEN, said)
    shown = printable(without_logins(" ".join(said.split())))
    return shown if len(shown) <= _SAID else shown[: _SAID - 1] + "…"


def _sentence(told: Any) -> str:
    """The sentence in what was told as JSON, wherever the far ends that we know put it."""
    match told:
        case str():
            return told
        case {"errors": [{"message": str(text)}, *_]} | {"error": {"message": str(text)}}:
            return text
        case {"message": str(text)} | {"error_description": str(text)} | {"error": str(text)}:
            return text
        case _:
            return ""


def _parts(secret: str) -> Iterator[str]:
    """What gives `secret` away: as it is, as an address spells it, and of an address each part that is no word."""
    pieces = [secret]
    if "://" in secret:
        whole = urlsplit(secret)
        rest = secret.partition("://")[2].partition("/")[2]
        pieces += [f"/{rest}", whole.path, *re.split(r"[/?&=;#@:]", rest), whole.query]
        pieces = [piece for piece in pieces if len(piece) > 1 and not re.fullmatch("/?[a-z]{1,15}", piece)]
    for piece in sorted(pieces, key=len, reverse=True):
        if len(piece) >= 4:  # noqa: PLR2004  # a shorter one is nobody's secret
            yield from dict.fromkeys((piece, unquote(piece), quote(piece, safe="")))


@contextmanager
def _quiet() -> Iterator[None]:
    """Keeps what urllib3 logs in this thread out of every log: it may hold an address that is a secret."""
    thread = threading.get_ident()

    def of_others(record: logging.LogRecord) -> bool:
        return record.thread != thread

    loggers = [logging.getLogger(name) for name in _LOGGERS]
    for logger in loggers:
        logger.addFilter(of_others)
    try:
        yield
    finally:
        for logger in loggers:
            logger.removeFilter(of_others)


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """How many seconds a far end asks for, of a number or a date; at most a day."""
    value = headers.get("retry-after", "").strip()
    if value.isascii() and value.replace(".", "", 1).isdigit():
        return min(float(value), _LONGEST_WAIT)
    with suppress(ValueError, OverflowError, TypeError):
        moment: datetime = parsedate_to_datetime(value)
        return min(max(moment.timestamp() - time.time(), 0.0), _LONGEST_WAIT)
    return None


def _pool(urllib3: Any, url: str, timeout: Any) -> Any:
    """Connections to `url`, through the proxy that the environment names."""
    parts = urlsplit(url)
    proxy = None if proxy_bypass(parts.hostname or "") else getproxies().get(parts.scheme)
    if not proxy:
        return urllib3.PoolManager(timeout=timeout, num_pools=1)
    login = urlsplit(proxy).netloc.rpartition("@")[0]
    headers = urllib3.make_headers(proxy_basic_auth=unquote(login)) if login else None
    return urllib3.ProxyManager(proxy, proxy_headers=headers, timeout=timeout)
