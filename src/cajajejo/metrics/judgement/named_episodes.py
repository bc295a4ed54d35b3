"""An episode as people are told of it: by the runs that it began with, and what the level was before and is now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from cajajejo import digits

if TYPE_CHECKING:
    from cajajejo.metrics.judgement.cases import Case
    from cajajejo.metrics.shifts.episodes import Course, Episode

Status = Literal["opened", "ongoing", "escalated", "recovered", "absorbed", "improvement"]


@dataclass(frozen=True, slots=True)
class NamedEpisode:
    """A lasting shift from the level `before` to `after`.

    It is known by `run`, its first one. In all likelihood it began not before `first_run` and not after `last_run`;
    `opened_run` told it. `resumed`: it is the episode before it, come again, and nobody is told.
    """

    status: Status
    run: str
    first_run: str
    last_run: str
    opened_run: str
    before: float
    after: float
    z: float
    resumed: bool = False

    @property
    def told_now(self) -> bool:
        """Whether it is this run that somebody should hear about."""
        return self.status in {"opened", "escalated"}

    @property
    def moved(self) -> str:
        """What happened: ``level fell from 0.913 to 0.901``."""
        verb = "rose" if self.after > self.before else "fell"
        return f"level {verb} from {digits.number(self.before, self.after)} to {digits.number(self.after, self.before)}"

    @property
    def reason(self) -> str:
        """What the table says of it."""
        match self.status:
            case "ongoing":
                return f"ongoing since run {self.run}: {self.moved}"
            case "escalated":
                return f"further away, ongoing since run {self.run}: {self.moved}"
            case _:
                return f"{self.moved}, z {self.z:.2f}"

    @property
    def sentence(self) -> str:
        """What a sentence says of it, after the metric's name and value."""
        one = self.first_run == self.last_run
        since = f"with run {self.run}" if one else f"between run {self.first_run} and run {self.last_run}"
        more = {"ongoing": ", and goes on", "escalated": ", and moved further away now"}.get(self.status, "")
        return f"its {self.moved} (z {self.z:.2f}), beginning {since}{more}"


def of(case: Case, course: Course, episode: Episode, status: Status) -> NamedEpisode:
    """`episode` of `course` with the runs of `case`."""
    points, shift, scan = case.with_this, episode.shift, case.watch().scan
    return NamedEpisode(
        status,
        points[course.named(episode)].run_id,
        points[shift.suspects[0]].run_id,
        points[shift.suspects[1]].run_id,
        points[shift.opened].run_id,
        scan.in_unit(shift.before.centre),
        scan.in_unit(shift.after),
        shift.z,
        episode.resumed,
    )
