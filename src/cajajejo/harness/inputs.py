"""What one evaluation is made of, once its files were read: config, run specs, harness, key, and where it works."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cajajejo import config as configs
from cajajejo import provenance, tracking
from cajajejo import run_specs as specs
from cajajejo.errors import UsageError
from cajajejo.harness import adapters, scratch
from cajajejo.harness.scratch import Scratch
from cajajejo.models import model as models

if TYPE_CHECKING:
    from cajajejo.config import EvaluationJobConfig
    from cajajejo.harness.adapter import Adapter
    from cajajejo.harness.request import Request
    from cajajejo.models.model import Model
    from cajajejo.tracking import NewRun


@dataclass(frozen=True, slots=True)
class Inputs:
    """What one evaluation is made of.

    Attributes:
        request: what was asked for.
        config: the checked config.
        run_specs: HELM's, as text; empty for another harness.
        adapter: of the harness.
        key: names all that the answers depend on but the model.
        place: where it works.
        new: what its MLflow run is made with.
    """

    request: Request
    config: EvaluationJobConfig
    run_specs: str
    adapter: Adapter
    key: str
    place: Scratch
    new: NewRun

    @property
    def model(self) -> Model:
        """Where the model is, or will be."""
        return models.locate(self.config, self.place.root)


def load(request: Request) -> Inputs:
    """The inputs of the evaluation that `request` describes.

    Raises:
        FileProblemsError: the config or the run specs are wrong.
        UsageError: run specs are missing, or there are some for a harness that takes none.
    """
    config = configs.load(request.config, request.settings)
    return of(request, config, read_run_specs(request, config), new_run(request, config))


def of(request: Request, config: EvaluationJobConfig, run_specs: str, new: NewRun) -> Inputs:
    """The inputs with these contents of their files."""
    adapter = adapters.of(config)
    key = scratch.key_of(config, run_specs, str(request.max_instances), inputs=adapter.inputs(config))
    place = Scratch(request.scratch or scratch.default_root(key))
    return Inputs(request, config, run_specs, adapter, key, place, new)


def read_run_specs(request: Request, config: EvaluationJobConfig) -> str:
    """HELM's run specs; empty for another harness.

    Raises:
        FileProblemsError: they are wrong.
        UsageError: they are missing, or there are some for a harness that takes none.
    """
    if config.helm is None:
        if request.run_specs is not None and not request.mounted:
            raise UsageError(f"HELM_CONFIG belongs to a helm: config, which {request.config} is not")
        return ""
    if request.run_specs is None:
        raise UsageError(f"HELM_CONFIG is missing: {request.config} is a helm: config, which needs run specs")
    return specs.read(request.run_specs)


def new_run(request: Request, config: EvaluationJobConfig) -> NewRun:
    """What the MLflow run is made with; who it is the manifest tells, on this machine the repository and the files."""
    environ = request.environ
    here = request.config if request.config.is_absolute() else Path.cwd()
    run_specs = request.run_specs if config.helm is not None else None
    identity = {
        "CONFIG_PATH_GIT_REPO": environ.get("CONFIG_PATH_GIT_REPO") or provenance.path_in_repository(request.config),
        "HELM_CONFIG_PATH_GIT_REPO": environ.get("HELM_CONFIG_PATH_GIT_REPO")
        or (provenance.path_in_repository(run_specs) if run_specs is not None else "None"),
        "JOB_NAME": environ.get("JOB_NAME") or "local",
        "CONFIG_VERSION": environ.get("CONFIG_VERSION") or provenance.head_commit(here),
    }
    return tracking.new_run(config, identity)
