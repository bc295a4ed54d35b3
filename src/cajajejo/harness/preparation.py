"""What is looked at before any work begins, all of it, so that a wrong environment costs seconds and not a GPU."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cajajejo import config as configs
from cajajejo import results, run_specs, spool, tracking
from cajajejo.errors import HarnessError
from cajajejo.harness import adapters, checks, inputs
from cajajejo.harness.recording import Pod
from cajajejo.models import model as models

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cajajejo.config import EvaluationJobConfig
    from cajajejo.harness.checks import Check, Looker
    from cajajejo.harness.inputs import Inputs
    from cajajejo.harness.request import Request
    from cajajejo.tracking import NewRun


@dataclass(frozen=True, slots=True)
class Preparation:
    """What the look before the work showed.

    Attributes:
        checks: every check, in order.
        config: None where it is wrong.
        new: what the MLflow run is made with; None where the config is wrong.
        inputs: None where the config or the run specs are wrong.
    """

    checks: Sequence[Check]
    config: EvaluationJobConfig | None = None
    new: NewRun | None = None
    inputs: Inputs | None = None


def look(request: Request) -> Preparation:
    """Every check of the evaluation that `request` describes, but those of work that is done."""
    found: list[EvaluationJobConfig] = []
    done = checks.look(
        [
            ("environment variables", lambda: None if request.local else checks.variables(request.environ)),
            ("evaluation config", lambda: found.append(configs.load(request.config, request.settings))),
        ]
    )
    if not found:
        return Preparation(done + checks.look(_run_specs_alone(request)))
    (config,) = found
    texts: list[str] = []
    read = checks.look([("HELM run specs", lambda: texts.append(inputs.read_run_specs(request, config)))])
    done += read if texts != [""] else []
    new = inputs.new_run(request, config)
    whole = inputs.of(request, config, texts[0], new) if texts else None
    if whole is None or not is_evaluated(whole):
        done += checks.look(_checks(request, config, "".join(texts)))
    return Preparation(done, config, new, whole)


def _run_specs_alone(request: Request) -> list[tuple[str, Looker]]:
    """The check of the run specs where no config says whether there must be some."""
    path = request.run_specs
    if path is None or (request.mounted and not path.exists()):
        return []
    return [("HELM run specs", lambda: run_specs.read(path))]


def _checks(request: Request, config: EvaluationJobConfig, specs: str) -> list[tuple[str, Looker]]:
    uri, spool_uri = config.mlflow_config.tracking_uri, config.mlflow_config.spool_uri
    named_by = f"{request.config} mlflow_config.tracking_uri"
    return [
        *adapters.of(config).checks(config, specs, request.environ),
        *([("secrets", lambda: checks.secrets(config, request.environ))] if config.secret_env else []),
        ("model directories", lambda: _check_model(request, config)),
        ("tracking server", lambda: _check_server(request, uri, named_by)),
        *([("spool", lambda: checks.spool(spool_uri))] if spool_uri else []),
    ]


def _check_model(request: Request, config: EvaluationJobConfig) -> None:
    model = models.locate(config, request.scratch or Path())
    if not request.local or config.model.path is not None:
        checks.model(model)


def _check_server(request: Request, uri: str, named_by: str) -> None:
    spool.patience(request.environ)
    tracking.check_reachable(uri, named_by=named_by)


def is_evaluated(found: Inputs) -> bool:
    """Whether the harness is complete for these inputs and weights, so that at most the tracking is missing.

    Where the model is not there any more, what its address says must do.
    """
    state, model = found.place.state(found.key), found.model
    pod = Pod.of(found.request.environ)
    if not found.request.resume or not (state.evaluated or state.tracked):
        return False
    if state.tracked and state.job_uid != (None if pod is None else pod.uid):
        return False  # another Job, which is meant to evaluate anew
    if model.directory.is_dir() and model.fingerprint(found.place.root) != state.model:
        return False
    return state.tracked or _has_results(found)


def _has_results(found: Inputs) -> bool:
    try:
        results.read(found.place.output)
    except HarnessError:
        return False
    return True
