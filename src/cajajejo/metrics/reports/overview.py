"""How tests stand, as far as their history tells: of each the newest run, and every metric with its course; pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, TypeAlias

from cajajejo.metrics.baselines import Baselines
from cajajejo.metrics.judgement import last_good
from cajajejo.metrics.judgement.bounds import Bounds
from cajajejo.metrics.points import Point
from cajajejo.metrics.reports import dated_shifts

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from cajajejo.metrics.baselines import Accepted, Muted
    from cajajejo.metrics.history.rows import StoredMetric, StoredRun
    from cajajejo.metrics.judgement.commits import Commits
    from cajajejo.metrics.judgement.incidents import Incident
    from cajajejo.metrics.judgement.last_good import Turn
    from cajajejo.metrics.reports.dated_shifts import DatedShift, Looked
    from cajajejo.metrics.runs import Run

State: TypeAlias = Literal["regression", "inconclusive", "improvement", "pass", "none", "absent"]
"""The verdict in the newest run that succeeded; none: the metric has no condition; absent: it is not in that run."""

SEARCHED: Final = 400
"""In so many metrics, the first ones, changes of level are looked for: each takes a hundredth of a second."""

_METRICS: Final[tuple[State, ...]] = ("regression", "inconclusive", "improvement", "pass", "none", "absent")
_VERDICTS: Final = ("failed", "regression", "inconclusive", "pass")
_REMEMBERED: Final = 4096
_NO_BOUNDS: Final = Bounds(None, None, inclusive=False)


@dataclass(frozen=True, slots=True)
class Reading:
    """What is read of a test: its runs, oldest first, without the `older` ones; its lines; the incidents that are open.

    `now` is when it was read, in seconds since the epoch: what is muted is muted until then.
    """

    test: str
    runs: tuple[StoredRun, ...]
    baselines: Baselines
    incidents: tuple[Incident, ...] = ()
    older: int = 0
    now: float = 0.0


class Measurement(NamedTuple):
    """A metric in one run."""

    run: Run
    metric: StoredMetric

    @property
    def bounds(self) -> Bounds:
        """What it was judged by."""
        return Bounds(self.metric.lower_bound, self.metric.upper_bound, inclusive=self.metric.inclusive)

    @property
    def wrong(self) -> bool:
        """Whether it was worse than it may be, confirmed or not."""
        return self.metric.outside or self.metric.verdict == "regression"


@dataclass(frozen=True, slots=True)
class MetricStanding:
    """How a metric stands: its points, oldest first; `searched` tells whether shifts of its level were looked for.

    `latest` is its point in the newest run that succeeded, or else the last there is. `turn` is where a regression came
    from, `accepted` are the lines about its level, `incident` is what somebody was told and is not over.
    """

    name: str
    points: tuple[Measurement, ...]
    latest: Measurement
    state: State
    turn: Turn | None = None
    shifts: tuple[DatedShift, ...] = ()
    searched: bool = False
    accepted: tuple[Accepted, ...] = ()
    muted: Muted | None = None
    incident: Incident | None = None

    @property
    def trouble(self) -> bool:
        """Whether somebody should look at it."""
        return self.state == "regression" or self.incident is not None

    @property
    def rank(self) -> tuple[bool, int, str]:
        """What metrics are sorted by: trouble first."""
        return not self.trouble, _METRICS.index(self.state), self.name


@dataclass(frozen=True, slots=True)
class Standing:
    """How a test stands: its runs, oldest first; its metrics, worst first; `incidents` are those of no metric here."""

    test: str
    runs: tuple[StoredRun, ...]
    metrics: tuple[MetricStanding, ...]
    incidents: tuple[Incident, ...] = ()
    muted: Muted | None = None
    older: int = 0

    @property
    def newest(self) -> StoredRun:
        """The newest run."""
        return self.runs[-1]

    @property
    def verdict(self) -> str:
        """The verdict on the newest run."""
        return self.newest.verdict

    @property
    def trouble(self) -> bool:
        """Whether somebody should look at it."""
        told = self.incidents or any(metric.incident for metric in self.metrics)
        return self.verdict in {"failed", "regression"} or bool(told)

    @property
    def rank(self) -> tuple[bool, int, str]:
        """What tests are sorted by: trouble first, then the worst verdict."""
        return not self.trouble, _severity(self.verdict), self.test


@dataclass(frozen=True, slots=True)
class Overview:
    """All tests, those with trouble first."""

    standings: tuple[Standing, ...]

    @property
    def verdict(self) -> str:
        """The worst verdict of all tests."""
        return min((standing.verdict for standing in self.standings), key=_severity, default="pass")

    @property
    def commits(self) -> set[Commits]:
        """The commits of each two runs between which something happened."""
        turns = [
            turn
            for standing in self.standings
            for metric in standing.metrics
            for turn in (metric.turn, *(shift.turn for shift in metric.shifts))
        ]
        return {turn.commits for turn in turns if turn is not None and turn.commits is not None}


def of(readings: Iterable[Reading], *, searched: int = SEARCHED) -> Overview:
    """How the tests of `readings` stand; one without runs is left out, shifts are looked for in `searched` metrics."""
    standings = sorted((_standing(reading) for reading in readings if reading.runs), key=lambda one: one.rank)
    left = iter(range(searched))
    return Overview(tuple(_with_shifts(standing, left) for standing in standings))


def _severity(verdict: str) -> int:
    return _VERDICTS.index(verdict) if verdict in _VERDICTS else len(_VERDICTS)


def _standing(reading: Reading) -> Standing:
    incidents = {one.metric: one for one in reversed(reading.incidents) if one.metric is not None}
    succeeded = [one.run.run_id for one in reading.runs if one.run.status == "success"]
    courses: dict[str, list[Measurement]] = {}
    for stored in reading.runs:
        for metric in stored.metrics:
            courses.setdefault(metric.name, []).append(Measurement(stored.run, metric))
    metrics = [
        _metric(reading, name, points, succeeded[-1] if succeeded else None, incidents.get(name))
        for name, points in courses.items()
    ]
    return Standing(
        reading.test,
        reading.runs,
        tuple(sorted(metrics, key=lambda metric: metric.rank)),
        tuple(one for one in reading.incidents if one.metric is None or one.metric not in courses),
        reading.baselines.muted_until(reading.test, "*", reading.now),
        reading.older,
    )


def _metric(
    reading: Reading, name: str, points: Sequence[Measurement], newest: str | None, incident: Incident | None
) -> MetricStanding:
    good = [point for point in points if point.run.status == "success"]
    latest = good[-1] if good else points[-1]
    state: State = "absent" if newest is not None and latest.run.run_id != newest else _state(latest)
    bounded = latest.bounds != _NO_BOUNDS
    return MetricStanding(
        name,
        tuple(points),
        latest,
        state,
        turn=last_good.of_bounds(as_points(good), latest.bounds) if state == "regression" and bounded else None,
        accepted=tuple(line for line in reading.baselines.accepted if (line.test, line.metric) == (reading.test, name)),
        muted=reading.baselines.muted_until(reading.test, name, reading.now),
        incident=incident,
    )


def _state(point: Measurement) -> State:
    return next((state for state in _METRICS[:4] if state == point.metric.verdict), "none")


def as_points(points: Iterable[Measurement]) -> tuple[Point, ...]:
    """The points of runs that succeeded, as they are judged against."""
    return tuple(
        Point(run.run_id, metric.value, metric.outside, run.start_time, run.commit)
        for run, metric in points
        if run.status == "success"
    )


def _with_shifts(standing: Standing, left: Iterator[int]) -> Standing:
    """`standing` with the shifts in its first metrics, one for each of what is `left`."""
    searched = [_searched(metric, standing.test) for metric, _ in zip(standing.metrics, left, strict=False)]
    return replace(standing, metrics=(*searched, *standing.metrics[len(searched) :]))


def _searched(metric: MetricStanding, test: str) -> MetricStanding:
    line = Baselines(metric.accepted).accepted_from(test, metric.name)
    shifts = _looked(metric.name, as_points(metric.points), line).shifts
    by_level = metric.state == "regression" and metric.latest.bounds == _NO_BOUNDS
    turn = shifts[-1].turn if by_level and shifts else metric.turn
    return replace(metric, shifts=shifts, turn=turn, searched=True)


@lru_cache(maxsize=_REMEMBERED)
def _looked(name: str, points: tuple[Point, ...], line: Accepted | None) -> Looked:
    """The shifts among `points`, remembered for who asks again: a page that is served is made anew at each request."""
    return dated_shifts.look(name, points, known=dated_shifts.Known(accepted=line))
