"""When a request to a cluster is sent again, and how long to wait before: the policy, without any clock of its own.

What is sent again (`may_repeat`), by what the request does and by what became of it:

========================== ==================== ======================= ==========================
request                    busy (429), or       408, 500, 502 to 504,   any other answer
                           nothing was sent     lost after sending
========================== ==================== ======================= ==========================
GET, LIST, a dry run,      again                again                   never
 a review
merge patches, apply,      again                again                   never
 DELETE with a uid
POST                       again                again; *already exists* never
                                                then means: read it
DELETE without a uid,      again                never                   never
 other patches, POST
 without a name
========================== ==================== ======================= ==========================

Besides, a 401 is answered once by logging in anew. A certificate that is not trusted and an address that makes no
sense are never tried again. A cluster that has not answered at all yet is given up sooner than one that has.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from enum import Enum, auto
from random import Random
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

_BUSY: Final = 429
_PERHAPS_DONE: Final = frozenset({408, 500, 502, 503, 504})
chance: Final = Random().random  # noqa: S311  # spreads waits
"""A number from 0 to 1, from a generator of its own: whoever seeds that of Python finds it as it was left."""


class Failure(Enum):
    """What became of a request that failed for now."""

    NOT_DONE = auto()  # refused before anything was done
    PERHAPS_DONE = auto()  # it may have been carried out, and only the answer is missing


class Effect(Enum):
    """What sending a request twice does."""

    REPEATABLE = auto()  # the same as sending it once
    CREATES = auto()  # the second time it answers that the object already exists
    ONCE = auto()  # perhaps something else than sending it once


@dataclass(frozen=True, slots=True)
class Trouble:
    """A failure that may pass: what it was, in words, and how long the server asks to wait."""

    failure: Failure
    text: str
    asked_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Timing:
    """How long to wait and when to give up, in seconds."""

    first: float = 0.5
    factor: float = 2.0
    longest: float = 10.0
    longest_asked: float = 30.0
    total: float = 60.0
    total_unanswered: float = 10.0
    """When to give up on a cluster that has not answered anything yet."""


def may_repeat(failure: Failure, effect: Effect) -> bool:
    """Whether a request of this effect is sent again after this failure: the table above."""
    return failure is Failure.NOT_DONE or effect is not Effect.ONCE


def failure_of_status(status: int) -> Failure | None:
    """What an HTTP status says about a request that may be sent again; None where it is final."""
    if status == _BUSY:
        return Failure.NOT_DONE
    return Failure.PERHAPS_DONE if status in _PERHAPS_DONE else None


def parse_retry_after(text: str | None, now: float) -> float | None:
    """The seconds that a ``Retry-After`` header asks for, given as seconds or as an HTTP date.

    Args:
        text: the header.
        now: seconds since the epoch, what a date is compared with.
    """
    if text is None:
        return None
    try:
        seconds = float(text)
    except ValueError:
        try:
            seconds = parsedate_to_datetime(text).timestamp() - now
        except (ValueError, OverflowError):
            return None
    return max(seconds, 0.0) if math.isfinite(seconds) else None


def pause(repeat: int, asked_seconds: float | None, timing: Timing, random: float) -> float:
    """Seconds to wait before the repeat number `repeat` (from 0), spread by `random` (0 to 1).

    ``min(longest, first · factor^repeat) · (1 + random) / 2``; where the server asks for a time, that time and up to a
    tenth more, but never over ``longest_asked``.
    """
    if asked_seconds is not None:
        return min(asked_seconds * (1 + random / 10), timing.longest_asked)
    exponent = min(repeat, 64)  # farther out, only `longest` counts
    return min(timing.longest, timing.first * timing.factor**exponent) * (1 + random) / 2


class Attempts:
    """The attempts of one request: how often, since when, and whether another one follows.

    Args:
        effect: what sending the request twice does.
        timing: how long to wait and when to give up.
        clock: seconds that only grow.
        random: a number from 0 to 1.
    """

    def __init__(self, effect: Effect, timing: Timing, clock: Callable[[], float], random: Callable[[], float]) -> None:
        self._effect = effect
        self._timing = timing
        self._clock = clock
        self._random = random
        self._started = clock()
        self._waited = 0.0
        self.failed = 0
        self.perhaps_done = False
        """Whether an earlier attempt may have been carried out."""

    @property
    def seconds(self) -> float:
        """Seconds since the first attempt began."""
        return self._clock() - self._started

    def left(self) -> float:
        """Seconds until the request is given up."""
        return self._timing.total - self.seconds

    def wait_after(self, trouble: Trouble, *, answered: bool) -> float | None:
        """Seconds to wait before the next attempt, or None where none follows.

        Args:
            trouble: how this attempt failed.
            answered: whether the cluster has ever answered.
        """
        self.failed += 1
        if not may_repeat(trouble.failure, self._effect):
            return None
        wait = pause(self.failed - 1, trouble.asked_seconds, self._timing, self._random())
        total = self._timing.total if answered else self._timing.total_unanswered
        if max(self.seconds, self._waited) + wait > total:
            return None
        self._waited += wait
        self.perhaps_done |= trouble.failure is Failure.PERHAPS_DONE
        return wait


def announcement(trouble: Trouble, wait: float) -> str:
    """What the user sees before a wait: ``the cluster is busy (429), trying again in 4 s``."""
    return f"the cluster {trouble.text}, trying again in {max(1, round(wait))} s"
