"""HTTP to the places that models come from: nothing hangs, and a body that is not whole is an error."""

from __future__ import annotations

import json
import time
from contextlib import contextmanager, suppress
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urljoin, urlsplit
from urllib.request import getproxies, proxy_bypass

from cajajejo import __version__
from cajajejo.errors import ModelError, SourceAwayError, printable, require
from cajajejo.models.source import CHUNK
from cajajejo.phrases import without_logins

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_CONNECT_SECONDS: Final = 10.0
_SILENCE_SECONDS: Final = 30.0
_PAUSES: Final = (0.5, 2.0)  # seconds, before the second try and the third
_CONNECTIONS: Final = 32
_REDIRECTS: Final = 5
_SAID: Final = 300
_LONGEST_JSON: Final = 64 * 1024 * 1024
_AWAY: Final = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS})
_MOVED: Final = frozenset({301, 302, 303, 307, 308})


def _address(base: str, whose: str) -> str:
    """The address `base` without a login.

    Raises:
        ModelError: it is none of HTTP.
    """
    with suppress(ValueError):
        parts = urlsplit(base.strip())
        if parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0:
            return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}".rstrip("/")
    raise ModelError(f"not the address of {whose}: {printable(without_logins(base))[:_SAID]}")


def _header(value: str, whose: str) -> str:
    """`value` as a header can hold it; one from a mounted Secret often ends in a newline.

    Raises:
        ModelError: it cannot be sent; does not show it.
    """
    whole = value.strip()
    if not (whole.isascii() and whole.isprintable()):
        raise ModelError(f"the login for {whose} holds characters that cannot be sent: copy it again")
    return whole


