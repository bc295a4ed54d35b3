"""Every exception of a connection is one of ours, with a sentence and a way out; none leaks as a bug."""

from __future__ import annotations

import http.client
import socket
import ssl
from typing import TYPE_CHECKING, Any, cast

import kubernetes.client.exceptions
import pytest
import urllib3
import urllib3.exceptions as ex

from cajajejo.cluster import errors as cluster_errors
from cajajejo.cluster import kubeconfig
from cajajejo.cluster.errors import ClusterError
from cajajejo.cluster.exchange import Target
from cajajejo.cluster.retries import Failure, Trouble
from cajajejo.errors import CajajejoError, ExitCode, require

if TYPE_CHECKING:
    from collections.abc import Iterator

TARGET = Target("gke", None, "https://cluster.example:6443")
POOL = cast("Any", None)  # a pool is only kept by an exception, never looked at
REFUSED = ConnectionRefusedError(111, "Connection refused")
NOT_TRUSTED = ssl.SSLCertVerificationError(1, "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed")
NOT_TRUSTED.verify_message = "self-signed certificate in certificate chain"
PLAIN_HTTP = ssl.SSLError(1, "[SSL: WRONG_VERSION_NUMBER] wrong version number (_ssl.c:1006)")
PLAIN_HTTP.reason = "WRONG_VERSION_NUMBER"
CUT = ssl.SSLEOFError(8, "EOF occurred in violation of protocol (_ssl.c:1006)")
BAD_CERTIFICATE = ssl.SSLError(1, "[SSL: TLSV13_ALERT_CERTIFICATE_REQUIRED] tlsv13 alert certificate required")


def refused() -> ex.NewConnectionError:
    error = ex.NewConnectionError(POOL, "Failed to establish a new connection: [Errno 111] Connection refused")
    error.__cause__ = REFUSED
    return error


def unknown_host() -> ex.NameResolutionError:
    return ex.NameResolutionError("cluster.example", POOL, socket.gaierror(-2, "Name or service not known"))


LOST = "the connection to the cluster was lost"
AWAY = "the cluster does not answer"
GARBLED = "the answer of the cluster cannot be read"
PROXY = "the proxy on the way to the cluster does not let us through"
ADDRESS = "the kubeconfig's address of the cluster makes no sense"
NO_TUNNEL = "Tunnel connection failed: 407 Proxy Authentication Required"
HUNG_UP = "Remote end closed connection without response"

CASES: list[tuple[Exception, str, str, str, str]] = [
    (refused(), "Unreachable", AWAY, "connection refused", "cluster-info"),
    (unknown_host(), "Unreachable", "the name of the cluster's server is not known", "", "authenticate"),
    (ex.ConnectTimeoutError("x"), "Unreachable", AWAY, "no connection in time", "cluster-info"),
    (
        ex.ReadTimeoutError(POOL, "/apis", "Read timed out."),
        "Unreachable",
        AWAY,
        "connected, but no answer came in time",
        "cluster-info",
    ),
    (ex.ProxyError("Unable to connect to proxy", refused()), "Unreachable", PROXY, "connection refused", "_proxy"),
    (ex.ProxyError("Unable to connect to proxy", OSError(NO_TUNNEL)), "Unreachable", PROXY, NO_TUNNEL, "_proxy"),
    (
        ex.SSLError(NOT_TRUSTED),
        "Unreachable",
        "the cluster's certificate is not trusted",
        "self-signed certificate in certificate chain",
        "authenticate",
    ),
    (
        ex.SSLError(PLAIN_HTTP),
        "Kubeconfig",
        "the kubeconfig says https, but what answers speaks no TLS",
        "wrong version number",
        "config view",
    ),
    (
        ex.SSLError(CUT),
        "Unreachable",
        f"{LOST} while it was being made safe",
        "EOF occurred in violation of protocol",
        "cluster-info",
    ),
    (
        ex.SSLError(BAD_CERTIFICATE),
        "Credentials",
        "the cluster does not take the client certificate",
        "alert certificate required",
        "authenticate",
    ),
    (ex.SSLError("odd"), "Unreachable", "no safe connection to the cluster", "odd", "cluster-info"),
    (
        ex.ProtocolError("Connection aborted.", http.client.RemoteDisconnected(HUNG_UP)),
        "Unreachable",
        LOST,
        HUNG_UP,
        "cluster-info",
    ),
    (
        ex.ProtocolError("Connection aborted.", ConnectionResetError(104, "Connection reset by peer")),
        "Unreachable",
        LOST,
        "connection reset by peer",
        "cluster-info",
    ),
    (ex.ProtocolError("Response ended prematurely"), "Unreachable", LOST, "Response ended prematurely", "cluster-info"),
    (ex.IncompleteRead(10, 20), "Unreachable", LOST, "the answer broke off", "cluster-info"),
    (
        ex.InvalidChunkLength(urllib3.HTTPResponse(b""), b"zz"),
        "Unreachable",
        LOST,
        "the answer broke off",
        "cluster-info",
    ),
    (ex.DecodeError("failed to decode it.", OSError("x")), "UnexpectedAnswer", GARBLED, "x", "cluster-info"),
    (ex.InvalidHeader("two lengths"), "UnexpectedAnswer", GARBLED, "two lengths", "cluster-info"),
    (ex.ResponseNotChunked("no chunks"), "UnexpectedAnswer", GARBLED, "no chunks", "cluster-info"),
    (ex.LocationParseError("https://[x"), "Kubeconfig", ADDRESS, "Failed to parse: https://[x", "config view"),
    (ex.URLSchemeUnknown("ftp"), "Kubeconfig", ADDRESS, "Not supported URL scheme ftp", "config view"),
    (ex.MaxRetryError(POOL, "/apis", refused()), "Unreachable", AWAY, "connection refused", "cluster-info"),
    (
        ex.MaxRetryError(POOL, "/apis", None),
        "Unreachable",
        "talking to the cluster failed",
        "MaxRetryError",
        "cluster-info",
    ),
]


