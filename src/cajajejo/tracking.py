"""MLflow: runs, tags, batched metrics and artifacts; the only import of mlflow.

Every write can be repeated: a run is found again by its id, a metric carries the time its evaluation finished, an
artifact replaces the one of its name.
"""

from __future__ import annotations

import http.client
import ipaddress
import logging
import os
import sqlite3
import tempfile
import time
import urllib.error
import urllib.request
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from cajajejo import __version__
from cajajejo.errors import TrackingError, require

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from cajajejo.config import EvaluationJobConfig
    from cajajejo.results import Results

_TRIES: Final = 3
_TRY_SECONDS: Final = 5.0
_BATCH: Final = 1000  # what MLflow takes at once
_TAG_BATCH: Final = 100
_LONGEST_TAG: Final = 8000
_SERVER_ERROR: Final = 500

RunStatus = Literal["RUNNING", "FINISHED", "FAILED", "KILLED"]


@dataclass(frozen=True, slots=True)
class NewRun:
    """What a run is made with: the address of the store, the experiment, and what the run is called and tagged."""

    uri: str
    experiment: str
    name: str
    description: str
    tags: Mapping[str, str]

    def create(self, store: Any, in_experiment: str, *, start_time: int | None = None) -> str:
        """Makes the run in the experiment of this id; the run's id. `start_time` is in milliseconds; None: now."""
        given = {**self.tags, "mlflow.note.content": self.description}
        run = store.create_run(in_experiment, start_time=start_time, run_name=self.name, tags=given)
        return str(run.info.run_id)


def check_reachable(uri: str, *, named_by: str) -> None:
    """Returns when the tracking server at `uri` answers, or the local store can be written.

    Raises:
        TrackingError: it does not, after three tries.
    """
    scheme = uri.partition(":")[0].lower()
    if scheme in {"http", "https"}:
        _check_server(uri, named_by)
    elif uri.startswith("sqlite:///"):
        _check_file(sqlite_file(uri), named_by)
    else:
        raise TrackingError(
            f"not a tracking store: {uri}",
            facts={"named by": named_by, "expected": "http://…, https://… or sqlite:///FILE"},
            run="--set mlflow_config.tracking_uri=sqlite:///mlflow.db     keeps this run here",
        )


def _check_file(file: Path, named_by: str) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=file.parent), closing(sqlite3.connect(file)) as store:
            store.execute("BEGIN IMMEDIATE")
    except (OSError, sqlite3.Error) as error:
        facts = {"says": str(error), "named by": named_by}
        raise TrackingError(f"the tracking store cannot be written: {file}", facts=facts) from error


def _check_server(uri: str, named_by: str) -> None:
    started = time.monotonic()
    reason = ""
    for attempt in range(_TRIES):
        if attempt:
            time.sleep(2.0**attempt)
        try:
            with urllib.request.urlopen(uri.rstrip("/") + "/health", timeout=_TRY_SECONDS):  # noqa: S310  # http(s), checked
                return
        except urllib.error.HTTPError as error:
            error.close()
            if error.code < _SERVER_ERROR:
                return  # it answers; whether we may write is told when we do
            reason = f"HTTP {error.code}"
        except (ValueError, http.client.InvalidURL) as error:
            raise TrackingError(f"not an address: {uri}", facts={"says": str(error), "named by": named_by}) from error
        except (OSError, http.client.HTTPException) as error:
            reason = str(getattr(error, "reason", error)) or type(error).__name__
    seconds = round(time.monotonic() - started)
    facts = {"tried": f"{_TRIES} times in {seconds} s, {reason} (from this machine)", "named by": named_by}
    host = uri.partition("//")[2].partition("/")[0].rpartition("@")[2].partition(":")[0]
    if _is_private(host):
        facts["note"] = f"{host} is a private address: it may need a VPN, or a port-forward"
    raise TrackingError(
        f"the tracking server does not answer: {uri}",
        facts=facts,
        run=(
            f"curl {uri.rstrip('/')}/health",
            "or keep this run here: --set mlflow_config.tracking_uri=sqlite:///mlflow.db",
        ),
    )


def _is_private(host: str) -> bool:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    return address.is_private and not address.is_loopback


def sqlite_file(uri: str) -> Path:
    """The file of a ``sqlite:///`` address: relative to the working directory, or absolute with four slashes."""
    return Path(uri.removeprefix("sqlite:///"))


def tags(config: EvaluationJobConfig, identity: Mapping[str, str]) -> dict[str, str]:
    """The tags of a run: the fourteen documented ones, and those of the config; an absent value is ``None``."""
    artifact = config.model.mlflow_artifact
    documented = {
        "config_git_sha": identity["CONFIG_VERSION"],
        "config_path_git_repo": identity["CONFIG_PATH_GIT_REPO"],
        "helm_config_path_git_repo": identity["HELM_CONFIG_PATH_GIT_REPO"],
        "image_build_cajajejo_version": __version__,
        "model_run_id": artifact.run_id if artifact else None,
        "model_artifact_path": artifact.artifact_path if artifact else None,
        "model_gs_uri": config.model.gs_uri,
        "accelerator": config.compute_config.accelerator,
        "cpu": config.compute_config.cpu,
        "memory": config.compute_config.memory,
        "helm_args": " ".join(config.helm.args),
        "image": config.image,
        "image_tag": config.image_tag,
        "job_name": identity["JOB_NAME"],
    }
    given = {**config.tracking_config.tags.as_text(), **{key: str(value) for key, value in documented.items()}}
    return {key: value[:_LONGEST_TAG] for key, value in given.items()}


