"""The published schemas: equal to the models, valid in their dialect, and fitting for every file of this repository."""

from __future__ import annotations

import importlib.util
import json
import re
from typing import TYPE_CHECKING, Any

import jsonschema_rs
import pytest

from cajajejo import schemas, yamlfile
from cajajejo.errors import CajajejoError, UsageError
from cajajejo.metrics.config import jsontext
from tests.builders import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from types import ModuleType

JOB_CONFIGS = [
    *sorted(ROOT.glob("jobs/evaluation/*.job_config.yml")),
    *sorted(ROOT.glob("examples/*/job_config.yml")),
    ROOT / "tests" / "data" / "mission" / "job_config.yml",
]
METRICS_CONFIGS = [
    *sorted(ROOT.glob("jobs/evaluation/*.metrics.yml")),
    *sorted((ROOT / "tests" / "metrics" / "data").glob("*.json.txt")),
]
METRICS_BLOCKS = re.findall(r"```yaml\n(.*?)```", (ROOT / "docs" / "metrics.md").read_text("utf-8"), re.DOTALL)


def script() -> ModuleType:
    specification = importlib.util.spec_from_file_location("schemas_script", ROOT / "scripts" / "schemas.py")
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def problems(name: str, text: str) -> list[str]:
    """What the schema `name` says against a file, as an editor would show it."""
    data = json.loads(json.dumps(jsontext.parse(text, "f").data))
    found = jsonschema_rs.validator_for(schemas.document(name)).iter_errors(data)
    return [f"{yamlfile.dotted(error.instance_path)}: {error.message}" for error in found]


def objects(schema: Any) -> Iterator[dict[str, Any]]:
    """Every part of `schema` that declares fields."""
    yield schema
    yield from schema.get("$defs", {}).values()


def test_the_files_of_this_repository_are_what_the_models_make() -> None:
    meant = "if this is meant: python scripts/schemas.py"
    assert script().outdated(ROOT / "schemas") == [], meant


def test_a_schema_that_is_missing_or_old_or_none_of_ours_is_named(tmp_path: Path) -> None:
    schemas.write(tmp_path)
    assert script().outdated(tmp_path) == []
    (tmp_path / "check.schema.json").unlink()
    (tmp_path / "run.schema.json").write_text("{}")
    (tmp_path / "old.schema.json").write_text("{}")
    assert script().outdated(tmp_path) == ["check.schema.json", "old.schema.json", "run.schema.json"]


def test_every_schema_is_written_whole_into_a_directory_that_is_made(tmp_path: Path) -> None:
    written = schemas.write(tmp_path / "a" / "b")
    assert [path.name for path in written] == [f"{name}.schema.json" for name in schemas.PUBLISHED]
    assert {path: path.read_text("utf-8") for path in (tmp_path / "a" / "b").iterdir()} == {
        path: schemas.text(name) for path, name in zip(written, schemas.PUBLISHED, strict=True)
    }


def test_a_directory_that_cannot_be_written_to_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(CajajejoError, match="file/x cannot be written to: Not a directory"):
        schemas.write(tmp_path / "file" / "x")


@pytest.mark.parametrize("name", schemas.PUBLISHED)
def test_every_schema_is_one_of_draft_2020_12(name: str) -> None:
    document = schemas.document(name)
    jsonschema_rs.meta.validate(document)
    assert list(document)[:4] == ["$schema", "$id", "title", "description"]
    assert (document["$schema"], document["$id"]) == (schemas.DIALECT, f"{name}.schema.json")
    with pytest.raises(jsonschema_rs.ValidationError):
        jsonschema_rs.meta.validate({**document, "type": "mapping"})


@pytest.mark.parametrize("name", schemas.PUBLISHED)
def test_every_field_is_described_and_every_word_is_one_of_json_schema(name: str) -> None:
    fields = [field for part in objects(schemas.document(name)) for field in part.get("properties", {}).items()]
    assert [field for field, words in fields if not words.get("description")] == []
    known = {
        *("$ref", "additionalProperties", "anyOf", "const", "default", "description", "enum", "examples", "items"),
        *("maxItems", "maxLength", "maximum", "minItems", "minLength", "minimum", "exclusiveMinimum", "not", "pattern"),
        *("exclusiveMaximum", "propertyNames", "type"),
    }
    assert {word for _, words in fields for word in words} <= known


@pytest.mark.parametrize("name", schemas.PUBLISHED)
def test_examples_and_defaults_fit_the_field_that_they_stand_at(name: str) -> None:
    document = schemas.document(name)
    checked = 0
    for part in objects(document):
        for words in part.get("properties", {}).values():
            field = jsonschema_rs.validator_for(
                {"$schema": schemas.DIALECT, "$defs": document.get("$defs", {}), **words}
            )
            shown = [*words.get("examples", ()), *([words["default"]] if "default" in words else ())]
            assert [value for value in shown if not field.is_valid(value)] == []
            checked += len(shown)
    assert checked or document.get("examples")


@pytest.mark.parametrize("path", JOB_CONFIGS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_job_config_fits(path: Path) -> None:
    assert problems("evaluation", path.read_text("utf-8")) == []


@pytest.mark.parametrize("path", METRICS_CONFIGS, ids=lambda path: path.name)
def test_every_metric_configuration_fits(path: Path) -> None:
    assert problems("metrics", path.read_text("utf-8")) == []


@pytest.mark.parametrize("text", METRICS_BLOCKS, ids=range(len(METRICS_BLOCKS)))
def test_every_metric_configuration_of_the_documents_fits(text: str) -> None:
    assert problems("metrics", text) == []


@pytest.mark.parametrize(
    "path",
    [
        *(path for path in JOB_CONFIGS if "data" not in path.parts),
        *ROOT.glob("jobs/evaluation/*.metrics.yml"),
        *ROOT.glob("jobs/evaluation/*.policy.yml"),
    ],
    ids=lambda path: str(path.relative_to(ROOT)),
)
def test_the_first_line_tells_an_editor_where_the_schema_is(path: Path) -> None:
    first = path.read_text("utf-8").splitlines()[0]
    named = re.fullmatch(r"# yaml-language-server: \$schema=(\S+)", first)
    assert named is not None
    kind = path.name.split(".")[-2]
    name = {"metrics": "metrics", "policy": "gate-policy"}.get(kind, "evaluation")
    assert (path.parent / named[1]).resolve() == ROOT / "schemas" / schemas.file_name(name)


def test_there_is_something_to_check() -> None:
    assert (len(JOB_CONFIGS) > 8, len(METRICS_CONFIGS) > 6, len(METRICS_BLOCKS) > 5) == (True, True, True)


def test_an_unknown_name_is_answered_with_the_one_that_was_meant() -> None:
    with pytest.raises(UsageError) as caught:
        schemas.document("evalution")
    assert caught.value.lines() == [
        "Error: no schema is called evalution",
        "  meant       evaluation?",
        f"  there are   {', '.join(schemas.PUBLISHED)}",
    ]
    with pytest.raises(UsageError) as caught:
        schemas.text("zzz")
    assert "meant" not in caught.value.facts
