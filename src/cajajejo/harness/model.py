"""The model of an evaluation: where it is, fetching it where it is not, and whether it can be loaded at all."""

from __future__ import annotations

import hashlib
import json
import os
import shlex
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from cajajejo import tracking
from cajajejo.errors import ModelError, TrackingError
from cajajejo.harness.scratch import WORK
from cajajejo.results import write_whole

if TYPE_CHECKING:
    from cajajejo.config import EvaluationJobConfig
    from cajajejo.model_source import MlflowArtifact

_WEIGHTS: Final = ("*.safetensors", "*.bin", "*.safetensors.index.json")
_TOKENIZER: Final = ("tokenizer.json", "tokenizer_config.json", "vocab.json", "*.model", "spiece.model")
_STAMP: Final = ".cajajejo-model.json"
_PARTIAL: Final = ".partial-model"


@dataclass(frozen=True, slots=True)
class Model:
    """A Hugging Face model directory; `tokenizer` is a directory, or the name of a repository on the hub."""

    directory: Path
    tokenizer: str

    @property
    def name(self) -> str:
        """How run specs call it: ``huggingface/<name of its directory>``."""
        return f"huggingface/{self.directory.name}"

    def fingerprint(self) -> str:
        """A hash over the names, sizes and times of the files, which changes when the weights do."""
        digest = hashlib.sha256(self.tokenizer.encode())
        for path in sorted(self.directory.rglob("*")):
            if path.is_file():
                status = path.stat()
                digest.update(f"{path.relative_to(self.directory)}\0{status.st_size}\0{status.st_mtime_ns}\n".encode())
        return digest.hexdigest()

    def json_file(self, name: str) -> dict[str, Any]:
        """The contents of one of the small JSON files of the model or its tokenizer; empty where there is none."""
        for folder in (Path(self.tokenizer), self.directory):
            try:
                data = json.loads((folder / name).read_text("utf-8"))
            except (OSError, ValueError):
                continue
            if isinstance(data, dict):
                return data
        return {}


def locate(config: EvaluationJobConfig, root: Path) -> Model:
    """Where the model of `config` lies, or will lie, under the scratch directory `root`; nothing is looked at."""
    source = config.model
    if source.mlflow_artifact is not None:
        artifact = source.mlflow_artifact
        base = root / _artifact_name(artifact)
        directory = (base / artifact.model_directory).absolute()
        own = str((base / artifact.tokenizer_directory).absolute()) if artifact.tokenizer_directory else str(directory)
        _check_inside(root, directory, Path(own))
        return Model(directory, artifact.tokenizer_hf_repo or own)
    if source.gs_uri is not None:
        directory = (root / _directory_name("gs_uri", source.gs_uri)).absolute()
        _check_inside(root, directory)
    else:
        directory = Path(source.path or "").absolute()
    return Model(directory, str(directory))


def _artifact_name(artifact: MlflowArtifact) -> str:
    """The last part of its path: ``mlflow artifacts download -a a/b/model -d DIR`` makes ``DIR/model``."""
    return _directory_name("mlflow_artifact.artifact_path", artifact.artifact_path)


def _directory_name(field: str, path: str) -> str:
    name = Path(path).name
    if not name:
        raise ModelError(f"model_config.{field} names no artifact: {path}")
    if name in {WORK, _PARTIAL}:
        raise ModelError(f"model_config.{field} gives the model a directory that cannot be its own: {path}")
    return name


def _check_inside(root: Path, *paths: Path) -> None:
    for path in paths:
        if not Path(os.path.normpath(path)).is_relative_to(Path(os.path.normpath(root.absolute()))):
            raise ModelError(f"model_config leads out of the scratch directory: {path}")


def fetch(config: EvaluationJobConfig, root: Path) -> bool:
    """Puts the model of `config` under `root`; returns whether there was anything to do.

    A fetch that was killed is repeated: the directory appears under its name only when it is whole.

    Raises:
        ModelError: it cannot be fetched from here.
        TrackingError: MLflow has no such artifact.
    """
    artifact = config.model.mlflow_artifact
    if artifact is None:
        return False
    source = {
        "tracking_uri": config.mlflow_config.tracking_uri,
        **artifact.model_dump(include={"run_id", "artifact_path"}),
    }
    target = root / _artifact_name(artifact)
    stamp = root / _STAMP
    if target.exists() and not stamp.exists():
        message = f"{target} is there already, and was not fetched by cajajejo"
        raise ModelError(message, run=f"mv {shlex.quote(str(target))} elsewhere, or another --scratch DIR")
    if target.exists() and _stamped(stamp) == source:
        return False
    root.mkdir(parents=True, exist_ok=True)
    write_whole(stamp, "{}\n")  # what comes now is ours, and not whole yet
    _download(config.mlflow_config.tracking_uri, artifact, root, target)
    write_whole(stamp, json.dumps(source, indent=2) + "\n")
    return True


def _stamped(stamp: Path) -> object:
    try:
        return json.loads(stamp.read_text("utf-8"))
    except (OSError, ValueError):
        return None


def _download(tracking_uri: str, artifact: MlflowArtifact, root: Path, target: Path) -> None:
    partial = root / _PARTIAL
    for leftover in (partial, target):
        if leftover.exists():
            shutil.rmtree(leftover)
    partial.mkdir(parents=True)
    try:
        tracking.download_artifacts(tracking_uri, artifact.run_id, artifact.artifact_path, partial)
    except TrackingError as error:
        asked = f"artifact {artifact.artifact_path} of run {artifact.run_id} (model_config.mlflow_artifact)"
        error.facts["asked for"] = asked
        raise
    (partial / target.name).replace(target)
    shutil.rmtree(partial)


def problems(model: Model) -> list[str]:
    """Why `model` could not be loaded, one sentence each; a harness would find out only after minutes."""
    if not model.directory.is_dir():
        return [f"the model directory is not there: {model.directory}"]
    found = []
    if not (model.directory / "config.json").is_file():
        found.append(f"no config.json in {model.directory}: not a Hugging Face model directory")
    if not any(any(model.directory.glob(pattern)) for pattern in _WEIGHTS):
        found.append(f"no weights (*.safetensors or *.bin) in {model.directory}")
    tokenizer = Path(model.tokenizer)
    on_hub = not tokenizer.is_absolute()
    if not on_hub and not any(any(tokenizer.glob(pattern)) for pattern in _TOKENIZER):
        found.append(f"no tokenizer in {tokenizer}")
    return found
