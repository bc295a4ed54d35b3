"""The evaluation job config, version v4, as a frozen value.

``model_config`` is an attribute that Pydantic keeps for itself, so the section of that name is
`EvaluationJobConfig.model` here and ``model_config`` in every file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final, Literal, Self

from pydantic import (
    AfterValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
    model_validator,
)

from cajajejo import matrices, naming, overrides, validation, yamlfile, yamltext
from cajajejo.errors import FileProblemsError
from cajajejo.harness_config import CommandConfig, HelmConfig, LmEvalConfig
from cajajejo.matrices import Matrix
from cajajejo.model_source import FETCH_FITS_THE_SOURCE, ModelFetch, ModelSource, check_fetch, fetched_by
from cajajejo.pod_config import (
    ComputeConfig,
    KubernetesConfig,
    SecretEnv,
    SecretFiles,
    StorageConfig,
    check_mounts,
)
from cajajejo.schema_words import Says, exactly_one, none_of
from cajajejo.text_forms import Form
from cajajejo.tracking_config import MlflowConfig, TrackingConfig
from cajajejo.validation import DnsLabel, EnvName, ImageName, StrictModel, Text, wrong_field

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from cajajejo.yamlfile import Document

POD_VARIABLES: Final = ("CONFIG_PATH_GIT_REPO", "HELM_CONFIG_PATH_GIT_REPO", "JOB_NAME", "CONFIG_VERSION")
"""What the manifest tells the program in the pod, in the order of the manifest; a config cannot set them."""

POD_IDENTITY: Final = ("JOB_UID", "JOB_NAMESPACE", "POD_NAME")
"""Which pod of which Job it is, as Kubernetes tells the program; a config cannot set them either."""

HARNESSES: Final = ("helm", "lm_eval", "command")
"""The sections of which a config has exactly one."""

_DIGEST: Final = Form("a digest", "sha256: and 64 hexadecimal digits", "^sha256:[0-9a-f]{64}$")


def _check_prefix(text: str) -> str:
    if len(text) > naming.MAX_PREFIX:
        raise ValueError(f"must be at most {naming.MAX_PREFIX} characters, not {len(text)}: the name goes on after it")
    return text


class EvaluationJobConfig(StrictModel):
    """One evaluation of one model: what runs, on which machine, with which model, tracked where."""

    model_config = ConfigDict(json_schema_extra=exactly_one(*HARNESSES) | FETCH_FITS_THE_SOURCE)

    kind: Literal["evaluation"] = Field("evaluation", description="Kind of the file")
    version: Literal["v4"] = Field(description="Version of this format")
    image: ImageName = Field(description="Image of the evaluation job, without a tag")
    image_tag: ImageName = Field(description="Tag of the image; better a commit than latest")
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
    helm: HelmConfig | None = Field(None, description="What HELM is asked to do")
    lm_eval: LmEvalConfig | None = Field(None, description="What lm-eval is asked to do")
    command: CommandConfig | None = Field(None, description="Any other program that evaluates")
    mlflow_config: MlflowConfig = Field(description="Where results are tracked")
    model: ModelSource = Field(alias="model_config", description="Where the model comes from")
    model_fetch: ModelFetch = Field(ModelFetch(), description="How the pod gets the model before it evaluates")
    tracking_config: TrackingConfig = Field(description="What the run is called in MLflow")
    matrix: Matrix | None = Field(None, description="One job for each combination of values")

    @model_validator(mode="after")
    def one_harness(self) -> Self:
        """Exactly one harness evaluates."""
        named = [name for name in HARNESSES if getattr(self, name) is not None]
        rule = f"exactly one of {', '.join(HARNESSES)} must be there"
        if not named:
            raise ValueError(f"{rule}, not none")
        if len(named) > 1:
            raise wrong_field(named[-1], f"{rule}, not {' and '.join(named)}")
        return self

    @field_validator("model_fetch")
    @classmethod
    def the_fetch_fits_the_source(cls, fetch: ModelFetch, info: ValidationInfo) -> ModelFetch:
        """The documented commands know two sources, and what is there already is not fetched."""
        if "model" in info.data:
            check_fetch(info.data["model"], fetch)
        return fetch

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

    @property
    def harness(self) -> str:
        """The section that says what is evaluated: one of `HARNESSES`."""
        return next(name for name in HARNESSES if getattr(self, name) is not None)

    @property
    def timeout_seconds(self) -> int | None:
        """Seconds after which the harness is stopped; None: never."""
        section: HelmConfig | LmEvalConfig | CommandConfig = getattr(self, self.harness)
        return section.timeout_seconds

    @property
    def fetched_by(self) -> Literal["mlflow", "cajajejo"] | None:
        """Which program brings the model into the pod; None where it is there already."""
        return fetched_by(self.model, self.model_fetch)

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


def harnesses_of(document: Document) -> list[str]:
    """The sections of `HARNESSES` that a file has, itself or by its matrix; whether they are right is not looked at."""
    section = document.data.get("matrix")
    axes = section.get("axes") if isinstance(section, dict) else None
    varied = {str(axis).partition(".")[0] for axis in axes} if isinstance(axes, dict) else set()
    return [name for name in HARNESSES if document.data.get(name) is not None or name in varied]


def validate_all(document: Document) -> list[tuple[EvaluationJobConfig, Document]]:
    """The job configs that a file holds, one or as many as its matrix has; each with the file as it stands for it.

    Raises:
        FileProblemsError: every problem of the file.
        UsageError: an override names what the matrix varies.
    """
    if document.data.get("matrix") is None:
        return [(validation.validate(EvaluationJobConfig, document), document)]
    return matrices.validate_each(EvaluationJobConfig, document)
