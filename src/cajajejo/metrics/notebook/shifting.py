"""When the level of a metric changed, as ``cajajejo metrics shifts`` finds it, for values in memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, overload

from cajajejo.metrics.notebook import frames
from cajajejo.metrics.notebook.cells import MetricInputError
from cajajejo.metrics.notebook.criteria import Condition, criteria
from cajajejo.metrics.notebook.tables import table
from cajajejo.metrics.reports import dated_shifts, documents, shift_pages
from cajajejo.metrics.reports.dated_shifts import DatedShift, Search
from cajajejo.metrics.shifts.engines import ENGINES
from cajajejo.phrases import some
from cajajejo.terminal import Style
from cajajejo.tracebacks import explained

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from os import PathLike
    from typing import Unpack

    from cajajejo.metrics.config import MetricsConfig, RegressionTestConfig
    from cajajejo.metrics.shifts.engines import Engine


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Shifts(Sequence[DatedShift]):
    """The shifts that were found, the latest first; printed, they are the table of the command.

    A shift has `before`, `after` and `deviations`; `first` is the run that it most likely began with, and between
    ``turn.good`` and ``turn.bad`` it happened for certain.
    """

    search: Search

    @overload
    def __getitem__(self, place: int) -> DatedShift: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[DatedShift]: ...
    def __getitem__(self, place: int | slice) -> DatedShift | Sequence[DatedShift]:
        """The shift at this place, the latest at 0."""
        return self.search.newest_first[place]

    def __iter__(self) -> Iterator[DatedShift]:
        """The shifts, the latest first."""
        return iter(self.search.newest_first)

    def __len__(self) -> int:
        """How many shifts there are."""
        return len(self.search.newest_first)

    def as_dict(self) -> dict[str, Any]:
        """The document that ``--json`` prints: plain values, with null for what is absent."""
        return documents.shifts(self.search, list(self), {})

    def to_frame(self) -> Any:
        """A data frame of pandas with a row for each shift, the latest first.

        Raises:
            MissingExtraError: pandas is not installed.
        """
        return frames.frame(
            {
                "metric": [shift.metric for shift in self],
                "first": [shift.first.run_id for shift in self],
                "last_before": [shift.turn.good.run_id for shift in self],
                "first_after": [shift.turn.bad.run_id for shift in self],
                "before": [shift.before for shift in self],
                "after": [shift.after for shift in self],
                "deviations": [shift.deviations for shift in self],
                "effect": [shift.effect for shift in self],
            }
        )

    def __repr__(self) -> str:
        """What the command prints."""
        return "\n".join(shift_pages.screen(self.search, list(self), {}, Style()))


def shifts(
    values: object,
    conditions: Mapping[str, object] | MetricsConfig | RegressionTestConfig | str | PathLike[str] | None = None,
    *,
    engine: Engine = "builtin",
    runs: object = None,
    times: object = None,
    commits: object = None,
    test: str = "values",
    **condition: Unpack[Condition],
) -> Shifts:
    """When metrics changed their level: the same as ``cajajejo metrics shifts`` finds.

    The values are given as to `judge`: numbers of one metric, oldest run first, or a dict or data frame of several.
    All runs are looked at together; what is missing or not finite counts for nothing.

    Args:
        values: a row for each run.
        conditions: what makes a change one for the better or the worse, and which changes count; as for `judge`.
        engine: ``builtin``, which is what `level_shift` judges by; ``otava`` or ``kernelcpd`` for a second opinion.
        runs: the names of the runs, or the column of them; None: the index of pandas, else 0, 1, 2, ….
        times: when each run started, or the column of that; None: the index of pandas, if it holds times.
        commits: the commit of each run, or the column of them: each shift is told with the commits where it happened.
        test: what the runs are of; the title of what is printed.
        condition: the fields of one condition, which is that of every metric.

    Raises:
        MetricInputError: there can be no shifts in what is given; it is a ValueError.
        MissingExtraError: the engine is not installed.
    """
    with explained():
        if engine not in ENGINES:
            raise MetricInputError(f"engine is {engine}: it must be {some(ENGINES)}")
        tests = criteria(conditions, condition, ()) if conditions is not None or condition else None
        points = table(values, runs=runs, times=times, commits=commits).points()
        return Shifts(dated_shifts.search(test, points, engine, tests=tests))
