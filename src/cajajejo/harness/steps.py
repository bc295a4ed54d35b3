"""The steps of one evaluation in a scratch directory that is ours: model, harness, results, tracking.

Each writes down in the state that it is complete, so that the next start goes on after it.
"""

from __future__ import annotations

import shutil
from contextlib import suppress
from dataclasses import dataclass, replace
from time import time as now
from typing import TYPE_CHECKING, Final

from cajajejo import event_writer, results, spool, system_facts, tracking
from cajajejo.errors import CajajejoError, HarnessError
from cajajejo.harness import checkpoint, checks, process, recording
from cajajejo.harness.adapter import Ended, Task
from cajajejo.harness.breaking_off import MARK_SECONDS, done_within, ending
from cajajejo.harness.checkpoint_shelf import RunArtifacts, SpoolPlace
from cajajejo.harness.hiding import hiding
from cajajejo.harness.progress import Progress
from cajajejo.harness.scratch import State
from cajajejo.spool import Finished, Kept

if TYPE_CHECKING:
    from cajajejo.harness.breaking_off import Interruption
    from cajajejo.harness.checkpoint import Keeper
    from cajajejo.harness.checkpoint_shelf import Shelf
    from cajajejo.harness.inputs import Inputs
    from cajajejo.harness.recording import Pod
    from cajajejo.harness.request import Reporter
    from cajajejo.results import Results

FLUSH_SECONDS: Final = 3.0
"""How long writing the results of complete scenarios may take after SIGTERM."""
KEEP_SECONDS: Final = 8.0
"""How long keeping them elsewhere may take then."""
RESERVE_SECONDS: Final = MARK_SECONDS + recording.STOPPED_SECONDS
"""What of the time after SIGTERM is for the MLflow run."""
NO_PLACE_SECONDS: Final = 3600.0
"""How long the tracking server is waited for where results would be lost with the container."""


@dataclass(frozen=True, slots=True)
class Work:
    """What every step works with.

    Attributes:
        inputs: what is evaluated.
        report: who is told.
        pod: the pod that this is; None outside of a Job.
        interruption: the end that is asked for, if it is.
        lock: the descriptor that holds the scratch directory.
    """

    inputs: Inputs
    report: Reporter
    pod: Pod | None
    interruption: Interruption
    lock: int

    def shelf(self, run_id: str | None) -> Shelf | None:
        """Where checkpoints for the next pod of the Job lie; None outside of a Job."""
        spool_uri = self.inputs.config.mlflow_config.spool_uri
        if self.pod is None or (run_id is None and spool_uri is None):
            return None
        if spool_uri is not None:
            return SpoolPlace.of(spool_uri, self.pod.uid)
        return RunArtifacts(self.inputs.new.uri, str(run_id))


def begun(work: Work) -> State:
    """What is complete here and now for this Job: what another one did not finish goes on, on an MLflow run of its own.

    What another one finished is done anew: a Job that is sent again is meant to.
    """
    place, uid = work.inputs.place, None if work.pod is None else work.pod.uid
    checkpoint.sweep(place)
    if not work.inputs.request.resume:
        place.clear()
    state = place.state(work.inputs.key)
    if state.job_uid == uid:
        return state
    if state.tracked:
        place.clear()
        state = State(state.key)
    return replace(state, job_uid=uid, mlflow_run_id=None)


def with_model(work: Work, state: State) -> State:
    """`state` with the model in its place; an empty one, and nothing left of an earlier run, where the weights differ.

    Raises:
        ModelError: the model cannot be fetched, or not be loaded.
    """
    place, model = work.inputs.place, work.inputs.model
    if state.evaluated or state.tracked:
        if not model.directory.is_dir() or model.fingerprint(place.root) == state.model:
            return state
        place.clear()
        state = State(state.key, job_uid=state.job_uid)
    if work.inputs.request.local and _fetched(work):
        work.report.step(f"model fetched: {model.directory}")
    checks.model(model)
    fingerprint = model.fingerprint(place.root)
    written = place.written()
    if written is not None and (written.key, written.model) != (state.key, fingerprint):
        place.clear()
        state = State(state.key, job_uid=state.job_uid)
    return replace(state, model=fingerprint)


def _fetched(work: Work) -> bool:
    from cajajejo.models import fetching
    from cajajejo.models.landing import Manner

    found = work.inputs
    manner = Manner(say=work.report.step)
    return not fetching.ensure(found.config, found.place.root, manner, environ=found.request.environ).was_there


def complete(work: Work, state: State) -> Results | None:
    """The results of the harness where it is complete, and they can be read; else None."""
    if not (state.evaluated or state.tracked):
        return None
    try:
        return results.read(work.inputs.place.output)
    except HarnessError:
        if state.tracked:
            raise
        return None  # the harness makes them again


def evaluate(work: Work, state: State) -> tuple[State, Results]:
    """The results of the harness, written down; what an earlier attempt of the Job left for this one is not repeated.

    Raises:
        HarnessError: no scenario is complete.
        TrackingError: the server refused or went away before the harness began.
    """
    found, place = work.inputs, work.inputs.place
    is_new = place.written() is None
    run_id = _run(work, state)
    shelf = work.shelf(run_id)
    if shelf is not None and is_new and found.request.resume:
        state = checkpoint.restore(place, shelf, state, work.report.step) or state
    state = place.save(state, mlflow_run_id=run_id)
    there = complete(work, state)
    if there is not None:
        return state, there
    place.config.parent.mkdir(parents=True, exist_ok=True)
    results.write_whole(place.config, found.config.as_yaml())
    if found.run_specs:
        place.run_specs.write_bytes(found.run_specs.encode())
    with ending(found.new, run_id, work.interruption):
        return _written(work, state, _harness(work, shelf))


