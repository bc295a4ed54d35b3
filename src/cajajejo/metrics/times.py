"""Times of runs as people give them, in seconds since the epoch."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import Final

from cajajejo import moments
from cajajejo.errors import UsageError

_EARLIEST: Final = -62_135_510_400.0  # the second day of the year 1, which is a date in every time zone
_LATEST: Final = 32_503_680_000.0  # the year 3000: what is later was meant in milliseconds
_EXAMPLES: Final = "2026-11-21T14:02:11Z, 2026-11-21T15:02:11+01:00, 1795269731"


def parse_time(text: str | None, option: str) -> float | None:
    """The time that is written out as seconds or in ISO 8601, without a zone local; None stays None.

    `option` is what an error names.

    Raises:
        UsageError: `text` is no time.
    """
    if text is None:
        return None
    try:
        moment = _seconds(text.strip())
    except (ValueError, OverflowError, OSError) as error:
        raise UsageError(f"{option} {text}: not a time", facts={"for example": _EXAMPLES}) from error
    if not math.isfinite(moment) or not _EARLIEST <= moment < _LATEST:
        hint = (
            "are these milliseconds? Write seconds"
            if moment >= _LATEST and math.isfinite(moment)
            else "this is no year"
        )
        raise UsageError(f"{option} {text}: out of range", facts={"note": hint, "for example": _EXAMPLES})
    return moment


def parse_since(text: str | None, option: str) -> float | None:
    """The time that is meant seen from now: a duration ago (``30d``), or a time; None stays None.

    `option` is what an error names.

    Raises:
        UsageError: `text` is none.
    """
    return None if text is None else moments.parse_time(text, option, datetime.now(UTC)).timestamp()


def _seconds(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return datetime.fromisoformat(text).timestamp()
