"""Parts of API objects as values, whatever stands there; every text as it may be shown."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from cajajejo.errors import printable
from cajajejo.moments import parse_timestamp

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cajajejo.status.evidence import Object

_LONGEST: Final = 4096
_MOST_LINES: Final = 20
_NEVER: Final = datetime.fromtimestamp(0, UTC)
"""What the kubelet writes of a container that could not be started."""
_LONGEST_TIME: Final = 64
_LONGEST_NUMBER: Final = 2**63


def plain(text: object, length: int = _LONGEST) -> str:
    """`text` on one line, with escapes for what would move, colour or reorder a terminal, and not over `length`."""
    if not isinstance(text, str):
        return ""
    if len(text) <= length and text.isprintable():
        return text
    line = printable(" ".join(text[: 2 * length].split()))
    return line if len(line) <= length else line[: length - 1].rstrip() + "…"


def part(value: object, *path: str) -> object:
    """What stands at `path`; None where nothing does."""
    for key in path:
        if not isinstance(value, dict):
            return None
        value = value.get(key)
    return value


def mapping(value: object, *path: str) -> Object:
    """The mapping at `path`; an empty one where there is none."""
    found = part(value, *path)
    return found if isinstance(found, dict) else {}


def items(value: object, *path: str) -> list[Object]:
    """The mappings of the list at `path`."""
    found = part(value, *path)
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []


def text(value: object, *path: str) -> str:
    """The text at `path`, as it may be shown; empty where there is none."""
    found = value
    for key in path:  # as `part`, which would take half of the time that a status takes
        if not isinstance(found, dict):
            return ""
        found = found.get(key)
    return found if type(found) is str and len(found) <= _LONGEST and found.isprintable() else plain(found)


def texts(value: object, *path: str) -> Iterator[str]:
    """The texts of the list at `path`, as they may be shown."""
    found = part(value, *path)
    return (plain(item) for item in (found if isinstance(found, list) else ()) if isinstance(item, str))


def lines(value: object, *path: str) -> tuple[str, ...]:
    """The last lines of the text at `path`, each as it may be shown."""
    found = part(value, *path)
    if not isinstance(found, str):
        return ()
    return tuple(plain(line) for line in found[-_MOST_LINES * _LONGEST :].splitlines()[-_MOST_LINES:])


def labels(value: object, *path: str) -> dict[str, str]:
    """The texts of the mapping at `path` by their keys, as they may be shown."""
    return {plain(key): plain(found) for key, found in mapping(value, *path).items() if isinstance(found, str)}


def number(value: object, *path: str) -> int | None:
    """The whole number at `path`."""
    found = part(value, *path)
    is_number = isinstance(found, int) and not isinstance(found, bool)
    return found if is_number and abs(found) < _LONGEST_NUMBER else None  # type: ignore[arg-type,return-value]


def flag(value: object, *path: str) -> bool:
    """Whether ``true`` stands at `path`."""
    return part(value, *path) is True


def moment(value: object, *path: str) -> datetime | None:
    """The time at `path`, in UTC."""
    found = part(value, *path)
    return _moment(found) if isinstance(found, str) and len(found) < _LONGEST_TIME else None


@lru_cache(maxsize=8192)
def _moment(found: str) -> datetime | None:
    moment_ = parse_timestamp(found)
    try:
        told = moment_ and moment_.astimezone(UTC)
    except (OverflowError, ValueError):
        return None
    return None if told == _NEVER else told


def later(start: datetime | None, seconds: int | None) -> datetime | None:
    """So many seconds after `start`; None where that is beyond every calendar."""
    if start is None or seconds is None:
        return None
    try:
        return start + timedelta(seconds=seconds)
    except OverflowError:
        return None
