"""The whole of one check: read the events, aggregate, compare with the runs before, judge, store, say who is told."""

from __future__ import annotations

import hashlib
import time
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from cajajejo import provenance
from cajajejo.errors import UsageError
from cajajejo.metrics import aggregate, config, events
from cajajejo.metrics.baselines import ALL, Baselines
from cajajejo.metrics.config.collection import DEFAULT_COLLECTION, TIME_TO_ACCURACY
from cajajejo.metrics.events import Events
from cajajejo.metrics.history import History
from cajajejo.metrics.history.store import Telling
from cajajejo.metrics.judgement import acceptance, alerts, commits, incidents, judging, verdict
from cajajejo.metrics.judgement.incidents import Judged, Told
from cajajejo.metrics.reports import report
from cajajejo.metrics.reports.report import Report
from cajajejo.metrics.runs import Origin, Run

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from cajajejo.metrics.aggregate import Collected
    from cajajejo.metrics.baselines import Muted
    from cajajejo.metrics.config import MetricsConfig, RegressionTestConfig
    from cajajejo.metrics.config.collection import MetricCollectionConfig
    from cajajejo.metrics.history import Before
    from cajajejo.metrics.judgement.alerts import Alert
    from cajajejo.metrics.judgement.commits import Commits
    from cajajejo.metrics.runs import JobStatus


@dataclass(frozen=True, slots=True)
class RunUnderTest:
    """What the caller knows of the run; times are seconds since the epoch.

    Without an id, the run is known by its events; without a start, it starts when it is first judged. `commit` is what
    its configuration came from, `origin` what else is known of its job; without them, a run that was judged before
    keeps what it had.
    """

    test: str
    run_id: str | None = None
    status: JobStatus = "success"
    start_time: float | None = None
    stop_time: float | None = None
    commit: str | None = None
    origin: Origin = field(default_factory=Origin)


def check(
    logdir: str | Path,
    run: RunUnderTest,
    settings: MetricsConfig,
    *,
    history_url: str,
    baselines: Baselines | None = None,
    store: bool = True,
    strict: bool = False,
    telling: Sequence[str] | None = None,
) -> Report:
    """Judges the run whose events are in `logdir` against the runs before it, and stores it.

    Doing it again gives the same verdict and stores nothing twice. `baselines` are the lines of a file; those that the
    history knows count as well. With `telling`, the names of sinks, it is decided what they are told, and kept for them
    in the same transaction; `sending.deliver` sends it.

    Raises:
        CajajejoError: there is no such directory, and the job succeeded.
        HistoryError: the history cannot be read or written.
        UsageError: the test, the run, its commit or its directory has no usable name, or it stops before it starts; or
            somebody is to be told of what is not stored.
    """
    _check_run(run)
    _check_place(logdir)
    if telling is not None and not store:
        raise UsageError("--alert needs the history, which knows what was told: it cannot stand beside --no-store")
    tests, history = settings.regression_test_config, History.at(history_url)
    found = _events(logdir, run, settings.metric_collection_config)
    collected = aggregate.collect(
        found, settings.metric_collection_config, start_time=run.start_time, stop_time=run.stop_time
    )
    this = _identified(run, found, logdir, history)
    before = _before(this, collected, tests, history)
    lines = (baselines or Baselines()).and_noted(history.noted(this.test))
    judged = _judged(this, collected, before, lines, tests)
    outcome = verdict.run_verdict(judged.metrics, tests, this.status, strict=strict)
    keep = store and settings.metric_collection_config.write_to_bigquery
    told = _record(history, judged, outcome, telling, keep=keep)
    warnings = (
        *config.warnings(settings),
        *_warnings_of(found, logdir),
        *collected.warnings,
        *judged.acceptance.warnings,
        *verdict.warnings(judged.metrics),
        *_late(told, before),
    )
    made = Report(
        this.test,
        this.run_id,
        outcome,
        judged.metrics,
        _alerts(judged, collected, before, told=False),
        this.status,
        len(before.runs),
        warnings,
        this.start_time,
        judged.muted,
        commit=this.commit,
        origin=this.origin,
        runs_after=before.after,
        told=told,
    )
    return replace(made, commits=_counted(made))


def collect(logdir: str | Path, settings: MetricsConfig | None = None) -> Collected:
    """The metrics of the run whose events are in `logdir`, by name; nothing is judged or stored.

    Raises:
        CajajejoError: there is no such directory.
        UsageError: the directory has no name.
    """
    _check_place(logdir)
    collection = DEFAULT_COLLECTION if settings is None else settings.metric_collection_config
    found = events.read(logdir, ignore=aggregate.unneeded(collection))
    collected = aggregate.collect(found, collection)
    return replace(collected, warnings=(*_warnings_of(found, logdir), *collected.warnings))


def _events(logdir: str | Path, run: RunUnderTest, collection: MetricCollectionConfig) -> Events:
    """The events of a run; a job that did not succeed may have left no directory.

    What is not collected is not read, unless the id of the run is to be taken of all that it wrote.
    """
    if run.status != "success" and not events.is_there(logdir):
        return Events()
    return events.read(logdir, ignore=() if run.run_id is None else aggregate.unneeded(collection))


