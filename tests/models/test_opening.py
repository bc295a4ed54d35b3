"""From a config or an address to the source of its model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from cajajejo import config
from cajajejo.errors import ModelError
from cajajejo.models import opening
from tests.builders import write_config

if TYPE_CHECKING:
    from pathlib import Path

RUN = "0123456789abcdef0123456789abcdef"


@pytest.mark.parametrize(
    ("model", "kind", "address", "name"),
    [
        ({"gs_uri": "gs://bucket/a/tiny/"}, "BucketSource", "gs://bucket/a/tiny", "tiny"),
        ({"s3_uri": "s3://bucket/a/tiny"}, "BucketSource", "s3://bucket/a/tiny", "tiny"),
        ({"hf_repo": "org/tiny"}, "HubSource", "hf://org/tiny@main", "tiny"),
        ({"hf_repo": "gpt2", "revision": "v1"}, "HubSource", "hf://gpt2@v1", "gpt2"),
        ({"path": "/models/tiny"}, "LocalSource", "/models/tiny", "tiny"),
        (
            {"mlflow_artifact": {"run_id": RUN, "artifact_path": "a/model", "model_directory": "model"}},
            "MlflowSource",
            f"runs:/{RUN}/a/model",
            "model",
        ),
    ],
)
def test_each_kind_of_model_has_its_source(
    tmp_path: Path, model: dict[str, Any], kind: str, address: str, name: str
) -> None:
    source = opening.open_source(config.load(write_config(tmp_path, model_config=model)), {})
    assert (type(source).__name__, source.address, source.name) == (kind, address, name)


@pytest.mark.parametrize(
    ("uri", "kind", "address"),
    [
        ("gs://bucket/a/tiny/", "BucketSource", "gs://bucket/a/tiny"),
        ("s3://bucket/tiny", "BucketSource", "s3://bucket/tiny"),
        ("hf://org/tiny", "HubSource", "hf://org/tiny@main"),
        ("hf://org/tiny@refs/pr/1", "HubSource", "hf://org/tiny@refs/pr/1"),
        (f"runs:/{RUN}/a/model", "MlflowSource", f"runs:/{RUN}/a/model"),
        ("file:///models/a%20b", "LocalSource", "/models/a b"),
        ("/models/tiny", "LocalSource", "/models/tiny"),
        ("/models/a:b", "LocalSource", "/models/a:b"),
    ],
)
def test_each_kind_of_address_has_its_source(uri: str, kind: str, address: str) -> None:
    source = opening.open_address(uri, {"MLFLOW_TRACKING_URI": "http://127.0.0.1:5000"})
    assert (type(source).__name__, source.address) == (kind, address)


@pytest.mark.parametrize(
    "uri", ["ftp://host/model", "https://host/model", "hf://", "hf://a/b/c", f"runs:/{RUN}", "", "gs://", "s3://"]
)
def test_what_is_no_address_of_a_model_is_refused(uri: str) -> None:
    with pytest.raises(ModelError, match="not the address of a model"):
        opening.open_address(uri, {"MLFLOW_TRACKING_URI": "http://127.0.0.1:5000"})


@pytest.mark.parametrize("uri", ["/", "..", "gs://bucket/..", "hf://org/..", f"runs:/{RUN}/..", "file:///"])
def test_a_model_needs_a_name(uri: str) -> None:
    with pytest.raises(ModelError, match="no name that a directory can have"):
        opening.open_address(uri, {"MLFLOW_TRACKING_URI": "http://127.0.0.1:5000"})


def test_an_artifact_needs_its_tracking_server() -> None:
    with pytest.raises(ModelError) as refused:
        opening.open_address(f"runs:/{RUN}/model", {})
    assert refused.value.run == ("export MLFLOW_TRACKING_URI=http://…",)
