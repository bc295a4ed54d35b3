"""Where a model may come from, and which tags a run may have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from cajajejo import config as configs
from cajajejo.config import DOCUMENTED_TAGS, EvaluationJobConfig
from cajajejo.errors import FileProblemsError
from cajajejo.model_source import ModelSource
from tests import builders

if TYPE_CHECKING:
    from pathlib import Path

ARTIFACT = {"run_id": "3969f731d3f74fd19cfed62a9aa26d69", "artifact_path": "model", "model_directory": "model"}


def load(directory: Path, **changes: Any) -> EvaluationJobConfig:
    return configs.load(builders.write_config(directory, **changes))


def problems(directory: Path, **changes: Any) -> list[str]:
    """What is wrong with the config, without the names and lines of the file."""
    with pytest.raises(FileProblemsError) as caught:
        load(directory, **changes)
    return [f"{problem.path}: {problem.message}" for problem in caught.value.problems]


@pytest.mark.parametrize(
    ("source", "given"),
    [
        ({}, "none"),
        ({"path": "/m", "gs_uri": "gs://b/m"}, "gs_uri and path"),
        ({"path": "/m", "mlflow_artifact": ARTIFACT}, "mlflow_artifact and path"),
        (
            {"path": "/m", "gs_uri": "gs://b/m", "mlflow_artifact": ARTIFACT},
            "mlflow_artifact and gs_uri and path",
        ),
    ],
)
def test_exactly_one_model_source_is_named(tmp_path: Path, source: dict[str, Any], given: str) -> None:
    assert problems(tmp_path, model_config=source) == [
        f"model_config: exactly one of mlflow_artifact, gs_uri, path must be there, not {given}"
    ]


def test_the_tokenizer_is_a_directory_or_a_repository_but_not_both(tmp_path: Path) -> None:
    both = {**ARTIFACT, "tokenizer_directory": "tokenizer", "tokenizer_hf_repo": "EleutherAI/pythia-70m"}
    assert problems(tmp_path, model_config={"mlflow_artifact": both}) == [
        "model_config.mlflow_artifact: tokenizer_directory and tokenizer_hf_repo exclude each other"
    ]


@pytest.mark.parametrize(
    ("uri", "expected"),
    [("gs://b/m", "gs://b/m"), ("gs://b/path/to/m/", "gs://b/path/to/m"), ("gs://b/m//", "gs://b/m")],
)
def test_a_directory_in_a_bucket_is_named_without_a_slash_at_its_end(tmp_path: Path, uri: str, expected: str) -> None:
    assert load(tmp_path, model_config={"gs_uri": uri}).model == ModelSource(gs_uri=expected)


@pytest.mark.parametrize("uri", ["", "gs://", "gs://b", "gs://b/", "gs://b//", "gs:///m", "s3://b/m", "/m", "GS://b/m"])
def test_what_is_no_directory_in_a_bucket_is_refused(tmp_path: Path, uri: str) -> None:
    assert problems(tmp_path, model_config={"gs_uri": uri}) == [
        f"model_config.gs_uri: not the address of a directory in a bucket: {uri}"
    ]


@pytest.mark.parametrize("key", [*DOCUMENTED_TAGS, "mlflow.runName", "mlflow.note.content"])
def test_a_tag_that_the_run_sets_itself_is_refused(tmp_path: Path, key: str) -> None:
    tags = {"creator": "a", "lifecycle": "b", key: "x"}
    assert problems(tmp_path, tracking_config__tags=tags) == [
        f"tracking_config.tags: the tag {key} is set by the run itself"
    ]


@pytest.mark.parametrize("key", ["model", "team.name", "a/b:c d-e", "тег", "x" * 250])
def test_a_tag_key_that_mlflow_stores_is_taken(tmp_path: Path, key: str) -> None:
    tags = {"creator": "a", "lifecycle": "b", key: "x"}
    assert load(tmp_path, tracking_config__tags=tags).tracking_config.tags.as_text() == tags


@pytest.mark.parametrize("key", ["", "a,b", "a=b", "a\nb", "x" * 251])
def test_a_tag_key_that_mlflow_refuses_is_refused(tmp_path: Path, key: str) -> None:
    assert problems(tmp_path, tracking_config__tags={"creator": "a", "lifecycle": "b", key: "x"}) == [
        f"tracking_config.tags: not a tag key: {key[:60]!r}"
    ]


def test_a_list_as_a_tag_becomes_its_items_joined_by_commas(tmp_path: Path) -> None:
    tags = {"creator": ["a", "b"], "lifecycle": "x", "datasets": ["dolly", 2], "none": []}
    assert load(tmp_path, tracking_config__tags=tags).tracking_config.tags.as_text() == {
        "creator": "a,b",
        "lifecycle": "x",
        "datasets": "dolly,2",
        "none": "",
    }
