"""From what a config or a command line names to the source that a model is fetched from."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from cajajejo.errors import ModelError
from cajajejo.models.bucket_source import BucketSource
from cajajejo.models.hub_source import HubSource
from cajajejo.models.local_source import LocalSource
from cajajejo.models.mlflow_source import MlflowSource

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cajajejo.config import EvaluationJobConfig
    from cajajejo.models.source import Source

_MAIN = "main"


def open_source(config: EvaluationJobConfig, environ: Mapping[str, str]) -> Source:
    """Where the model of `config` is fetched from; nothing is asked yet.

    Logins come from `environ` (MLflow, the hub) and from the clouds' own places.

    Raises:
        ModelError: the config names no place to fetch from.
    """
    model = config.model
    if model.mlflow_artifact is not None:
        artifact = model.mlflow_artifact
        return MlflowSource(config.mlflow_config.tracking_uri, artifact.run_id, artifact.artifact_path, environ)
    if model.hf_repo is not None:
        return HubSource(model.hf_repo, model.revision or _MAIN, environ)
    bucket = model.gs_uri or model.s3_uri
    return LocalSource(Path(model.path or "")) if bucket is None else BucketSource(bucket)


def open_address(uri: str, environ: Mapping[str, str]) -> Source:
    """Where the model at `uri` is fetched from; nothing is asked yet.

    Raises:
        ModelError: it is no address of a model.
    """
    source = _opened(uri, environ)
    if source.name in {"", ".", ".."}:
        raise ModelError(f"the model has no name that a directory can have: {uri}")
    return source


def _opened(uri: str, environ: Mapping[str, str]) -> Source:
    scheme, separator, rest = uri.partition(":")
    if scheme in {"gs", "s3"} and rest.strip("/") and rest.startswith("//"):
        return BucketSource(uri.rstrip("/"))
    if scheme == "hf" and rest.startswith("//"):
        repository, _, revision = rest[2:].strip("/").partition("@")
        if repository.count("/") <= 1 and all(repository.split("/")):
            return HubSource(repository, revision or _MAIN, environ)
    elif scheme == "runs" and rest.startswith("/"):
        run_id, _, path = rest.strip("/").partition("/")
        if run_id and path:
            return MlflowSource(_tracking_uri(uri, environ), run_id, path, environ)
    elif scheme == "file":
        return LocalSource(Path(unquote(urlsplit(uri).path)))
    elif uri and (not separator or "/" in scheme or not rest.startswith("//")):
        return LocalSource(Path(uri))
    known = "gs://BUCKET/PATH, s3://BUCKET/PATH, hf://ORG/REPO[@REVISION], runs:/RUN_ID/PATH, or a directory"
    raise ModelError(f"not the address of a model: {uri or '(empty)'}", facts={"known": known})


def _tracking_uri(uri: str, environ: Mapping[str, str]) -> str:
    tracking_uri = environ.get("MLFLOW_TRACKING_URI")
    if not tracking_uri:
        message = f"{uri} is the artifact of a run, and nothing says on which tracking server"
        raise ModelError(message, run="export MLFLOW_TRACKING_URI=http://…")
    return tracking_uri
