"""The evaluation job config, version v4, as a frozen value.

``model_config`` is an attribute that Pydantic keeps for itself, so the section of that name is
`EvaluationJobConfig.model` here and ``model_config`` in every file.
"""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING, Annotated, Final, Literal, Self

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, model_validator

from cajajejo import matrices, naming, overrides, schema_words, validation, yamlfile, yamltext
from cajajejo.errors import FileProblemsError
from cajajejo.matrices import Matrix
from cajajejo.model_source import ModelSource
from cajajejo.pod_config import (
    ComputeConfig,
    KubernetesConfig,
    SecretEnv,
    SecretFiles,
    StorageConfig,
    check_mounts,
)
from cajajejo.schema_words import Says, none_of
from cajajejo.text_forms import Form
from cajajejo.validation import DnsLabel, EnvName, NonEmptyText, StrictModel, Text, as_text

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from cajajejo.yamlfile import Document

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

POD_IDENTITY: Final = ("JOB_UID", "JOB_NAMESPACE", "POD_NAME")
"""Which pod of which Job it is, as Kubernetes tells the program; a config cannot set them either."""

_PASSWORD: Final = re.compile(
    r"//[^/@]*:[^/@]*@|[?&;#][\w-]*(password|passwd|pwd|token|secret|api[-_]?key)=[^&;#]", re.IGNORECASE
)
_DIGEST: Final = Form("a digest", "sha256: and 64 hexadecimal digits", "^sha256:[0-9a-f]{64}$")
_TAG_KEY: Final = re.compile(r"[\w./: -]{1,250}")


class HelmConfig(StrictModel):
    """What HELM is asked to do."""

    args: tuple[Text, ...] = Field(
        (), description="Further arguments of helm-run", examples=[["--max-eval-instances", "10"]]
    )
    suite: NonEmptyText = Field(description="Name of the suite that the results stand under", examples=["v1"])


def _check_tracking_uri(uri: str) -> str:
    if _PASSWORD.search(uri):
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


TagValue = Annotated[str | tuple[str, ...] | None, BeforeValidator(_optional_tag_value), schema_words.TEXTS_OR_NULL]
TagText = Annotated[str | tuple[str, ...], BeforeValidator(_tag_value), schema_words.TEXTS]


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

    model_config = ConfigDict(extra="allow", json_schema_extra=none_of(*DOCUMENTED_TAGS))
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


def _check_prefix(text: str) -> str:
    if len(text) > naming.MAX_PREFIX:
        raise ValueError(f"must be at most {naming.MAX_PREFIX} characters, not {len(text)}: the name goes on after it")
    return text


def _check_image(text: str) -> str:
    if text != text.strip():
        raise ValueError(f"must not begin or end with a space: {text[:80]!r}")
    return text


