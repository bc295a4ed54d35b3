"""The model of a config, put under a scratch directory: from a real MLflow store, and what needs no fetching."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from cajajejo import tracking
from cajajejo.config import EvaluationJobConfig
from cajajejo.errors import ModelError
from cajajejo.models import fetching
from cajajejo.models import model as models
from cajajejo.models.landing import Manner
from tests import builders
from tests.builders import job_config

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.filterwarnings(builders.MLFLOW_WARNINGS)


class Logged:
    """A store with a run that logged a model, and a config that names it."""

    def __init__(self, tmp_path: Path) -> None:
        self.uri = builders.copy_empty_store(tmp_path / "store" / "mlflow.db")
        self.root = tmp_path / "scratch"
        source = tmp_path / "model"
        builders.model_directory(source / "tiny")
        builders.model_directory(source / "tokenizer", eos_token=None)
        with tracking.client(self.uri) as store:
            run = store.create_run(tracking.experiment(store, self.uri, "models"))
            self.run_id = str(run.info.run_id)
            store.log_artifact(self.run_id, str(source))
            store.log_artifact(self.run_id, str(source), "deep/er")
        shutil.rmtree(source)
        self.said: list[str] = []

    def config(self, **changes: Any) -> EvaluationJobConfig:
        """The config; `changes` are those of the artifact."""
        fields = {"run_id": self.run_id, "artifact_path": "model", "model_directory": "tiny", **changes}
        fields.setdefault("tokenizer_directory", "tokenizer")
        source = {"mlflow_artifact": fields}
        return EvaluationJobConfig.model_validate(job_config(model_config=source, mlflow_config__tracking_uri=self.uri))

    def ensure(self, **changes: Any) -> bool:
        """Whether there was anything to do."""
        manner = Manner(say=self.said.append)
        return not fetching.ensure(self.config(**changes), self.root, manner, environ=os.environ).was_there

    def files(self) -> list[str]:
        """What is there now, without what is ours."""
        below = (str(path.relative_to(self.root)) for path in self.root.rglob("*") if path.is_file())
        return sorted(path for path in below if ".cajajejo-" not in path)


@pytest.fixture
def logged(tmp_path: Path) -> Logged:
    return Logged(tmp_path)


NAMES = ("config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json")
FETCHED = [f"model/{part}/{name}" for part in ("tiny", "tokenizer") for name in NAMES]


def test_an_artifact_is_fetched_once(logged: Logged) -> None:
    assert (logged.ensure(), logged.files()) == (True, FETCHED)
    model = models.locate(logged.config(), logged.root)
    assert models.problems(model) == []
    shutil.rmtree(logged.root.parent / "store" / "mlartifacts")  # it is not asked for again
    assert (logged.ensure(), logged.files(), logged.said) == (False, FETCHED, [])


def test_a_path_of_several_parts_is_fetched_under_its_last_one_as_mlflow_does(logged: Logged) -> None:
    changes = {"artifact_path": "deep/er/model"}
    assert (logged.ensure(**changes), logged.ensure(**changes)) == (True, False)
    assert models.problems(models.locate(logged.config(**changes), logged.root)) == []


def test_another_run_replaces_what_was_fetched(logged: Logged, tmp_path: Path) -> None:
    logged.ensure()
    other = Logged(tmp_path / "other")
    other.root = logged.root
    (logged.root / "model" / "tiny" / "old.bin").write_text("x")
    assert (other.ensure(), other.files()) == (True, FETCHED)


@pytest.mark.parametrize("changes", [{"run_id": "1" * 32}, {"artifact_path": "none"}, {"artifact_path": "model/none"}])
def test_an_artifact_that_is_not_there_is_told_and_what_is_there_stays(logged: Logged, changes: dict[str, Any]) -> None:
    logged.ensure()
    with pytest.raises(ModelError):
        logged.ensure(**changes)
    assert (logged.files(), logged.ensure()) == (FETCHED, False)


def test_a_directory_of_somebody_else_is_never_replaced(logged: Logged) -> None:
    (logged.root / "model").mkdir(parents=True)
    (logged.root / "model" / "thesis.tex").write_text("x")
    with pytest.raises(ModelError, match="is there already, and was not fetched by cajajejo"):
        logged.ensure()
    assert logged.files() == ["model/thesis.tex"]


def test_the_cache_of_the_variable_is_used(logged: Logged, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CAJAJEJO_CACHE_DIR", str(tmp_path / "cache"))
    assert logged.ensure()
    assert (logged.root / "model").readlink().parent == tmp_path / "cache"
    assert models.problems(models.locate(logged.config(), logged.root)) == []


def test_a_model_that_lies_where_the_config_says_is_not_touched(tmp_path: Path) -> None:
    config = EvaluationJobConfig.model_validate(job_config(model_config={"path": "/m"}))
    assert fetching.ensure(config, tmp_path, Manner(), environ={}).was_there
    assert list(tmp_path.iterdir()) == []