def new_run(config: EvaluationJobConfig, identity: Mapping[str, str]) -> NewRun:
    """What the run of an evaluation is made with; `identity` holds the four variables of the pod."""
    return NewRun(
        uri=config.mlflow_config.tracking_uri,
        experiment=config.tracking_config.experiment_name,
        name=config.tracking_config.run_name or identity["JOB_NAME"],
        description=config.tracking_config.description[:_LONGEST_TAG],
        tags=tags(config, identity),
    )


def start_run(new: NewRun, *, run_id: str | None) -> str:
    """The id of the MLflow run of an evaluation: a new one, or `run_id` taken up again with the tags of now.

    Raises:
        TrackingError: the server refused or went away.
    """
    with client(new.uri) as store:
        if run_id is None or not _exists(store, run_id):
            return new.create(store, experiment(store, new.uri, new.experiment))
        store.update_run(run_id, status="RUNNING")
        set_tags(store, run_id, new.tags)
        return run_id


def set_tags(store: Any, run_id: str, given: Mapping[str, str]) -> None:
    """Sets tags of a run, a hundred with one request."""
    given_tags = [package().entities.RunTag(key, value) for key, value in given.items()]
    for start in range(0, len(given_tags), _TAG_BATCH):
        store.log_batch(run_id, tags=given_tags[start : start + _TAG_BATCH])


def log_results(
    config: EvaluationJobConfig, run_id: str, results: Results, *, artifacts: Sequence[Path], finished_at: float
) -> None:
    """Logs the metrics in one batch and the artifacts, then ends the run.

    Raises:
        TrackingError: the server refused or went away; logging the same again does no harm.
    """
    mlflow = package()
    milliseconds = int(finished_at * 1000)
    values = {score.name: score.value for score in results.scores}
    values |= {f"{score.name}_std_err": score.std_err for score in results.scores if score.std_err is not None}
    metrics = [mlflow.entities.Metric(name, value, milliseconds, 0) for name, value in values.items()]
    status = "partial" if results.partial else "complete"
    with client(config.mlflow_config.tracking_uri) as store:
        for start in range(0, len(metrics), _BATCH):
            last = [mlflow.entities.RunTag("evaluation_status", status)]
            store.log_batch(run_id, metrics=metrics[start : start + _BATCH], tags=last)
        for path in artifacts:
            store.log_artifact(run_id, str(path))
        store.set_terminated(run_id, status="FINISHED", end_time=milliseconds)


def end_run(config: EvaluationJobConfig, run_id: str, status: RunStatus) -> None:
    """Marks a run that has no results as failed or killed."""
    with client(config.mlflow_config.tracking_uri) as store:
        store.set_terminated(run_id, status=status)


def download_artifacts(uri: str, run_id: str, artifact_path: str, target: Path) -> None:
    """Downloads an artifact of a run into `target`, under the last part of its path.

    Raises:
        TrackingError: there is no such run or artifact, or the download broke off.
    """
    with client(uri) as store:
        store.download_artifacts(run_id, artifact_path, str(target))


def experiment(store: Any, uri: str, name: str) -> str:
    """The id of the experiment `name`; one in a local store keeps its artifacts beside the store.

    Raises:
        TrackingError: it was deleted.
    """
    found = store.get_experiment_by_name(name)
    if found is None:
        location = None
        if uri.startswith("sqlite:"):
            location = (sqlite_file(uri).absolute().parent / "mlartifacts").as_uri()
        try:
            return str(store.create_experiment(name, artifact_location=location))
        except package().MlflowException:
            found = store.get_experiment_by_name(name)  # another process made it just now
            if found is None:
                raise
    if found.lifecycle_stage == "deleted":
        command = f"mlflow experiments restore --experiment-id {found.experiment_id}"
        raise TrackingError(f"the experiment was deleted: {name}", run=command)
    return str(found.experiment_id)


def _exists(store: Any, run_id: str) -> bool:
    try:
        return bool(store.get_run(run_id).info.lifecycle_stage == "active")
    except package().MlflowException as error:
        if error.error_code == "RESOURCE_DOES_NOT_EXIST":
            return False
        raise


@contextmanager
def client(uri: str) -> Iterator[Any]:
    """A client of the store at `uri`; what MLflow raises inside becomes a `TrackingError`."""
    mlflow = package()
    try:
        yield mlflow.MlflowClient(tracking_uri=uri)
    except mlflow.MlflowException as error:
        reason = str(error).splitlines()[0][:300]
        raise TrackingError(f"MLflow refused: {uri}", facts={"says": reason}) from error
    except OSError as error:
        raise TrackingError(f"the tracking server went away: {uri}", facts={"says": str(error)[:300]}) from error


def package() -> Any:
    """The package mlflow, imported now, and made quiet."""
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    os.environ.setdefault("GIT_PYTHON_REFRESH", "quiet")
    mlflow = require("mlflow", extra="evaluation", purpose="tracking")
    for name in ("mlflow", "alembic"):
        logging.getLogger(name).setLevel(logging.WARNING)
    return mlflow
