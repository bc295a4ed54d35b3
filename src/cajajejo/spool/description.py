"""A finished evaluation without its files, as JSON: all that tracking it needs, and nothing secret."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

from cajajejo.errors import SpoolError
from cajajejo.tracking import NewRun, sqlite_file
from cajajejo.tracking.connection import without_login
from cajajejo.tracking.finished import Finished

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from cajajejo.results import Results

_VERSION: Final = 1
_LATEST: Final = 1e11
"""Epoch seconds; in milliseconds, no store counts as far as that."""


def describe(finished: Finished) -> dict[str, object]:
    """What `read` takes."""
    new = finished.new
    return {
        "version": _VERSION,
        "id": finished.id,
        "name": finished.name,
        "tracking_uri": lasting(new.uri),
        "experiment_name": new.experiment,
        "run_name": new.name,
        "description": new.description,
        "tags": dict(new.tags),
        "run_id": finished.run_id,
        "job_uid": finished.job_uid,
        "finished_at": finished.finished_at,
        "facts": dict(finished.facts),
    }


def read(found: Mapping[str, Any], directory: Path, results: Results) -> Finished:
    """The evaluation that `describe` described, whose files are in `directory`.

    Raises:
        SpoolError: it is damaged, or of a later version.
    """
    try:
        version = found["version"]
        new = NewRun(
            uri=_store(found["tracking_uri"]),
            experiment=_text(found["experiment_name"]),
            name=_text(found["run_name"]),
            description=_text(found["description"]),
            tags=_texts(found["tags"]),
        )
        finished = Finished(
            directory=directory,
            new=new,
            run_id=_text_or_none(found["run_id"]),
            job_uid=_text_or_none(found["job_uid"]),
            results=results,
            finished_at=_moment(found["finished_at"]),
            facts=_texts(found["facts"]),
            spool_uri=None,
            name=_text(found["name"]),
        )
        same = finished.id == found["id"]
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        says = f"{type(error).__name__}: {error}"[:300]
        raise SpoolError("what describes the results is damaged", facts={"says": says}) from error
    if version != _VERSION:
        raise SpoolError(f"the results were kept by another version of cajajejo (their version is {version!r:.40})")
    if not same:
        raise SpoolError("what describes the results is damaged", facts={"says": "its id is of something else"})
    return finished


def lasting(uri: str) -> str:
    """The address of a store as it is the same one tomorrow, from another directory, and without a login."""
    if uri.startswith("sqlite:///"):
        return f"sqlite:///{sqlite_file(uri).absolute()}"
    return without_login(uri)


def parse(text: str | bytes) -> dict[str, Any]:
    """The JSON object in `text`.

    Raises:
        SpoolError: it is none.
    """
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise SpoolError("what describes the results is damaged", facts={"says": str(error)[:300]}) from error
    if not isinstance(found, dict):
        raise SpoolError("what describes the results is damaged", facts={"says": "it is no JSON object"})
    return found


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"not a text: {value!r:.80}")
    return value


def _store(value: object) -> str:
    uri = _text(value)
    if not is_store(uri):
        raise ValueError(f"not a tracking store: {without_login(uri)}")
    return uri


def is_store(uri: str) -> bool:
    """Whether `uri` is the address of a kind of store that an evaluation may have."""
    return re.match(r"https?://[^/]|sqlite:///.", uri) is not None


def _moment(value: Any) -> float:
    moment = float(value)
    if not 0 <= moment <= _LATEST:
        raise ValueError(f"not a moment: {value!r:.80}")
    return moment


def _text_or_none(value: object) -> str | None:
    return None if value is None else _text(value)


def _texts(value: object) -> dict[str, str]:
    if not isinstance(value, dict):
        raise TypeError(f"not a mapping: {value!r:.80}")
    return {_text(name): _text(each) for name, each in value.items()}
