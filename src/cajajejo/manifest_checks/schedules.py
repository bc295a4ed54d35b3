"""The schedule of a CronJob and its time zone, read as Kubernetes reads them."""

from __future__ import annotations

import re
import zoneinfo
from typing import TYPE_CHECKING, Final

from cajajejo.phrases import closest, shown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cajajejo.findings import Findings
    from cajajejo.yamlfile import Location

_WORDS: Final = {"@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly"}
_EVERY: Final = re.compile(r"@every ([0-9]+(\.[0-9]*)?(ns|us|µs|ms|s|m|h))+")  # as Go writes it
_MONTHS: Final = "jan feb mar apr may jun jul aug sep oct nov dec".split()  # noqa: SIM905  # words read better
_DAYS: Final = "sun mon tue wed thu fri sat".split()  # noqa: SIM905  # words read better
_FIELDS: Final[tuple[tuple[str, int, int, Mapping[str, int]], ...]] = (
    ("minute", 0, 59, {}),
    ("hour", 0, 23, {}),
    ("day of the month", 1, 31, {}),
    ("month", 1, 12, {name: number for number, name in enumerate(_MONTHS, 1)}),
    ("day of the week", 0, 6, {name: number for number, name in enumerate(_DAYS)}),
)
_PART: Final = re.compile(r"(?P<first>\*|\?|[a-z0-9]+)(?:-(?P<last>[a-z0-9]+))?(?:/(?P<step>[0-9]+))?")
_EXAMPLE: Final = "for example '0 3 * * 1': Mondays at 03:00"


def check_schedule(found: Findings, place: Location, schedule: str) -> None:
    """The five fields of a schedule, or one of its words."""
    text = schedule.strip().lower()
    if text.startswith(("tz=", "cron_tz=")):
        found.error(place, "must not name a time zone", "it stands in timeZone")
    elif text.startswith("@"):
        if text not in _WORDS and not _EVERY.fullmatch(text):
            guess = closest(text, sorted(_WORDS))
            found.error(place, f"not a schedule: {shown(schedule)}", f"did you mean {guess}?" if guess else _EXAMPLE)
    elif text:
        problem = _problem_of_fields(text.split())
        if problem:
            found.error(place, f"not a schedule: {shown(schedule)}: {problem}", _EXAMPLE)


def _problem_of_fields(fields: list[str]) -> str | None:
    if len(fields) != len(_FIELDS):
        return f"it has {len(fields)} fields, not {len(_FIELDS)}"
    for field, (name, low, high, names) in zip(fields, _FIELDS, strict=True):
        for part in field.split(","):
            if part and not _fits(part, low, high, names):
                return f"{shown(part)} is no {name}"
        if not field.strip(","):
            return f"there is no {name}"
    return None


def _fits(part: str, low: int, high: int, names: Mapping[str, int]) -> bool:
    """Whether `part` is a number, a range, or steps of one, from `low` to `high`."""
    match = _PART.fullmatch(part)
    if match is None or (match["step"] is not None and not 1 <= int(match["step"][:9]) <= high - low + 1):
        return False
    if match["first"] in {"*", "?"}:
        return match["last"] is None
    first = _number(match["first"], names)
    last = first if match["last"] is None else _number(match["last"], names)
    return first is not None and last is not None and low <= first <= last <= high


def _number(text: str, names: Mapping[str, int]) -> int | None:
    if text.isdecimal():
        return int(text[:9])
    return names.get(text)


def check_time_zone(found: Findings, place: Location, name: object) -> None:
    """The name of a time zone; nothing is said where this machine knows none."""
    if not isinstance(name, str):
        return
    if not name or name.lower() == "local":
        found.error(place, f"must be the name of a time zone, not {shown(name)}", "for example Europe/Amsterdam")
        return
    known = zoneinfo.available_timezones()
    if known and name not in known:
        guess = closest(name, known)
        found.error(place, f"not a time zone: {shown(name)}", f"did you mean {guess}?" if guess else None)
