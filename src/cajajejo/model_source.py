"""Where the model of a job comes from."""

from __future__ import annotations

import re
from typing import Annotated, Self

from pydantic import AfterValidator, ConfigDict, Field, model_validator

from cajajejo.schema_words import Says, at_most_one, exactly_one
from cajajejo.validation import NonEmptyText, StrictModel, Text


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


def _check_gs_uri(uri: str) -> str:
    if not re.fullmatch(r"gs://[^/]+/.*[^/].*", uri, re.DOTALL):
        raise ValueError(f"not the address of a directory in a bucket: {uri[:80]}\nfor example gs://bucket/path/model")
    return uri.rstrip("/")


class ModelSource(StrictModel):
    """Where the model comes from: exactly one of the fields."""

    model_config = ConfigDict(json_schema_extra=exactly_one("mlflow_artifact", "gs_uri", "path"))

    mlflow_artifact: MlflowArtifact | None = Field(None, description="An artifact of an MLflow run")
    gs_uri: Annotated[Text, AfterValidator(_check_gs_uri), Says(type="string", pattern="^gs://[^/]+/.*[^/]")] | None = (
        Field(
            None,
            description="A Hugging Face model directory in a Google Cloud Storage bucket",
            examples=["gs://bucket/path/model"],
        )
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
