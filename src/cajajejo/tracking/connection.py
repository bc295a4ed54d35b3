"""The connection to a tracking store, and what goes wrong with it as an error of ours."""

from __future__ import annotations

import logging
import os
import re
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from cajajejo.cycles import no_search_for_cycles
from cajajejo.errors import TrackingAwayError, TrackingError, printable, require

if TYPE_CHECKING:
    from collections.abc import Iterator

_SERVER_ERROR: Final = 500
_PASSES: Final = frozenset({408, 429})
"""Answers below 500 that the next attempt may not get."""
_NOT_FOUND: Final = 404
CONFLICT: Final = "another one writes the same at this moment"
"""The reason where two write the same at once: MLflow takes what was written twice, but not at the same moment."""
_SHOWN: Final = 300
_SAID: Final = (
    (re.compile(r"too many (\d{3}) error responses"), r"HTTP \1"),
    (re.compile(r"failed with error code (\d{3})"), r"HTTP \1"),
    (re.compile(r"^(\d{3}) (?:Server|Client) Error"), r"HTTP \1"),
    (re.compile(r"Connection refused"), "connection refused"),
    (re.compile(r"Name or service not known|Failed to resolve|getaddrinfo"), "no such host"),
    (re.compile(r"timed out", re.IGNORECASE), "it does not answer in time"),
    (re.compile(r"reset by peer|Connection aborted|RemoteDisconnected|Broken pipe"), "the connection broke off"),
    (re.compile(r"database is locked"), "the store is locked"),
    (re.compile(r"IntegrityError|UNIQUE constraint|[Dd]uplicate (?:key|entry)"), CONFLICT),
)
"""What MLflow says when a request fails, in a few words."""
_AWAY: Final = frozenset(
    {"connection refused", "no such host", "it does not answer in time", "the connection broke off"}
)
"""The reasons where no server has said anything."""


@contextmanager
def client(uri: str) -> Iterator[Any]:
    """A client of the store at `uri`; what MLflow raises inside becomes a `TrackingError`.

    Raises:
        TrackingAwayError: the store does not answer now, and the same may go well later.
        TrackingError: it refuses.
    """
    mlflow = package()
    try:
        with no_search_for_cycles():  # for a database it imports as much again
            store = mlflow.MlflowClient(tracking_uri=uri)
        yield store
    except mlflow.MlflowException as error:
        raise _of_mlflow(uri, error) from error
    except OSError as error:
        raise _of_system(uri, error) from error


def _of_mlflow(uri: str, error: Any) -> TrackingError:
    status, says = int(error.get_http_status_code()), str(error)
    message, facts = f"MLflow refused: {without_login(uri)}", {"says": _first_line(error)}
    a_page = status == _NOT_FOUND and "failed with error code" in says  # of what stands in front of the server
    if status >= _SERVER_ERROR or status in _PASSES or a_page or reason(says) == CONFLICT:
        why = reason(says)
        if why in _AWAY:
            message, facts = f"the tracking server does not answer: {without_login(uri)}", {"says": why}
        return TrackingAwayError(message, facts=facts, reason=why)
    return TrackingError(message, facts=facts)


def _of_system(uri: str, error: OSError) -> TrackingError:
    answer = getattr(error, "response", None)  # what `requests` raises has one
    status = int(getattr(answer, "status_code", None) or _SERVER_ERROR)
    message, facts = f"the tracking server went away: {without_login(uri)}", {"says": _first_line(error)}
    if isinstance(error, FileNotFoundError | PermissionError) or (status < _SERVER_ERROR and status not in _PASSES):
        return TrackingError(message, facts=facts)
    return TrackingAwayError(message, facts=facts, reason=reason(str(error)))


def reason(says: str) -> str:
    """What an error of MLflow says, in a few words: ``HTTP 503``, ``connection refused``."""
    for pattern, words in _SAID:
        found = pattern.search(says)
        if found:
            return found.expand(words)
    return printable(without_login(says.splitlines()[0]) if says else "nothing")[:_SHOWN]


def _first_line(error: Exception) -> str:
    return without_login((str(error).splitlines() or [type(error).__name__])[0])[:_SHOWN]


def without_login(text: str) -> str:
    """`text` whose addresses hold no user and no password; MLflow takes them from the environment as well."""
    return re.sub(r"//[^/?#\s]*@", "//", text)


def package() -> Any:
    """The package mlflow, imported now, and made quiet."""
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    os.environ.setdefault("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "true")
    os.environ.setdefault("GIT_PYTHON_REFRESH", "quiet")
    with no_search_for_cycles():  # in 1,800 modules that stay: a sixth of the time
        mlflow = require("mlflow", extra="evaluation", purpose="tracking")
    for name in ("mlflow", "alembic"):
        logging.getLogger(name).setLevel(logging.WARNING)
    return mlflow


def sqlite_file(uri: str) -> Path:
    """The file of a ``sqlite:///`` address: relative to the working directory, or absolute with four slashes."""
    return Path(uri.removeprefix("sqlite:///"))
