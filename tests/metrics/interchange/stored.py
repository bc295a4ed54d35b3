"""Histories with runs in them, and strategies for runs that a history can hold."""

from __future__ import annotations

import io
import math
from typing import TYPE_CHECKING, Any

from hypothesis import strategies

from cajajejo.metrics.history import History
from cajajejo.metrics.history.rows import StoredMetric, StoredRun
from cajajejo.metrics.interchange import exporting, importing, instants
from cajajejo.metrics.runs import Origin, Run

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from cajajejo.metrics.history.store import Store
    from cajajejo.metrics.interchange.writers import Format
    from cajajejo.metrics.runs import JobStatus

START = 1_795_269_700.125


def store(path: Path, runs: Iterable[StoredRun] = ()) -> Store:
    """A history at `path` that has `runs`."""
    found = History.at(f"sqlite:///{path}").store
    found.record(list(runs))
    return found


def a_run(number: int = 0, test: str = "t", /, **metrics: float) -> StoredRun:
    """A run r0, r1, … that took a minute; its metrics are well."""
    run = Run(test, f"r{number}", START + number, stop_time=START + number + 60, commit="10abfb1")
    found = tuple(
        StoredMetric(name, value, 0.0, None, inclusive=False, verdict="pass") for name, value in metrics.items()
    )
    return StoredRun(run, "pass", found)


def exported(found: Store, form: Format = "csv", *, packed: bool = False, **wanted: Any) -> bytes:
    """What is written of a history."""
    target = io.BytesIO()
    exporting.save(found, exporting.Wanted(**wanted), target, form, packed=packed)
    return target.getvalue()


def imported(into: Store, *names: Path | str, **sources: Any) -> importing.Imported:
    """What became of reading files into a history."""
    return importing.load(importing.Sources([str(name) for name in names], **sources), into)


def runs_of(found: Store) -> list[StoredRun]:
    """Every run of a history."""
    return list(found.stored())


_TEXT = strategies.text(strategies.characters(exclude_categories=["Cs"]), min_size=1, max_size=8)
_NAME = strategies.text(strategies.characters(categories=["L", "N", "P", "S"]), min_size=1, max_size=8)
_MAYBE = strategies.none() | _TEXT
_FINITE = strategies.floats(allow_nan=False, allow_infinity=False).map(lambda number: number + 0.0)
_TIME = strategies.floats(instants.EARLIEST, math.nextafter(instants.LATEST, 0)).map(lambda number: number + 0.0)
_STATUSES: tuple[JobStatus, ...] = ("success", "failure", "timeout", "missed")
_ORIGIN = strategies.builds(Origin, _MAYBE, _MAYBE, _MAYBE, _MAYBE, _MAYBE, _MAYBE)
_METRIC = strategies.builds(
    StoredMetric,
    _TEXT,
    _FINITE,
    strategies.none() | _FINITE,
    strategies.none() | _FINITE,
    strategies.booleans(),
    strategies.sampled_from([None, "pass", "improvement", "regression", "inconclusive"]),
    strategies.booleans(),
)


@strategies.composite
def _run(draw: strategies.DrawFn) -> Run:
    times = sorted(draw(strategies.lists(_TIME, min_size=1, max_size=2)))
    status = draw(strategies.sampled_from(_STATUSES))
    stop = times[1] if len(times) > 1 else None
    commit = draw(strategies.none() | _NAME)
    return Run(draw(_NAME), draw(_NAME), times[0], status, stop, commit, draw(_ORIGIN))


RUNS = strategies.lists(
    strategies.builds(
        StoredRun,
        _run(),
        strategies.sampled_from(["pass", "regression", "inconclusive", "failed"]),
        strategies.lists(_METRIC, max_size=4, unique_by=lambda metric: metric.name).map(tuple),
        strategies.integers(0, 2**31),
    ),
    max_size=6,
    unique_by=lambda stored: (stored.run.test, stored.run.run_id),
)
"""Runs with any names, numbers and times that a history can hold."""
