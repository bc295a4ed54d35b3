"""Episodes: what a replay of all runs of a metric tells, so that one lasting shift is one event.

A shift for the worse opens an episode. While it is open the level before it stays frozen, and its runs never join the
baseline; it is closed by its return, the runs of which do. A second shift in the same direction among its runs
escalates it; a new one soon after its end resumes it.

A shift for the better is an episode that is over with the run that told it: the baseline begins anew with its first
run, so that losing the gain is a regression. Until the new baseline has enough points the old one judges what is worse.

Where a bound judges the metric and shifts are watched in its shadow, many runs out of bounds are an episode even where
the scan sees none: no lasting shift is ever absorbed in silence.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final, Literal

import numpy as np

from cajajejo.metrics.shifts.guards import out_of_bounds
from cajajejo.metrics.shifts.levels import bounded
from cajajejo.metrics.shifts.returns import returned
from cajajejo.metrics.shifts.scan import Scan, Shift
from cajajejo.metrics.shifts.searches import Earlier, Search, answered

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from numpy.typing import NDArray

    from cajajejo.metrics.config.conditions import SuccessCondition

Cause = Literal["scan", "bounds"]
Ending = Literal["recovered", "absorbed", "improvement"]

RESUMES_WITHIN: Final = 15


@dataclass(frozen=True, slots=True)
class Watch:
    """What is watched for in one metric.

    `bad` are the signs of changes for the worse. With `ratchet`, a shift for the better cuts the baseline; without it,
    that direction is not looked at. With `guarded`, many points out of bounds are an episode, too.
    """

    scan: Scan
    bad: tuple[int, ...]
    ratchet: bool = False
    confirm_after: int = 1
    absorb_after: int | None = None
    guarded: bool = False

    @classmethod
    def of(cls, condition: SuccessCondition, confirm_after: int = 1) -> Watch:
        """The watch of a `level_shift`, or the one in the shadow of another condition."""
        given = condition.success_threshold.level_shift
        if given is None:
            return cls(Scan.of(condition), condition.bad, confirm_after=confirm_after, guarded=True)
        return cls(
            Scan.of(condition),
            condition.bad,
            ratchet=True,
            confirm_after=confirm_after,
            absorb_after=given.absorb_after,
        )


@dataclass(frozen=True, slots=True)
class Episode:
    """A shift and what came of it; places index the points that were given.

    `resumed`: it is the episode before it, come again, and nobody is told. `escalated` are places of runs that told a
    further shift in the same direction, `closed` is the place of the run that ended it; None: it is open. An
    improvement is not `bad`, and closed by the run that opened it.
    """

    shift: Shift
    bad: bool
    cause: Cause = "scan"
    resumed: bool = False
    escalated: tuple[int, ...] = ()
    closed: int | None = None
    ending: Ending | None = None

    def before(self, place: int) -> Episode:
        """The episode as it was known before the point at `place`, which it was opened before."""
        escalated = tuple(run for run in self.escalated if run < place)
        if self.closed is None or self.closed < place:
            return replace(self, escalated=escalated)
        return replace(self, escalated=escalated, closed=None, ending=None)


@dataclass(frozen=True, slots=True)
class Phase:
    """Points, from the one at `begin` on, that are compared with those at `kept` and, where it `grows`, each other.

    `cut` is where that baseline begins. As long as it has fewer than `least` points, those at `old` stand in.
    """

    begin: int
    kept: NDArray[np.int64]
    cut: int
    least: int
    grows: bool = True
    old: NDArray[np.int64] | None = None

    def upto(self, end: int) -> NDArray[np.int64]:
        """The places of the baseline and, where it grows, of all points before `end`."""
        return np.concatenate([self.kept, np.arange(self.begin, end)]) if self.grows else self.kept

    def baseline(self, place: int) -> tuple[int, ...]:
        """The places of the points that the one at `place` is compared with."""
        own = self.upto(place)
        return tuple((self.old if self.old is not None and len(own) < self.least else own).tolist())


@dataclass(frozen=True, slots=True)
class Course:
    """What a replay of all points of one metric tells.

    `places` are those of the points that the next run is compared with, oldest first: without the runs of episodes,
    and from before a cut only where there are too few since. `cut` is the place where the present baseline begins.
    """

    episodes: tuple[Episode, ...] = ()
    places: tuple[int, ...] = ()
    cut: int = 0
    _phases: tuple[Phase, ...] = field(default=(), repr=False, compare=False)

    @classmethod
    def of(cls, episodes: Sequence[Episode], phases: Sequence[Phase], place: int) -> Course:
        """The course before the point at `place`, of all `episodes` and `phases` there will be."""
        past = [phase for phase in phases if phase.begin <= place] or phases[:1]
        known = tuple(episode.before(place) for episode in episodes if episode.shift.opened < place)
        return cls(known, past[-1].baseline(place), past[-1].cut, tuple(past))

    @property
    def open(self) -> Episode | None:
        """The episode that is open after the last point, if one is."""
        return self.episodes[-1] if self.episodes and self.episodes[-1].closed is None else None

    def before(self, place: int) -> Course:
        """What the replay told before the point at `place`: later points change nothing of it."""
        return Course.of(self.episodes, self._phases, place)

    def named(self, episode: Episode) -> int:
        """The place of the run that names `episode`: the first of its shift or, resumed, of the episode before it."""
        at = self.episodes.index(episode)
        while self.episodes[at].resumed:
            at -= 1
        return self.episodes[at].shift.first


@dataclass(frozen=True, slots=True)
class Track:
    """The points of one metric, oldest first; those before `start` are never used."""

    values: NDArray[np.float64]
    outside: NDArray[np.bool_]
    start: int = 0


def replay(tracks: Sequence[Track], watches: Sequence[Watch]) -> list[Course]:
    """The course of each track under the watch of the same place; all together, which is far faster than each alone."""
    return answered(_Replay.of(track, watch).course() for track, watch in zip(tracks, watches, strict=True))


@dataclass(frozen=True, slots=True)
class _Held:
    """What happens in an open episode: the places of runs that escalated it.

    Among its points, `level` is where the latest level begins, and `absorbed` where that has lasted long enough to be
    taken, if it does.
    """

    escalated: tuple[int, ...]
    level: int
    absorbed: int | None


@dataclass(slots=True)
class _Replay:
    """A replay of one track, which is in the last of its `phases`.

    After an improvement `earlier` is the level from before it. `recovered` are sign and place of an episode that ended
    in the baseline at hand.
    """

    values: NDArray[np.float64]
    outside: NDArray[np.bool_]
    watch: Watch
    phases: list[Phase]
    earlier: Earlier | None = None
    recovered: tuple[int, int] | None = None
    episodes: list[Episode] = field(default_factory=list)

    @classmethod
    def of(cls, track: Track, watch: Watch) -> _Replay:
        """A replay that has not begun."""
        first = Phase(min(track.start, len(track.values)), np.arange(0), track.start, watch.scan.min_history)
        return cls(bounded(track.values), track.outside, watch, [first])

    def course(self) -> Generator[Search, Shift | None, Course]:
        """The course of the track; asks for shifts, and goes on with the answers."""
        going_on = True
        while going_on:
            places = self.phases[-1].upto(len(self.values))
            found = self._guarded(places, (yield self._search(places)))
            if found is None:
                break
            shift, cause = found
            if shift.sign in self.watch.bad:
                going_on = yield from self._hold(places, shift, cause)
            else:
                self._improve(places, shift)
        return Course.of(self.episodes, self.phases, len(self.values))

    def _search(self, places: NDArray[np.int64]) -> Search:
        watch, begin = self.watch, len(self.phases[-1].kept)
        signs = (-1, 1) if watch.ratchet else watch.bad
        return Search(self.values[places], watch.scan, signs, begin, watch.confirm_after, self.earlier)

    def _improve(self, places: NDArray[np.int64], shift: Shift) -> None:
        """Cuts the baseline at the first run of a shift for the better."""
        moved = shift.moved(places)
        self.episodes.append(Episode(moved, bad=False, closed=moved.opened, ending="improvement"))
        self.earlier = Earlier(shift.before, self.watch.bad)
        self._cut(places[shift.first : shift.opened + 1], places[: shift.first])

    def _hold(self, places: NDArray[np.int64], shift: Shift, cause: Cause) -> Generator[Search, Shift | None, bool]:
        """Whether the episode that `shift` opens ends, with all that happens until then."""
        before, points, told = places[: shift.first], places[shift.first :], shift.opened - shift.first + 1
        moved = shift.moved(places)
        self._go_on(moved.opened + 1, before, grows=False)
        back = returned(self.values[points[told:]].tolist(), shift)
        end = len(points) if back is None else told + back[1]
        held = yield from self._held(points[:end], told, shift.sign)
        episode = Episode(moved, bad=True, cause=cause, resumed=self._resumes(moved), escalated=held.escalated)
        if held.absorbed is not None:
            episode = replace(episode, closed=int(points[held.absorbed]), ending="absorbed")
            self.earlier = None
            self._cut(points[held.level : held.absorbed + 1])
        elif back is not None:
            episode = replace(episode, closed=int(points[end]), ending="recovered")
            self.recovered = (shift.sign, int(points[end]))
            self._go_on(int(points[end]) + 1, np.concatenate([before, points[told + back[0] : end + 1]]))
        self.episodes.append(episode)
        return episode.closed is not None

    def _held(self, points: NDArray[np.int64], told: int, sign: int) -> Generator[Search, Shift | None, _Held]:
        """What happens among the points of an episode, of which the first `told` opened it."""
        level, begin, escalated, watch = 0, told, list[int](), self.watch
        while True:
            last = len(points) if watch.absorb_after is None else max(level + watch.absorb_after - 1, begin)
            values = self.values[points[level:last]]
            found = yield Search(values, watch.scan, (sign,), begin - level, watch.confirm_after)
            if found is None:
                return _Held(tuple(escalated), level, last if last < len(points) else None)
            escalated.append(int(points[level + found.opened]))
            begin, level = level + found.opened + 1, level + found.first

    def _guarded(self, places: NDArray[np.int64], found: Shift | None) -> tuple[Shift, Cause] | None:
        """The shift that was found or, where that comes earlier, many runs out of bounds."""
        begin, end = len(self.phases[-1].kept), len(places) if found is None else found.opened
        if self.watch.guarded:
            earlier = places[:end]
            shift = out_of_bounds(
                self.values[earlier], self.outside[earlier], begin, scan=self.watch.scan, signs=self.watch.bad
            )
            if shift is not None:
                return shift, "bounds"
        return None if found is None else (found, "scan")

    def _go_on(self, begin: int, kept: NDArray[np.int64], *, grows: bool = True) -> None:
        """Compares the points from `begin` on with those at `kept`."""
        self.phases.append(replace(self.phases[-1], begin=begin, kept=kept, grows=grows))

    def _cut(self, kept: NDArray[np.int64], old: NDArray[np.int64] | None = None) -> None:
        """Begins a baseline of its own with those at `kept`; what was before it is forgotten, but for `old`."""
        begin, cut = int(kept[-1]) + 1, int(kept[0])
        self.recovered = None
        self.phases.append(replace(self.phases[-1], begin=begin, kept=kept, cut=cut, grows=True, old=old))

    def _resumes(self, shift: Shift) -> bool:
        """Whether `shift` is the one that ended shortly before, come again."""
        if self.recovered is None:
            return False
        sign, place = self.recovered
        return shift.sign == sign and shift.opened - place <= RESUMES_WITHIN