class EvaluationJobConfig(StrictModel):
    """One evaluation of one model: what runs, on which machine, with which model, tracked where."""

    kind: Literal["evaluation"] = Field("evaluation", description="Kind of the file")
    version: Literal["v4"] = Field(description="Version of this format")
    image: Annotated[NonEmptyText, AfterValidator(_check_image)] = Field(
        description="Image of the evaluation job, without a tag"
    )
    image_tag: Annotated[NonEmptyText, AfterValidator(_check_image)] = Field(
        description="Tag of the image; better a commit than latest"
    )
    image_digest: Annotated[Text, AfterValidator(_DIGEST.check), Says(type="string", **_DIGEST.schema())] | None = (
        Field(None, description="Digest of the image; where it is given, it is what runs, and not the tag")
    )
    image_pull_policy: Literal["Always", "IfNotPresent", "Never"] | None = Field(
        None, description="When the image is pulled; none: Always for the tag latest, else IfNotPresent"
    )
    name_prefix: Annotated[DnsLabel, AfterValidator(_check_prefix), Says(maxLength=naming.MAX_PREFIX)] = Field(
        "eval-neurips", description="Beginning of the job's name; two words and a content hash follow"
    )
    compute_config: ComputeConfig = Field(description="The machine")
    storage_config: StorageConfig = Field(StorageConfig(), description="The disks")
    kubernetes_config: KubernetesConfig = Field(KubernetesConfig(), description="Kubernetes' own settings")
    env: dict[EnvName, Text] = Field(
        default_factory=dict,
        description="Environment variables of the harness; also used by `run --local`",
        json_schema_extra=none_of(*POD_VARIABLES, *POD_IDENTITY),
    )
    secret_env: SecretEnv = Field(
        default_factory=dict,
        description="Environment variables from Secrets; here they are taken from variables of the same name",
        examples=[{"HF_TOKEN": {"name": "hugging-face", "key": "token"}}],
    )
    secret_files: tuple[SecretFiles, ...] = Field((), description="Secrets as files")
    helm: HelmConfig = Field(description="What HELM is asked to do")
    mlflow_config: MlflowConfig = Field(description="Where results are tracked")
    model: ModelSource = Field(alias="model_config", description="Where the model comes from")
    tracking_config: TrackingConfig = Field(description="What the run is called in MLflow")
    matrix: Matrix | None = Field(None, description="One job for each combination of values")

    @model_validator(mode="after")
    def variables_are_set_once(self) -> Self:
        """The variables that the manifest sets are not set twice."""
        ours = (*POD_VARIABLES, *POD_IDENTITY, *(("TZ",) if self.kubernetes_config.time_zone else ()))
        for section, names in (("env", self.env), ("secret_env", self.secret_env)):
            taken = [name for name in ours if name in names]
            if taken:
                raise ValueError(f"{section}: {', '.join(taken)} is set by the job itself")
        both = [name for name in self.env if name in self.secret_env]
        if both:
            raise ValueError(f"secret_env: {both[0]} stands in env as well")
        return self

    @model_validator(mode="after")
    def every_mount_has_its_place(self) -> Self:
        """The model cache and the secret files are mounted at different paths."""
        check_mounts(self.storage_config, self.secret_files)
        return self

    @property
    def image_reference(self) -> str:
        """The image as a pod names it: by its digest where there is one, else by its tag."""
        return f"{self.image}@{self.image_digest}" if self.image_digest else f"{self.image}:{self.image_tag}"

    def as_yaml(self) -> str:
        """The config as it stands in the ConfigMap: checked, complete, keys sorted."""
        return yamltext.dump(self.model_dump(mode="json", by_alias=True))


def load(path: Path, settings: Sequence[str] = ()) -> EvaluationJobConfig:
    """The evaluation job config in `path`, with ``PATH=VALUE`` overrides applied; one job, no matrix.

    Raises:
        FileProblemsError: every problem of the file, with its line.
        UsageError: an override is not ``PATH=VALUE``.
    """
    document = read(path, settings)
    config = validation.validate(EvaluationJobConfig, document)
    if config.matrix is not None:
        hint = "leave it out with --set matrix=null, and choose with --set PATH=VALUE"
        message = "many jobs, where one is meant"
        raise FileProblemsError([validation.problem_at(document, ("matrix",), message, hint=hint)])
    return config


def read(path: Path, settings: Sequence[str] = ()) -> Document:
    """The file with the overrides applied, not yet checked.

    Raises:
        FileProblemsError: the file cannot be read, or is not one well-formed mapping.
        UsageError: an override is not ``PATH=VALUE``.
    """
    return overrides.apply(yamlfile.load(path), settings)


def validate_all(document: Document) -> list[tuple[EvaluationJobConfig, Document]]:
    """The job configs that a file holds, one or as many as its matrix has; each with the file as it stands for it.

    Raises:
        FileProblemsError: every problem of the file.
        UsageError: an override names what the matrix varies.
    """
    if document.data.get("matrix") is None:
        return [(validation.validate(EvaluationJobConfig, document), document)]
    return matrices.validate_each(EvaluationJobConfig, document)
