"""How a metric is judged by a bound: known, or computed from the earlier runs that are in no lasting shift."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cajajejo.metrics.judgement import last_good, named_episodes, trends, wording
from cajajejo.metrics.judgement.bounds import bounds_for
from cajajejo.metrics.judgement.eligible import eligible
from cajajejo.metrics.judgement.verdict import MetricVerdict, Verdict, waiting

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cajajejo.metrics.judgement.bounds import Bounds
    from cajajejo.metrics.judgement.cases import Case
    from cajajejo.metrics.judgement.named_episodes import NamedEpisode
    from cajajejo.metrics.points import Point
    from cajajejo.metrics.shifts.episodes import Course


def judge(case: Case, course: Course) -> MetricVerdict:
    """The verdict on `case`, given the course of its points; where the bounds are known, any will do."""
    failures = _trailing_failures(case.points) if case.confirm_after > 1 else 0
    known = course.before(len(case.points) - failures) if failures and case.condition.from_history else course
    prior = eligible(case.points, known, case.condition, before=case.run.start_time, without_last=failures)
    if (unjudged := waiting(case, len(prior))) is not None:
        return unjudged
    values = [point.value for point in prior]
    bounds, basis = bounds_for(case.condition, values)
    episode = None if course.open is None else named_episodes.of(case, course, course.open, "ongoing")
    notes = _notes(case, values, episode)
    verdict, reason = _held_against(case, bounds, wording.basis(case.condition, basis), failures)
    worse = verdict is not Verdict.PASS
    return MetricVerdict(
        case.name,
        case.value,
        "; ".join([reason, *notes]),
        verdict,
        bounds,
        "unconfirmed" if verdict is Verdict.INCONCLUSIVE else None,
        case.condition,
        basis,
        notes,
        episode,
        turn=last_good.of_bounds(case.with_this, bounds) if worse else None,
    )


def _held_against(case: Case, bounds: Bounds, origin: str, failures: int) -> tuple[Verdict, str]:
    """The verdict by `bounds` after so many failures in a row, and its reason."""
    excess, nearest = bounds.excess(case.value), bounds.nearest(case.value)
    if excess is None or nearest is None:
        return Verdict.PASS, origin
    reason = wording.difference(excess, case.value, nearest) + (f", {origin}" if case.condition.from_history else "")
    if failures + 1 >= case.confirm_after:
        return Verdict.REGRESSION, reason
    return Verdict.INCONCLUSIVE, f"{reason}; {failures + 1} of {case.confirm_after}, run again to confirm"


def _notes(case: Case, values: Sequence[float], episode: NamedEpisode | None) -> tuple[str, ...]:
    """What else the bounds have to do with: a shift whose runs are left out of them, a trend."""
    shifted = () if episode is None else (f"level shift since run {episode.run}",)
    steady = case.condition.from_history and trends.trending(values)
    return (*shifted, "trending") if steady else shifted


def _trailing_failures(points: Sequence[Point]) -> int:
    """How many of the last points in a row were out of bounds."""
    return next((back for back, point in enumerate(reversed(points)) if not point.outside), len(points))
