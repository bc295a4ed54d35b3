"""Points and spans of time as Kubernetes writes them, as people give them, and as people are told them."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from cajajejo.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

_DURATION: Final = re.compile(r"(?:(\d{1,9})d)?(?:(\d{1,9})h)?(?:(\d{1,9})m)?(?:(\d{1,9})s)?", re.ASCII)
_UNITS: Final = (86_400, 3_600, 60, 1)
_LONGEST: Final = 10_000 * 86_400  # over 27 years
_FRACTION: Final = re.compile(r"(\.\d{6})\d+")
_EARLIEST: Final = 100_000_000.0  # 1973: a smaller number was not meant as seconds since the epoch
_FIRST_YEAR: Final = 1970
_EXAMPLES: Final = "2h (ago), +7d (from now), 2026-11-21T14:02:11Z, 1795269731"


def parse_timestamp(text: object) -> datetime | None:
    """The time that Kubernetes wrote, ``2026-11-21T14:02:11.123456789Z``; None where `text` is none."""
    if not isinstance(text, str):
        return None
    try:
        found = datetime.fromisoformat(_FRACTION.sub(r"\1", text))
        moment = found if found.tzinfo else found.replace(tzinfo=UTC)
        moment.astimezone(UTC)  # in the first and the last hours of the calendar there is no such time in UTC
    except (ValueError, OverflowError):
        return None
    return moment


def rfc3339(moment: datetime | None) -> str | None:
    """`moment` in UTC, to the second, as ``--json`` prints it: ``2026-11-21T14:02:11Z``."""
    return None if moment is None else moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def local(seconds: float) -> str:
    """Seconds since the epoch as tables show them, in the time zone of this machine: ``2026-11-21 14:02``."""
    return datetime.fromtimestamp(seconds, UTC).astimezone().strftime("%Y-%m-%d %H:%M")


def parse_duration(text: str, option: str) -> float:
    """Seconds of a duration, ``90s``, ``30m``, ``12h``, ``2d`` or ``1h30m``; `option` is what an error names.

    Raises:
        UsageError: `text` is none; a bare number lacks its unit.
    """
    given = text.strip()
    if given.isascii() and given.isdecimal():
        raise UsageError(f"{option} {given}: {given} what? Write {given}s, {given}m or {given}h")
    found = _DURATION.fullmatch(given)
    if not given or found is None:
        raise UsageError(f"{option} {text}: not a duration", facts={"for example": "90s, 30m, 12h, 2d, 1h30m"})
    seconds = sum(int(number or 0) * unit for number, unit in zip(found.groups(), _UNITS, strict=True))
    if seconds > _LONGEST:
        raise UsageError(f"{option} {text}: longer than 10,000 days")
    return float(seconds)


def parse_time(text: str, option: str, now: datetime, examples: str = _EXAMPLES) -> datetime:
    """The time that `text` means, in UTC.

    It is a duration ago (``2h``), a duration from now (``+7d``), ISO 8601 (without a zone: local), or seconds since
    the epoch. `examples` are what is said of a text that is not.

    Raises:
        UsageError: `text` is none of these, or no time that a calendar has.
    """
    given = text.strip()
    if given.isascii() and given.isdecimal() and float(given) < _EARLIEST:
        raise UsageError(f"{option} {given}: {given} what? Write {given}s, {given}m or {given}h (ago), or a date")
    for read in (_seconds_since_epoch, _written, lambda given: _away(given, option, now)):
        found = _try(read, given)
        if found is not None and found.year >= _FIRST_YEAR:
            return found
    raise UsageError(f"{option} {text}: not a time", facts={"for example": examples})


def duration(seconds: float) -> str:
    """Seconds as people say them: ``0.3 s``, ``12 s``, ``1 min 12 s``, ``2 h 5 min``, ``3 d 4 h``."""
    if seconds < 9.95:  # noqa: PLR2004  # from ten seconds on, tenths say nothing
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:  # noqa: PLR2004
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:  # noqa: PLR2004
        return f"{minutes} min {rest} s"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:  # noqa: PLR2004  # two days are still said in hours
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    days, hours = divmod(hours, 24)
    return f"{days} d {hours} h" if hours else f"{days} d"


def span(seconds: float) -> str:
    """Whole seconds as people say them, where Kubernetes knows no fractions: ``4 s``, ``1 min 12 s``, ``4 h``."""
    whole = max(0, round(seconds))
    return f"{whole} s" if whole < 60 else duration(whole).removesuffix(" 0 s")  # noqa: PLR2004


def age(seconds: float) -> str:
    """Seconds as columns and ages show them, the largest unit alone: ``40s``, ``12m``, ``5h``, ``3d``."""
    whole = max(0, int(seconds))
    for unit, letter, until in ((1, "s", 120), (60, "m", 120), (3_600, "h", 48)):
        if whole < unit * until:
            return f"{whole // unit}{letter}"
    return f"{whole // 86_400}d"


def ago(seconds: float) -> str:
    """Seconds as a rough time in a sentence: ``40 s``, ``12 min``, ``3 h 48 min``, ``2 d``."""
    whole = max(0, int(seconds))
    if whole < 120:  # noqa: PLR2004
        return f"{whole} s"
    if whole < 3_600:  # noqa: PLR2004
        return f"{whole // 60} min"
    return duration(whole - whole % 60)


def _try(read: Callable[[str], datetime | None], given: str) -> datetime | None:
    try:
        return read(given)
    except (ValueError, OverflowError, OSError):
        return None


def _seconds_since_epoch(given: str) -> datetime | None:
    seconds = float(given)
    return datetime.fromtimestamp(seconds, UTC) if math.isfinite(seconds) else None


def _written(given: str) -> datetime:
    return datetime.fromisoformat(given).astimezone(UTC)


def _away(given: str, option: str, now: datetime) -> datetime | None:
    forward = given.startswith("+")
    if not _DURATION.fullmatch(given.removeprefix("+")) or not given.removeprefix("+"):
        return None
    away = timedelta(seconds=parse_duration(given.removeprefix("+"), option))
    return (now + away if forward else now - away).astimezone(UTC)
