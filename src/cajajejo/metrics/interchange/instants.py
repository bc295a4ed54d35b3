"""Points in time as text in a file: RFC 3339 in UTC, with as many digits as the number has; and all that means one."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal, localcontext
from typing import Final

EARLIEST: Final = -62_135_510_400.0
"""The second day of the year 1."""
LATEST: Final = 32_503_680_000.0
"""The year 3000: what is later was meant in milliseconds."""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_WRITTEN: Final = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)(?:[Tt ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,400}))?)?\s?(Z|z|UTC|([+-])(\d\d):?(\d\d)?)?)?",
    re.ASCII,
)


def written(seconds: float) -> str:
    """Seconds since the epoch, so that `read` finds the very same number: ``2026-11-21T14:02:11.25Z``."""
    whole, fraction = _split(seconds)
    moment = (_EPOCH + timedelta(seconds=whole)).replace(tzinfo=None).isoformat()
    return f"{moment}{fraction}Z"


def read(text: str) -> float:
    """Seconds since the epoch of a time with or without a zone (then UTC), or of a number of them.

    Raises:
        ValueError: it is none of these.
    """
    found = _WRITTEN.fullmatch(text)
    if found is None:
        if "_" in text:
            raise ValueError(text)
        return float(text)
    year, month, day, hour, minute, second, fraction, _, sign, hours, minutes = found.groups()
    moment = datetime(*(int(part or 0) for part in (year, month, day, hour, minute, second)), tzinfo=UTC)  # type: ignore[misc,arg-type]  # six numbers
    whole = (moment - _EPOCH) // timedelta(seconds=1)
    if sign:
        away = int(hours) * 3600 + int(minutes or 0) * 60
        whole += away if sign == "-" else -away
    if not fraction:
        return float(whole)
    if whole >= 0:
        return float(f"{whole}.{fraction}")
    with localcontext(prec=500):
        return float(whole + Decimal(f"0.{fraction}"))


def problem_of(seconds: float) -> str | None:
    """Why no run can have been at such a time; None where it can."""
    if not math.isfinite(seconds):
        return "not a time"
    if seconds >= LATEST:
        return "out of range: are these milliseconds? Seconds are expected"
    return "out of range: this is no year" if seconds < EARLIEST else None


def _split(seconds: float) -> tuple[int, str]:
    """Whole seconds, downwards, and the fraction with its point; nothing for none."""
    text = repr(float(seconds))
    if text[0] != "-" and "e" not in text:
        whole, _, fraction = text.partition(".")
        return int(whole), "" if fraction == "0" else f".{fraction}"
    with localcontext(prec=500):
        exact = Decimal(text)
        down = math.floor(exact)
        rest = exact - down
    return down, f"{rest:f}"[1:] if rest else ""
