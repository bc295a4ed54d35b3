"""What becomes of a shift of known size and length in noise of several kinds, with fixed seeds."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, Final

import numpy as np

from cajajejo.metrics.shifts.episodes import Track, Watch, replay
from cajajejo.metrics.shifts.scan import Scan

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.random import Generator
    from numpy.typing import NDArray

    from cajajejo.metrics.shifts.episodes import Course, Episode

FIRST: Final = 120
"""The place of the first shifted run."""
_LOWER_IS_WORSE: Final = Watch(Scan(), bad=(-1,), ratchet=True)


def _resembling(numbers: Generator, shape: tuple[int, int]) -> NDArray[np.float64]:
    noise = numbers.normal(size=shape)
    for place in range(1, shape[1]):
        noise[:, place] = 0.5 * noise[:, place - 1] + np.sqrt(0.75) * noise[:, place]
    return noise


def _spiky(numbers: Generator, shape: tuple[int, int]) -> NDArray[np.float64]:
    spikes = numbers.uniform(5, 15, size=shape) * numbers.choice([-1, 1], size=shape)
    return np.asarray(numbers.normal(size=shape) + spikes * (numbers.random(shape) < 0.02))


def _skewed(numbers: Generator, shape: tuple[int, int]) -> NDArray[np.float64]:
    mean, variance = np.exp(0.18), (np.exp(0.36) - 1) * np.exp(0.36)
    return np.asarray((np.exp(0.6 * numbers.normal(size=shape)) - mean) / np.sqrt(variance))


NOISE: Final[Mapping[str, Callable[[Generator, tuple[int, int]], NDArray[np.float64]]]] = {
    "normal": lambda numbers, shape: numbers.normal(size=shape),
    "heavy tails": lambda numbers, shape: numbers.standard_t(3, size=shape) / np.sqrt(3),
    "spikes": _spiky,
    "skewed": _skewed,
    "accuracy of 100 questions": lambda numbers, shape: (numbers.binomial(100, 0.8, size=shape) / 100 - 0.8) / 0.04,
    "neighbours resemble": _resembling,
}
"""Noise of standard deviation 1 but for the spikes."""


@dataclass(frozen=True)
class LifeCycles:
    """What came of one shift in each of many series: shares of the series, and runs until it is noted."""

    alerts: float
    resumed: float
    closed_early: float
    dated_within_one: float
    runs_to_alert: float
    runs_to_recovery: float
    alerts_before: int


def simulated(kind: str, *, size: float, runs: int, series: int = 120, seed: int = 7) -> LifeCycles:
    """Series in which `runs` runs from the place `FIRST` on are `size` standard deviations lower."""
    values = NOISE[kind](np.random.default_rng(seed), (series, FIRST + runs + 40))
    values[:, FIRST : FIRST + runs] -= size
    inside = np.zeros(values.shape[1], dtype=np.bool_)
    courses = replay([Track(row, inside) for row in values], [_LOWER_IS_WORSE] * series)
    bad = [episode for course in courses for episode in _bad(course)]
    told = [episode for episode in bad if episode.shift.opened >= FIRST]
    firsts = [episode for episode in told if not episode.resumed]
    ends = [episode.closed for episode in told if episode.closed is not None]
    return LifeCycles(
        alerts=len(firsts) / series,
        resumed=(len(told) - len(firsts)) / series,
        closed_early=sum(end < FIRST + runs for end in ends) / series,
        dated_within_one=sum(abs(episode.shift.first - FIRST) <= 1 for episode in firsts) / len(firsts),
        runs_to_alert=median(episode.shift.opened - FIRST + 1 for episode in firsts),
        runs_to_recovery=median(end - FIRST - runs + 1 for end in ends if end >= FIRST + runs),
        alerts_before=sum(episode.shift.opened < FIRST and not episode.resumed for episode in bad),
    )


def _bad(course: Course) -> list[Episode]:
    return [episode for episode in course.episodes if episode.bad]
