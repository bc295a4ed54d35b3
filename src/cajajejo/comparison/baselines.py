"""The baseline of a candidate by what is known about it: a tag, or that it was the newest one to pass."""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from cajajejo.comparison import sources
from cajajejo.errors import TrackingError, UsageError
from cajajejo.tracking import client, search, stored
from cajajejo.tracking.comparisons import OUTCOME
from cajajejo.tracking.connection import without_login
from cajajejo.tracking.evaluations import STATUS
from cajajejo.tracking.patience import within

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cajajejo.comparison.sides import Side
    from cajajejo.tracking.stored import StoredRun

_TAG: Final = "tag:"
_NEWEST: Final = "newest-passing"
_COMPLETE: Final = {STATUS: "complete"}
_PASSED: Final = {OUTCOME: "pass"}


@dataclass(frozen=True, slots=True)
class Named:
    """The evaluation of this name, as `sources.resolve` takes it."""

    name: str


@dataclass(frozen=True, slots=True)
class Tagged:
    """The newest complete run of the candidate's experiment that has this tag."""

    key: str
    value: str


@dataclass(frozen=True, slots=True)
class NewestPassing:
    """The newest run of the candidate's experiment that finished before it and passed its own comparison."""


Baseline = Named | Tagged | NewestPassing


def parse(text: str) -> Baseline:
    """What ``--baseline`` says; of a tag, all behind the first ``=`` is its value.

    Raises:
        UsageError: it is no baseline.
    """
    if text == _NEWEST:
        return NewestPassing()
    if text.startswith(_TAG):
        key, equals, value = text.removeprefix(_TAG).partition("=")
        if key and equals:
            return Tagged(key, value)
    elif sources.is_name(text):
        return Named(text)
    expected = f"{_TAG}KEY=VALUE, {_NEWEST}, the id of an MLflow run, or a directory that is here"
    raise UsageError(f"--baseline {text or '(nothing)'}: not a baseline", facts={"expected": expected})


def find(text: str, candidate: Side, tracking_uri: str | None) -> str:
    """The name of the baseline that ``--baseline`` asks for, as `sources.resolve` takes it.

    Args:
        text: ``tag:KEY=VALUE``, ``newest-passing``, the id of a run, or a directory.
        candidate: what is compared with it.
        tracking_uri: MLflow's address.

    Raises:
        UsageError: `text` is no baseline, or asks for a run beside a candidate that is none.
        TrackingError: there is no such run; MLflow does not answer, or refuses.
    """
    wanted = parse(text)
    if isinstance(wanted, Named):
        return wanted.name
    if candidate.run_id is None or tracking_uri is None:
        facts = {"the candidate": candidate.name, "expected": "the id of an MLflow run, in whose experiment is looked"}
        raise UsageError(f"--baseline {text} goes with a candidate that is an MLflow run", facts=facts)
    run = stored.find(tracking_uri, candidate.run_id)
    look = _Look(tracking_uri, run)
    return look.tagged(wanted) if isinstance(wanted, Tagged) else look.passing()


@dataclass(frozen=True, slots=True)
class _Look:
    """Looks into the experiment of a candidate."""

    uri: str
    candidate: StoredRun

    def tagged(self, wanted: Tagged) -> str:
        tag = {wanted.key: wanted.value}
        found = self._newest({**_COMPLETE, **tag}, but=self.candidate.run_id)
        if found is not None:
            return search.run_id(found)
        told = f"{wanted.key}={wanted.value}"
        facts = self._looked()
        other = self._newest(tag, but=self.candidate.run_id)
        if other is not None:
            facts["has it"] = f"{search.run_id(other)}, which is not complete"
        given = ", ".join(json.dumps(text, ensure_ascii=False) for text in ("RUN_ID", wanted.key, wanted.value))
        store = json.dumps(without_login(self.uri), ensure_ascii=False)
        command = f"python -c {shlex.quote(f'import mlflow; mlflow.MlflowClient({store}).set_tag({given})')}"
        message = f"no complete run beside the candidate has the tag {told}"
        raise TrackingError(message, facts=facts, run=f"{command}     gives it to one")

    def passing(self) -> str:
        found = self._newest({**_COMPLETE, **_PASSED}, but=self.candidate.run_id, before=self.candidate.ended)
        if found is not None:
            return search.run_id(found)
        command = f"cajajejo jobs evaluation compare RUN_A {self.candidate.run_id} --max-drop X"
        begins = (
            "     begins with a run of your choice (or with --policy FILE); the run itself, where there is no other"
        )
        message = "no run that finished before the candidate has passed a comparison"
        raise TrackingError(message, facts=self._looked(), run=command + begins)

    def _newest(self, wanted: Mapping[str, str], *, but: str, before: int | None = None) -> Any | None:
        def look() -> Any | None:
            with client(self.uri) as store:
                return search.newest(store, [self.candidate.experiment_id], wanted, but=but, before=before)

        return within(stored.SECONDS, self.uri, look)

    def _looked(self) -> dict[str, str]:
        def name() -> str:
            with client(self.uri) as store:
                return str(store.get_experiment(self.candidate.experiment_id).name)

        experiment = within(stored.SECONDS, self.uri, name)
        return {
            "candidate": self.candidate.run_id,
            "looked in": f"the experiment {experiment} of {without_login(self.uri)}",
        }
