"""What rules find: of a job its reason with a sentence and the way out, of one pod why it ended."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cajajejo.status.model import Advice, Quote, Reason

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cajajejo.status.events import Event
    from cajajejo.status.pods import Ended


@dataclass(frozen=True, slots=True)
class Verdict:
    """One reason with its sentence and what to do about it; no reason where there is only something to tell."""

    reason: Reason | None
    message: str
    do: Advice | None = None
    quotes: tuple[Quote, ...] = ()


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a pod ended without success.

    Attributes:
        reason: the code.
        message: half a sentence that goes on after ``attempt 1``: ``was preempted (spot)``.
        sentence: the whole sentence, where it is why the job failed.
        counted: whether it counts against the backoff limit.
        container: the container that it is about; empty: the pod as a whole.
        end: how that container ended.
        do: the way out.
    """

    reason: Reason
    message: str
    sentence: str
    counted: bool = True
    container: str = ""
    end: Ended | None = None
    do: Advice | None = None

    @property
    def exit_code(self) -> int | None:
        """Of the container that failed."""
        return self.end.exit_code if self.end else None

    @property
    def told(self) -> str:
        """The message, with a word on what is not counted."""
        return self.message if self.counted else f"{self.message}, not counted"


def cure(text: str, field: str = "") -> Advice:
    """The way out, and the field of the job config that it is about."""
    return Advice(text, field)


def quoted(source: str, events: Iterable[Event]) -> tuple[Quote, ...]:
    """What `source` said in the newest of `events`."""
    return tuple(Quote(source, event.text, event.at) for event in list(events)[:1] if event.text)


def listed(names: Iterable[str]) -> str:
    """Names in a sentence: ``a``, ``a and b``, ``a, b and c``."""
    *first, last = list(names) or [""]
    return f"{', '.join(first)} and {last}" if first else last


def counted(count: int, noun: str) -> str:
    """A number with its noun: ``1 node``, ``2 nodes``."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
