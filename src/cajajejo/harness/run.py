"""One evaluation from its config to its results in MLflow: check, fetch the model, run, collect, track.

Each step writes down that it is complete. Started again with the same scratch directory, nothing that is finished is
done twice; started again after all was finished, nothing is done at all.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from cajajejo import config as configs
from cajajejo import event_writer, local_state, provenance, results, tracking
from cajajejo import run_specs as specs
from cajajejo.errors import CajajejoError, ModelError
from cajajejo.harness import checks, helm, helm_command, recording, scratch
from cajajejo.harness import model as models
from cajajejo.harness.breaking_off import ending, interruptible
from cajajejo.harness.hiding import hiding
from cajajejo.harness.recording import End, Pod
from cajajejo.harness.scratch import Scratch, State

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from cajajejo.config import EvaluationJobConfig
    from cajajejo.harness.checks import Check
    from cajajejo.harness.progress import Listener, Watcher


@dataclass(frozen=True, slots=True)
class Request:
    """What is to be evaluated, where.

    Attributes:
        config: file of the evaluation job config.
        run_specs: file of HELM's run specs.
        settings: ``PATH=VALUE`` overrides of the config.
        local: on this machine: the four variables may be absent, and the model is fetched here.
        scratch: directory to work in; None: one named after the inputs.
        resume: continue what an earlier run left.
        max_instances: at most so many questions a scenario; None: as the config says.
        environ: the environment of the process.
    """

    config: Path
    run_specs: Path
    settings: Sequence[str] = ()
    local: bool = True
    scratch: Path | None = None
    resume: bool = True
    max_instances: int | None = None
    environ: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))


@dataclass(frozen=True, slots=True)
class Outcome:
    """Where an evaluation left everything; `reused` tells that it had been finished before."""

    results: results.Results
    mlflow_run_id: str
    tracking_uri: str
    scratch: Path
    events: Path
    seconds: float
    reused: bool


@dataclass(frozen=True, slots=True)
class Reporter:
    """Who is told what happens: checks, steps in a line, what the harness prints and how far it is, the MLflow run."""

    checks: Callable[[Sequence[Check]], None] = lambda _: None
    step: Callable[[str], None] = lambda _: None
    said: Listener = lambda _: None
    progress: Watcher = lambda _: None
    tracked: Callable[[EvaluationJobConfig, str], None] = lambda _, __: None


def run(request: Request, report: Reporter | None = None) -> Outcome:
    """The outcome of the evaluation that `request` describes; in the pod of a Job its end stands on the MLflow run.

    Raises:
        FileProblemsError: the config is wrong.
        SanityError: the environment is not ready; nothing was started.
        ModelError, HarnessError, TrackingError: a step failed; what is finished is kept.
        InterruptedRunError: Ctrl-C; what is finished is kept.
        CajajejoError: the scratch directory cannot be used, or is full; what is finished is kept.
    """
    told = report or Reporter()
    pod = Pod.of(request.environ)
    if pod is None:
        return _run(request, told, None)
    try:
        outcome = _run(request, told, pod)
    except BaseException as error:
        _record(request, told, pod, End.with_error(error))
        raise
    _record(request, told, pod, End.with_results(outcome.results))
    return outcome


def _record(request: Request, report: Reporter, pod: Pod, end: End) -> None:
    """Writes the end of this attempt on its MLflow run, where the config says which store that is in."""
    try:
        config = configs.load(request.config, request.settings)
        new = tracking.new_run(config, _identity(request))
        log = Scratch(request.scratch or local_state.DIRECTORY).log
    except CajajejoError:
        return  # nothing tells where to
    recording.end(pod, new, pod.ended(end, log, hiding(config, request.environ)), report.step)


def _run(request: Request, report: Reporter, pod: Pod | None) -> Outcome:
    try:
        return _run_in_scratch(request, report, pod)
    except OSError as error:
        says = f"{error.strerror or error}" + (f": {error.filename}" if error.filename else "")
        way_out = "the same command again after making room there, or with --scratch DIR elsewhere"
        where = request.scratch or local_state.DIRECTORY
        raise CajajejoError(f"the evaluation cannot work in {where}", facts={"says": says}, run=way_out) from error


def _run_in_scratch(request: Request, report: Reporter, pod: Pod | None) -> Outcome:
    config, run_specs = _checked(request, report)
    key = _key(request, config, run_specs)
    place = _place(request, key)
    model = models.locate(config, place.root)
    with interruptible(place), place.lock() as descriptor:
        if not request.resume:
            place.clear()
        state = _same_job(place, place.state(key), pod)
        if request.local and models.fetch(config, place.root):
            report.step(f"model fetched: {model.directory}")
        _demand_model(model)
        state = _same_model(place, state, model.fingerprint())
        if state.tracked:
            return _outcome(place, config, state, results.read(place.output), seconds=0.0, reused=True)
        place.config.parent.mkdir(parents=True, exist_ok=True)
        results.write_whole(place.config, config.as_yaml())
        place.run_specs.write_bytes(run_specs.encode())
        return _evaluate(request, config, place, state, model, report, pod, descriptor)


def place_of(request: Request) -> Scratch:
    """Where the evaluation that `request` describes works, or worked.

    Raises:
        FileProblemsError: the config is wrong.
    """
    return _place(request, _key(request, *_load(request)))


def _key(request: Request, config: EvaluationJobConfig, run_specs: str) -> str:
    plugin = helm_command.PLUGIN.read_text("utf-8")
    return scratch.key_of(config, run_specs, plugin, str(request.max_instances))


def _place(request: Request, key: str) -> Scratch:
    return Scratch(request.scratch or scratch.default_root(key))


def _load(request: Request) -> tuple[EvaluationJobConfig, str]:
    return configs.load(request.config, request.settings), specs.read(request.run_specs)


def _checked(request: Request, report: Reporter) -> tuple[EvaluationJobConfig, str]:
    """The config and the run specs, after every check was looked at and reported.

    Raises:
        CajajejoError: a check failed.
    """
    loaded: dict[str, EvaluationJobConfig] = {}
    texts: dict[str, str] = {}
    done = checks.look(
        [
            ("environment variables", lambda: None if request.local else checks.variables(request.environ)),
            ("evaluation config", lambda: loaded.update(config=configs.load(request.config, request.settings))),
            ("HELM run specs", lambda: texts.update(run_specs=specs.read(request.run_specs))),
            ("harness", lambda: helm_command.find_helm_run(request.environ)),
        ]
    )
    if "config" in loaded:
        done += checks.look(_checks_of_config(request, loaded["config"]))
    report.checks(done)
    checks.demand(done)
    return loaded["config"], texts["run_specs"]


def _checks_of_config(request: Request, config: EvaluationJobConfig) -> list[tuple[str, checks.Looker]]:
    fetched_later = request.local and config.model.mlflow_artifact is not None
    uri, named_by = config.mlflow_config.tracking_uri, f"{request.config} mlflow_config.tracking_uri"

    def model() -> None:
        place = models.locate(config, request.scratch or Path())
        if not fetched_later:
            _demand_model(place)

    return [
        *([("secrets", lambda: checks.secrets(config, request.environ))] if config.secret_env else []),
        ("HELM arguments", lambda: helm_command.check_arguments(config)),
        ("model directories", model),
        ("tracking server", lambda: tracking.check_reachable(uri, named_by=named_by)),
    ]


def _demand_model(model: models.Model) -> None:
    found = models.problems(model)
    if found:
        facts = {"also": "\n".join(found[1:])} if found[1:] else {}
        raise ModelError(found[0], facts=facts)


def _same_model(place: Scratch, state: State, fingerprint: str) -> State:
    """`state`, or an empty one, and nothing left of an earlier run, when it was written for other inputs or weights."""
    if state.model != fingerprint:
        place.clear()
        state = State(state.key, job_uid=state.job_uid)
    return place.save(state, model=fingerprint)


def _same_job(place: Scratch, state: State, pod: Pod | None) -> State:
    """`state` as this Job may use it: what another one did not finish goes on here, on an MLflow run of its own.

    What another one finished is done anew: a Job that is sent again is meant to.
    """
    uid = None if pod is None else pod.uid
    if state.job_uid == uid:
        return state
    if state.tracked:
        place.clear()
        state = State(state.key)
    return replace(state, job_uid=uid, mlflow_run_id=None)


def _evaluate(
    request: Request,
    config: EvaluationJobConfig,
    place: Scratch,
    state: State,
    model: models.Model,
    report: Reporter,
    pod: Pod | None,
    descriptor: int,
) -> Outcome:
    started = time.monotonic()
    new = tracking.new_run(config, _identity(request))
    if pod is None:
        run_id = tracking.start_run(new, run_id=state.mlflow_run_id)
    else:
        run_id = recording.begin(pod, new, report.step)
    state = place.save(state, mlflow_run_id=run_id)
    report.tracked(config, run_id)
    with ending(config, run_id):
        found = helm.run(
            config,
            model,
            place,
            environ=request.environ,
            max_instances=request.max_instances,
            watch=report.progress,
            said=report.said,
            keep_open=descriptor,
        )
        finished_at = state.finished_at or time.time()
        state = place.save(state, finished_at=finished_at)
        results.write(found, place.output)
        event_writer.write_scalars(place.events, found.metrics(), wall_time=finished_at)
        artifacts = (place.output, place.config, place.run_specs)
        tracking.log_results(config, run_id, found, artifacts=artifacts, finished_at=finished_at)
    state = place.save(state, tracked=not found.partial)
    return _outcome(place, config, state, found, seconds=time.monotonic() - started, reused=False)


def _outcome(
    place: Scratch,
    config: EvaluationJobConfig,
    state: State,
    found: results.Results,
    *,
    seconds: float,
    reused: bool,
) -> Outcome:
    uri = config.mlflow_config.tracking_uri
    return Outcome(found, state.mlflow_run_id or "", uri, place.root, place.events, seconds, reused)


def _identity(request: Request) -> dict[str, str]:
    """What the manifest would tell the program; on this machine from the repository and the files."""
    environ = request.environ
    here = request.config if request.config.is_absolute() else Path.cwd()
    return {
        "CONFIG_PATH_GIT_REPO": environ.get("CONFIG_PATH_GIT_REPO") or provenance.path_in_repository(request.config),
        "HELM_CONFIG_PATH_GIT_REPO": environ.get("HELM_CONFIG_PATH_GIT_REPO")
        or provenance.path_in_repository(request.run_specs),
        "JOB_NAME": environ.get("JOB_NAME") or "local",
        "CONFIG_VERSION": environ.get("CONFIG_VERSION") or provenance.head_commit(here),
    }
