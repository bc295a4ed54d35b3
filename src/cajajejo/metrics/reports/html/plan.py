"""How much of an overview is put on a page; pure."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cajajejo.metrics.reports.overview import Measurement, MetricStanding, Overview, Standing

MOST_POINTS: Final = 1_000
MOST_METRICS: Final = 3_000
MOST_TESTS: Final = 300


@dataclass(frozen=True)
class Plan:
    """The first `tests`; of their metrics the first `rows`, of these the first `plots` with a plot of so many `points`.

    Metrics count in the order in which they are looked at: all that are in trouble, then the others.
    """

    overview: Overview
    points: int
    plots: int
    rows: int
    tests: int

    @classmethod
    def of(cls, overview: Overview) -> Plan:
        """All there is, but for what no plot can show side by side, and nobody reads on one page."""
        metrics = [metric for standing in overview.standings for metric in standing.metrics]
        points = min(MOST_POINTS, max((len(metric.points) for metric in metrics), default=0))
        rows = min(len(metrics), MOST_METRICS)
        return cls(overview, points, rows, rows, min(len(overview.standings), MOST_TESTS))

    @property
    def standings(self) -> Sequence[Standing]:
        """The tests on the page."""
        return self.overview.standings[: self.tests]

    def place(self, standing: Standing, metric: MetricStanding) -> int:
        """The place of a metric in the order in which they are looked at."""
        return self._places[standing.test, metric.name]

    def shown(self, metric: MetricStanding) -> Sequence[Measurement]:
        """The points of a metric that are on the page."""
        return metric.points[max(len(metric.points) - self.points, 0) :]

    @cached_property
    def _places(self) -> dict[tuple[str, str], int]:
        every = [(standing.test, metric) for standing in self.overview.standings for metric in standing.metrics]
        inorder = sorted(every, key=lambda one: not one[1].trouble)
        return {(test, metric.name): place for place, (test, metric) in enumerate(inorder)}
