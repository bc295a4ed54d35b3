"""Runs of a tracking store: made, taken up again, given tags."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

from cajajejo.tracking.connection import client, package
from cajajejo.tracking.experiments import experiment

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

JOB_UID: Final = "job_uid"
"""The tag that names the Job on a cluster that a run belongs to."""
LONGEST_TAG: Final = 8000
"""Characters that MLflow keeps of a tag."""
_TAG_BATCH: Final = 100  # what MLflow takes at once

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
        tags = {name: _stored(value) for name, value in given.items()}
        run = store.create_run(in_experiment, start_time=start_time, run_name=_stored(self.name), tags=tags)
        return str(run.info.run_id)


def start_run(new: NewRun, *, run_id: str | None) -> str:
    """The id of the MLflow run of an evaluation: a new one, or `run_id` taken up again with the tags of now.

    Raises:
        TrackingError: the server refused or went away.
    """
    with client(new.uri) as store:
        if run_id is None or not is_active(store, run_id):
            return new.create(store, experiment(store, new.uri, new.experiment))
        store.update_run(run_id, status="RUNNING")
        set_tags(store, run_id, new.tags)
        return run_id


def set_tags(store: Any, run_id: str, given: Mapping[str, str]) -> None:
    """Sets tags of a run, a hundred with one request."""
    given_tags = [package().entities.RunTag(key, _stored(value)) for key, value in given.items()]
    for start in range(0, len(given_tags), _TAG_BATCH):
        store.log_batch(run_id, tags=given_tags[start : start + _TAG_BATCH])


def _stored(text: str) -> str:
    """`text` as every store can hold it; the name of a file in the environment may have bytes that are no text."""
    return text.encode("utf-8", "backslashreplace").decode().replace("\0", "\\x00")[:LONGEST_TAG]


def download_artifacts(uri: str, run_id: str, artifact_path: str, target: Path) -> None:
    """Downloads an artifact of a run into `target`, under the last part of its path.

    Raises:
        TrackingError: there is no such run or artifact, or the download broke off.
    """
    with client(uri) as store:
        store.download_artifacts(run_id, artifact_path, str(target))


def is_active(store: Any, run_id: str) -> bool:
    """Whether the run is there, and was not deleted."""
    try:
        return bool(store.get_run(run_id).info.lifecycle_stage == "active")
    except package().MlflowException as error:
        if error.error_code == "RESOURCE_DOES_NOT_EXIST":
            return False
        raise
