"""The evaluation job config, version v4, as a frozen value.

``model_config`` is an attribute that Pydantic keeps for itself, so the section of that name is
`EvaluationJobConfig.model` here and ``model_config`` in every file.
"""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING, Annotated, Final, Literal, Self

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, model_validator

from cajajejo import overrides, validation, yamlfile
from cajajejo.validation import EnvName, LabelValue, NonEmptyText, Quantity, StrictModel, Text, as_text

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

DOCUMENTED_TAGS: Final = (
    "config_git_sha",
    "config_path_git_repo",
    "helm_config_path_git_repo",
    "image_build_cajajejo_version",
    "model_run_id",
    "model_artifact_path",
    "model_gs_uri",
    "accelerator",
    "cpu",
    "memory",
    "helm_args",
    "image",
    "image_tag",
    "job_name",
)
"""The tags that every run gets; a config cannot set them."""

POD_VARIABLES: Final = ("CONFIG_PATH_GIT_REPO", "HELM_CONFIG_PATH_GIT_REPO", "JOB_NAME", "CONFIG_VERSION")
"""What the manifest tells the program in the pod, in the order of the manifest; a config cannot set them."""

_PASSWORD: Final = re.compile(r"[a-z][a-z0-9+.-]*://[^/@]*:[^/@]*@", re.IGNORECASE)
_TAG_KEY: Final = re.compile(r"[\w./: -]{1,250}")


class ComputeConfig(StrictModel):
    """The machine that the evaluation asks for."""

    accelerator: LabelValue | None = Field(None, description="GPU type, the value of the node label; none: CPU only")
    cpu: Quantity = Field(description="CPUs requested, a Kubernetes quantity", examples=["4"])
    memory: Quantity = Field(description="Memory requested and allowed, a Kubernetes quantity", examples=["16Gi"])


class HelmConfig(StrictModel):
    """What HELM is asked to do."""

    args: tuple[Text, ...] = Field(
        (), description="Further arguments of helm-run", examples=[["--max-eval-instances", "10"]]
    )
    suite: NonEmptyText = Field(description="Name of the suite that the results stand under", examples=["v1"])


def _check_tracking_uri(uri: str) -> str:
    if _PASSWORD.match(uri):
        hint = "give the pod MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN"
        raise ValueError(f"holds a password, which would be stored with the job\n{hint}")
    if uri.startswith("sqlite:") and not re.fullmatch(r"sqlite:///(?!:memory:).*[^/]", uri, re.DOTALL):
        raise ValueError(f"names no file: {uri[:60]}\nfor example sqlite:///mlflow.db")
    return uri


class MlflowConfig(StrictModel):
    """Where results are tracked."""

    tracking_uri: Annotated[NonEmptyText, AfterValidator(_check_tracking_uri)] = Field(
        description="MLflow tracking server, or sqlite:///FILE", examples=["http://10.164.0.15:5000"]
    )


class MlflowArtifact(StrictModel):
    """A model that an MLflow run logged as an artifact."""

    run_id: NonEmptyText = Field(description="Run that logged the model")
    artifact_path: NonEmptyText = Field(description="Path of the artifact inside the run", examples=["model"])
    model_directory: NonEmptyText = Field(description="Directory of the model inside the artifact", examples=["model"])
    tokenizer_directory: NonEmptyText | None = Field(None, description="Directory of the tokenizer inside the artifact")
    tokenizer_hf_repo: NonEmptyText | None = Field(None, description="Hugging Face repository of the tokenizer")

    @model_validator(mode="after")
    def at_most_one_tokenizer(self) -> Self:
        """The tokenizer is a directory, a repository, or the model's own."""
        if self.tokenizer_directory and self.tokenizer_hf_repo:
            raise ValueError("tokenizer_directory and tokenizer_hf_repo exclude each other")
        return self


def _check_gs_uri(uri: str) -> str:
    if not re.fullmatch(r"gs://[^/]+/.*[^/].*", uri, re.DOTALL):
        raise ValueError(f"not the address of a directory in a bucket: {uri[:80]}\nfor example gs://bucket/path/model")
    return uri.rstrip("/")


class ModelSource(StrictModel):
    """Where the model comes from: exactly one of the fields."""

    mlflow_artifact: MlflowArtifact | None = Field(None, description="An artifact of an MLflow run")
    gs_uri: Annotated[Text, AfterValidator(_check_gs_uri)] | None = Field(
        None,
        description="A Hugging Face model directory in a Google Cloud Storage bucket",
        examples=["gs://bucket/path/model"],
    )
    path: NonEmptyText | None = Field(
        None, description="A model directory that is there already", examples=["/models/pythia-70m"]
    )

    @model_validator(mode="after")
    def one_model_source(self) -> Self:
        """Exactly one source is named."""
        named = [name for name in type(self).model_fields if getattr(self, name) is not None]
        if len(named) != 1:
            given = " and ".join(named) if named else "none"
            raise ValueError(f"exactly one of {', '.join(type(self).model_fields)} must be there, not {given}")
        return self


