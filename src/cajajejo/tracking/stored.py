"""An evaluation as its run keeps it: found by the id or its first digits, and its results fetched."""

from __future__ import annotations

import shlex
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from cajajejo.errors import TrackingAwayError, TrackingError, require
from cajajejo.results import RESULTS_FILE, SUMMARY_FILE
from cajajejo.tracking import search
from cajajejo.tracking.connection import client, package, reason, sqlite_file, without_login
from cajajejo.tracking.finished import OUTPUT
from cajajejo.tracking.patience import Limit, before, requests_of, within
from cajajejo.tracking.runs import JOB_UID

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

SECONDS: Final = 30.0
"""How long one answer is waited for; what is fetched may take longer, by its size."""
_RATE: Final = 100_000
"""Bytes a second that a store sends at least."""
_TRIES: Final = 3
_RETRIES: Final = 2
"""How often MLflow itself repeats a request."""
_SHOWN: Final = 5
_FILES: Final = (f"{OUTPUT}/{RESULTS_FILE}", f"{OUTPUT}/{SUMMARY_FILE}")
_REFUSED: Final = {"HTTP 401", "HTTP 403", "HTTP 404"}
_LONGEST: Final = 300
_REGISTRY: Final = "mlflow.store.artifact.artifact_repository_registry"
"""Asked for files directly: the client looks for models of the same name too, and forgets why a download failed."""


@dataclass(frozen=True, slots=True)
class StoredRun:
    """A run that was not deleted.

    Attributes:
        run_id: its id.
        experiment_id: the experiment that it is in.
        name: what people call it.
        status: ``RUNNING``, ``FINISHED``, ``FAILED``, ``KILLED``.
        artifacts: the address that its artifacts are below.
        tags: all of them.
        ended: when it ended, in milliseconds; None where it has not.
    """

    run_id: str
    experiment_id: str
    name: str
    status: str
    artifacts: str
    tags: Mapping[str, str]
    ended: int | None

    @classmethod
    def of(cls, run: Any) -> StoredRun:
        """What MLflow tells of a run."""
        info = run.info
        return cls(
            run_id=str(info.run_id),
            experiment_id=str(info.experiment_id),
            name=str(info.run_name or ""),
            status=str(info.status),
            artifacts=str(info.artifact_uri),
            tags=dict(run.data.tags),
            ended=None if info.end_time is None else int(info.end_time),
        )


def find(uri: str, digits: str) -> StoredRun:
    """The one run whose id is, or begins with, `digits`; of all experiments of the store at `uri`.

    Raises:
        TrackingError: there is none, or there are several; the store does not answer, or refuses.
    """
    check_there(uri)
    found, deleted = within(SECONDS, uri, lambda: _found(uri, digits))
    if len(found) > 1:
        raise _ambiguous(digits, found)
    if found:
        return StoredRun.of(found[0])
    if deleted:
        command = f"mlflow runs restore --run-id {search.run_id(deleted[0])}"
        raise TrackingError(f"the MLflow run was deleted: {search.run_id(deleted[0])}", facts=_looked(uri), run=command)
    whole = len(digits) == search.ID_DIGITS
    message = f"there is no MLflow run {digits}" if whole else f"the id of no MLflow run begins with {digits}"
    raise TrackingError(message, facts=_looked(uri), run="--tracking-uri URI     looks in another store")


def check_there(uri: str) -> None:
    """Returns where a store can be asked; of a file that is not there MLflow would make one.

    Raises:
        TrackingError: the file is not there.
    """
    if uri.startswith("sqlite:///") and not sqlite_file(uri).is_file():
        message = f"there is no tracking store: {sqlite_file(uri)}"
        raise TrackingError(message, run="--tracking-uri URI     names another one")


def _looked(uri: str) -> dict[str, str]:
    return {"looked in": f"{without_login(uri)}, all experiments"}


def _found(uri: str, digits: str) -> tuple[list[Any], list[Any]]:
    """The runs, and where there are none those that were deleted."""
    with client(uri) as store:
        if len(digits) == search.ID_DIGITS:
            return _of_id(store, digits)
        found = search.beginning(store, digits)
        return found, [] if found else search.beginning(store, digits, deleted=True)


