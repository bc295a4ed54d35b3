"""Rules that tell changes of level run by run, each from nothing but the runs up to then.

An alarm is the run at which a rule tells a change, with the direction; a rule that goes on about the same change gives
no further one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeAlias

import numpy as np

from cajajejo.metrics.shifts import engines
from cajajejo.metrics.shifts.episodes import RESUMES_WITHIN, Track, Watch, replay

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from benchmarks.detection_sets import Array

    from cajajejo.metrics.shifts.episodes import Course
    from cajajejo.metrics.shifts.scan import Scan

Alarms: TypeAlias = np.ndarray[Any, np.dtype[np.int8]]
"""Of each run of each series: 1 or -1 where a rule tells a change up or down, else 0."""

LEAST: Final = 10
"""Runs that a rule wants to have seen before it judges one."""
SEEN: Final = 100
"""Runs that Otava looks at: the latest."""
OLD: Final = 3
"""Runs that a change must have lasted before it is told as Otava's."""
NEAR: Final = 5
"""Otava moves its changes by some runs as it learns; those that are so near are the same."""
RECENT: Final = 20
"""A change that is told later than so many runs after it comes from the window that moved on, not from a new run."""

_AT_ONCE: Final = 500


def deviations(values: Array, k: float) -> Alarms:
    """The rule "k sample standard deviations from the mean of all earlier runs", as a handler of metrics has it.

    Runs that follow each other on the same side are one alarm. Sums are taken about the first run of a series, so that
    a constant one has no deviation.
    """
    away = values - values[:, :1]
    n = np.arange(1, values.shape[1])
    mean = np.cumsum(away, axis=1)[:, :-1] / n
    squares = np.cumsum(away**2, axis=1)[:, :-1] - n * mean**2
    limit = k * np.sqrt(np.maximum(squares, 0) / np.maximum(n - 1, 1)) + 1e-12
    side = np.zeros(values.shape, np.int8)
    side[:, 1:] = np.where(np.abs(away[:, 1:] - mean) > limit, np.sign(away[:, 1:] - mean), 0)
    side[:, :LEAST] = 0
    before = np.zeros_like(side)
    before[:, 1:] = side[:, :-1]
    return np.where(side != before, side, np.int8(0))


def courses(values: Array, scan: Scan) -> list[Course]:
    """What the product itself makes of each series, in both directions."""
    watch, inside = Watch(scan, bad=(-1, 1)), np.zeros(values.shape[1], np.bool_)
    portions = (values[begin : begin + _AT_ONCE] for begin in range(0, len(values), _AT_ONCE))
    return [
        course
        for portion in portions
        for course in replay([Track(row, inside) for row in portion], [watch] * len(portion))
    ]


def alarms_of(found: Sequence[Course], runs: int) -> Alarms:
    """The runs that open an episode or escalate it, of which somebody hears."""
    alarms = np.zeros((len(found), runs), np.int8)
    for which, course in enumerate(found):
        for episode in course.episodes:
            opened = () if episode.resumed else (episode.shift.opened,)
            alarms[which, [*opened, *episode.escalated]] = episode.shift.sign
    return alarms


def episodes(values: Array, scan: Scan) -> Alarms:
    """The product's own alarms."""
    return alarms_of(courses(values, scan), values.shape[1])


def quiet_before(found: Sequence[Course], run: int) -> list[int]:
    """The series in which no episode is open when `run` begins, or closed so lately that it would be resumed."""
    return [
        which
        for which, course in enumerate(found)
        if all(
            episode.shift.opened >= run or (episode.closed is not None and episode.closed < run - RESUMES_WITHIN)
            for episode in course.episodes
        )
    ]


def otava(values: Array, begin: int, p_value: float) -> tuple[Alarms, Alarms]:
    """What Otava tells from the run `begin` on, rerun at each run; and of that what is about recent runs.

    A change is told when it has lasted some runs and none near it was told before; what there is at `begin` is known.
    """
    alarms, recent = np.zeros(values.shape, np.int8), np.zeros(values.shape, np.int8)
    for which, row in enumerate(values):
        for run, place, sign in _told(row, begin, p_value):
            alarms[which, run] = sign
            if run - place <= RECENT:
                recent[which, run] = sign
    return alarms, recent


def _told(row: Array, begin: int, p_value: float) -> Iterator[tuple[int, int, int]]:
    """The run that tells, the first run of the change, and its direction."""
    known: list[int] | None = None
    for run in range(begin, len(row)):
        low = max(0, run + 1 - SEEN)
        seen = row[low : run + 1]
        places = [place for place in engines.otava(seen, p_value) if len(seen) - place >= OLD]
        if known is not None:
            for place in places:
                if all(abs(low + place - other) > NEAR for other in known):
                    yield run, low + place, _sign(seen, places, place)
        known = [*(known or []), *(low + place for place in places)]


def _sign(seen: Array, places: list[int], place: int) -> int:
    """Whether the level goes up or down at `place`, between its neighbours."""
    ends = [0, *places, len(seen)]
    at = ends.index(place, 1)
    return 1 if seen[place : ends[at + 1]].mean() > seen[ends[at - 1] : place].mean() else -1


def first_alarms(alarms: Alarms, sign: int, begin: int, runs: int) -> dict[int, int]:
    """How many runs after `begin` the first alarm in one direction came, by series; those with none are left out."""
    found: dict[int, int] = {}
    for which, run in zip(*np.nonzero(alarms[:, begin : begin + runs] == sign), strict=True):
        found.setdefault(int(which), int(run))
    return found
