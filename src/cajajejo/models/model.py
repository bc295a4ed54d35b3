"""The model of an evaluation: where it is, what it consists of, and whether it can be loaded at all."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from cajajejo.errors import ModelError
from cajajejo.models import content

if TYPE_CHECKING:
    from cajajejo.config import EvaluationJobConfig

_WEIGHTS: Final = ("*.safetensors", "*.bin", "*.safetensors.index.json")
_TOKENIZER: Final = ("tokenizer.json", "tokenizer_config.json", "vocab.json", "*.model", "spiece.model")
_OWN: Final = frozenset({"evaluation", ".lock"})
_OWN_BEGINNINGS: Final = (".partial-", ".cajajejo-")
"""What else stands in a scratch directory, and cannot be a model."""


@dataclass(frozen=True, slots=True)
class Model:
    """A Hugging Face model directory; `tokenizer` is a directory, or the name of a repository on the hub."""

    directory: Path
    tokenizer: str

    @property
    def name(self) -> str:
        """How run specs call it: ``huggingface/<name of its directory>``."""
        return f"huggingface/{self.directory.name}"

    def fingerprint(self, root: Path | None = None) -> str:
        """A hash of what the model and its tokenizer consist of, the same wherever they lie; see `content`.

        `root` is a directory that remembers the hashes of large files, so that they are taken once.
        """
        return content.fingerprint(self.directory, self.tokenizer, root)

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
    base = directory_of(config, root)
    if base is None:
        directory = Path(config.model.path or "").absolute()
        return Model(directory, str(directory))
    artifact = config.model.mlflow_artifact
    if artifact is None:
        return Model(base, str(base))
    directory = base / artifact.model_directory
    own = base / artifact.tokenizer_directory if artifact.tokenizer_directory else directory
    _check_inside(root, directory, own)
    return Model(directory, artifact.tokenizer_hf_repo or str(own))


def directory_of(config: EvaluationJobConfig, root: Path) -> Path | None:
    """The directory that is fetched for the model of `config`; None where the config says where it lies.

    It is called as the last part of its address, as ``mlflow artifacts download -a a/b/model -d DIR`` does.
    """
    source = config.model
    if source.mlflow_artifact is not None:
        field, path = "mlflow_artifact.artifact_path", source.mlflow_artifact.artifact_path
    elif source.path is not None:
        return None
    else:
        field, path = source.kind, getattr(source, source.kind)
    directory = (root / _directory_name(field, path)).absolute()
    _check_inside(root, directory)
    return directory


def _directory_name(field: str, path: str) -> str:
    name = Path(path).name
    if not name:
        raise ModelError(f"model_config.{field} names no artifact: {path}")
    if name in _OWN or name.startswith(_OWN_BEGINNINGS):
        raise ModelError(f"model_config.{field} gives the model a directory that cannot be its own: {path}")
    return name


def _check_inside(root: Path, *paths: Path) -> None:
    for path in paths:
        if not Path(os.path.normpath(path)).is_relative_to(Path(os.path.normpath(root.absolute()))):
            raise ModelError(f"model_config leads out of the scratch directory: {path}")


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