def _warnings_of(found: Events, logdir: str | Path) -> tuple[str, ...]:
    return found.warnings if found.series else (*found.warnings, f"no scalars in event files under {logdir}")


def _identified(run: RunUnderTest, found: Events, logdir: str | Path, history: History) -> Run:
    run_id = run.run_id or (found.digest() if found.series else _digest_of_nothing(run, logdir))
    commit = None if run.commit == provenance.UNSET else run.commit
    known = history.run(run.test, run_id) or Run(run.test, run_id, time.time())
    start = known.start_time if run.start_time is None else run.start_time
    given = {name: value for name, value in asdict(run.origin).items() if value is not None}
    origin = replace(known.origin, **given)
    return Run(run.test, run_id, start, run.status, run.stop_time, commit or known.commit, origin)


def _digest_of_nothing(run: RunUnderTest, logdir: str | Path) -> str:
    """An id for a run without events: the place and the start tell it from others."""
    place = str(logdir) if "://" in str(logdir) else Path(logdir).absolute()
    return hashlib.sha256(f"{place}\0{run.start_time}".encode("utf-8", "surrogateescape")).hexdigest()[:16]


def _before(this: Run, collected: Collected, tests: RegressionTestConfig, history: History) -> Before:
    """What is known before a run: all points of metrics that are judged by them, of others the last ones."""
    if this.status != "success":
        return history.before(this, ())
    whole = judging.resting_on_history(collected.metrics, tests)
    return history.before(this, whole, sorted(set(collected.metrics) - set(whole)))


def _judged(this: Run, collected: Collected, before: Before, lines: Baselines, tests: RegressionTestConfig) -> Judged:
    """A run with its verdicts, and what is wrong with it."""
    accepted = acceptance.of(lines, this, before.runs)
    metrics = judging.judge(collected.metrics, before.points, tests, this, cuts=accepted.cuts)
    muted = _muted(lines, this.test, [*(metric.name for metric in metrics), TIME_TO_ACCURACY, ALL])
    judged = Judged(this, metrics, (), tests, accepted, before.runs, muted)
    return replace(judged, wrong=_alerts(judged, collected, before, told=True))


def _alerts(judged: Judged, collected: Collected, before: Before, *, told: bool) -> tuple[Alert, ...]:
    """What somebody should hear of a run; with `told`, also of what goes on and was told by an earlier one."""
    run, tests, muted = judged.run, judged.config, judged.muted
    if run.status == "success":
        return alerts.of_metrics(judged.metrics, collected.threshold_missed, tests, muted, told=told)
    return alerts.of_job(run.test, run.status, before.failures_in_a_row, tests, muted)


def _record(history: History, judged: Judged, outcome: str, sinks: Sequence[str] | None, *, keep: bool) -> Told:
    """Stores a run, where it is to be kept, and what `sinks` are told of it; None: nobody is told."""
    if not keep and sinks is None:
        return Told()
    telling = None
    if sinks is not None:
        decide = partial(incidents.decide, judged=judged)
        telling = Telling(judged.run.test, tuple(sinks), decide, time.time())
    told = history.record(judged.run, outcome, judged.metrics, telling=telling, keep=keep)
    return told or Told()


def _late(told: Told, before: Before) -> tuple[str, ...]:
    """A warning where nobody is told of a run because later ones were judged."""
    later = f"{before.after} later run{'s' * (before.after != 1)}"
    said = f"nobody is told of this run: the history has {later} of the test, and alerts follow the newest"
    return (said,) if told.late else ()


def _muted(lines: Baselines, test: str, names: Iterable[str]) -> dict[str, Muted]:
    """Those of `names` that do not alert now, with the line that says so."""
    now = time.time()
    found = ((name, lines.muted_until(test, name, now)) for name in names) if lines.muted else ()
    return {name: line for name, line in found if line is not None}


def _counted(made: Report) -> dict[Commits, int | None]:
    """How many commits lie between those that the paragraphs name."""
    turns = [metric.turn for metric in report.told_in_full(made) if metric.turn is not None]
    return commits.counted(turn.commits for turn in turns if turn.commits is not None)


def _check_run(run: RunUnderTest) -> None:
    for option, name in (("--test", run.test), ("--run-id", run.run_id)):
        if name is not None and (not name.strip() or not name.isprintable()):
            raise UsageError(f"{option} {name!r}: not a name")
    if run.commit and (not run.commit.strip() or not run.commit.isprintable()):
        raise UsageError(f"--config-version {run.commit!r}: not a commit")
    if run.start_time is not None and run.stop_time is not None and run.stop_time < run.start_time:
        raise UsageError("--stop-time is before --start-time")


def _check_place(logdir: str | Path) -> None:
    if logdir == "":  # a variable of a script that is not set; as a path it is the working directory
        raise UsageError("LOGDIR is empty", facts={"expected": "the directory with the event files of one run"})
