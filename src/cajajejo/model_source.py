"""Where the model of a job comes from."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Final, Literal, Self

from pydantic import AfterValidator, ConfigDict, Field, model_validator

from cajajejo.schema_words import Says, at_most_one, exactly_one, given, needs
from cajajejo.validation import ImageName, NonEmptyText, StrictModel, Text

if TYPE_CHECKING:
    from collections.abc import Callable


class MlflowArtifact(StrictModel):
    """A model that an MLflow run logged as an artifact."""

    model_config = ConfigDict(json_schema_extra=at_most_one("tokenizer_directory", "tokenizer_hf_repo"))

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


def _check_bucket_uri(scheme: str) -> Callable[[str], str]:
    def check(uri: str) -> str:
        if not re.fullmatch(rf"{scheme}://[^/]+/.*[^/].*", uri, re.DOTALL):
            example = f"for example {scheme}://bucket/path/model"
            raise ValueError(f"not the address of a directory in a bucket: {uri[:80]}\n{example}")
        return uri.rstrip("/")

    return check


def _check_repo(name: str) -> str:
    if not re.fullmatch(r"(\w([\w.-]*\w)?/)?\w([\w.-]*\w)?", name, re.ASCII) or "--" in name or ".." in name:
        raise ValueError(f"not a repository of the hub: {name[:80]}\nfor example EleutherAI/pythia-70m")
    return name


SOURCES: Final = ("mlflow_artifact", "gs_uri", "s3_uri", "path", "hf_repo")
"""The fields of which exactly one is given."""


class ModelSource(StrictModel):
    """Where the model comes from: exactly one of the fields."""

    model_config = ConfigDict(json_schema_extra=exactly_one(*SOURCES) | needs("revision", "hf_repo"))

    mlflow_artifact: MlflowArtifact | None = Field(None, description="An artifact of an MLflow run")
    gs_uri: (
        Annotated[Text, AfterValidator(_check_bucket_uri("gs")), Says(type="string", pattern="^gs://[^/]+/.*[^/]")]
        | None
    ) = Field(
        None,
        description="A Hugging Face model directory in a Google Cloud Storage bucket",
        examples=["gs://bucket/path/model"],
    )
    s3_uri: (
        Annotated[Text, AfterValidator(_check_bucket_uri("s3")), Says(type="string", pattern="^s3://[^/]+/.*[^/]")]
        | None
    ) = Field(None, description="The same in a bucket of S3", examples=["s3://bucket/path/model"])
    path: NonEmptyText | None = Field(
        None, description="A model directory that is there already", examples=["/models/pythia-70m"]
    )
    hf_repo: Annotated[NonEmptyText, AfterValidator(_check_repo)] | None = Field(
        None,
        description="A repository of the Hugging Face hub; only where the pod is online",
        examples=["EleutherAI/pythia-70m"],
    )
    revision: NonEmptyText | None = Field(
        None, description="Branch, tag or commit of hf_repo; none: main", examples=["main"]
    )

    @model_validator(mode="after")
    def one_model_source(self) -> Self:
        """Exactly one source is named."""
        named = [name for name in SOURCES if getattr(self, name) is not None]
        if len(named) != 1:
            told = " and ".join(named) if named else "none"
            raise ValueError(f"exactly one of {', '.join(SOURCES)} must be there, not {told}")
        if self.revision and not self.hf_repo:
            raise ValueError("revision belongs to hf_repo")
        return self

    @property
    def kind(self) -> str:
        """The field that is given."""
        return next(name for name in SOURCES if getattr(self, name) is not None)


class ModelFetch(StrictModel):
    """How the pod gets the model before it evaluates."""

    kind: Literal["mlflow", "cajajejo"] | None = Field(
        None,
        description="mlflow: the documented commands; cajajejo: resumable and checked. "
        "None: mlflow for mlflow_artifact and gs_uri, else cajajejo",
    )
    image: ImageName | None = Field(
        None,
        description="Image of the init container; none: for kind mlflow one with that program, else that of the job",
    )


_BY_COMMAND: Final = ("mlflow_artifact", "gs_uri")
"""The sources that the documented commands fetch."""
_BY_MLFLOW: Final = {"properties": {"kind": {"const": "mlflow"}}, "required": ["kind"]}
FETCH_FITS_THE_SOURCE: Final = {
    "allOf": [
        {
            "if": {"properties": {"model_config": given("path")}},
            "then": {"properties": {"model_fetch": {"not": {"anyOf": [given("kind"), given("image")]}}}},
        },
        {
            "if": {"properties": {"model_fetch": _BY_MLFLOW}, "required": ["model_fetch"]},
            "then": {"properties": {"model_config": {"not": {"anyOf": [given("s3_uri"), given("hf_repo")]}}}},
        },
    ]
}
"""What `check_fetch` refuses, as words of a schema."""


def check_fetch(source: ModelSource, fetch: ModelFetch) -> None:
    """Returns where a model from `source` can be fetched as `fetch` says.

    Raises:
        ValueError: nothing is fetched, or not so.
    """
    if source.path is not None and (fetch.kind or fetch.image):
        raise ValueError("model_config.path is there already: nothing is fetched\nleave model_fetch out")
    if fetch.kind == "mlflow" and source.kind not in _BY_COMMAND:
        known = " and ".join(_BY_COMMAND)
        raise ValueError(f"kind mlflow fetches {known}, not {source.kind}\nleave it out, or kind: cajajejo")


def fetched_by(source: ModelSource, fetch: ModelFetch) -> Literal["mlflow", "cajajejo"] | None:
    """Which program brings the model into the pod; None where it is there already."""
    if source.path is not None:
        return None
    return fetch.kind or ("mlflow" if source.kind in _BY_COMMAND else "cajajejo")
