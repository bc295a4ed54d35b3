"""Where the results of an evaluation are tracked, and what its run is called there."""

from __future__ import annotations

import posixpath
import re
from typing import Annotated, Final, Self

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, model_validator

from cajajejo import schema_words
from cajajejo.schema_words import none_of
from cajajejo.validation import NonEmptyText, StrictModel, Text, as_text

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

_PASSWORD: Final = re.compile(
    r"//[^/@]*:[^/@]*@|[?&;#][\w-]*(password|passwd|pwd|token|secret|api[-_]?key)=[^&;#]", re.IGNORECASE
)
_TAG_KEY: Final = re.compile(r"[\w./: -]{1,250}")


def _check_tracking_uri(uri: str) -> str:
    if _PASSWORD.search(uri):
        hint = "give the pod MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN"
        raise ValueError(f"holds a password, which would be stored with the job\n{hint}")
    if uri.startswith("sqlite:") and not re.fullmatch(r"sqlite:///(?!:memory:).*[^/]", uri, re.DOTALL):
        raise ValueError(f"names no file: {uri[:60]}\nfor example sqlite:///mlflow.db")
    return uri


def _check_spool_uri(uri: str) -> str:
    if _PASSWORD.search(uri):
        raise ValueError("holds a password, which would be stored with the job\nthe pod has credentials of its own")
    if re.match(r"[\w+.-]+:", uri) and not re.fullmatch(r"(gs|s3)://[^/]+(/.*)?", uri, re.DOTALL):
        raise ValueError(f"not a place to keep results: {uri[:80]}\ngs://BUCKET/PATH, s3://BUCKET/PATH or a directory")
    return uri.rstrip("/") or "/"


class MlflowConfig(StrictModel):
    """Where results are tracked."""

    tracking_uri: Annotated[NonEmptyText, AfterValidator(_check_tracking_uri)] = Field(
        description="MLflow tracking server, or sqlite:///FILE", examples=["http://10.164.0.15:5000"]
    )
    spool_uri: Annotated[NonEmptyText, AfterValidator(_check_spool_uri)] | None = Field(
        None,
        description="Where results wait when the server is away: gs://, s3:// or a directory that outlives the pod",
        examples=["gs://neurips-spool"],
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