def _tag_value(value: object) -> object:
    if isinstance(value, list | tuple):
        return tuple(_tag_text(item) for item in value)
    return _tag_text(value)


def _optional_tag_value(value: object) -> object:
    return None if value is None else _tag_value(value)


def _tag_text(value: object) -> str:
    text = as_text(value)
    if not isinstance(text, str):
        raise ValueError("a tag is text, a number, or a list of them")  # noqa: TRY004  # pydantic wants ValueError
    return text


TagValue = Annotated[str | tuple[str, ...] | None, BeforeValidator(_optional_tag_value)]
TagText = Annotated[str | tuple[str, ...], BeforeValidator(_tag_value)]


def _check_tag_key(key: str) -> None:
    if not _TAG_KEY.fullmatch(key):
        rule = "MLflow takes at most 250 letters, digits, '_', '-', '.', '/', ':' and spaces"
        raise ValueError(f"not a tag key: {key[:60]!r}\n{rule}")
    if posixpath.normpath(key) != key or key.startswith(("/", "..")) or key == ".":
        raise ValueError(f"not a tag key: {key[:60]!r}\nMLflow takes no key that reads as another path")
    if key in DOCUMENTED_TAGS or key.startswith("mlflow."):
        raise ValueError(f"the tag {key} is set by the run itself")


class Tags(StrictModel):
    """Tags of the MLflow run; any further key may stand here. A list becomes its items, joined by commas."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, TagValue]

    creator: TagText = Field(description="Who asked for the evaluation")
    lifecycle: TagText = Field(description="For example experimental or production")

    @model_validator(mode="after")
    def mlflow_takes_the_keys(self) -> Self:
        """Every key is one that MLflow stores, and none that the run sets itself."""
        for key in self.__pydantic_extra__:
            _check_tag_key(key)
        return self

    def as_text(self) -> dict[str, str]:
        """The tags as MLflow stores them: lists joined by commas, empty ones dropped."""
        values = {"creator": self.creator, "lifecycle": self.lifecycle, **self.__pydantic_extra__}
        joined = {key: ",".join(value) if isinstance(value, tuple) else value for key, value in values.items()}
        return {key: value for key, value in joined.items() if value is not None}


class TrackingConfig(StrictModel):
    """What the run is called in MLflow."""

    experiment_name: NonEmptyText = Field(description="MLflow experiment; made if it is not there")
    run_name: NonEmptyText | None = Field(None, description="Name of the run; none: the name of the job")
    description: Text = Field(description="Shown at the head of the run")
    tags: Tags = Field(description="Tags of the run; creator and lifecycle are required")


class EvaluationJobConfig(StrictModel):
    """One evaluation of one model: what runs, on which machine, with which model, tracked where."""

    kind: Literal["evaluation"] = Field("evaluation", description="Kind of the file")
    version: Literal["v4"] = Field(description="Version of this format")
    image: NonEmptyText = Field(description="Image of the evaluation job, without a tag")
    image_tag: NonEmptyText = Field(description="Tag of the image; better a commit than latest")
    compute_config: ComputeConfig
    helm: HelmConfig
    mlflow_config: MlflowConfig
    model: ModelSource = Field(alias="model_config")
    tracking_config: TrackingConfig
    env: dict[EnvName, Text] = Field(
        default_factory=dict, description="Environment variables of the harness; also used by `run --local`"
    )

    @model_validator(mode="after")
    def env_leaves_our_variables_alone(self) -> Self:
        """The four variables that the manifest sets are not set twice."""
        taken = [name for name in POD_VARIABLES if name in self.env]
        if taken:
            raise ValueError(f"env: {', '.join(taken)} is set by the job itself")
        return self

    def as_yaml(self) -> str:
        """The config as it stands in the ConfigMap: checked, complete, keys sorted."""
        return yamlfile.dump(self.model_dump(mode="json", by_alias=True))


def load(path: Path, settings: Sequence[str] = ()) -> EvaluationJobConfig:
    """The evaluation job config in `path`, with ``PATH=VALUE`` overrides applied.

    Raises:
        FileProblemsError: every problem of the file, with its line.
        UsageError: an override is not ``PATH=VALUE``.
    """
    document = overrides.apply(yamlfile.load(path), settings)
    return validation.validate(EvaluationJobConfig, document)
