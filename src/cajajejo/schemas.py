"""JSON Schemas of every file that is written by hand and of every document that is printed; draft 2020-12.

They are made from the models. Editors complete and check a config with them, other programs the output that they read.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema
from pydantic_core import core_schema

from cajajejo import (
    alert_outputs,
    comparison_outputs,
    files,
    history_outputs,
    job_outputs,
    metric_outputs,
    outputs,
    overview_outputs,
    shift_outputs,
)
from cajajejo.config import EvaluationJobConfig
from cajajejo.errors import CajajejoError, UsageError
from cajajejo.gate_policy import GatePolicy
from cajajejo.metrics.baselines import BaselinesFile
from cajajejo.metrics.config import MetricsConfig
from cajajejo.models.fetched_model import FetchedModel
from cajajejo.phrases import closest
from cajajejo.settings import Settings
from cajajejo.terminal import Column, table

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pydantic.json_schema import JsonSchemaValue

    from cajajejo.terminal import Style

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"

_SPELLED: Final = {  # what pydantic leaves as Python says it, where a validator of ours stands around the type
    "ge": "minimum",
    "gt": "exclusiveMinimum",
    "le": "maximum",
    "lt": "exclusiveMaximum",
    "min_length": "minLength",
    "max_length": "maxLength",
}
_OF_NAMES: Final = frozenset({"properties", "$defs"})
_OF_VALUES: Final = frozenset({"default", "examples", "enum", "const", "required"})
_OF_TEXT: Final = ("pattern", "minLength", "maxLength", "max_length", "min_length")


@dataclass(frozen=True, slots=True)
class Published:
    """One schema: its title, and the model that it is made from."""

    title: str
    model: type[BaseModel]


PUBLISHED: Final[Mapping[str, Published]] = {
    "evaluation": Published("Evaluation job config, version v4", EvaluationJobConfig),
    "metrics": Published("Metric configuration", MetricsConfig),
    "baselines": Published("Accepted levels and muted metrics of a metric configuration", BaselinesFile),
    "gate-policy": Published("Policy of a release gate", GatePolicy),
    "settings": Published("Project file, cajajejo.toml", Settings),
    "run": Published("Output of jobs evaluation run --json", outputs.LocalRun),
    "upload-results": Published("Output of jobs evaluation upload-results --json", outputs.Upload),
    "comparison": Published(
        "Output of jobs evaluation compare --json, of one candidate", comparison_outputs.ComparisonDocument
    ),
    "comparisons": Published(
        "Output of jobs evaluation compare --json, of several candidates", comparison_outputs.ComparisonsDocument
    ),
    "model-fetch": Published("Output of model fetch --json", FetchedModel),
    "validate": Published("Output of jobs evaluation validate --json", outputs.Validation),
    "submit-job": Published("Output of jobs evaluation submit-job --json", outputs.Submission),
    "jobs": Published("Output of jobs list --json, and of jobs wait --json for several", job_outputs.Jobs),
    "job": Published("Output of jobs status --json, and of jobs wait --json for one job", job_outputs.Job),
    "job-change": Published("A line of jobs watch --json and of jobs list --watch --json", job_outputs.JobChange),
    "job-explanation": Published("Output of jobs explain --json", job_outputs.JobExplanation),
    "log-line": Published("A line of jobs logs --json", job_outputs.LogLine),
    "ended-jobs": Published("Output of jobs cancel --json and of jobs delete --json", job_outputs.EndedJobs),
    "removed-objects": Published("Output of jobs delete --orphans --json", job_outputs.RemovedObjects),
    "summary": Published("summary.json of an evaluation", outputs.Summary),
    "results-line": Published("A line of results.jsonl of an evaluation", outputs.ResultsLine),
    "check": Published("Output of metrics check --json", metric_outputs.Check),
    "collect": Published("Output of metrics collect --json", metric_outputs.Collection),
    "history": Published("Output of metrics history --json", metric_outputs.History),
    "shifts": Published("Output of metrics shifts --json", shift_outputs.Shifts),
    "report": Published("Output of metrics report --format json", overview_outputs.MetricReport),
    "metrics-sql": Published("Output of metrics sql --format json", history_outputs.Answer),
    "metrics-prune": Published("Output of metrics prune --json", history_outputs.Pruned),
    "alerts": Published("Output of metrics alerts --json", alert_outputs.Alerts),
    "error": Published("Any error with --json, on stderr", outputs.ErrorOutput),
}
"""The files first, then the outputs in the order of the commands."""


def file_name(name: str) -> str:
    """The name of the file of the schema `name`, which is its ``$id``."""
    return f"{name}.schema.json"


def document(name: str) -> dict[str, Any]:
    """The JSON Schema `name`.

    Raises:
        UsageError: there is none of that name.
    """
    if name not in PUBLISHED:
        guess = closest(name, PUBLISHED)
        meant = {"meant": f"{guess}?"} if guess else {}
        raise UsageError(f"no schema is called {name}", facts={**meant, "there are": ", ".join(PUBLISHED)})
    published = PUBLISHED[name]
    made = _spelled(published.model.model_json_schema(by_alias=True, mode="validation", schema_generator=_Maker))
    head = {"$schema": DIALECT, "$id": file_name(name), "title": published.title, "description": made["description"]}
    return {**head, **{word: value for word, value in made.items() if word not in head}}


def text(name: str) -> str:
    """The JSON Schema `name` as it stands in its file, in ASCII."""
    return json.dumps(document(name), indent=2) + "\n"


def listing() -> dict[str, Any]:
    """The names of all schemas and what each is about, for ``--json``."""
    return {"schemas": [{"name": name, "title": one.title, "file": file_name(name)} for name, one in PUBLISHED.items()]}


def lines(style: Style) -> list[str]:
    """A table of the names of all schemas and what each is about."""
    rows = [(name, published.title) for name, published in PUBLISHED.items()]
    return table((Column("name"), Column("is the schema of", widest=True)), rows, style)


def write(directory: Path) -> list[Path]:
    """Writes every schema into `directory`, which is made where it is not there; the files.

    Raises:
        CajajejoError: `directory` cannot be written to.
    """
    paths = [directory / file_name(name) for name in PUBLISHED]
    try:
        directory.mkdir(parents=True, exist_ok=True)
        for name, path in zip(PUBLISHED, paths, strict=True):
            files.replace(path, text(name).encode())
    except OSError as error:
        raise CajajejoError(f"{directory} cannot be written to: {error.strerror}") from error
    return paths


class _Maker(GenerateJsonSchema):
    """Pydantic's schemas, told for people who write files: no made-up titles, every default, names that are checked."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002  # the signature of pydantic
        return False

    def get_default_value(self, schema: core_schema.WithDefaultSchema) -> Any:
        factory: Any = schema.get("default_factory")
        return super().get_default_value(schema) if factory is None else factory()

    def encode_default(self, dft: Any) -> Any:
        if isinstance(dft, BaseModel):
            return dft.model_dump(mode="json", by_alias=True, exclude_defaults=True)
        return super().encode_default(dft)

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        inner = self.generate_inner(schema["schema"])
        if "type" not in inner or {"enum", "const"} & set(inner):
            return {"anyOf": [inner, {"type": "null"}]}
        types = inner["type"] if isinstance(inner["type"], list) else [inner["type"]]
        return {**inner, "type": [*types, "null"]}

    def dict_schema(self, schema: core_schema.DictSchema) -> JsonSchemaValue:
        keys = self.generate_inner(schema.get("keys_schema", core_schema.any_schema()))
        names = {word: keys[word] for word in _OF_TEXT if word in keys}
        values = self.generate_inner(schema.get("values_schema", core_schema.any_schema()))
        made = {"type": "object", "additionalProperties": values or True, "propertyNames": names or None}
        return {word: value for word, value in made.items() if value is not None}


def _spelled(schema: Any, inside: str | None = None) -> Any:
    """`schema` with every limit under its name in JSON Schema."""
    if isinstance(schema, dict) and inside not in _OF_VALUES:
        names = {} if inside in _OF_NAMES else _SPELLED
        return {names.get(word, word): _spelled(value, _within(word, inside)) for word, value in schema.items()}
    if isinstance(schema, list) and inside not in _OF_VALUES:
        return [_spelled(part) for part in schema]
    return schema


def _within(word: str, inside: str | None) -> str | None:
    return None if inside in _OF_NAMES else word
