"""The prior points that a bound rests on: the current baseline, without isolated outliers, in the window; pure.

Which points are the baseline is told by the course of the metric: those of a lasting shift are frozen out of it while
the shift is open. A point that was out of bounds and belongs to no shift is an outlier, and stays out unless the
condition is so narrow that leaving points out would shrink its bounds without end. Points out of bounds that begin a
baseline have no level before them: they are its level.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cajajejo.metrics.judgement.bounds import excludes_outliers, invalid

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cajajejo.metrics.config.conditions import SuccessCondition
    from cajajejo.metrics.points import Point
    from cajajejo.metrics.shifts.episodes import Course


def eligible(
    points: Sequence[Point], course: Course, condition: SuccessCondition, *, before: float, without_last: int = 0
) -> list[Point]:
    """The points that count for the run after `points`, oldest first; that run starts at the time `before`.

    Of `points`, the last few may be runs that a failure is waiting to be confirmed by: without them, the bounds are
    those that the first failure was judged by, its window included. Where the threshold does not rest on history, all
    other points count.
    """
    end = len(points) - without_last
    if not condition.from_history:
        return list(points[:end])
    places = [place for place in course.places if place < end]
    if excludes_outliers(condition):
        outliers = _outliers(points, course, places)
        places = [place for place in places if place not in outliers]
    if condition.time_window is not None:
        since = (points[end].start_time if without_last else before) - condition.time_window
        places = [place for place in places if points[place].start_time >= since]
    kept = [points[place] for place in places if invalid(condition, points[place].value) is None]
    return kept if condition.window is None else kept[-condition.window :]


def _outliers(points: Sequence[Point], course: Course, places: Sequence[int]) -> set[int]:
    """The places of points out of bounds that are in no episode and have a level before them."""
    begun = next((index for index, place in enumerate(places) if not points[place].outside), len(places))
    return {place for place in places[begun:] if points[place].outside and not _in_episode(course, place)}


def _in_episode(course: Course, place: int) -> bool:
    return any(
        episode.shift.first <= place and (episode.closed is None or place <= episode.closed)
        for episode in course.episodes
    )
