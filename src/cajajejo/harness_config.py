"""What a harness is asked to do: HELM, lm-eval, or any other program; a job config has exactly one of the three."""

from __future__ import annotations

import posixpath
from typing import Annotated, Final, Self

from pydantic import AfterValidator, ConfigDict, Field, model_validator

from cajajejo.schema_words import Says, exactly_one
from cajajejo.validation import Count, NonEmptyText, StrictModel, Text

TimeoutSeconds = Annotated[Count, Field(ge=1)]
_OUTPUT: Final = "$(OUTPUT_DIR)"
_TIMEOUT: Final = "Seconds after which the harness is stopped; what is finished is kept. None: never"


def _check_inside(path: str) -> str:
    if path.startswith(_OUTPUT):
        inside = posixpath.normpath(path.removeprefix(_OUTPUT).lstrip("/") or ".")
        raise ValueError(f"is looked for below {_OUTPUT} as it is; write {inside[:80]}")
    if posixpath.isabs(path) or posixpath.normpath(path).split("/")[0] == "..":
        raise ValueError(f"must lie below {_OUTPUT}, where the program writes, not at {path[:80]}")
    return path


def _check_some(texts: tuple[str, ...]) -> tuple[str, ...]:
    if not texts:
        raise ValueError("must not be empty")
    return texts


def _check_file(path: str) -> str:
    if posixpath.basename(path) in {"", "."}:
        raise ValueError(f"names a directory, not a file: {path[:80]}")
    return path


class HelmConfig(StrictModel):
    """What HELM is asked to do."""

    args: tuple[Text, ...] = Field(
        (), description="Further arguments of helm-run", examples=[["--max-eval-instances", "10"]]
    )
    suite: NonEmptyText = Field(description="Name of the suite that the results stand under", examples=["v1"])
    timeout_seconds: TimeoutSeconds | None = Field(None, description=_TIMEOUT, examples=[7200])


class LmEvalConfig(StrictModel):
    """What lm-eval is asked to do."""

    tasks: Annotated[tuple[NonEmptyText, ...], AfterValidator(_check_some), Says(minItems=1)] = Field(
        description="Tasks and groups of tasks", examples=[["arc_easy", "our_task"]]
    )
    include_path: NonEmptyText | None = Field(
        None, description="Directory with tasks of our own, as it is in the image", examples=["jobs/evaluation/tasks"]
    )
    num_fewshot: Annotated[Count, Field(ge=0)] | None = Field(
        None, description="Worked examples before each question; none: as the task says"
    )
    limit: Annotated[Count, Field(ge=1)] | None = Field(
        None, description="At most so many questions of each task; none: all", examples=[100]
    )
    args: tuple[Text, ...] = Field((), description="Further arguments of lm-eval run", examples=[["--batch_size", "8"]])
    timeout_seconds: TimeoutSeconds | None = Field(None, description=_TIMEOUT, examples=[7200])


class CommandConfig(StrictModel):
    """Any program that leaves its results as lines of JSON or as event files."""

    model_config = ConfigDict(json_schema_extra=exactly_one("results", "event_files"))

    args: Annotated[tuple[Text, ...], AfterValidator(_check_some), Says(minItems=1)] = Field(
        description="The program and its arguments; $(MODEL_DIR) and $(OUTPUT_DIR) are filled in",
        examples=[["python3", "evaluate.py", "--model", "$(MODEL_DIR)"]],
    )
    results: Annotated[NonEmptyText, AfterValidator(_check_inside), AfterValidator(_check_file)] | None = Field(
        None, description="File with a line for each instance, below $(OUTPUT_DIR)", examples=["results.jsonl"]
    )
    event_files: Annotated[NonEmptyText, AfterValidator(_check_inside)] | None = Field(
        None, description="Directory with TensorBoard event files, below $(OUTPUT_DIR)", examples=["runs/"]
    )
    timeout_seconds: TimeoutSeconds | None = Field(None, description=_TIMEOUT, examples=[7200])

    @model_validator(mode="after")
    def one_kind_of_results(self) -> Self:
        """The results are lines or event files."""
        if (self.results is None) == (self.event_files is None):
            told = "none" if self.results is None else "both"
            raise ValueError(f"exactly one of results, event_files must be there, not {told}")
        return self
