"""What the run of an evaluation is called and tagged, from its config."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cajajejo import __version__
from cajajejo.tracking.runs import LONGEST_TAG, NewRun

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cajajejo.config import EvaluationJobConfig


def tags(config: EvaluationJobConfig, identity: Mapping[str, str]) -> dict[str, str]:
    """The tags of a run: the fourteen documented ones, and those of the config; an absent value is ``None``."""
    artifact = config.model.mlflow_artifact
    documented = {
        "config_git_sha": identity["CONFIG_VERSION"],
        "config_path_git_repo": identity["CONFIG_PATH_GIT_REPO"],
        "helm_config_path_git_repo": identity["HELM_CONFIG_PATH_GIT_REPO"],
        "image_build_cajajejo_version": __version__,
        "model_run_id": artifact.run_id if artifact else None,
        "model_artifact_path": artifact.artifact_path if artifact else None,
        "model_gs_uri": config.model.gs_uri,
        "accelerator": config.compute_config.accelerator,
        "cpu": config.compute_config.cpu,
        "memory": config.compute_config.memory,
        "helm_args": " ".join(config.helm.args) if config.helm else None,
        "image": config.image,
        "image_tag": config.image_tag,
        "job_name": identity["JOB_NAME"],
    }
    given = {**config.tracking_config.tags.as_text(), **{key: str(value) for key, value in documented.items()}}
    return {key: value[:LONGEST_TAG] for key, value in given.items()}


def new_run(config: EvaluationJobConfig, identity: Mapping[str, str]) -> NewRun:
    """What the run of an evaluation is made with; `identity` holds the four variables of the pod."""
    return NewRun(
        uri=config.mlflow_config.tracking_uri,
        experiment=config.tracking_config.experiment_name,
        name=config.tracking_config.run_name or identity["JOB_NAME"],
        description=config.tracking_config.description[:LONGEST_TAG],
        tags=tags(config, identity),
    )
