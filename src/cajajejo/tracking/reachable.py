"""Whether a tracking store is there, asked before anything is begun."""

from __future__ import annotations

import http.client
import ipaddress
import sqlite3
import tempfile
import time
import urllib.error
import urllib.request
from contextlib import closing
from typing import TYPE_CHECKING, Final

from cajajejo.errors import TrackingError
from cajajejo.tracking.connection import sqlite_file, without_login

if TYPE_CHECKING:
    from pathlib import Path

_TRIES: Final = 3
_TRY_SECONDS: Final = 5.0
_SERVER_ERROR: Final = 500


def check_reachable(uri: str, *, named_by: str) -> None:
    """Returns when the tracking server at `uri` answers, or the local store can be written.

    Raises:
        TrackingError: it does not, after three tries.
    """
    uri = without_login(uri)  # whoever answers that we may not is there
    scheme = uri.partition(":")[0].lower()
    if scheme in {"http", "https"}:
        _check_server(uri, named_by)
    elif uri.startswith("sqlite:///"):
        _check_file(sqlite_file(uri), named_by)
    else:
        raise TrackingError(
            f"not a tracking store: {uri}",
            facts={"named by": named_by, "expected": "http://…, https://… or sqlite:///FILE"},
            run="--set mlflow_config.tracking_uri=sqlite:///mlflow.db     keeps this run here",
        )


def _check_file(file: Path, named_by: str) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=file.parent), closing(sqlite3.connect(file)) as store:
            store.execute("BEGIN IMMEDIATE")
    except (OSError, sqlite3.Error) as error:
        facts = {"says": str(error), "named by": named_by}
        raise TrackingError(f"the tracking store cannot be written: {file}", facts=facts) from error


def _check_server(uri: str, named_by: str) -> None:
    started = time.monotonic()
    reason = ""
    for attempt in range(_TRIES):
        if attempt:
            time.sleep(2.0**attempt)
        try:
            with urllib.request.urlopen(uri.rstrip("/") + "/health", timeout=_TRY_SECONDS):  # noqa: S310  # http(s), checked
                return
        except urllib.error.HTTPError as error:
            error.close()
            if error.code < _SERVER_ERROR:
                return  # it answers; whether we may write is told when we do
            reason = f"HTTP {error.code}"
        except (ValueError, http.client.InvalidURL) as error:
            raise TrackingError(f"not an address: {uri}", facts={"says": str(error), "named by": named_by}) from error
        except (OSError, http.client.HTTPException) as error:
            reason = str(getattr(error, "reason", error)) or type(error).__name__
    seconds = round(time.monotonic() - started)
    facts = {"tried": f"{_TRIES} times in {seconds} s, {reason} (from this machine)", "named by": named_by}
    host = uri.partition("//")[2].partition("/")[0].rpartition("@")[2].partition(":")[0]
    if _is_private(host):
        facts["note"] = f"{host} is a private address: it may need a VPN, or a port-forward"
    raise TrackingError(
        f"the tracking server does not answer: {uri}",
        facts=facts,
        run=(
            f"curl {uri.rstrip('/')}/health",
            "or keep this run here: --set mlflow_config.tracking_uri=sqlite:///mlflow.db",
        ),
    )


def _is_private(host: str) -> bool:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    return address.is_private and not address.is_loopback
