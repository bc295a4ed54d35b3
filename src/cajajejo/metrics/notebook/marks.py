"""Which earlier values were out of the bounds that they were judged by then: a history would know it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cajajejo.metrics.judgement import bound_verdicts
from cajajejo.metrics.judgement.bounds import invalid
from cajajejo.metrics.judgement.cases import Case
from cajajejo.metrics.runs import Run
from cajajejo.metrics.shifts import episodes
from cajajejo.metrics.shifts.episodes import Course

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cajajejo.metrics.config.conditions import SuccessCondition
    from cajajejo.metrics.points import Point


@dataclass(frozen=True, slots=True)
class Marker:
    """Judges each of several values of the metric `name` by the bounds that those before it give."""

    name: str
    condition: SuccessCondition
    confirm_after: int

    def marked(self, points: Sequence[Point]) -> list[Point]:
        """`points`, oldest first, with those marked that were `outside`."""
        judged = [point for point in points if invalid(self.condition, point.value) is None]
        outside = {point.run_id for point in self._settled(judged) if point.outside}
        return [point._replace(outside=point.run_id in outside) for point in points]

    def _settled(self, points: list[Point]) -> list[Point]:
        """`points` with their marks, each judged by what came before it.

        A lasting shift rests on marks, and marks rest on what shifts there were. So both are found in turn, until there
        is nothing new; each depends on earlier points alone, so that every time at least one more is right. Mostly the
        second time changes nothing.
        """
        marked = self._judged(points, self._course(points))
        while marked != points:
            points = marked
            marked = self._judged(points, self._course(points))
        return marked

    def _course(self, points: Sequence[Point]) -> Course | None:
        """What lasting shifts there are, given the marks; None where the condition does not ask."""
        if not points or not self.condition.from_history:
            return None
        case = self._case(points, points[-1])
        (course,) = episodes.replay([case.track()], [case.watch()])
        return course

    def _judged(self, points: Sequence[Point], course: Course | None) -> list[Point]:
        found: list[Point] = []
        for place, point in enumerate(points):
            before = Course() if course is None else course.before(place)
            outside = bound_verdicts.judge(self._case(found, point), before).outside
            found.append(point._replace(outside=outside))
        return found

    def _case(self, before: Sequence[Point], point: Point) -> Case:
        run = Run("", point.run_id, point.start_time, commit=point.commit)
        return Case.of((self.name, point.value), self.condition, before, run, confirm_after=self.confirm_after)
