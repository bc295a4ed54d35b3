"""The model: where it lies, and what is wrong with it before a harness finds out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cajajejo.config import EvaluationJobConfig
from cajajejo.errors import ModelError
from cajajejo.harness import scratch
from cajajejo.models import model as models
from cajajejo.models.model import Model
from tests import builders
from tests.builders import job_config

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
        ({"s3_uri": "s3://bucket/path/pythia"}, "/s/pythia", "/s/pythia"),
        ({"hf_repo": "EleutherAI/pythia-70m"}, "/s/pythia-70m", "/s/pythia-70m"),
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


def test_only_what_lies_elsewhere_is_fetched_to_a_directory(tmp_path: Path) -> None:
    assert models.directory_of(config({"path": "/m"}), tmp_path) is None
    assert models.directory_of(config({"gs_uri": "gs://b/m"}), tmp_path) == tmp_path / "m"
    assert models.directory_of(config(artifact(artifact_path="a/b")), tmp_path) == tmp_path / "b"


@pytest.mark.parametrize("name", [scratch.WORK, ".lock", ".partial-model", ".cajajejo-hashes.json"])
def test_a_model_cannot_have_the_name_of_our_own_files(name: str, tmp_path: Path) -> None:
    for source in (artifact(artifact_path=f"a/{name}"), {"gs_uri": f"gs://bucket/{name}"}):
        with pytest.raises(ModelError, match="cannot be its own"):
            models.locate(config(source), tmp_path)
