"""The runs of an MLflow experiment, with the last value of each of their metrics."""

from __future__ import annotations

import math
import os
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, cast

from cajajejo.errors import TrackingError
from cajajejo.metrics.history.rows import StoredMetric
from cajajejo.metrics.interchange.decoding import Job
from cajajejo.metrics.runs import Origin, Run
from cajajejo.phrases import closest
from cajajejo.tracking import client, patience, sqlite_file
from cajajejo.tracking.connection import without_login
from cajajejo.tracking.stored import check_there

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cajajejo.metrics.interchange.complaints import Complaints
    from cajajejo.metrics.runs import JobStatus

SCHEME: Final = "mlflow:"
URI_VARIABLE: Final = "MLFLOW_TRACKING_URI"
_LOCAL: Final = "sqlite:///mlflow.db"
"""What MLflow itself takes where nothing names a store."""
_SECONDS: Final = 60.0
PAGE: Final = 500
_STATUSES: Final[Mapping[str, JobStatus]] = {"FINISHED": "success", "FAILED": "failure", "KILLED": "failure"}
_NOT_KNOWN: Final = {"", "None", "unset", "Unknown"}
"""What a run is tagged with where something is not known."""


@dataclass(slots=True)
class Experiment:
    """The experiment `name` at `uri`; None: where MLflow itself looks. `test` is what its runs join; None: its name.

    `skipped` counts metrics that are NaN or infinite, which no history keeps.
    """

    name: str
    uri: str | None = None
    test: str | None = None
    skipped: int = field(default=0)

    def items(self, complaints: Complaints) -> Iterator[tuple[Job, StoredMetric | None]]:
        """Each run that has ended, first alone, then with each of its metrics.

        Raises:
            TrackingError: there is no such experiment; the server does not answer, or refuses.
        """
        uri, going = self._address(), 0
        inside = patience.within(_SECONDS, uri, lambda: self._inside(uri))
        for run in self._runs(uri, inside):
            status = _STATUSES.get(str(run.info.status))
            if status is None:
                going += 1
                continue
            job = _job(run, self.test or self.name, status)
            yield job, None
            for name, value in sorted(run.data.metrics.items()):
                if _is_number(value):
                    yield job, StoredMetric(name, float(value))
                else:
                    self.skipped += 1
        if going:
            complaints.warn(f"{SCHEME}{self.name}", f"{going:,} run{'s' * (going != 1)} left out: not ended")

    def _address(self) -> str:
        if self.uri or os.environ.get(URI_VARIABLE):
            uri = self.uri or os.environ[URI_VARIABLE]
        elif sqlite_file(_LOCAL).is_file():
            uri = _LOCAL
        else:
            message = f"it is not known where the experiment is: {self.name}"
            raise TrackingError(message, run=f"export {URI_VARIABLE}=http://…")
        check_there(uri)
        return uri

    def _inside(self, uri: str) -> str:
        """The id of the experiment."""
        with client(uri) as store:
            found = store.get_experiment_by_name(self.name)
            if found is not None and found.lifecycle_stage != "deleted":
                return str(found.experiment_id)
            facts = {"looked in": without_login(uri)}
            if found is not None:
                command = f"mlflow experiments restore --experiment-id {found.experiment_id}"
                raise TrackingError(f"the experiment was deleted: {self.name}", facts=facts, run=command)
            guess = closest(self.name, (known.name for known in store.search_experiments()))
            facts |= {"closest": guess} if guess else {}
            raise TrackingError(f"there is no experiment {self.name!r}", facts=facts)

    def _runs(self, uri: str, inside: str) -> Iterator[Any]:
        """Every run that was not deleted, page by page, the first one first."""
        token: str | None = None
        while True:
            page = patience.within(_SECONDS, uri, _Page(uri, inside, token))
            yield from page
            token = page.token
            if not token:
                return


@dataclass(frozen=True, slots=True)
class _Page:
    uri: str
    inside: str
    token: str | None

    def __call__(self) -> Any:
        with client(self.uri) as store:
            order = ["attributes.start_time ASC"]
            return store.search_runs([self.inside], max_results=PAGE, order_by=order, page_token=self.token)


def _job(run: Any, test: str, status: JobStatus) -> Job:
    info, tags = run.info, run.data.tags
    start = int(info.start_time or 0) / 1000
    stop = None if info.end_time is None else max(int(info.end_time) / 1000, start)
    origin = Origin(accelerator=_known(tags.get("accelerator")))
    commit = _known(tags.get("config_git_sha"))
    return Job(
        Run(test, str(info.run_id), start, status, stop, commit, origin), int(status == "failure"), None, told=True
    )


def _known(tag: str | None) -> str | None:
    return None if tag is None or tag in _NOT_KNOWN or not tag.isprintable() else tag


def _is_number(value: object) -> bool:
    """Whether a value is finite; MLflow's databases keep an infinite one as the greatest number that there is."""
    number = float(cast("float", value))
    return math.isfinite(number) and abs(number) < sys.float_info.max
