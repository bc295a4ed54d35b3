"""Experiments of a tracking store, by name."""

from __future__ import annotations

from typing import Any

from cajajejo.errors import TrackingError
from cajajejo.tracking.connection import package, sqlite_file


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
