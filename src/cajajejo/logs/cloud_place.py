"""Where in Google Cloud the logs of a job are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from cajajejo.logs.cloud_errors import CloudProjectError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cajajejo.settings import Gcp

VARIABLE: Final = "GOOGLE_CLOUD_PROJECT"
_CONTEXT_PARTS: Final = 4


@dataclass(frozen=True, slots=True)
class Place:
    """A project, and the cluster in it; an empty text stands for any.

    Attributes:
        project: the id of the project.
        location: the region or zone of the cluster.
        cluster: the name of the cluster.
        named_by: where the project stands, for errors.
    """

    project: str
    location: str = ""
    cluster: str = ""
    named_by: str = ""


def place_of(gcp: Gcp | None, environ: Mapping[str, str], *, context: str = "") -> Place:
    """The place that the project file names, else the kubeconfig's `context`, else a variable.

    Args:
        gcp: ``[gcp]`` of the project file.
        environ: the variables of the environment.
        context: a context of the kubeconfig; gcloud calls them ``gke_PROJECT_LOCATION_CLUSTER``.

    Raises:
        CloudProjectError: none of them names a project.
    """
    if gcp is not None:
        return Place(gcp.project, gcp.location, gcp.cluster, "project of [gcp] in the project file")
    parts = context.split("_")
    if len(parts) == _CONTEXT_PARTS and parts[0] == "gke" and all(parts):
        return Place(parts[1], parts[2], parts[3], f"the context {context}")
    if project := environ.get(VARIABLE):
        return Place(project, named_by=f"the variable {VARIABLE}")
    raise CloudProjectError(
        "which Google Cloud project has the logs?",
        facts={"looked at": f"[gcp] in cajajejo.toml, the context's name, {VARIABLE}"},
        run=f"export {VARIABLE}=$(gcloud config get-value project)",
    )