class Web:
    """Requests to one server, and to where it sends them on; only the server itself is given the login.

    Args:
        base: the server's address, which every path is appended to.
        whose: what messages call the server: ``the hub``.
        headers: the login.
        tls: further settings of urllib3's pool: ``cert_reqs``, ``ca_certs``, ``cert_file``.

    Raises:
        ModelError: the address or the login cannot be one.
    """

    def __init__(self, base: str, whose: str, headers: Mapping[str, str], tls: Mapping[str, str]) -> None:
        self.base = _address(base, whose)
        self._whose = whose
        self._login = {name: _header(value, whose) for name, value in headers.items()}
        self._urllib3: Any = require("urllib3", extra="evaluation", purpose="fetching models")
        if tls.get("cert_reqs") == "CERT_NONE":  # the user said so, and need not hear of it with every request
            self._urllib3.disable_warnings(self._urllib3.exceptions.InsecureRequestWarning)
        settings = {
            "timeout": self._urllib3.Timeout(connect=_CONNECT_SECONDS, read=_SILENCE_SECONDS),
            "retries": False,
            "maxsize": _CONNECTIONS,
            **tls,
        }
        parts = urlsplit(self.base)
        proxy = None if proxy_bypass(parts.hostname or "") else getproxies().get(parts.scheme)
        self._pool: Any = (
            self._urllib3.ProxyManager(proxy, **settings) if proxy else self._urllib3.PoolManager(**settings)
        )

    def json(self, path: str, *, sent: object = None) -> Any:
        """What the server answers to a question: to GET, or where something is `sent` to POST.

        Raises:
            SourceRefusedError: it says no.
            ModelError: it says something else than JSON.
            SourceAwayError: it does not answer, after three tries.
        """
        for seconds in _PAUSES:
            try:
                return self._json(path, sent)
            except SourceAwayError:
                time.sleep(seconds)
        return self._json(path, sent)

    def _json(self, path: str, sent: object) -> Any:
        body = None if sent is None else json.dumps(sent).encode()
        response = self.ask("GET" if body is None else "POST", path, body=body)
        try:
            data = response.read(_LONGEST_JSON, decode_content=True)
            return json.loads(data)
        except self._urllib3.exceptions.HTTPError as error:
            raise self._away(error) from error
        except ValueError as error:
            raise ModelError(f"{self._whose} answers with something else than JSON: {self.base}{path}") from error
        finally:
            response.close()

    @contextmanager
    def understood(self) -> Iterator[None]:
        """Takes apart inside what the server has answered.

        Raises:
            ModelError: it is of another shape, as a login page or another program would send it.
        """
        try:
            yield
        except (AttributeError, LookupError, TypeError, ValueError) as error:
            message = f"{self._whose} answers with something that is not understood: {self.base}"
            raise ModelError(message, facts={"because": f"{type(error).__name__}: {error}"[:_SAID]}) from error

    def ask(
        self, method: str, path: str, *, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Any:
        """The answer where it is good, its body not yet read; redirections are followed.

        Raises:
            SourceRefusedError: it says no.
            SourceAwayError: it does not answer, or not as it should.
        """
        url = self.base + path
        given = {"User-Agent": f"cajajejo/{__version__}", "Accept-Encoding": "identity", **(headers or {})}
        if body is not None:
            given["Content-Type"] = "application/json"
        for _ in range(_REDIRECTS):
            response = self._once(method, url, body, {**given, **(self._login if self._is_own(url) else {})})
            if response.status not in _MOVED or "Location" not in response.headers:
                return self._good(response)
            response.drain_conn()
            response.release_conn()
            url = urljoin(url, response.headers["Location"])
        raise ModelError(f"{self._whose} sends on and on: {self.base}{path}")

    def _once(self, method: str, url: str, body: bytes | None, headers: Mapping[str, str]) -> Any:
        errors = self._urllib3.exceptions
        try:
            return self._pool.urlopen(
                method, url, body=body, headers=headers, redirect=False, preload_content=False, decode_content=False
            )
        except (errors.LocationValueError, errors.URLSchemeUnknown) as error:
            raise ModelError(f"not an address: {without_logins(url)}") from error
        except errors.SSLError as error:
            if "CERTIFICATE_VERIFY_FAILED" not in str(error) and "WRONG_VERSION_NUMBER" not in str(error):
                raise self._away(error) from error  # cut while hands were shaken
            message = f"{self._whose} cannot be trusted, or speaks no TLS: {self.base}"
            raise ModelError(message, facts={"says": _text(str(error))}) from error
        except errors.HTTPError as error:
            raise self._away(error) from error

    def _is_own(self, url: str) -> bool:
        asked, own = urlsplit(url), urlsplit(self.base)
        return (asked.scheme, asked.netloc) == (own.scheme, own.netloc)

    def _good(self, response: Any) -> Any:
        if response.status < HTTPStatus.MULTIPLE_CHOICES:
            return response
        try:
            said = self._hide(response.read(CHUNK, decode_content=True).decode("utf-8", "replace"))
        except self._urllib3.exceptions.HTTPError:
            said = ""
        finally:
            response.close()
        code = str(response.headers.get("X-Error-Code", ""))
        says = {"says": f"HTTP {response.status}" + (f", {_text(said)}" if said.strip() else "")}
        if response.status in _AWAY or response.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise SourceAwayError(f"{self._whose} does not answer as it should: {self.base}", facts=says)
        raise SourceRefusedError(f"{self._whose} said no: {self.base}", status=response.status, facts=says, code=code)

    def _hide(self, said: str) -> str:
        for value in self._login.values():
            said = said.replace(value.partition(" ")[2] or value, "(hidden)")
        return said

    def body(self, response: Any, start: int, end: int | None, what: str) -> Iterator[bytes]:
        """The bytes from `start` up to `end` of an answer to a request for just these, whether it has only them or all.

        Raises:
            ModelError: the answer is of another part, or compressed.
            SourceAwayError: it broke off, is shorter than it should be, or does not say how long it is.
        """
        try:
            skipped, end = self._bounds(response, start, end, what)
            here = start - skipped
            # One piece as it arrives: a larger read would lose what came before a connection was reset.
            while (end is None or here < end) and (chunk := response.read1(CHUNK, decode_content=False)):
                wanted = chunk[max(start - here, 0) : None if end is None else end - here]
                here += len(chunk)
                if wanted:
                    yield wanted
        except self._urllib3.exceptions.HTTPError as error:
            raise self._away(error) from error
        finally:
            response.close()
            response.release_conn()
        if end is not None and here < end:
            says = {"says": f"{here:,} bytes of {end:,}"}
            raise SourceAwayError(f"{self._whose} sent less than it should: {what}", facts=says)

    def _bounds(self, response: Any, start: int, end: int | None, what: str) -> tuple[int, int | None]:
        """How much comes before `start`, and where the answer ends."""
        if response.headers.get("Content-Encoding", "identity") != "identity":
            raise ModelError(f"{self._whose} sends it compressed: {what}")
        length = response.headers.get("Content-Length")
        if end is None and length is None:
            raise SourceAwayError(f"{self._whose} does not say how long it is: {what}")
        if response.status != HTTPStatus.PARTIAL_CONTENT:
            return start, int(length) if end is None and length is not None else end
        told = str(response.headers.get("Content-Range", "")).removeprefix("bytes ").partition("-")[0]
        if told != str(start):
            raise ModelError(f"{self._whose} sent another part than the one asked for: {what}")
        return 0, start + int(length) if end is None and length is not None else end

    def _away(self, error: Exception) -> SourceAwayError:
        errors = self._urllib3.exceptions
        if isinstance(error, errors.IncompleteRead) or "IncompleteRead" in str(error):
            return SourceAwayError(f"{self._whose} broke off: {self.base}")
        says = _text(str(error).rpartition(": ")[2] or type(error).__name__)
        return SourceAwayError(f"{self._whose} does not answer, or broke off: {self.base}", facts={"says": says})


class SourceRefusedError(ModelError):
    """A server said no, with this HTTP status; `code` is the hub's own word for the reason."""

    def __init__(self, message: str, *, status: int, facts: Mapping[str, str], code: str = "") -> None:
        super().__init__(message, facts=facts)
        self.status = status
        self.code = code


def trusted(environ: Mapping[str, str]) -> dict[str, str]:
    """The settings of urllib3 for the authorities that `environ` names, in the variables that requests made known."""
    bundle = environ.get("REQUESTS_CA_BUNDLE") or environ.get("CURL_CA_BUNDLE")
    return {"ca_certs": bundle} if bundle else {}


def _text(said: str) -> str:
    with suppress(ValueError):  # of JSON, the sentence that is in it
        told = json.loads(said)
        said = str(told.get("message") or told.get("error") or said) if isinstance(told, dict) else said
    return printable(without_logins(" ".join(said.split())))[:_SAID]
