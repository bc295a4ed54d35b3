"""The metric history: what every run of every test measured, under the run's id.

It is kept in SQLite, PostgreSQL or BigQuery, as ``job_history`` and ``metric_history``, with the documented columns
first and ours behind them, and ``baselines``, the levels that were accepted and the metrics that are muted. Recording a
run again replaces its rows.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from cajajejo.cycles import no_search_for_cycles
from cajajejo.metrics.history import rows as stored_rows
from cajajejo.metrics.history.places import store_at
from cajajejo.metrics.points import Point

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from cajajejo.metrics.baselines import Baselines, Entry
    from cajajejo.metrics.history.rows import Row
    from cajajejo.metrics.history.store import Measured, Store, Telling
    from cajajejo.metrics.judgement.incidents import Told
    from cajajejo.metrics.judgement.verdict import MetricVerdict
    from cajajejo.metrics.runs import Run

RECENT: Final = 10
"""So many values of a metric are read where its verdict does not rest on history."""


@dataclass(frozen=True, slots=True)
class Before:
    """What is known before a run: the earlier runs, and the points of those that succeeded by metric, oldest first.

    `after` is how many runs are later than it.
    """

    points: Mapping[str, Sequence[Point]] = field(default_factory=dict)
    runs: tuple[Run, ...] = ()
    after: int = 0

    @property
    def failures_in_a_row(self) -> int:
        """How many of the last runs in a row did not succeed."""
        return next((back for back, run in enumerate(reversed(self.runs)) if run.status == "success"), len(self.runs))


@dataclass(frozen=True, slots=True)
class History:
    """The history in a store; reading where there is none yet finds nothing and creates nothing."""

    store: Store

    @classmethod
    def at(cls, url: str) -> History:
        """The history at ``sqlite:///relative.db``, ``sqlite:////absolute.db`` or the URL of another store.

        Raises:
            HistoryError: no URL of a history.
        """
        return cls(store_at(url))

    @property
    def url(self) -> str:
        """Where the history is, without a password."""
        return self.store.url

    def run(self, test: str, run_id: str) -> Run | None:
        """A run as it is stored, or None where it is not.

        Raises:
            HistoryError: the history cannot be read.
        """
        return self.store.run(test, run_id)

    def before(self, run: Run, whole: Collection[str] | None = None, recent: Collection[str] = ()) -> Before:
        """What is known of the runs of the same test before `run`; `run` itself never counts.

        Of the metrics in `whole` (None: of all) every point is known, of those in `recent` the last values.

        Raises:
            HistoryError: the history cannot be read.
        """
        others = [one for one in self.store.runs(run.test) if one.run_id != run.run_id]
        runs = [one for one in others if one.order < run.order]
        after = len(others) - len(runs)
        if not runs:
            return Before(after=after)
        found = [] if whole is not None and not whole else self.store.points(run.test, whole, before=run.order)
        last = self.store.recent(run.test, RECENT, recent, before=run.order) if recent else {}
        values = {metric: [Point("", value) for value in values] for metric, values in last.items()}
        return Before({**values, **_by_metric(found, runs)}, tuple(runs), after)

    def runs(self, test: str) -> list[Run]:
        """Every run of a test, oldest first.

        Raises:
            HistoryError: the history cannot be read.
        """
        return self.store.runs(test)

    def points(self, test: str, metric: str | None = None) -> dict[str, list[Point]]:
        """The points of successful runs by metric, of one or of all, oldest first.

        Raises:
            HistoryError: the history cannot be read.
        """
        found = self.store.points(test, None if metric is None else [metric])
        return dict(sorted(_by_metric(found, self.store.runs(test)).items()))

    def series(self, test: str, metric: str) -> list[Point]:
        """The points of one metric in successful runs, oldest first.

        Raises:
            HistoryError: the history cannot be read.
        """
        return self.points(test, metric).get(metric, [])

    def record(
        self,
        run: Run,
        verdict: str,
        metrics: Sequence[MetricVerdict],
        *,
        failures: int | None = None,
        telling: Telling | None = None,
        keep: bool = True,
    ) -> Told | None:
        """Stores a run with its finite metrics, in place of what was stored under its id, and what `telling` decides.

        Args:
            run: the run.
            verdict: what it was found to be.
            metrics: its metrics with their verdicts.
            failures: how many attempts of its job failed; None: as many as its status says.
            telling: who is to be told what; None: nobody.
            keep: False: the run is not stored, only what `telling` decides.

        Raises:
            HistoryError: the history cannot be written.
        """
        return self.store.record([stored_rows.stored(run, verdict, metrics, failures)] if keep else [], telling)

    def rows(self, test: str, metric: str | None = None, *, limit: int = 0, since: float | None = None) -> list[Row]:
        """The stored points of a test, newest run first; at most `limit` where that is not 0, of runs from `since` on.

        Raises:
            HistoryError: the history cannot be read.
        """
        return self.store.rows(test, metric, limit=limit, since=since)

    def names(self, test: str) -> list[str]:
        """The metrics of a test that have points; where there are none, the tests that have runs.

        Raises:
            HistoryError: the history cannot be read.
        """
        return self.store.metrics(test) or self.store.tests()

    def note(self, entry: Entry) -> None:
        """Takes down an accepted level or a muted metric; one that is noted already changes nothing.

        Raises:
            HistoryError: the history cannot be written.
        """
        self.store.note(entry)

    def noted(self, test: str) -> Baselines:
        """The accepted levels and the muted metrics of a test, in the order in which they were noted.

        Raises:
            HistoryError: the history cannot be read.
        """
        return self.store.noted(test)


def _by_metric(found: Iterable[Measured], runs: Sequence[Run]) -> dict[str, list[Point]]:
    """The points of those of `runs` that are known, by metric, in the order in which they were found."""
    known = {run.run_id: (run.start_time, run.commit) for run in runs}
    points: defaultdict[str, list[Point]] = defaultdict(list)
    with no_search_for_cycles():
        for metric, run_id, value, outside in found:
            run = known.get(run_id)
            if run is not None:
                points[metric].append(Point(run_id, value, outside, *run))
    return dict(points)
