"""MLflow: runs, tags, batched metrics, artifacts, tables, data sets and models; the only import of mlflow.

Every write can be repeated: a run is found again by its id or by a tag, a metric carries the time its evaluation
finished, an artifact replaces the one of its name.
"""

from cajajejo.tracking.connection import client, package, sqlite_file
from cajajejo.tracking.experiments import experiment
from cajajejo.tracking.reachable import check_reachable
from cajajejo.tracking.run_tags import new_run, tags
from cajajejo.tracking.runs import (
    NewRun,
    RunStatus,
    download_artifacts,
    set_tags,
    start_run,
)

__all__ = [
    "NewRun",
    "RunStatus",
    "check_reachable",
    "client",
    "download_artifacts",
    "experiment",
    "new_run",
    "package",
    "set_tags",
    "sqlite_file",
    "start_run",
    "tags",
]
