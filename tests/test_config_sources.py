"""Where a model may come from, and which tags a run may have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from cajajejo import config as configs
from cajajejo.errors import FileProblemsError
from cajajejo.model_source import ModelSource
from cajajejo.tracking_config import DOCUMENTED_TAGS
from tests import builders

if TYPE_CHECKING:
    from pathlib import Path

    from cajajejo.config import EvaluationJobConfig

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
        ({"s3_uri": "s3://b/m", "hf_repo": "a/b"}, "s3_uri and hf_repo"),
        ({"path": "/m", "mlflow_artifact": ARTIFACT}, "mlflow_artifact and path"),
        (
            {"path": "/m", "gs_uri": "gs://b/m", "mlflow_artifact": ARTIFACT},
            "mlflow_artifact and gs_uri and path",
        ),
    ],
)
def test_exactly_one_model_source_is_named(tmp_path: Path, source: dict[str, Any], given: str) -> None:
    assert problems(tmp_path, model_config=source) == [
        f"model_config: exactly one of mlflow_artifact, gs_uri, s3_uri, path, hf_repo must be there, not {given}"
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


@pytest.mark.parametrize("field", ["gs_uri", "s3_uri"])
@pytest.mark.parametrize(
    "uri", ["", "%s://", "%s://b", "%s://b/", "%s://b//", "%s:///m", "ftp://b/m", "/m", "GS://b/m"]
)
def test_what_is_no_directory_in_a_bucket_is_refused(tmp_path: Path, uri: str, field: str) -> None:
    uri = uri.replace("%s", field[:2])
    assert problems(tmp_path, model_config={field: uri}) == [
        f"model_config.{field}: not the address of a directory in a bucket: {uri}"
    ]


def test_a_bucket_of_the_other_cloud_is_refused(tmp_path: Path) -> None:
    told = "not the address of a directory in a bucket: gs://b/m"
    assert problems(tmp_path, model_config={"s3_uri": "gs://b/m"}) == [f"model_config.s3_uri: {told}"]


@pytest.mark.parametrize("repo", ["gpt2", "EleutherAI/pythia-70m", "a.b_c/d-e.f", "_a/b_"])
def test_a_repository_of_the_hub_is_taken_with_its_revision(tmp_path: Path, repo: str) -> None:
    source = load(tmp_path, model_config={"hf_repo": repo, "revision": "refs/pr/1"}).model
    assert (source.kind, source.hf_repo, source.revision) == ("hf_repo", repo, "refs/pr/1")


@pytest.mark.parametrize("repo", ["a/b/c", "/a", "a/", "-a", "a-", "a--b", "a/..", "a b", "https://h/a", "é"])
def test_what_is_no_repository_of_the_hub_is_refused(tmp_path: Path, repo: str) -> None:
    assert problems(tmp_path, model_config={"hf_repo": repo}) == [
        f"model_config.hf_repo: not a repository of the hub: {repo}"
    ]


def test_a_revision_belongs_to_a_repository(tmp_path: Path) -> None:
    assert problems(tmp_path, model_config={"path": "/m", "revision": "main"}) == [
        "model_config: revision belongs to hf_repo"
    ]


SOURCES: dict[str, dict[str, Any]] = {
    "mlflow_artifact": {"mlflow_artifact": ARTIFACT},
    "gs_uri": {"gs_uri": "gs://b/m"},
    "s3_uri": {"s3_uri": "s3://b/m"},
    "hf_repo": {"hf_repo": "a/b"},
    "path": {"path": "/m"},
}


@pytest.mark.parametrize(
    ("source", "fetch", "program"),
    [
        ("mlflow_artifact", {}, "mlflow"),
        ("gs_uri", {}, "mlflow"),
        ("s3_uri", {}, "cajajejo"),
        ("hf_repo", {}, "cajajejo"),
        ("path", {}, None),
        ("gs_uri", {"kind": "mlflow", "image": "mirror/cloud-sdk:500"}, "mlflow"),
        ("mlflow_artifact", {"kind": "cajajejo"}, "cajajejo"),
        ("gs_uri", {"kind": "cajajejo"}, "cajajejo"),
        ("s3_uri", {"kind": "cajajejo", "image": "i:t"}, "cajajejo"),
    ],
)
def test_a_model_is_fetched_by_the_documented_commands_or_by_us(
    tmp_path: Path, source: str, fetch: dict[str, Any], program: str | None
) -> None:
    assert load(tmp_path, model_config=SOURCES[source], model_fetch=fetch).fetched_by == program


@pytest.mark.parametrize(
    ("source", "fetch", "message"),
    [
        ("s3_uri", {"kind": "mlflow"}, "kind mlflow fetches mlflow_artifact and gs_uri, not s3_uri"),
        ("hf_repo", {"kind": "mlflow", "image": "i"}, "kind mlflow fetches mlflow_artifact and gs_uri, not hf_repo"),
        ("path", {"kind": "mlflow"}, "model_config.path is there already: nothing is fetched"),
        ("path", {"kind": "cajajejo"}, "model_config.path is there already: nothing is fetched"),
        ("path", {"image": "i"}, "model_config.path is there already: nothing is fetched"),
    ],
)
def test_a_fetch_that_does_not_fit_the_source_is_told_at_its_line(
    tmp_path: Path, source: str, fetch: dict[str, Any], message: str
) -> None:
    path = builders.write_config(tmp_path, model_config=SOURCES[source], model_fetch=fetch)
    with pytest.raises(FileProblemsError) as caught:
        configs.load(path)
    (problem,) = caught.value.problems
    line = path.read_text("utf-8").splitlines().index('  "model_fetch": {') + 1
    assert (problem.path, problem.line, problem.message) == ("model_fetch", line, message)
    assert problem.hint


@pytest.mark.parametrize(
    ("fetch", "message"),
    [
        ({"kind": "gcloud"}, "model_fetch.kind: must be 'mlflow' or 'cajajejo', not 'gcloud'"),
        ({"image": " a"}, "model_fetch.image: must not begin or end with a space: ' a'"),
        ({"image": ""}, "model_fetch.image: must not be empty"),
    ],
)
def test_a_wrong_fetch_is_told_once(tmp_path: Path, fetch: dict[str, Any], message: str) -> None:
    assert problems(tmp_path, model_config=SOURCES["gs_uri"], model_fetch=fetch) == [message]


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
