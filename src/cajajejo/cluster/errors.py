"""What can go wrong with a cluster, as errors that say what happened and what to do; and the connection's own errors.

::

    ClusterError                  1    talking to a cluster failed
    ├── KubeconfigError           1    the kubeconfig is missing, unreadable or wrong, or has no such context
    ├── CredentialsError          1    the login is missing, expired or cannot be had
    ├── UnreachableError          1    the cluster cannot be reached, or the connection was lost
    ├── UnexpectedAnswerError     1    what answered is not a Kubernetes API, or its answer makes no sense
    ├── NotAllowedError           1    the user may not do this
    ├── DeniedError               1    a webhook, a policy or a quota refused the object
    ├── InvalidObjectError        1    the cluster does not take the object
    ├── MissingNamespaceError     1    there is no such namespace
    ├── NotServedError            1    the cluster does not know this kind of object
    ├── MissingObjectError        1    there is no such object
    ├── ConflictError             1    the object was changed by somebody else
    │   └── AlreadyExistsError    1    an object of this name is there already
    ├── ExpiredError              1    a list or watch is too old to be continued
    └── ClusterBusyError          1    the cluster is busy or failed, and did not recover in time

Texts of a server reach a message only through `exchange.plain`; tokens and headers never do.
"""

from __future__ import annotations

import http.client
import ssl
from typing import TYPE_CHECKING, Final

from cajajejo.cluster.exchange import plain
from cajajejo.cluster.retries import Failure, Trouble
from cajajejo.errors import CajajejoError

if TYPE_CHECKING:
    from collections.abc import Callable

    from cajajejo.cluster.exchange import Target

LOG_IN: Final = "invoke authenticate-kubectl"


class ClusterError(CajajejoError):
    """Talking to a cluster failed."""

    retry_after: float | None = None
    """The seconds that the cluster asked to wait before the next request."""


class KubeconfigError(ClusterError):
    """The kubeconfig is missing, unreadable or wrong, or has no such context."""


class CredentialsError(ClusterError):
    """The login is missing, expired or cannot be had."""


class UnreachableError(ClusterError):
    """The cluster cannot be reached, or the connection was lost."""


class UnexpectedAnswerError(ClusterError):
    """What answered is not a Kubernetes API, or its answer makes no sense."""


class NotAllowedError(ClusterError):
    """The user may not do this."""


class DeniedError(ClusterError):
    """A webhook, a policy or a quota refused the object."""


class InvalidObjectError(ClusterError):
    """The cluster does not take the object; every problem stands on a line of its own."""


class MissingNamespaceError(ClusterError):
    """There is no such namespace."""


class NotServedError(ClusterError):
    """The cluster does not know this kind of object."""


class MissingObjectError(ClusterError):
    """There is no such object."""


class ConflictError(ClusterError):
    """The object was changed by somebody else."""


class AlreadyExistsError(ConflictError):
    """An object of this name is there already."""


class ExpiredError(ClusterError):
    """A list or watch is too old to be continued."""


class ClusterBusyError(ClusterError):
    """The cluster is busy or failed, and did not recover in time."""


_NO_CONNECTION: Final = "the cluster does not answer"
_NO_TUNNEL: Final = "Tunnel connection failed: 4"
_LOST: Final = "the connection to the cluster was lost"


def connection_trouble(error: Exception) -> Trouble | None:
    """The failure that `error` of a connection stands for, if the request may be sent again; None where it is final."""
    for name, (failure, words, _) in _ROWS.items():
        if _is_a(error, name):
            why = _system_words(error)
            if failure is None or why.startswith(_NO_TUNNEL):
                return None
            return Trouble(failure, words.format(why=why))
    return None


def unreachable(error: Exception, target: Target) -> ClusterError:
    """The error of ours for `error`, which urllib3 raised while talking to `target`."""
    reason = getattr(error, "reason", None)
    if _is_a(error, "MaxRetryError") and isinstance(reason, Exception):
        return unreachable(reason, target)
    for name, (_, _, describe) in _ROWS.items():
        if _is_a(error, name):
            return describe(error, target)
    return _other(error, target)


def is_of_connection(error: Exception) -> bool:
    """Whether `error` is what reading from a connection raises, also from one that is closed meanwhile."""
    return _is_a(error, "HTTPError") or isinstance(error, OSError | ValueError)


def is_silence(error: Exception) -> bool:
    """Whether `error` says that nothing came for too long."""
    return _is_a(error, "ReadTimeoutError")


def _is_a(error: Exception, name: str) -> bool:
    """Whether `error` is of the class called `name` in urllib3, without importing it."""
    return any(cls.__name__ == name and cls.__module__.startswith("urllib3") for cls in type(error).__mro__)


def _facts(target: Target, says: str) -> dict[str, str]:
    return {"says": says, "context": plain(target.context)}


def _look(target: Target) -> str:
    return f"{target.kubectl} cluster-info     shows whether kubectl gets through"


def _unknown_host(_: Exception, target: Target) -> ClusterError:
    facts = {"context": plain(target.context), "note": "is a VPN needed, or was the cluster deleted?"}
    return UnreachableError(f"the name of the cluster's server is not known: {target.server}", facts=facts, run=LOG_IN)


def _not_connected(error: Exception, target: Target) -> ClusterError:
    facts = _facts(target, _system_words(error))
    return UnreachableError(f"{_NO_CONNECTION}: {target.server}", facts=facts, run=_look(target))


