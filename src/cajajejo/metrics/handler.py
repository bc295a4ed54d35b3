"""The whole of one check: read the events, aggregate, compare with the runs before, judge, store."""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from cajajejo.errors import UsageError
from cajajejo.metrics import aggregate, alerts, config, events, verdict
from cajajejo.metrics.events import Events
from cajajejo.metrics.history import History, Run
from cajajejo.metrics.report import Report

if TYPE_CHECKING:
    from pathlib import Path

    from cajajejo.metrics.aggregate import Collected
    from cajajejo.metrics.config import MetricsConfig
    from cajajejo.metrics.verdict import JobStatus


@dataclass(frozen=True, slots=True)
class RunUnderTest:
    """What the caller knows of the run; times are seconds since the epoch.

    Without an id, the run is known by its events; without a start, it starts when it is first judged.
    """

    test: str
    run_id: str | None = None
    status: JobStatus = "success"
    start_time: float | None = None
    stop_time: float | None = None


def check(
    logdir: Path,
    run: RunUnderTest,
    settings: MetricsConfig,
    *,
    history_url: str,
    store: bool = True,
    strict: bool = False,
) -> Report:
    """Judges the run whose events are in `logdir` against the runs before it, and stores it.

    Doing it again gives the same verdict and stores nothing twice.

    Raises:
        CajajejoError: there is no such directory, and the job succeeded.
        HistoryError: the history cannot be read or written.
        UsageError: the test or the run has no usable name, or stops before it starts.
    """
    _check_run(run)
    tests = settings.regression_test_config
    history = History.at(history_url)
    found = _events(logdir, run.status)
    collected = aggregate.collect(
        found, settings.metric_collection_config, start_time=run.start_time, stop_time=run.stop_time
    )
    this = _identified(run, found, logdir, history)
    before = history.before(this)
    judged = verdict.judge(collected.metrics, before.points, tests, run.status)
    outcome = verdict.run_verdict(judged, tests, run.status, strict=strict)
    if store and settings.metric_collection_config.write_to_bigquery:
        history.record(this, outcome, judged)
    if run.status == "success":
        raised = alerts.of_metrics(judged, collected.threshold_missed, tests)
    else:
        raised = alerts.of_job(run.test, run.status, before.failures_in_a_row, tests)
    warnings = (*config.warnings(settings), *_warnings_of(found, logdir), *collected.warnings)
    return Report(this.test, this.run_id, outcome, judged, raised, run.status, before.runs, warnings)


def collect(logdir: Path, settings: MetricsConfig | None = None) -> Collected:
    """The metrics of the run whose events are in `logdir`, by name; nothing is judged or stored.

    Raises:
        CajajejoError: there is no such directory.
    """
    found = events.read(logdir)
    collection = config.DEFAULT_COLLECTION if settings is None else settings.metric_collection_config
    collected = aggregate.collect(found, collection)
    return replace(collected, warnings=(*_warnings_of(found, logdir), *collected.warnings))


def _events(logdir: Path, status: JobStatus) -> Events:
    """The events of a run; a job that did not succeed may have left no directory."""
    return Events() if status != "success" and not events.is_there(logdir) else events.read(logdir)


def _warnings_of(found: Events, logdir: Path) -> tuple[str, ...]:
    return found.warnings if found.series else (*found.warnings, f"no scalars in event files under {logdir}")


def _identified(run: RunUnderTest, found: Events, logdir: Path, history: History) -> Run:
    run_id = run.run_id or (found.digest() if found.series else _digest_of_nothing(run, logdir))
    start = run.start_time if run.start_time is not None else history.start_of(run.test, run_id)
    return Run(run.test, run_id, time.time() if start is None else start, run.status, run.stop_time)


def _digest_of_nothing(run: RunUnderTest, logdir: Path) -> str:
    """An id for a run without events: the place and the start tell it from others."""
    return hashlib.sha256(f"{logdir.absolute()}\0{run.start_time}".encode("utf-8", "surrogateescape")).hexdigest()[:16]


def _check_run(run: RunUnderTest) -> None:
    for option, name in (("--test", run.test), ("--run-id", run.run_id)):
        if name is not None and (not name.strip() or not name.isprintable()):
            raise UsageError(f"{option} {name!r}: not a name")
    if run.start_time is not None and run.stop_time is not None and run.stop_time < run.start_time:
        raise UsageError("--stop-time is before --start-time")
