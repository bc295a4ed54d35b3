"""How a metric is judged by its level: by what a replay of all its runs, this one the last, tells of its episodes."""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING

from cajajejo import digits
from cajajejo.metrics.judgement import last_good, named_episodes, wording
from cajajejo.metrics.judgement.verdict import MetricVerdict, Verdict, waiting
from cajajejo.metrics.shifts.scan import drift

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cajajejo.metrics.judgement.cases import Case
    from cajajejo.metrics.judgement.named_episodes import NamedEpisode, Status
    from cajajejo.metrics.shifts.episodes import Course, Episode


def judge(case: Case, course: Course) -> MetricVerdict:
    """The verdict on `case`, given the course of its points and of the value under test after them."""
    if (unjudged := waiting(case, len(case.points))) is not None:
        return unjudged
    episode = course.episodes[-1] if course.episodes else None
    status = None if episode is None else _status(episode, len(case.points), case.condition.needed)
    if episode is None or status is None:
        return _quiet(case, course)
    return _in_episode(case, course, episode, status)


def _status(episode: Episode, here: int, first_judged: int) -> Status | None:
    """What the last episode is to the run at the place `here`; None: nothing, it was over before."""
    if not episode.bad:
        return "improvement" if episode.shift.opened == here else None
    if episode.closed is not None:
        return ("absorbed" if episode.ending == "absorbed" else "recovered") if episode.closed == here else None
    if here in episode.escalated:
        return "escalated"
    told_here = max(episode.shift.opened, first_judged) == here and not episode.resumed
    return "opened" if told_here else "ongoing"


def _in_episode(case: Case, course: Course, episode: Episode, status: Status) -> MetricVerdict:
    named = named_episodes.of(case, course, episode, status)
    if status in {"recovered", "absorbed"}:
        return _quiet(case, course, named)
    if status == "improvement":
        found, turn = Verdict.IMPROVEMENT, None
    else:
        found, turn = Verdict.REGRESSION, last_good.of_shift(case.with_this, episode.shift.suspects)
    return MetricVerdict(case.name, case.value, named.reason, found, condition=case.condition, episode=named, turn=turn)


def _quiet(case: Case, course: Course, ended: NamedEpisode | None = None) -> MetricVerdict:
    """A pass, with a note where a shift is over or the level has drifted."""
    past = [case.points[place].value for place in course.places if place < len(case.points)]
    level = past[-(case.condition.window or 0) :]
    of_what = f"{digits.number(median(level), case.value)}, the median of {wording.runs(len(level))}"
    reason = f"no shift from {of_what}"
    if course.places[-1] < course.cut:  # the new level has too few runs yet, and the old one stands in
        reason = f"no shift for the worse from {of_what} before run {case.points[course.cut].run_id} improved it"
    notes = tuple(filter(None, (_end(ended), _drift(case, [*past, case.value]))))
    said = "; ".join([reason, *notes])
    return MetricVerdict(
        case.name, case.value, said, Verdict.PASS, condition=case.condition, notes=notes, episode=ended
    )


def _end(ended: NamedEpisode | None) -> str:
    if ended is None:
        return ""
    return f"{'recovered from' if ended.status == 'recovered' else 'absorbed'} the shift since run {ended.run}"


def _drift(case: Case, values: Sequence[float]) -> str:
    """A note on a change that is too slow to be a shift, where that is asked for."""
    threshold = case.condition.success_threshold.level_shift
    if threshold is None or not threshold.anchor:
        return ""
    scan = case.watch().scan
    change = drift(scan.points(values), scan)
    return "" if change is None else f"drift from the first runs: {'up' if change > 0 else 'down'}"
