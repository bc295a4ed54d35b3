"""What stands in the project file: what a whole project has in common.

A setting is what an option is when it is not given: a flag comes before a variable, a variable before the file.
"""

from __future__ import annotations

import os
import tomllib
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from cajajejo import project_file, validation
from cajajejo.alert_settings import AlertSettings
from cajajejo.errors import FileProblemsError, Problem
from cajajejo.validation import DnsLabel, NonEmptyText, StrictModel
from cajajejo.yamlfile import Document

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


class Gcp(StrictModel):
    """The project's place in Google Cloud."""

    project: NonEmptyText = Field(description="Project", examples=["neurips-llm-eff-challenge-2023"])
    location: NonEmptyText = Field(description="Region or zone of the cluster", examples=["europe-west4"])
    cluster: NonEmptyText = Field(description="Name of the cluster", examples=["autopilot-cluster-1"])
    registry: NonEmptyText | None = Field(
        None,
        description="Where images are pushed",
        examples=["europe-west4-docker.pkg.dev/neurips-llm-eff-challenge-2023/container-registry-neurips-2023"],
    )


class Settings(StrictModel):
    """What options are when they are not given."""

    profile: NonEmptyText | None = Field(None, description="Kind of cluster", examples=["gke-autopilot"])
    namespace: DnsLabel | None = Field(None, description="Kubernetes namespace", examples=["evaluation"])
    context: NonEmptyText | None = Field(None, description="Context of the kubeconfig", examples=["kind-kind"])
    templates: NonEmptyText | None = Field(
        None, description="Directory of your site's templates, relative to this file", examples=["templates"]
    )
    history: NonEmptyText | None = Field(
        None, description="Metric history", examples=["sqlite:///.cajajejo/history.db"]
    )
    log_source: Literal["auto", "pods", "cloud"] | None = Field(
        None, description="Where `jobs logs` takes lines from", examples=["pods"]
    )
    gcp: Gcp | None = Field(None, description="For `invoke authenticate-kubectl` and the logs in Cloud Logging")
    alerts: tuple[AlertSettings, ...] = Field((), description="Where alerts are sent to; stderr is always there")


def load(path: Path) -> Settings:
    """The settings in `path`.

    Raises:
        FileProblemsError: it cannot be read, is not TOML, or holds what is no setting.
    """
    try:
        data: Any = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError as error:
        raise _problem(path, "no such file") from error
    except (OSError, UnicodeDecodeError) as error:
        raise _problem(path, f"cannot be read: {error}") from error
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise _problem(path, f"not well-formed TOML: {error}") from error
    if path.name == "pyproject.toml":
        tool = data.get("tool")
        data = tool.get("cajajejo", {}) if isinstance(tool, dict) else {}
    settings = validation.validate(Settings, Document(str(path), data))
    nul = [name for name, value in settings if isinstance(value, str) and "\0" in value]
    if nul:
        raise _problem(path, f"{nul[0]}: holds the character NUL")
    return settings


def variables(path: Path) -> dict[str, str]:
    """The settings in `path` as the variables that options read.

    Raises:
        FileProblemsError: as `load`.
    """
    settings = load(path)
    values = settings.model_dump(exclude={"alerts", "gcp"}, exclude_none=True)
    if settings.templates:
        values["templates"] = os.path.normpath(path.parent / settings.templates)
    if settings.namespace:  # a job config comes before it, and the variable before the job config
        values["default_namespace"] = values.pop("namespace")
    return {f"CAJAJEJO_{name.upper()}": value for name, value in values.items()}


def gcp_here(environ: Mapping[str, str]) -> Gcp | None:
    """The project's place in Google Cloud, by the project file that counts in the working directory.

    Raises:
        FileProblemsError: as `load`.
    """
    path = project_file.find_here(environ)
    return load(path).gcp if path else None


def _problem(path: Path, message: str) -> FileProblemsError:
    return FileProblemsError([Problem(str(path), message)])
