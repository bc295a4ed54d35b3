"""The model: where it lies, fetching it once and whole, and what is wrong with it before a harness finds out."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from cajajejo import tracking
from cajajejo.config import EvaluationJobConfig
from cajajejo.errors import ModelError, TrackingError
from cajajejo.harness import model as models
from cajajejo.harness.model import Model
from tests import builders
from tests.builders import job_config

pytestmark = pytest.mark.filterwarnings(builders.MLFLOW_WARNINGS)

ROOT = Path("/s")


def config(source: dict[str, Any], **changes: Any) -> EvaluationJobConfig:
    return EvaluationJobConfig.model_validate(job_config(model_config=source, **changes))


def artifact(**changes: Any) -> dict[str, Any]:
    fields = {"run_id": "0" * 32, "artifact_path": "model", "model_directory": "model", **changes}
    return {"mlflow_artifact": fields}


@pytest.mark.parametrize(
    ("source", "directory", "tokenizer"),
    [
        (artifact(), "/s/model/model", "/s/model/model"),
        (artifact(artifact_path="a/b/", model_directory="c/d"), "/s/b/c/d", "/s/b/c/d"),
        (artifact(artifact_path="/model"), "/s/model/model", "/s/model/model"),
        (artifact(tokenizer_directory="tokenizer"), "/s/model/model", "/s/model/tokenizer"),
        (artifact(tokenizer_hf_repo="EleutherAI/pythia-70m"), "/s/model/model", "EleutherAI/pythia-70m"),
        ({"gs_uri": "gs://bucket/path/pythia/"}, "/s/pythia", "/s/pythia"),
        ({"path": "/models/pythia"}, "/models/pythia", "/models/pythia"),
    ],
)
def test_a_model_lies_where_its_source_says(source: dict[str, Any], directory: str, tokenizer: str) -> None:
    model = models.locate(config(source), ROOT)
    assert model == Model(Path(directory), tokenizer)
    assert model.name == f"huggingface/{Path(directory).name}"


def test_a_relative_path_is_seen_from_the_working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert models.locate(config({"path": "m/tiny"}), ROOT).directory == tmp_path / "m" / "tiny"
    assert models.locate(config(artifact()), Path("s")).directory == tmp_path / "s" / "model" / "model"


@pytest.mark.parametrize(
    "changes",
    [
        {"model_directory": "../../etc"},
        {"artifact_path": ".."},
        {"artifact_path": "a/../.."},
        {"model_directory": "/etc"},
        {"tokenizer_directory": "../../etc"},
    ],
)
def test_a_model_outside_of_the_scratch_directory_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ModelError, match="leads out of the scratch directory"):
        models.locate(config(artifact(**changes)), ROOT)


@pytest.mark.parametrize("path", ["/", ".", "//"])
def test_an_artifact_path_that_names_nothing_is_refused(path: str) -> None:
    with pytest.raises(ModelError, match="names no artifact"):
        models.locate(config(artifact(artifact_path=path)), ROOT)


def test_a_whole_model_has_no_problems(tmp_path: Path) -> None:
    directory = builders.model_directory(tmp_path / "tiny")
    assert models.problems(Model(directory, str(directory))) == []
    assert models.problems(Model(directory, "EleutherAI/pythia-70m")) == []


@pytest.mark.parametrize(
    "weights", ["pytorch_model.bin", "model-00001-of-00002.safetensors", "model.safetensors.index.json"]
)
@pytest.mark.parametrize("tokenizer", ["tokenizer_config.json", "vocab.json", "sentencepiece.model"])
def test_weights_and_tokenizers_come_in_several_forms(tmp_path: Path, weights: str, tokenizer: str) -> None:
    directory = tmp_path / "tiny"
    directory.mkdir()
    for name in ("config.json", weights, tokenizer):
        (directory / name).write_text("{}")
    assert models.problems(Model(directory, str(directory))) == []


def test_everything_that_is_wrong_with_a_model_is_told(tmp_path: Path) -> None:
    directory, other = tmp_path / "tiny", tmp_path / "tokenizer"
    assert models.problems(Model(directory, str(directory))) == [f"the model directory is not there: {directory}"]
    directory.mkdir()
    assert models.problems(Model(directory, str(other))) == [
        f"no config.json in {directory}: not a Hugging Face model directory",
        f"no weights (*.safetensors or *.bin) in {directory}",
        f"no tokenizer in {other}",
    ]


def test_a_fingerprint_changes_with_the_weights_and_the_tokenizer_and_with_nothing_else(tmp_path: Path) -> None:
    directory = builders.model_directory(tmp_path / "tiny")
    model = Model(directory, str(directory))
    weights = directory / "model.safetensors"
    seen = [model.fingerprint(), Model(directory, "other").fingerprint()]
    weights.write_bytes(b"more weights")
    seen.append(model.fingerprint())
    os.utime(weights, ns=(1, 1))
    seen.append(model.fingerprint())
    (directory / "deep").mkdir()
    (directory / "deep" / "adapter.bin").write_bytes(b"x")
    seen.append(model.fingerprint())
    assert len(set(seen)) == 5
    assert model.fingerprint() == seen[-1]


def test_a_small_json_file_is_the_tokenizers_then_the_models_then_empty(tmp_path: Path) -> None:
    directory = builders.model_directory(tmp_path / "tiny")
    tokenizer = tmp_path / "tokenizer"
    tokenizer.mkdir()
    model = Model(directory, str(tokenizer))
    assert model.json_file("tokenizer_config.json") == {"model_max_length": 512}
    (tokenizer / "tokenizer_config.json").write_text('{"a": 1}')
    assert model.json_file("tokenizer_config.json") == {"a": 1}
    (tokenizer / "tokenizer_config.json").write_text("[1]")
    assert model.json_file("tokenizer_config.json") == {"model_max_length": 512}
    assert model.json_file("none.json") == {}


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

    def config(self, **changes: Any) -> EvaluationJobConfig:
        fields = {"run_id": self.run_id, "model_directory": "tiny", "tokenizer_directory": "tokenizer", **changes}
        return config(artifact(**fields), mlflow_config__tracking_uri=self.uri)

    def fetch(self, **changes: Any) -> bool:
        return models.fetch(self.config(**changes), self.root)

    def files(self) -> list[str]:
        return sorted(str(path.relative_to(self.root)) for path in self.root.rglob("*") if path.is_file())


@pytest.fixture
def logged(tmp_path: Path) -> Logged:
    return Logged(tmp_path)


FETCHED = [
    ".cajajejo-model.json",
    *(
        f"model/{part}/{name}"
        for part in ("tiny", "tokenizer")
        for name in ("config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json")
    ),
]


def test_an_artifact_is_fetched_once(logged: Logged) -> None:
    assert (logged.fetch(), logged.files()) == (True, FETCHED)
    assert models.problems(models.locate(logged.config(), logged.root)) == []
    assert (logged.fetch(), logged.files()) == (False, FETCHED)


def test_a_path_of_several_parts_is_fetched_under_its_last_one_as_mlflow_does(logged: Logged) -> None:
    changes = {"artifact_path": "deep/er/model"}
    assert (logged.fetch(**changes), logged.fetch(**changes)) == (True, False)
    assert models.problems(models.locate(logged.config(**changes), logged.root)) == []


def test_a_fetch_that_was_killed_is_repeated(logged: Logged) -> None:
    logged.root.mkdir(parents=True)
    (logged.root / ".cajajejo-model.json").write_text("{}\n")
    for leftover in (".partial-model/model/tiny", "model/tiny"):
        (logged.root / leftover).mkdir(parents=True)
        (logged.root / leftover / "half.safetensors").write_text("x")
    assert (logged.fetch(), logged.files()) == (True, FETCHED)


@pytest.mark.parametrize("stamp", ["", "{", '{"tracking_uri": "http://other"}'])
def test_what_came_from_elsewhere_is_fetched_anew(logged: Logged, stamp: str) -> None:
    logged.fetch()
    (logged.root / ".cajajejo-model.json").write_text(stamp)
    (logged.root / "model" / "tiny" / "old.bin").write_text("x")
    assert (logged.fetch(), logged.files()) == (True, FETCHED)


def test_the_stamp_says_where_the_model_came_from(logged: Logged) -> None:
    logged.fetch()
    assert json.loads((logged.root / ".cajajejo-model.json").read_text()) == {
        "tracking_uri": logged.uri,
        "run_id": logged.run_id,
        "artifact_path": "model",
    }


@pytest.mark.parametrize("changes", [{"run_id": "1" * 32}, {"artifact_path": "none"}, {"artifact_path": "model/none"}])
def test_an_artifact_that_is_not_there_is_told_and_leaves_no_stamp(logged: Logged, changes: dict[str, Any]) -> None:
    logged.fetch()
    with pytest.raises(TrackingError, match="MLflow refused") as caught:
        logged.fetch(**changes)
    source = {"run_id": logged.run_id, "artifact_path": "model", **changes}
    assert caught.value.facts["asked for"] == (
        f"artifact {source['artifact_path']} of run {source['run_id']} (model_config.mlflow_artifact)"
    )
    assert (logged.root / ".cajajejo-model.json").read_text() == "{}\n"
    assert (logged.fetch(), logged.files()) == (True, FETCHED)


def test_a_directory_of_somebody_else_is_never_replaced(logged: Logged) -> None:
    (logged.root / "model").mkdir(parents=True)
    (logged.root / "model" / "thesis.tex").write_text("x")
    with pytest.raises(ModelError, match="is there already, and was not fetched by cajajejo"):
        logged.fetch()
    assert (logged.root / "model" / "thesis.tex").read_text() == "x"


@pytest.mark.parametrize("path", ["evaluation", "a/evaluation", ".partial-model"])
def test_a_model_cannot_have_the_name_of_our_own_directories(path: str, tmp_path: Path) -> None:
    artifact = {"run_id": "a", "artifact_path": path, "model_directory": "model"}
    with pytest.raises(ModelError, match="cannot be its own"):
        models.locate(config({"mlflow_artifact": artifact}), tmp_path)


def test_only_an_artifact_is_fetched(tmp_path: Path) -> None:
    assert models.fetch(config({"gs_uri": "gs://b/m"}), tmp_path) is False
    assert models.fetch(config({"path": "/m"}), tmp_path) is False
    assert list(tmp_path.iterdir()) == []
