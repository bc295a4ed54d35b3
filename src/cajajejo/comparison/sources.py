"""Where the results of an evaluation come from: a directory or a file here, or a run of MLflow."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

import msgspec

from cajajejo.comparison.sides import Side
from cajajejo.errors import CajajejoError, TrackingError, UsageError
from cajajejo.results import RESULTS_FILE, SUMMARY_FILE, metric_name
from cajajejo.spool.description import is_store
from cajajejo.spool.scratch import DESCRIPTION
from cajajejo.tracking import sqlite_file, stored
from cajajejo.tracking.connection import without_login
from cajajejo.tracking.finished import OUTPUT
from cajajejo.tracking.search import ID_DIGITS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

URI_VARIABLE: Final = "MLFLOW_TRACKING_URI"
LOCAL_STORE: Final = "sqlite:///mlflow.db"
"""What MLflow itself takes where nothing names a store."""
LEAST_DIGITS: Final = 6
"""Of the id of a run, so that hardly two runs share them."""
_PLACES: Final = (".", OUTPUT, f"evaluation/{OUTPUT}")
"""Where results are below a directory: itself, that of an evaluation, its scratch directory."""
_SHOWN: Final = 5
_UNKNOWN: Final = {"None", "unset"}
"""What a run is tagged with where the version of its config is not known."""
_FACT: Final = "system."
_PACKAGES: Final = ("crfm-helm", "lm-eval", "torch", "transformers", "datasets")
"""What evaluates, of all that the tags of a run tell."""


class NoResultsError(CajajejoError):
    """What was named has no results that can be compared."""


@dataclass(frozen=True, slots=True)
class Found:
    """An evaluation with its results: what is known about it, and its ``results.jsonl`` on this machine."""

    side: Side
    file: Path


class _Failed(msgspec.Struct):
    scenario: str
    error: str = ""


class _Score(msgspec.Struct):
    metric: str
    scenario: str = ""


class _Summary(msgspec.Struct):
    """What of ``summary.json`` is told; what older ones lack is not known."""

    suite: str = ""
    harness: str = ""
    status: Literal["complete", "partial"] = "complete"
    failed: list[_Failed] = []
    metrics: list[_Score] = []
    versions: dict[str, str] = {}
    shots: dict[str, int] = {}


class _Description(msgspec.Struct):
    """What of the description of a finished evaluation is told."""

    run_name: str = ""
    finished_at: float | None = None
    tags: dict[str, str] = {}
    facts: dict[str, str] = {}


def resolve(name: str, tracking_uri: str | None, work: Path, report: Callable[[str], None] = lambda _: None) -> Found:
    """The evaluation that is called `name`: what is here of the name, else the run of MLflow that has the id.

    Args:
        name: a directory that holds the results of one evaluation, as an evaluation leaves it, or its
            ``results.jsonl``; or the id of a run, or the first digits of one.
        tracking_uri: MLflow's address; None: not known.
        work: a directory of the caller's, where the results of a run are put.
        report: is told what is fetched.

    Raises:
        NoResultsError: nothing has this name, it has no results, or they are of several evaluations.
        TrackingError: MLflow has no such run or several, or the run has no results; it does not answer, or refuses.
    """
    place = _place(name)
    if place is not None:
        file = _in_directory(place) if place.is_dir() else place
        return Found(_side_here(name, file), file)
    digits = name.lower()
    if not _is_id(digits):
        raise _nothing(name)
    if tracking_uri is None:
        raise TrackingError(
            f"nothing here is called {name}; as the id of an MLflow run it needs a tracking server",
            facts={"looked at": f"--tracking-uri, {URI_VARIABLE}, and mlflow.db in {Path.cwd()}"},
            run=f"export {URI_VARIABLE}=http://…",
        )
    return _of_run(stored.find(tracking_uri, digits), tracking_uri, work, report)


def tracking_uri(given: str | None) -> str | None:
    """MLflow's address: the one that is `given`, else the environment's, else that of the store in this directory.

    Raises:
        UsageError: what is given is no address of a store.
    """
    if given is not None:
        if not is_store(given):
            expected = "http://…, https://… or sqlite:///FILE"
            raise UsageError(
                f"--tracking-uri {without_login(given)}: not a tracking store", facts={"expected": expected}
            )
        return given
    return os.environ.get(URI_VARIABLE) or (LOCAL_STORE if sqlite_file(LOCAL_STORE).is_file() else None)


def is_name(name: str) -> bool:
    """Whether `name` may be that of an evaluation: it is here, or has the form of the id of a run."""
    return _place(name) is not None or _is_id(name.lower())


def _is_id(digits: str) -> bool:
    return re.fullmatch(rf"[0-9a-f]{{{LEAST_DIGITS},{ID_DIGITS}}}", digits) is not None


def _place(name: str) -> Path | None:
    """The directory or file of this name; None where there is none."""
    place = Path(name)
    try:
        return place if name and (place.is_dir() or place.is_file()) else None
    except OSError:  # too long for a name, or in a directory that is closed to us
        return None


def _nothing(name: str) -> NoResultsError:
    expected = (
        f"a directory or file that is here, or the id of an MLflow run, at least {LEAST_DIGITS} of its hex digits"
    )
    return NoResultsError(f"there is no evaluation called {name or '(nothing)'}", facts={"expected": expected})


def _in_directory(directory: Path) -> Path:
    """The ``results.jsonl`` of a directory, or of the only evaluation below it."""
    found = [file for file in (directory / place / RESULTS_FILE for place in _PLACES) if file.is_file()]
    if not found:
        found = sorted(file for place in _PLACES for file in directory.glob(f"*/{place}/{RESULTS_FILE}"))
    if len(found) == 1:
        return found[0]
    if not found:
        expected = f"{RESULTS_FILE} in it, in its {OUTPUT}/ or in its evaluation/{OUTPUT}/"
        raise NoResultsError(f"there are no results in the directory {directory}", facts={"expected": expected})
    more = [f"and {len(found) - _SHOWN:,} more"] if len(found) > _SHOWN else []
    facts = {"they are": "\n".join([*(str(file.parent) for file in found[:_SHOWN]), *more])}
    message = f"there are the results of {len(found):,} evaluations in the directory {directory}"
    raise NoResultsError(message, facts=facts, run="name one of them")


def _of_run(run: stored.StoredRun, uri: str, work: Path, report: Callable[[str], None]) -> Found:
    report(f"fetching the results of run {run.run_id[:8]} from {without_login(uri)}")
    output = stored.fetch(uri, run, work / run.run_id)
    version = run.tags.get("config_git_sha", "")
    facts = {name.removeprefix(_FACT): value for name, value in run.tags.items() if name.startswith(_FACT)}
    ended = None if run.ended is None else run.ended / 1000
    about = Side(name=run.run_id, run_id=run.run_id, title=run.name, version=_known(version), finished_at=ended)
    return Found(_with_summary(about, _summary(output / SUMMARY_FILE), facts), output / RESULTS_FILE)


def _side_here(name: str, file: Path) -> Side:
    """What the files beside the results tell, as far as they are there."""
    told = _description(file.parent.parent / DESCRIPTION) if file.parent.name == OUTPUT else _Description()
    version = _known(told.tags.get("config_git_sha", ""))
    about = Side(name=name, title=told.run_name, version=version, finished_at=told.finished_at)
    summary = file.with_name(SUMMARY_FILE)
    there = file.name == RESULTS_FILE and summary.is_file()
    return _with_summary(about, _summary(summary) if there else _Summary(), told.facts)


def _known(version: str) -> str:
    return "" if version in _UNKNOWN else version


def _with_summary(about: Side, summary: _Summary, facts: Mapping[str, str]) -> Side:
    versions = summary.versions or {name: facts[name] for name in _PACKAGES if name in facts}
    return replace(
        about,
        harness=summary.harness,
        suite=summary.suite,
        versions=versions,
        shots=summary.shots,
        partial=summary.status == "partial",
        failed={failed.scenario: failed.error for failed in summary.failed},
        means=tuple(metric_name(one.scenario, one.metric) for one in summary.metrics),
    )


def _summary(file: Path) -> _Summary:
    try:
        return msgspec.json.decode(file.read_bytes(), type=_Summary)
    except (OSError, ValueError, msgspec.MsgspecError, RecursionError) as error:
        says = str(getattr(error, "strerror", None) or error)
        raise NoResultsError(f"the summary of the results is damaged: {file}", facts={"says": says}) from error


def _description(file: Path) -> _Description:
    """What is told about an evaluation; nothing where it is not there, or damaged: its results count."""
    try:
        return msgspec.json.decode(file.read_bytes(), type=_Description)
    except (OSError, ValueError, msgspec.MsgspecError, RecursionError):
        return _Description()
