"""The model of an evaluation as a logged model of MLflow, which leaderboards are made of; one a run."""

from __future__ import annotations

import posixpath
import re
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from cajajejo.tracking.connection import package
from cajajejo.tracking.search import SETTLE_SECONDS

if TYPE_CHECKING:
    from collections.abc import Mapping

_BAD: Final = re.compile(r"[/:.%\"'\x00-\x1f]")
_LONGEST_NAME: Final = 250
_EXTERNAL: Final = {"mlflow.model.isExternal": "true"}
_SOURCES: Final = ("model_run_id", "model_artifact_path", "model_gs_uri")


def ensure(store: Any, experiment_id: str, run_id: str, tags: Mapping[str, str]) -> str:
    """The id of the one logged model of a run: the one that is there, else a new one.

    Two that find none at the same moment both make one; after a moment both look again, and younger ones are deleted.
    """
    model = _oldest(store, experiment_id, run_id)
    if model is None:
        ours = _make(store, experiment_id, run_id, tags)
        time.sleep(SETTLE_SECONDS)
        model = _oldest(store, experiment_id, run_id) or ours
    if model.status != package().entities.LoggedModelStatus.READY:
        _finish(store, model)
    store.log_inputs(run_id, models=[package().entities.LoggedModelInput(model.model_id)])
    return str(model.model_id)


def _oldest(store: Any, experiment_id: str, run_id: str) -> Any:
    found = store.search_logged_models([experiment_id], filter_string=f"source_run_id = '{run_id}'")
    ours = [model for model in found if model.source_run_id == run_id]
    oldest, *others = sorted(ours, key=lambda model: (model.creation_timestamp, model.model_id)) or [None]
    for other in others:  # made at the same moment, or where the answer to the first request was lost
        if not other.metrics:
            store.delete_logged_model(other.model_id)
    return oldest


def _make(store: Any, experiment_id: str, run_id: str, tags: Mapping[str, str]) -> Any:
    known = {name: tags[name] for name in _SOURCES if tags.get(name, "None") != "None"}
    return store.create_logged_model(experiment_id, name=name(tags), source_run_id=run_id, tags={**known, **_EXTERNAL})


def _finish(store: Any, model: Any) -> None:
    """What `mlflow.create_external_model` does after it made a model: a file that says so, and its status."""
    mlflow = package()
    with tempfile.TemporaryDirectory(prefix="cajajejo-") as temporary:
        from_mlflow = mlflow.models.utils.get_external_mlflow_model_spec(model)
        from_mlflow.save(str(Path(temporary, "MLmodel")))
        store.log_model_artifacts(model.model_id, temporary)
    store.finalize_logged_model(model.model_id, mlflow.entities.LoggedModelStatus.READY)


def name(tags: Mapping[str, str]) -> str:
    """What a model is called: as the tag ``model`` says, else after the place that it came from."""
    given = [tags.get("model", ""), *(tags.get(source, "") for source in ("model_gs_uri", "model_artifact_path"))]
    known = next((text for text in given if text and text != "None"), "model")
    base = posixpath.basename(known.rstrip("/")) or "model"
    return _BAD.sub("_", base)[:_LONGEST_NAME]