@pytest.mark.parametrize(
    ("error", "kind", "message", "says", "way_out"), CASES, ids=[type(case[0]).__name__ for case in CASES]
)
def test_an_exception_becomes_a_sentence(error: Exception, kind: str, message: str, says: str, way_out: str) -> None:
    told = cluster_errors.unreachable(error, TARGET)
    assert (told.kind, told.exit_code) == (f"{kind}Error", ExitCode.FAILED)
    assert told.message.partition(": ")[0] == message
    assert says in told.facts.get("says", "")
    assert told.facts["context"] == "gke"
    assert way_out in told.run[0]


CANNOT_BE_MET = {
    "HTTPError": "the root",
    "PoolError": "only its subclasses are raised",
    "RequestError": "as above",
    "HostChangedError": "requests go through the manager, which picks the pool of the host",
    "TimeoutStateError": "only for one who measures with a Timeout of his own",
    "TimeoutError": "only its subclasses are raised",
    "EmptyPoolError": "only where the pool blocks",
    "FullPoolError": "as above",
    "ClosedPoolError": "requests go through the manager, which opens a new pool",
    "ResponseError": "only inside of a MaxRetryError",
    "BodyNotHttplibCompatible": "only with read_chunked of a foreign body",
    "HeaderParsingError": "urllib3 logs it",
    "UnrewindableBodyError": "bodies are bytes",
    "ProxySchemeUnknown": "told when the client is made",
}


def exceptions_of_urllib3() -> Iterator[type[Exception]]:
    for value in vars(ex).values():
        if isinstance(value, type) and issubclass(value, ex.HTTPError):
            yield value


def test_no_exception_of_urllib3_is_forgotten() -> None:
    shown = {type(case[0]).__name__ for case in CASES} | {"LocationValueError"}  # the parent of two of them
    assert {cls.__name__ for cls in exceptions_of_urllib3()} == shown | set(CANNOT_BE_MET)


@pytest.mark.parametrize("cls", list(exceptions_of_urllib3()), ids=lambda cls: cls.__name__)
def test_even_what_cannot_be_met_has_a_sentence(cls: type[Exception]) -> None:
    error = cls.__new__(cls)
    error.args = ("something",)
    told = cluster_errors.unreachable(error, TARGET)
    assert isinstance(told, ClusterError)
    assert "cluster.example" in told.message


def test_exceptions_of_kubernetes_are_caught_where_it_loads_a_kubeconfig() -> None:
    library = require("kubernetes.config.kube_config", extra="evaluation", purpose="x")
    caught = kubeconfig.library_errors(library)
    raised = [
        value
        for value in vars(kubernetes.client.exceptions).values()
        if isinstance(value, type) and issubclass(value, Exception)
    ]
    assert len(raised) >= 10
    assert all(issubclass(cls, caught) for cls in [*raised, library.ConfigException, ex.HTTPError])


@pytest.mark.parametrize(
    ("error", "trouble"),
    [
        (refused(), Trouble(Failure.NOT_DONE, "does not answer (connection refused)")),
        (ex.ConnectTimeoutError("x"), Trouble(Failure.NOT_DONE, "does not answer (no connection in time)")),
        (ex.ReadTimeoutError(POOL, "/", "x"), Trouble(Failure.PERHAPS_DONE, "does not answer in time")),
        (ex.ProtocolError("gone {now}"), Trouble(Failure.PERHAPS_DONE, "broke the connection (gone {now})")),
        (ex.ProxyError("x", refused()), Trouble(Failure.NOT_DONE, "cannot be reached through the proxy")),
        (ex.ProxyError("x", OSError(NO_TUNNEL)), None),
        (ex.SSLError(NOT_TRUSTED), None),
        (ex.LocationParseError("x"), None),
        (ex.HTTPError("x"), None),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_may_pass_is_told_from_what_may_not(error: Exception, trouble: Trouble | None) -> None:
    assert cluster_errors.connection_trouble(error) == trouble


def test_every_error_of_a_cluster_is_drawn_in_the_tree() -> None:
    drawn = cluster_errors.__doc__ or ""
    errors = [value for value in vars(cluster_errors).values() if isinstance(value, type)]
    ours = [value for value in errors if issubclass(value, CajajejoError) and value is not CajajejoError]
    assert [cls.__name__ for cls in ours if f" {cls.__name__} " not in drawn] == []
    assert len(ours) == 15
