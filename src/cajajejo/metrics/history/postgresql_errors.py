"""What PostgreSQL and its client say, as sentences that say what to do; none holds a password."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl, unquote, urlsplit

from cajajejo.errors import HistoryError, printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_TEXT: Final = ("no metric history holds such a text", "write it in UTF-8, without NUL characters")
_RIGHTS: Final = (
    "let the role use the schema metrics_handler_dataset: to read, GRANT USAGE and SELECT; to write, own it"
)
_BY_STATE: Final[Mapping[str, tuple[str, str]]] = {
    "25006": ("the metric history can only be read", "name the primary server, or judge with --no-store"),
    "3D000": ("there is no such PostgreSQL database", "make it with createdb, or name another one with --history"),
    "42501": ("the role may not use the metric history", _RIGHTS),
    "42P07": ("the schema metrics_handler_dataset holds something else", "name another database with --history"),
    "55P03": ("the metric history is in use by another program", "try again in a moment"),
    "22P05": ("no database of this encoding holds such a name", "make the database with ENCODING 'UTF8'"),
    "53100": ("there is no space left for the metric history", "free some space on the server"),
    "53300": ("the PostgreSQL server has no connection left", "try again in a moment, or raise max_connections"),
}
"""What happened and what to do, by the state that the server tells."""
_BY_CLASS: Final[Mapping[str, tuple[str, str]]] = {
    "28": (
        "the PostgreSQL server refuses the login",
        "name a user in the URL, and a password in PGPASSWORD or ~/.pgpass",
    ),
    "40": ("the metric history is written by other programs at the same time", "try again in a moment"),
    "42": ("the query cannot be answered", "begin it with SELECT, and ask for tables and columns that are there"),
    "57": ("the PostgreSQL server is going down, or ended the connection", "try again in a moment"),
}
"""The same, by the class of the state."""
_BY_WORDS: Final = (
    (("password authentication", "no password supplied", "no pg_hba.conf entry"), _BY_CLASS["28"]),
    (("does not exist",), _BY_STATE["3D000"]),
    (("starting up", "shutting down", "in recovery"), _BY_CLASS["57"]),
    (("too many clients", "remaining connection slots"), _BY_STATE["53300"]),
    (("ssl",), ("no secure connection to the PostgreSQL server can be made", "look at sslmode in the URL")),
    (("timeout", "timed out"), ("the PostgreSQL server does not answer", "look whether it runs and can be reached")),
    (
        ("refused", "no such file", "no route", "translate host name", "resolve"),
        ("the PostgreSQL server cannot be reached", "look whether it runs, and at host and port"),
    ),
    (
        ("closed", "lost", "consuming input", "reset", "broken"),
        (
            "the connection to the PostgreSQL server broke off",
            "try again; writing a run twice changes nothing",
        ),
    ),
    (("nul",), _TEXT),
)
"""What is said where there is no state, and what it means; the first that fits."""
_OTHERWISE: Final = ("the metric history in PostgreSQL cannot be used", "look at what it says")


@contextmanager
def explained(url: str, address: str, error_of_client: type[Exception]) -> Iterator[None]:
    """Turns what goes wrong at `address` into a sentence and what to do; the database is named as `url`.

    Raises:
        HistoryError: in place of every error of PostgreSQL's client.
    """
    try:
        yield
    except UnicodeEncodeError as error:
        message, do = _TEXT
        raise HistoryError(f"{message}: {printable(error.object[:80])}: {url}", facts={"do": do}) from error
    except error_of_client as error:
        says = _said(error, address)
        message, do = _meaning(error, says)
        raise HistoryError(f"{message}: {url}", facts={"says": says, "do": do}) from error


def _meaning(error: Exception, says: str) -> tuple[str, str]:
    state = getattr(error, "sqlstate", None) or ""
    known = _BY_STATE.get(state) or _BY_CLASS.get(state[:2])
    words = says.lower()
    return known or next((meaning for signs, meaning in _BY_WORDS if any(one in words for one in signs)), _OTHERWISE)


def _said(error: Exception, address: str) -> str:
    """The first line of what was said, without any password of `address`."""
    line = next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)
    for secret in _secrets(address):
        line = line.replace(secret, "***")
    return printable(line)[:500]


def _secrets(address: str) -> list[str]:
    secret = {"password", "sslpassword", "oauth_client_secret"}
    parts = urlsplit(address)
    written = parts.netloc.rpartition("@")[0].partition(":")[2]
    options = [value for name, value in parse_qsl(parts.query) if name in secret]
    return [secret for secret in (written, unquote(written), *options) if secret]
