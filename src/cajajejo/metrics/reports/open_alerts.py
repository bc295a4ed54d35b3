"""What is wrong with tests now, and who is still to be told, as text and as JSON."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from cajajejo import moments, phrases
from cajajejo.metrics.reports import documents
from cajajejo.terminal import Column, table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cajajejo.metrics.history.store import Store
    from cajajejo.metrics.judgement.incidents import Delivery, Incident
    from cajajejo.terminal import Style

_OPEN: Final = (
    Column("test"),
    Column("metric"),
    Column("age", right=True),
    Column("since run"),
    Column("what", widest=True),
)
_UNSENT: Final = (
    Column("not sent to"),
    Column("alerts", right=True),
    Column("tries", right=True),
    Column("next try"),
    Column("last error", widest=True),
)


@dataclass(frozen=True, slots=True)
class OpenAlerts:
    """The incidents that are open, and the deliveries that were not sent, both oldest first."""

    incidents: Sequence[Incident]
    unsent: Sequence[Delivery]


def of(store: Store, tests: Sequence[str]) -> OpenAlerts:
    """What the history knows of `tests`, or of all where there are none.

    Raises:
        HistoryError: it cannot be read.
    """
    wanted = set(tests)
    incidents = [one for one in store.incidents() if not wanted or one.test in wanted]
    return OpenAlerts(incidents, [one for one in store.unsent() if not wanted or one.event.incident.test in wanted])


def unknown(store: Store, tests: Sequence[str], found: OpenAlerts) -> list[str]:
    """A line for each of `tests` that the history has nothing of, or one where it has nothing at all.

    Raises:
        HistoryError: it cannot be read.
    """
    if not tests and (found.incidents or found.unsent):
        return []
    told = {one.test for one in found.incidents} | {one.event.incident.test for one in found.unsent}
    there = store.tests()
    if not there and not told:
        return [f"there are no runs in this history: {store.url}"]
    known = f"; there are {phrases.some(there, most=10)}" if there else ""
    strangers = [test for test in dict.fromkeys(tests) if test not in told and test not in there]
    return [f"{phrases.cut(test)}: no such test in this history: {store.url}{known}" for test in strangers]


def screen(found: OpenAlerts, now: float, style: Style) -> list[str]:
    """A table of open alerts and one of the sinks that were not reached, where there are such, and a line of both."""
    tables: list[str] = []
    if found.incidents:
        tables += [*table(_OPEN, [_open(one, now, style) for one in found.incidents], style), ""]
    if found.unsent:
        sinks = dict.fromkeys(one.sink for one in found.unsent)
        rows = [_unsent([one for one in found.unsent if one.sink == sink], now, style) for sink in sinks]
        tables += [*table(_UNSENT, rows, style), ""]
    return [*tables, _line(found)]


def document(found: OpenAlerts) -> dict[str, Any]:
    """Both, oldest first, times in UTC."""
    return {
        "alerts": [{"test": one.test, **documents.incident(one)} for one in found.incidents],
        "unsent": [
            {
                "sink": one.sink,
                "test": one.event.incident.test,
                "metric": one.event.incident.metric,
                "happening": one.event.happening,
                "run_id": one.event.run.run_id,
                "message": one.event.message,
                "since": _utc(one.since),
                "attempts": one.attempts,
                "error": one.error,
                "next_try": _utc(one.again),
            }
            for one in found.unsent
        ],
    }


def _line(found: OpenAlerts) -> str:
    count, unsent = len(found.incidents), len(found.unsent)
    opened = f"{count or 'no'} open alert{'s' * (count > 1)}"
    return f"{opened}, {unsent} not sent" if unsent else opened


def _open(one: Incident, now: float, style: Style) -> tuple[str, ...]:
    metric = "the job" if one.metric is None else style.plain(one.metric)
    age = moments.age(max(0.0, now - one.start_time))
    return style.plain(one.test), metric, age, style.plain(one.run_id), style.line(one.message)


def _unsent(to_one: Sequence[Delivery], now: float, style: Style) -> tuple[str, ...]:
    again, tries = min(one.again for one in to_one), max(one.attempts for one in to_one)
    error = next((one.error for one in reversed(to_one) if one.error is not None), None)
    said = style.glyph("dash") if error is None else style.line(error)
    when = "due" if again <= now else moments.local(again)
    return style.plain(to_one[0].sink), str(len(to_one)), str(tries), when, said


def _utc(seconds: float) -> str | None:
    return moments.rfc3339(datetime.fromtimestamp(seconds, UTC))
