"""Files and experiments into the history: everything is checked before anything is stored."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from cajajejo import phrases
from cajajejo.errors import InterruptedRunError
from cajajejo.metrics.interchange import experiments
from cajajejo.metrics.interchange.complaints import Complaints
from cajajejo.metrics.interchange.decoding import Decoder
from cajajejo.metrics.interchange.staging import staging
from cajajejo.metrics.interchange.tables import Table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from cajajejo.metrics.history.rows import StoredMetric, StoredRun
    from cajajejo.metrics.history.store import Store
    from cajajejo.metrics.interchange.decoding import Job
    from cajajejo.metrics.interchange.staging import Staging
    from cajajejo.metrics.interchange.writers import Format

BATCH: Final = 20_000
"""Rows that are stored at once."""
REPORTED: Final = 1_000


@dataclass(frozen=True, slots=True)
class Sources:
    """What is imported, and as what.

    Attributes:
        names: files, and experiments as ``mlflow:NAME``.
        form: the format of the files; None: each says it itself.
        test: the test that all runs join; None: the one that a row names, or the name of the experiment.
        metrics: globs, one of which a metric must fit; none: every metric.
        tracking_uri: where the experiments are; None: not known.
    """

    names: Sequence[str]
    form: Format | None = None
    test: str | None = None
    metrics: Sequence[str] = ()
    tracking_uri: str | None = None


@dataclass(slots=True)
class Imported:
    """What became of an import: runs by what was done with them, and what was left out."""

    stored: int = 0
    metrics: int = 0
    unchanged: int = 0
    warnings: list[str] = field(default_factory=list)


def load(sources: Sources, store: Store, report: Callable[[str, int, int | None], None] = lambda *_: None) -> Imported:
    """Stores the runs of all sources, in place of what was stored under their ids; none that is there as it should be.

    Args:
        sources: what is read.
        store: where they go.
        report: is told what goes on, how much of it is done, and of how much where that is known.

    Raises:
        FileProblemsError: a file is wrong; then nothing is stored.
        TrackingError: the tracking server does not answer, refuses, or has no such experiment.
        HistoryError: the history cannot be read or written.
        InterruptedRunError: Ctrl-C; what is stored stays.
    """
    found, complaints = Imported(), Complaints()
    try:
        with staging() as stage:
            for name in sources.names:
                _read(name, sources, stage, complaints, report)
            complaints.refuse()
            stage.complete()
            total, untold, conflicts = stage.counts()
            for test, first in stage.tests():
                for stored in store.stored(test, since=first):
                    _compare(stage, stored, found)
            _store(stage, store, found, total - found.unchanged, report)
            found.warnings += [*complaints.warnings, *_remarks(stage, untold, conflicts)]
    except KeyboardInterrupt as error:
        raise InterruptedRunError("interrupted: nothing was stored", run="the same command again") from error
    return found


def _read(
    name: str,
    sources: Sources,
    stage: Staging,
    complaints: Complaints,
    report: Callable[[str, int, int | None], None],
) -> None:
    """Puts the rows of one source on the stage."""
    kept = _fitting(sources.metrics)
    if name.startswith(experiments.SCHEME):
        experiment = experiments.Experiment(name.removeprefix(experiments.SCHEME), sources.tracking_uri, sources.test)
        items: Iterable[tuple[Job, StoredMetric | None]] = experiment.items(complaints)
    else:
        decoder = Decoder(name, complaints, sources.test)
        items = decoder.decoded(Table(name, sources.form).rows(complaints, test_given=sources.test is not None))
    count = 0
    for count, (job, metric) in enumerate(items, 1):
        stage.add(job, metric if metric is None or kept(metric.name) else None)
        if count % REPORTED == 0:
            report("rows read", count, None)
    skipped = experiment.skipped if name.startswith(experiments.SCHEME) else decoder.skipped
    if skipped:
        complaints.warn(name, f"{phrases.counted(skipped, 'value')} left out: NaN or infinite")
    if not count and not complaints.total:
        complaints.warn(name, "no runs")


def _fitting(globs: Sequence[str]) -> Callable[[str], bool]:
    return lambda name: not globs or any(phrases.matches(name, glob) for glob in globs)


def _compare(stage: Staging, stored: StoredRun, found: Imported) -> None:
    """Marks a run that is to be stored as it is stored already."""
    new = stage.run(stored.run.test, stored.run.run_id)
    if new is not None and new == replace(stored, metrics=_by_name(stored.metrics)):
        stage.known(stored.run)
        found.unchanged += 1


def _by_name(metrics: Iterable[StoredMetric]) -> tuple[StoredMetric, ...]:
    return tuple(sorted(metrics, key=lambda metric: metric.name))


def _store(
    stage: Staging, store: Store, found: Imported, total: int, report: Callable[[str, int, int | None], None]
) -> None:
    try:
        for runs in _batches(stage.new()):
            store.record(runs)
            found.stored += len(runs)
            found.metrics += sum(len(run.metrics) for run in runs)
            report("runs stored", found.stored, total)
    except KeyboardInterrupt as error:
        message = f"interrupted: {found.stored:,} of {phrases.counted(total, 'run')} are stored"
        raise InterruptedRunError(message, run="the same command again; it goes on from there") from error


def _batches(runs: Iterable[StoredRun]) -> Iterator[list[StoredRun]]:
    batch: list[StoredRun] = []
    rows = 0
    for run in runs:
        batch.append(run)
        rows += 1 + len(run.metrics)
        if rows >= BATCH:
            yield batch
            batch, rows = [], 0
    if batch:
        yield batch


def _remarks(stage: Staging, untold: int, conflicts: int) -> Iterator[str]:
    if untold:
        said = f"{phrases.counted(untold, 'run')} without a row that tells of the job: taken as succeeded"
        yield f"{said} (name the file of job_history, too)"
    if conflicts:
        yield f"{phrases.counted(conflicts, 'row')} told of a run otherwise than a row before; the last one counts"
    if stage.overruled:
        yield f"{phrases.counted(stage.overruled, 'metric')} had another value in a row before; the last one counts"
    if stage.repeated:
        yield f"{phrases.counted(stage.repeated, 'metric')} stood there twice"