def _of_id(store: Any, run_id: str) -> tuple[list[Any], list[Any]]:
    try:
        run = store.get_run(run_id)
    except package().MlflowException as error:
        if error.error_code == "RESOURCE_DOES_NOT_EXIST":
            return [], []
        raise
    return ([run], []) if run.info.lifecycle_stage == "active" else ([], [run])


def _ambiguous(digits: str, found: list[Any]) -> TrackingError:
    they = [f"{run.run_id}  {run.name}".rstrip() for run in map(StoredRun.of, found[:_SHOWN])]
    more = [f"and {len(found) - _SHOWN:,} more"] if len(found) > _SHOWN else []
    message = f"the ids of {len(found):,} MLflow runs begin with {digits}"
    facts = {"they are": "\n".join(they + more)}
    return TrackingError(message, facts=facts, run="more digits of the one that is meant")


def fetch(uri: str, run: StoredRun, target: Path) -> Path:
    """The directory below `target` that ``results.jsonl`` and ``summary.json`` of a run are in now.

    What breaks off is begun anew, three times in all.

    Raises:
        TrackingError: the run has none; the store does not answer, or refuses.
    """
    with requests_of(SECONDS, retries=_RETRIES):
        for attempt in range(1, _TRIES):
            limit = Limit(SECONDS)
            try:
                return before(limit, uri, _Fetching(uri, run, target, limit))
            except TrackingAwayError:
                if not limit.left:
                    raise
                time.sleep(attempt)
        limit = Limit(SECONDS)
        return before(limit, uri, _Fetching(uri, run, target, limit))


@dataclass(frozen=True, slots=True)
class _Fetching:
    """One attempt, which extends its limit by what the size of a file asks for."""

    uri: str
    run: StoredRun
    target: Path
    limit: Limit

    def __call__(self) -> Path:
        registry = require(_REGISTRY, extra="evaluation", purpose="tracking")
        with client(self.uri):
            store = registry.get_artifact_repository(self.run.artifacts, tracking_uri=self.uri)
            sizes = {entry.path: entry.file_size for entry in store.list_artifacts(OUTPUT)}
            if not all(path in sizes for path in _FILES):
                raise _without_results(self.run)
            for path in _FILES:
                self._fetch(store, path, sizes[path])
        return self.target / OUTPUT

    def _fetch(self, store: Any, path: str, size: int | None) -> None:
        file = self.target / path
        if _is_whole(file, size):
            return
        self.limit.extend(SECONDS + (size or 0) / _RATE)
        self.target.mkdir(parents=True, exist_ok=True)
        try:
            store.download_artifacts(path, str(self.target))
        except package().MlflowException as error:
            raise self._missing(path, str(error)) from error
        if size is not None and not _is_whole(file, size):
            raise self._missing(path, "the download broke off")

    def _missing(self, path: str, says: str) -> TrackingError:
        says = without_login(says.rstrip().rpartition("\n")[2])
        message, why = f"{path} of run {self.run.run_id} did not arrive: {without_login(self.uri)}", reason(says)
        if why in _REFUSED:
            return TrackingError(message, facts={"says": says[:_LONGEST]})
        return TrackingAwayError(message, facts={"says": says[:_LONGEST]}, reason=why)


def _is_whole(file: Path, size: int | None) -> bool:
    """Whether a file is there as long as the store says; what an earlier attempt fetched is not fetched again."""
    return file.is_file() and file.stat().st_size == size


def _without_results(run: StoredRun) -> TrackingError:
    facts = {"expected": f"{' and '.join(_FILES)} among its artifacts"}
    if run.status in {"RUNNING", "SCHEDULED"}:
        job = run.tags.get("job_name") if JOB_UID in run.tags else None
        wait = [f"cajajejo jobs wait {shlex.quote(job)}"] if job else []
        message = f"the MLflow run {run.run_id} has no results yet: it is {run.status}"
        return TrackingError(message, facts=facts, run=wait)
    message = f"the MLflow run {run.run_id} has no results: it is {run.status}"
    return TrackingError(message, facts=facts, run=f"mlflow artifacts list -r {run.run_id}")