def _run(work: Work, state: State) -> str:
    new = work.inputs.new
    if work.pod is None:
        run_id = tracking.start_run(new, run_id=state.mlflow_run_id)
    else:
        run_id = recording.begin(work.pod, new, work.report.step)
    work.report.tracked(work.inputs.config, run_id)
    return run_id


def _harness(work: Work, shelf: Shelf | None) -> Results:
    found, place = work.inputs, work.inputs.place
    task = Task(found.config, found.model, place, found.request.environ, found.request.max_instances)
    keeper = checkpoint.Keeper(place, shelf, work.report.step) if shelf else None
    last = Progress()

    def watch(progress: Progress) -> None:
        nonlocal last
        last = progress
        if keeper is not None:
            keeper.watch(progress)
        work.report.progress(progress)

    work.report.harness(found.adapter)
    try:
        ended = process.run(
            found.adapter.program(task),
            log=place.log,
            watch=watch,
            said=work.report.said,
            hide=hiding(found.config, found.request.environ),
            keep_open=work.lock,
        )
    except KeyboardInterrupt:
        _flush(work, task, last, keeper)
        raise
    finally:
        if keeper is not None:
            keeper.close()
    return _found(work, task, ended)


def _found(work: Work, task: Task, ended: Ended) -> Results:
    """What the harness left, with the versions of what made it."""
    adapter = work.inputs.adapter
    return replace(adapter.results(task, ended), versions=adapter.versions(task.environ))


def _flush(work: Work, task: Task, progress: Progress, keeper: Keeper | None) -> None:
    """Writes the results of complete scenarios, and keeps all where the next attempt looks; takes seconds."""

    def write() -> None:
        results.write(_found(work, task, Ended(-15, progress)), task.place.output)

    with suppress(CajajejoError, OSError):  # no scenario is complete, or the disk is full: it ends all the same
        done_within(work.interruption.within(FLUSH_SECONDS, reserve=RESERVE_SECONDS), write)
    if keeper is not None:
        keeper.keep(work.interruption.within(KEEP_SECONDS, reserve=RESERVE_SECONDS))


def _written(work: Work, state: State, found: Results) -> tuple[State, Results]:
    """`found` and the log as files, and the state that says so; each end of a harness is later than the one before."""
    place, request = work.inputs.place, work.inputs.request
    finished_at = max(now(), (state.finished_at or 0.0) + 0.001)
    results.write(found, place.output)
    known = system_facts.gather(request.environ, image_digest=work.inputs.config.image_digest)
    facts = {**known, **found.versions}
    numbers = {**found.metrics(), **system_facts.memory_metric(facts)}
    event_writer.write_scalars(place.events, numbers, wall_time=finished_at)
    if place.log.exists():
        shutil.copyfile(place.log, place.output / place.log.name)
    return place.save(state, finished_at=finished_at, evaluated=not found.partial, facts=facts), found


def track(work: Work, state: State, found: Results) -> tuple[State, Kept | None]:
    """The state once `found` is tracked; or where it is kept, because the server was away for too long."""
    finished = _finished(work, state, found)
    run_id = state.mlflow_run_id
    if run_id is None:
        done = _tracked(work, finished)
    else:
        with ending(finished.new, run_id, work.interruption):
            done = _tracked(work, finished)
    shelf = work.shelf(run_id)
    if isinstance(done, Kept):
        if done.durable and isinstance(shelf, SpoolPlace):
            checkpoint.Keeper(work.inputs.place, shelf, work.report.step).remove()
        return state, done
    if shelf is not None:
        checkpoint.Keeper(work.inputs.place, shelf, work.report.step).remove()
    return work.inputs.place.save(state, mlflow_run_id=done.run_id, tracked=not found.partial), None


def _finished(work: Work, state: State, found: Results) -> Finished:
    inputs, pod = work.inputs, work.pod
    return Finished(
        directory=inputs.place.work,
        new=inputs.new,
        run_id=state.mlflow_run_id,
        job_uid=None if pod is None else pod.uid,
        results=found,
        finished_at=state.finished_at or now(),
        facts=state.facts,
        spool_uri=inputs.config.mlflow_config.spool_uri,
        name=pod.job if pod is not None and pod.job else f"local-{inputs.key[:12]}",
    )


def _tracked(work: Work, finished: Finished) -> spool.Tracked | Kept:
    try:
        return spool.track(finished, say=work.report.step, patience_seconds=_patience(work))
    except KeyboardInterrupt:
        with suppress(CajajejoError, OSError):  # what is on scratch stays there
            done_within(work.interruption.within(KEEP_SECONDS, reserve=RESERVE_SECONDS), lambda: spool.keep(finished))
        shelf = work.shelf(finished.run_id)
        if shelf is not None:
            keeper = checkpoint.Keeper(work.inputs.place, shelf, work.report.step)
            keeper.keep(work.interruption.within(KEEP_SECONDS, reserve=RESERVE_SECONDS))
        raise


def _patience(work: Work) -> float:
    """How long the server is waited for: longer where the results have no other place that outlives this container."""
    request = work.inputs.request
    asked = spool.patience(request.environ)
    no_place = request.mounted and work.inputs.config.mlflow_config.spool_uri is None
    return max(asked, NO_PLACE_SECONDS) if no_place and asked == spool.PATIENCE_SECONDS else asked