def _connect_timeout(_: Exception, target: Target) -> ClusterError:
    facts = {**_facts(target, "no connection in time"), "note": "is a VPN needed, or is this address not allowed in?"}
    return UnreachableError(f"{_NO_CONNECTION}: {target.server}", facts=facts, run=_look(target))


def _read_timeout(_: Exception, target: Target) -> ClusterError:
    facts = _facts(target, "connected, but no answer came in time")
    return UnreachableError(f"{_NO_CONNECTION}: {target.server}", facts=facts, run=_look(target))


def _lost(error: Exception, target: Target) -> ClusterError:
    return UnreachableError(f"{_LOST}: {target.server}", facts=_facts(target, _system_words(error)), run=_look(target))


def _proxy(error: Exception, target: Target) -> ClusterError:
    facts = {**_facts(target, _system_words(error)), "proxy": "from HTTPS_PROXY, HTTP_PROXY or the kubeconfig"}
    return UnreachableError(
        f"the proxy on the way to the cluster does not let us through: {target.server}",
        facts=facts,
        run="env | grep -i _proxy     shows what is set; NO_PROXY names hosts that need none",
    )


def _tls(error: Exception, target: Target) -> ClusterError:
    cause = error.args[0] if error.args else error
    words = plain(getattr(cause, "verify_message", None) or getattr(cause, "reason", None) or cause)
    facts = _facts(target, words.replace("_", " ").lower() if words.isupper() else words)
    if isinstance(cause, ssl.SSLEOFError) or "EOF" in words:
        return UnreachableError(
            f"{_LOST} while it was being made safe: {target.server}", facts=facts, run=_look(target)
        )
    if isinstance(cause, ssl.SSLCertVerificationError):
        return UnreachableError(f"the cluster's certificate is not trusted: {target.server}", facts=facts, run=LOG_IN)
    if "WRONG_VERSION_NUMBER" in str(cause) or "RECORD_LAYER_FAILURE" in str(cause):
        message = f"the kubeconfig says https, but what answers speaks no TLS: {target.server}"
        return KubeconfigError(message, facts=facts, run="kubectl config view --minify     shows the address")
    if "alert" in str(cause).lower() or "pem" in str(cause).lower():
        message = f"the cluster does not take the client certificate: {target.server}"
        return CredentialsError(message, facts=facts, run=LOG_IN)
    return UnreachableError(f"no safe connection to the cluster: {target.server}", facts=facts, run=_look(target))


def _address(error: Exception, target: Target) -> ClusterError:
    message = f"the kubeconfig's address of the cluster makes no sense: {plain(target.server)}"
    return KubeconfigError(message, facts=_facts(target, plain(error)), run="kubectl config view --minify")


def _garbled(error: Exception, target: Target) -> ClusterError:
    message = f"the answer of the cluster cannot be read: {target.server}"
    return UnexpectedAnswerError(message, facts=_facts(target, _system_words(error)), run=_look(target))


def _other(error: Exception, target: Target) -> ClusterError:
    message = f"talking to the cluster failed: {target.server}"
    return UnreachableError(message, facts=_facts(target, type(error).__name__), run=_look(target))


def _system_words(error: BaseException) -> str:
    """What stands at the bottom of `error`: ``connection refused``, ``remote end closed connection``."""
    bottom = error
    for _ in range(5):
        inner = next((arg for arg in bottom.args if isinstance(arg, BaseException)), None)
        inner = inner or getattr(bottom, "original_error", None) or bottom.__cause__
        if not isinstance(inner, BaseException):
            break
        bottom = inner
    if isinstance(bottom, OSError) and bottom.errno is not None and bottom.strerror:
        return plain(bottom.strerror).lower()
    if isinstance(bottom, http.client.IncompleteRead):
        return "the answer broke off"
    texts = [arg for arg in bottom.args if isinstance(arg, str)] or [str(bottom) or type(bottom).__name__]
    return plain(texts[0].partition(": ")[2] if "object at 0x" in texts[0] else texts[0])


_Row = tuple[Failure | None, str, "Callable[[Exception, Target], ClusterError]"]
_ROWS: Final[dict[str, _Row]] = {
    "NameResolutionError": (Failure.NOT_DONE, "cannot be found (its name is not known)", _unknown_host),
    "NewConnectionError": (Failure.NOT_DONE, "does not answer ({why})", _not_connected),
    "ConnectTimeoutError": (Failure.NOT_DONE, "does not answer (no connection in time)", _connect_timeout),
    "ReadTimeoutError": (Failure.PERHAPS_DONE, "does not answer in time", _read_timeout),
    "ProxyError": (Failure.NOT_DONE, "cannot be reached through the proxy", _proxy),
    "SSLError": (None, "", _tls),
    "DecodeError": (None, "", _garbled),
    "InvalidHeader": (None, "", _garbled),
    "ResponseNotChunked": (None, "", _garbled),
    "ProtocolError": (Failure.PERHAPS_DONE, "broke the connection ({why})", _lost),
    "IncompleteRead": (Failure.PERHAPS_DONE, "broke the connection ({why})", _lost),
    "InvalidChunkLength": (Failure.PERHAPS_DONE, "broke the connection ({why})", _lost),
    "LocationValueError": (None, "", _address),
}
"""By the class of the exception, narrow ones first: may it pass, the words for a wait, and the error it becomes."""
