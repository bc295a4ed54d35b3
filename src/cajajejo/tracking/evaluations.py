"""A finished evaluation on its MLflow run: found or made, given everything, and ended; again as often as one likes.

The last tag holds a digest of what was logged: a run that has it has everything.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from cajajejo import results as found_results
from cajajejo.errors import TrackingAwayError, TrackingError
from cajajejo.system_facts import MEMORY_PEAK
from cajajejo.tracking import artifacts, datasets, logged_models, metrics, search, tables
from cajajejo.tracking.artifacts import Artifact
from cajajejo.tracking.connection import CONFLICT, client
from cajajejo.tracking.experiments import experiment
from cajajejo.tracking.finished import OUTPUT
from cajajejo.tracking.patience import request_seconds
from cajajejo.tracking.runs import JOB_UID, LONGEST_TAG, is_active, set_tags

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cajajejo.tracking.finished import Finished

STATUS: Final = "evaluation_status"
"""The tag that says ``complete`` or ``partial``."""
EVALUATION: Final = "evaluation_id"
"""The tag by which the run of an evaluation is found on a server where it was not begun."""
DIGEST: Final = "evaluation_results"
"""The tag that is set last: the digest of what was logged."""
_FACT: Final = "system."
_TABLES: Final = "mlflow.loggedArtifacts"
_ENDED: Final = "FINISHED"
_LATER: Final = {"versions", "shots"}
"""Parts of a summary that older ones lack."""


@dataclass(frozen=True, slots=True)
class Logged:
    """How an evaluation stands on its run.

    Attributes:
        run_id: the run.
        sent: whether anything was missing, and was sent; else it was there.
        refused: paths of artifacts that the store does not take.
    """

    run_id: str
    sent: bool
    refused: tuple[str, ...] = ()


@dataclass
class Log:
    """Logs one evaluation; what one attempt has sent, the next one does not send again.

    Attributes:
        finished: the evaluation.
        watch: is told before each step how many seconds it may take.
    """

    finished: Finished
    watch: Callable[[float], None] = lambda _: None
    _sent: dict[str, set[str]] = field(default_factory=dict)

    def __call__(self) -> Logged:
        """Logs all that is missing, and ends the run.

        Raises:
            TrackingAwayError: the store does not answer now; doing it again does no harm.
            TrackingError: it refuses.
        """
        finished = self.finished
        found = artifacts.artifacts(finished.directory)
        expected = digest(finished, found)
        with client(finished.new.uri) as store:
            run = self._step(store.get_run, self._run(store))
            if _has_more(run, finished, expected):
                if run.info.status != _ENDED:  # a later attempt took it up again, and found less
                    self._end(store, run)
                return Logged(search.run_id(run), sent=False)
            return self._send(store, run, found, expected)

    def _send(self, store: Any, run: Any, found: list[Artifact], expected: str) -> Logged:
        finished, run_id = self.finished, search.run_id(run)
        self._step(set_tags, store, run_id, _tags(finished, run.data.tags))
        asked = datasets.datasets(finished.results)
        logged = self._if_offered(datasets.log, store, run_id, asked, finished.results)
        model_id = self._if_offered(logged_models.ensure, store, run.info.experiment_id, run_id, finished.new.tags)
        begun_by_another = run.data.tags.get(EVALUATION, finished.id) != finished.id  # a pod that was killed meanwhile
        there = run.data.metrics if DIGEST in run.data.tags or begun_by_another else {}  # not logged a second time
        for batch in metrics.batches(finished, model_id, logged or (), there):
            self._log_batch(store, run_id, batch)
        sent = self._sent.setdefault(run_id, set())
        refused = artifacts.send(store, run_id, found, sent=sent, watch=self.watch, uri=finished.new.uri)
        refused += self._table(store, run, sent)
        status = "partial" if finished.results.partial else "complete"
        self._step(set_tags, store, run_id, {EVALUATION: finished.id, STATUS: status, DIGEST: expected})
        self._end(store, run)
        return Logged(run_id, sent=True, refused=tuple(refused))

    def _end(self, store: Any, run: Any) -> None:
        self._step(store.set_terminated, search.run_id(run), status=_ENDED, end_time=self.finished.milliseconds)

    def _log_batch(self, store: Any, run_id: str, batch: list[Any]) -> None:
        """Logs metrics; those that another one is putting on the model at this moment, on the run alone."""
        try:
            with client(self.finished.new.uri):
                self._step(store.log_batch, run_id, metrics=batch)
        except TrackingAwayError as error:
            if error.reason != CONFLICT:
                raise
            self._step(store.log_batch, run_id, metrics=metrics.of_run_alone(batch))

    def _step(self, call: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
        self.watch(request_seconds())
        return call(*arguments, **options)

    def _if_offered(self, call: Callable[..., Any], *arguments: Any) -> Any:
        """What a call gives that older servers do not know; None where this one does not, or refuses.

        Raises:
            TrackingAwayError: the store does not answer now.
        """
        try:
            with client(self.finished.new.uri):
                return self._step(call, *arguments)
        except TrackingAwayError as error:
            if error.reason in {"HTTP 404", "HTTP 405", "HTTP 501"}:
                return None
            raise
        except TrackingError:
            return None

    def _run(self, store: Any) -> str:
        """The id of the run: the one that was begun, else the one that has our tags, else a new one."""
        finished = self.finished
        if finished.run_id is not None and self._step(is_active, store, finished.run_id):
            return finished.run_id
        inside = self._step(experiment, store, finished.new.uri, finished.new.experiment)
        ours = {EVALUATION: finished.id} if finished.job_uid is None else {JOB_UID: finished.job_uid}
        return str(self._step(search.one, store, inside, finished.new, ours, start_time=finished.milliseconds))

    def _table(self, store: Any, run: Any, sent: set[str]) -> list[str]:
        """Logs the table of instances; its path, where it was refused."""
        items = self.finished.results.items
        if not items:
            return []
        path = f"{OUTPUT}/{tables.NAME}"
        with tempfile.TemporaryDirectory(prefix="cajajejo-") as temporary:
            file = Path(temporary, tables.NAME)
            with file.open("w", encoding="utf-8") as written:
                tables.write(tables.rows(items), written)
            table = Artifact(file, path, path)
            uri = self.finished.new.uri
            refused = artifacts.send(store, search.run_id(run), [table], sent=sent, watch=self.watch, uri=uri)
        if not refused:
            self._step(set_tags, store, search.run_id(run), {_TABLES: _with_table(run.data.tags.get(_TABLES), path)})
        return refused


def _has_more(run: Any, finished: Finished, expected: str) -> bool:
    """Whether a run has all of this evaluation, or of a later one of the same job, or of a more complete one."""
    tags = run.data.tags
    if DIGEST not in tags:
        return False
    if finished.results.partial and tags.get(STATUS) == "complete":
        return True
    later = int(run.info.end_time or 0) > finished.milliseconds
    return bool(run.info.status == _ENDED and (tags[DIGEST] == expected or later))


def digest(finished: Finished, found: list[Artifact]) -> str:
    """The hash of what is logged of an evaluation: its numbers, and the names and sizes of its files.

    What results did not hold once is left out where it is not there, so that older ones keep the digest that they have.
    """
    summary = found_results.summary(finished.results)
    what = {
        "id": finished.id,
        "summary": {name: value for name, value in summary.items() if value or name not in _LATER},
        "instances": len(finished.results.items),
        "artifacts": sorted([artifact.path, artifact.size] for artifact in found),
    }
    return hashlib.sha256(json.dumps(what, sort_keys=True).encode()).hexdigest()


def _tags(finished: Finished, there: Mapping[str, str]) -> dict[str, str]:
    """The tags that a run lacks; what somebody changed on it stays."""
    ours = {**finished.new.tags, EVALUATION: finished.id}
    if finished.job_uid is not None:
        ours[JOB_UID] = finished.job_uid
    missing = {name: value for name, value in ours.items() if name not in there}
    facts = {f"{_FACT}{name}": value for name, value in finished.facts.items() if name != MEMORY_PEAK}
    return {**missing, **{name: value[:LONGEST_TAG] for name, value in facts.items()}}


def _with_table(there: str | None, path: str) -> str:
    """The list of tables of a run with ours among them, as `mlflow.load_table` looks for it."""
    ours = {"path": path, "type": "table"}
    try:
        listed = [one for one in json.loads(there or "[]") if one != ours]
    except (ValueError, TypeError):
        listed = []
    return json.dumps([*listed, ours])


def has(uri: str, run_id: str, evaluation_id: str) -> bool:
    """Whether a run has all of an evaluation.

    Raises:
        TrackingError: the store does not answer, or has no such run.
    """
    with client(uri) as store:
        run = store.get_run(run_id)
    tags, there = run.data.tags, run.info.lifecycle_stage == "active"
    return there and run.info.status == _ENDED and DIGEST in tags and tags.get(EVALUATION) == evaluation_id
