"""Tests by days: of each day the worst that happened to a test; pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cajajejo.metrics.history.rows import StoredRun
    from cajajejo.metrics.reports.overview import Standing

Day: TypeAlias = Literal["failed", "timeout", "out of bounds", "missed", "inconclusive", "pass"]

MARKS: Final[Mapping[Day, str]] = {
    "failed": "✗",
    "timeout": "T",
    "out of bounds": "▼",
    "missed": "-",
    "inconclusive": "?",
    "pass": "·",
}
"""The marks of days, the worst first."""
MOST_DAYS: Final = 60

_WORST: Final = tuple(MARKS)
_OF_STATUS: Final[Mapping[str, Day]] = {"failure": "failed", "timeout": "timeout", "missed": "missed"}
_OF_VERDICT: Final[Mapping[str, Day]] = {
    "failed": "failed",
    "regression": "out of bounds",
    "inconclusive": "inconclusive",
}


@dataclass(frozen=True, slots=True)
class Cell:
    """What happened to a test on a day, in so many runs."""

    day: date
    word: Day
    runs: int

    @property
    def mark(self) -> str:
        """The mark of the word."""
        return MARKS[self.word]


@dataclass(frozen=True, slots=True)
class Grid:
    """The days, oldest first, and a row of cells for each test; None: no run on that day."""

    days: tuple[date, ...]
    rows: tuple[tuple[Cell | None, ...], ...]


def of(standings: Sequence[Standing], most: int = MOST_DAYS) -> Grid:
    """The grid of the last `most` days up to the newest run of all, by the calendar of this machine."""
    by_day = [_by_day(standing.runs) for standing in standings]
    every = {day for cells in by_day for day in cells}
    if not every:
        return Grid((), ())
    last = max(every)
    count = min(most, (last - min(every)).days + 1)
    days = tuple(last - timedelta(days=back) for back in reversed(range(count)))
    return Grid(days, tuple(tuple(_cell(day, cells.get(day, [])) for day in days) for cells in by_day))


def word(stored: StoredRun) -> Day:
    """What a run is called in the grid."""
    return _OF_STATUS.get(stored.run.status) or _OF_VERDICT.get(stored.verdict, "pass")


def _by_day(runs: Sequence[StoredRun]) -> dict[date, list[Day]]:
    found: dict[date, list[Day]] = {}
    for stored in runs:
        moment = datetime.fromtimestamp(stored.run.start_time, UTC).astimezone()
        found.setdefault(moment.date(), []).append(word(stored))
    return found


def _cell(day: date, words: Sequence[Day]) -> Cell | None:
    return Cell(day, min(words, key=_WORST.index), len(words)) if words else None
