"""One evaluation from its config to its results in MLflow: check, fetch the model, run, collect, track.

Each step writes down that it is complete. Started again with the same scratch directory, nothing that is finished is
done twice; started again after all was finished, nothing is done at all.
"""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cajajejo import local_state, results
from cajajejo.errors import CajajejoError, NotTrackedError
from cajajejo.harness import checks, inputs, preparation, recording, steps
from cajajejo.harness.breaking_off import interruptible
from cajajejo.harness.hiding import hiding
from cajajejo.harness.recording import End, Pod
from cajajejo.harness.request import Reporter, Request
from cajajejo.harness.scratch import Scratch
from cajajejo.harness.steps import Work

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cajajejo.harness.breaking_off import Interruption
    from cajajejo.harness.inputs import Inputs
    from cajajejo.harness.preparation import Preparation
    from cajajejo.spool import Kept

__all__ = ["Outcome", "Reporter", "Request", "place_of", "run"]

_LOCK_SECONDS = 40.0
"""How long a pod waits for the one before it, which may have 25 seconds to end."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """Where an evaluation left everything.

    Attributes:
        results: what it found.
        mlflow_run_id: the run that has it; empty where none could be begun.
        tracking_uri: the store of that run.
        scratch: where it worked.
        events: the directory of the event files.
        seconds: how long harness and tracking took.
        reused: it had been finished before.
        kept: where the results are in place of MLflow; None: they are tracked.
        lasts: whether the scratch directory outlives this program.
    """

    results: results.Results
    mlflow_run_id: str
    tracking_uri: str
    scratch: Path
    events: Path
    seconds: float
    reused: bool
    kept: Kept | None = None
    lasts: bool = True

    @property
    def untracked(self) -> NotTrackedError | None:
        """What is to be told of results that are not tracked, last of all; None where they are."""
        kept = self.kept
        if kept is None:
            return None
        state = "partial, and not tracked" if self.results.partial else "complete but not tracked"
        facts = {"kept": kept.where, "holds": kept.holds} | ({"note": kept.note} if kept.note else {})
        if kept.durable or self.lasts:
            return NotTrackedError(f"the results are {state}: {kept.why}", facts=facts, run=kept.command, durable=True)
        facts["lost with"] = (
            "this container, unless its volume outlives it; mlflow_config.spool_uri names a place that does"
        )
        return NotTrackedError(f"the results are {state}: {kept.why}", facts=facts, run=kept.command, durable=False)


def run(request: Request, report: Reporter | None = None) -> Outcome:
    """The outcome of the evaluation that `request` describes; in the pod of a Job its end stands on the MLflow run.

    Raises:
        FileProblemsError: the config is wrong.
        UsageError: HELM's run specs are missing, or are there for another harness.
        SanityError: the environment is not ready; nothing was started.
        ScratchBusyError: another evaluation works in the same directory.
        ModelError, HarnessError, TrackingError: a step failed; what is finished is kept.
        InterruptedRunError: Ctrl-C or SIGTERM; what is finished is kept.
        CajajejoError: the scratch directory cannot be used, or is full; what is finished is kept.
    """
    told, pod = report or Reporter(), Pod.of(request.environ)
    with interruptible() as interruption, _record(request, told, pod, interruption) as record, _usable(request):
        record.prepared = prepared = preparation.look(request)
        told.checks(prepared.checks)
        checks.demand(prepared.checks)
        assert prepared.inputs is not None  # noqa: S101  # a check says why not
        record.outcome = outcome = _worked(prepared.inputs, told, pod, interruption)
    return outcome


def place_of(request: Request) -> Scratch:
    """Where the evaluation that `request` describes works, or worked.

    Raises:
        FileProblemsError: the config or the run specs are wrong.
        UsageError: HELM's run specs are missing, or are there for another harness.
    """
    return inputs.load(request).place


def _worked(found: Inputs, report: Reporter, pod: Pod | None, interruption: Interruption) -> Outcome:
    interruption.place = found.place.root
    with found.place.lock(_LOCK_SECONDS) if pod else found.place.lock() as lock:
        return _outcome(Work(found, report, pod, interruption, lock))


def _outcome(work: Work) -> Outcome:
    found, began = work.inputs, time.monotonic()
    request, place, uri = found.request, found.place, found.new.uri
    state = steps.with_model(work, steps.begun(work))
    there = steps.complete(work, state)
    if there is not None and state.tracked:
        return Outcome(there, state.mlflow_run_id or "", uri, place.root, place.events, 0.0, reused=True)
    if there is None:
        state, there = steps.evaluate(work, state)
    state, kept = steps.track(work, state, there)
    seconds, run_id = time.monotonic() - began, state.mlflow_run_id or ""
    lasts = request.local or not request.mounted
    return Outcome(there, run_id, uri, place.root, place.events, seconds, reused=False, kept=kept, lasts=lasts)


@contextmanager
def _usable(request: Request) -> Iterator[None]:
    """Tells in a sentence what the scratch directory, or the disk, does not do."""
    try:
        yield
    except OSError as error:
        says = f"{error.strerror or error}" + (f": {error.filename}" if error.filename else "")
        way_out = "the same command again after making room there, or with --scratch DIR elsewhere"
        where = request.scratch or local_state.DIRECTORY
        raise CajajejoError(f"the evaluation cannot work in {where}", facts={"says": says}, run=way_out) from error


@dataclass
class _Record:
    """What is known of an attempt when it ends."""

    prepared: Preparation | None = None
    outcome: Outcome | None = None


@contextmanager
def _record(request: Request, report: Reporter, pod: Pod | None, interruption: Interruption) -> Iterator[_Record]:
    """Writes the end of the attempt of a pod on its MLflow run, where the config says which store that is in."""
    record = _Record()
    try:
        yield record
    except BaseException as error:
        _write(request, report, pod, record, End.with_error(error), interruption.within(recording.STOPPED_SECONDS))
        raise
    assert record.outcome is not None  # noqa: S101  # the work came to its end
    end = End.with_results(record.outcome.results, record.outcome.untracked)
    _write(request, report, pod, record, end, recording.SECONDS)


def _write(request: Request, report: Reporter, pod: Pod | None, record: _Record, end: End, seconds: float) -> None:
    prepared = record.prepared
    if pod is None or prepared is None or prepared.new is None:
        return  # nothing tells where to
    log = Scratch(request.scratch or local_state.DIRECTORY).log
    hide = hiding(prepared.config, request.environ)
    recording.end(pod, prepared.new, pod.ended(end, log, hide), report.step, seconds=seconds)
