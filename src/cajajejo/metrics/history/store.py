"""What every place that a metric history is kept in can do: SQLite, PostgreSQL and BigQuery."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence
    from contextlib import AbstractContextManager

    from cajajejo.metrics.baselines import Baselines, Entry
    from cajajejo.metrics.history.rows import Row, StoredRun
    from cajajejo.metrics.judgement.incidents import Delivery, Incident, Told
    from cajajejo.metrics.runs import Run


class Measured(NamedTuple):
    """A metric of a run, as it is needed to judge later runs; `outside`: it was out of the bounds it was judged by."""

    metric: str
    run_id: str
    value: float
    outside: bool


class Selected(NamedTuple):
    """What a query found: the names of its columns, and its rows one by one."""

    columns: tuple[str, ...]
    rows: Iterator[tuple[object, ...]]


class Telling(NamedTuple):
    """Who is to be told what of `test`: `decide` says it, the store keeps it for each of `sinks`.

    `decide` is given the incidents of the test that are open, and the order of the newest run that is stored (None:
    there is none), as they are inside of the transaction that stores the run. It is called at the time `now`.
    """

    test: str
    sinks: tuple[str, ...]
    decide: Callable[[Sequence[Incident], tuple[float, str] | None], Told]
    now: float


class Store(Protocol):
    """A place that runs are kept in, under test and run id. Every method may raise `HistoryError`.

    Reading where nothing was ever written finds nothing and creates nothing. What is written is written whole, or not
    at all; writing a run twice is as once.
    """

    @property
    def url(self) -> str:
        """Where it is, without a password."""

    def runs(self, test: str) -> list[Run]:
        """Every run of a test, oldest first."""

    def run(self, test: str, run_id: str) -> Run | None:
        """A run as it is stored, or None where it is not."""

    def points(
        self, test: str, metrics: Collection[str] | None = None, *, before: tuple[float, str] | None = None
    ) -> list[Measured]:
        """What the successful runs of a test measured, of `metrics` or of all, in the order of the runs.

        With `before`, the order of a run, only the runs before it count, and never a run of the same id.
        """

    def recent(
        self,
        test: str,
        count: int,
        metrics: Collection[str] | None = None,
        *,
        before: tuple[float, str] | None = None,
    ) -> dict[str, list[float]]:
        """The last `count` values of each metric among the same points, oldest first."""

    def rows(self, test: str, metric: str | None = None, *, limit: int = 0, since: float | None = None) -> list[Row]:
        """The stored points of a test, newest run first; at most `limit` where that is not 0."""

    def tests(self) -> list[str]:
        """The tests that have runs, by name."""

    def metrics(self, test: str) -> list[str]:
        """The metrics of a test that have points, by name."""

    def record(self, runs: Sequence[StoredRun], telling: Telling | None = None) -> Told | None:
        """Stores runs, in place of what was stored under their ids, and what `telling` decides; all or nothing.

        What comes back is what was decided, with those events only that nobody had decided before.
        """

    def stored(self, test: str | None = None, *, since: float | None = None) -> Iterator[StoredRun]:
        """Every run with its metrics, of one test or of all, by test and order; read as they are asked for."""

    def prune(self, test: str | None, *, before: float, keep: int) -> int:
        """Removes runs that started before `before`, but for the newest `keep` of each test; how many they were.

        Runs that open incidents began with stay.
        """

    def note(self, entry: Entry) -> None:
        """Takes down an accepted level or a muted metric; one that is noted already changes nothing."""

    def noted(self, test: str) -> Baselines:
        """The accepted levels and the muted metrics of a test, in the order in which they were noted."""

    def select(self, query: str) -> AbstractContextManager[Selected]:
        """What a query of the user's finds; it can change nothing. The tables are in `metrics_handler_dataset`."""

    def incidents(self, test: str | None = None) -> list[Incident]:
        """The incidents that are open, oldest first."""

    def unsent(self, test: str | None = None) -> list[Delivery]:
        """What was neither sent nor given up, to whomever, oldest first."""

    def due(self, sinks: Sequence[str], now: float) -> list[Delivery]:
        """What is still to be sent to `sinks` and nobody else is sending now, oldest first."""

    def claim(self, deliveries: Sequence[Delivery], *, now: float, until: float) -> list[Delivery]:
        """Those of `deliveries` that the caller alone may send until then; each counts as one more attempt."""

    def settle(self, deliveries: Sequence[Delivery], *, now: float, error: str | None, again: float | None) -> None:
        """Takes down that `deliveries` were sent or, with `error`, were not: to be tried `again` then; None: never."""
