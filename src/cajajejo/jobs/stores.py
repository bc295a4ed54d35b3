"""Tracking stores as this machine sees them: whether they can be reached, and what they answer in time."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Final, TypeVar

from cajajejo import records, tracking
from cajajejo.cluster.exchange import plain
from cajajejo.errors import CajajejoError

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

SECONDS: Final = 8.0
"""How long a tracking server is waited for."""

_LEFT_ALONE_SECONDS: Final = 60.0
_SLOW_SECONDS: Final = 1.0
_LOGIN: Final = re.compile(r"(?<=//)[^/@]*@")
_away_until: dict[str, float] = {}
"""The servers that did not answer, until when they are not asked again."""
_told_until: dict[str, float] = {}
"""The servers that the user has heard of, until when they are not spoken of again."""


def is_within_reach(uri: str) -> bool:
    """Whether the store can be used from here: a server, or a file that is there; none is made."""
    if uri.startswith("sqlite:///"):
        return tracking.sqlite_file(uri).is_file()
    return uri.lower().startswith(("http://", "https://"))


def is_away(uri: str) -> bool:
    """Whether the server did not answer a moment ago."""
    return _away_until.get(uri, 0.0) > time.monotonic()


def ask(uri: str, work: Callable[[], T], warn: Callable[[str], None]) -> T | None:
    """What `work` gets from the store in time; None where it does not answer or refuses, which is told once a minute.

    A server that was away is not asked again for that minute.

    Args:
        uri: the address of the store.
        work: what talks to it; it may be done twice, or too late.
        warn: who hears why there is nothing.
    """
    if is_away(uri):
        return None
    began = time.monotonic()
    try:
        return records.within(SECONDS, uri, work)
    except CajajejoError as error:
        now = time.monotonic()
        if now - began >= _SLOW_SECONDS:
            _away_until[uri] = now + _LEFT_ALONE_SECONDS
        if _told_until.get(uri, 0.0) <= now:
            _told_until[uri] = now + _LEFT_ALONE_SECONDS
            says = error.facts.get("says", "").replace(uri, shown(uri))
            sentence = error.message.replace(uri, shown(uri))
            warn(f"{sentence} ({plain(says, 120)})" if says else sentence)
        return None


def shown(uri: str) -> str:
    """The address without a login."""
    return plain(_LOGIN.sub("", uri.partition("?")[0]))
