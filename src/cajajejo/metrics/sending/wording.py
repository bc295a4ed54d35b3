"""What sinks say of events, in words that any of them can show: printable, of bounded length, links that are links."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from cajajejo.errors import printable
from cajajejo.moments import rfc3339
from cajajejo.phrases import some

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cajajejo.metrics.judgement.incidents import Event, Happening
    from cajajejo.metrics.runs import Run

LABELS: Final[dict[Happening, str]] = {
    "opened": "Alert",
    "escalated": "Worse",
    "recovered": "Recovered",
    "accepted": "Accepted",
}
"""What each happening is called."""
_SUBJECT: Final = 150
_NAME: Final = 80
_MESSAGE: Final = 1_000
_LINK: Final = 2_000
_COMMAND: Final = 2_000
_KEY: Final = re.compile(r"[A-Za-z0-9-]{1,64}")


@dataclass(frozen=True, slots=True)
class Group:
    """What is told of one run."""

    run: Run
    events: tuple[Event, ...]


def groups(events: Sequence[Event]) -> list[Group]:
    """`events` by test and run: tests in the order in which they come, the runs of each in theirs."""
    tests = {test: place for place, test in enumerate(dict.fromkeys(event.run.test for event in events))}
    runs: dict[Run, list[Event]] = {}
    for event in events:
        runs.setdefault(event.run, []).append(event)
    ordered = sorted(runs, key=lambda run: (tests[run.test], run.order))
    return [Group(run, tuple(runs[run])) for run in ordered]


def subject(events: Sequence[Event]) -> str:
    """All of `events` in a line: ``demo: 2 alerts (loss_final, accuracy_final), 1 recovered (total_wall_time)``."""
    tests = [name(test) for test in dict.fromkeys(event.run.test for event in events)]
    kinds: dict[str, list[Event]] = {}
    for event in events:
        kinds.setdefault(label(event).lower(), []).append(event)
    told = [_counted(kind, of_kind, named=len(tests) == 1) for kind, of_kind in kinds.items()]
    return cut(f"{some(tests)}: {', '.join(told)}", _SUBJECT)


def _counted(kind: str, events: Sequence[Event], *, named: bool) -> str:
    metrics = [name(metric) for metric in dict.fromkeys(event.incident.metric for event in events) if metric]
    plural = "s" * (kind == "alert" and len(events) > 1)
    return f"{len(events)} {kind}{plural}" + (f" ({some(metrics)})" if metrics and named else "")


def label(event: Event) -> str:
    """What happened, in a word."""
    return LABELS[event.happening]


def name(text: str) -> str:
    """The name of a test or a metric as it stands in a sentence."""
    return _shown(text, _NAME)


def sentence(event: Event, most: int = _MESSAGE) -> str:
    """What is told of an event beside the name of its test, on one line of at most `most` characters."""
    return _shown(event.message.removeprefix(f"{event.run.test}: "), most)


def with_test(event: Event, most: int = _MESSAGE) -> str:
    """What is told of an event where nothing else names the test."""
    return f"{name(event.run.test)}: {sentence(event, most)}"


def facts(run: Run) -> str:
    """Which run it is: ``run 3f2a9c1d, started 2026-11-21 14:02:11 UTC, commit 10abfb1``."""
    commit = f", commit {name(run.commit)}" if run.commit else ""
    started = started_at(run)
    return (
        f"run {name(run.run_id)}"
        + (f", started {started.replace('T', ' ').rstrip('Z')} UTC" if started else "")
        + commit
    )


def started_at(run: Run) -> str | None:
    """When a run started, in ISO 8601; None where no calendar has that time."""
    try:
        return rfc3339(datetime.fromtimestamp(run.start_time, UTC))
    except (ValueError, OverflowError, OSError):
        return None


def links(run: Run) -> list[tuple[str, str]]:
    """Where to read more of a run: the names of the links, and their addresses."""
    named = (("Log", run.origin.logs_link), ("Workload", run.origin.workload_link))
    return [(title, url) for title, url in named if url and is_link(url)]


def is_link(url: str) -> bool:
    """Whether `url` can be a link: of HTTP, whole, and without what would end it somewhere else."""
    if len(url) > _LINK:
        return False
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    usable = url.isascii() and url.isprintable() and not set(url) & set(' "<>\\^`{|}')
    return usable and parts.scheme in {"http", "https"} and bool(parts.hostname)


def command(run: Run) -> str | None:
    """The command that downloads the logs of a run; None where it could not be pasted."""
    text = run.origin.logs_command
    return text if text and len(text) <= _COMMAND and text.isprintable() else None


def _shown(text: str, most: int) -> str:
    return cut(printable(text[: most + 1]), most)


def cut(text: str, most: int) -> str:
    """`text` of at most `most` characters."""
    return text if len(text) <= most else text[: most - 1] + "…"


def plain_key(key: str) -> str:
    """`key` as a header can hold it: itself, or a digest."""
    return key if _KEY.fullmatch(key) else hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()[:32]
