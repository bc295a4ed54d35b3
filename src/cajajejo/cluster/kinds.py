"""The kinds of objects that cajajejo deals with, and where an API server keeps them.

The table stands in place of discovery: no extra requests, and nothing that could grow stale.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from cajajejo.errors import CajajejoError
from cajajejo.phrases import closest


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind: its API version, its name in addresses, and whether its objects live in a namespace."""

    name: str
    api_version: str
    plural: str
    namespaced: bool = True

    @property
    def group(self) -> str:
        """``batch`` of ``batch/v1``; empty for the core group."""
        return self.api_version.rpartition("/")[0]

    @property
    def resource(self) -> str:
        """The kind as messages of Kubernetes name it: ``jobs.batch``, ``configmaps``."""
        return f"{self.plural}.{self.group}" if self.group else self.plural

    def path(self, namespace: str | None = None, name: str | None = None, subresource: str = "") -> str:
        """The path of an object, or of the collection where `name` is None.

        Raises:
            ValueError: `name` or `namespace` would name something else, such as the whole collection.
        """
        root = f"/apis/{self.api_version}" if self.group else f"/api/{self.api_version}"
        inside = f"/namespaces/{_segment(namespace)}" if self.namespaced and namespace is not None else ""
        tail = "" if name is None else f"/{_segment(name)}"
        return f"{root}{inside}/{self.plural}{tail}" + (f"/{subresource}" if subresource else "")


class UnknownKindError(CajajejoError):
    """A kind that cajajejo does not deal with."""


def _segment(text: str) -> str:
    """`text` as one segment of a path; an empty one would name the whole collection."""
    if text in {"", ".", ".."}:
        raise ValueError(f"not a name: {text!r}")
    return quote(text, safe="", errors="surrogatepass")


_NAMESPACED: Final = {
    "v1": "ConfigMap Event PersistentVolumeClaim Pod Secret Service ServiceAccount ResourceQuota LimitRange",
    "apps/v1": "Deployment",
    "argoproj.io/v1alpha1": "CronWorkflow Workflow WorkflowTemplate",
    "batch/v1": "CronJob Job",
    "coordination.k8s.io/v1": "Lease",
    "jobset.x-k8s.io/v1alpha2": "JobSet",
    "kubeflow.org/v1": "MPIJob PyTorchJob TFJob",
    "kueue.x-k8s.io/v1beta2": "LocalQueue Workload",
    "rbac.authorization.k8s.io/v1": "Role RoleBinding",
    "serving.kserve.io/v1beta1": "InferenceService",
    "trainer.kubeflow.org/v1alpha1": "TrainJob TrainingRuntime",
}
_OF_THE_CLUSTER: Final = {
    "v1": "Namespace Node PersistentVolume",
    "apiextensions.k8s.io/v1": "CustomResourceDefinition",
    "kueue.x-k8s.io/v1beta2": "ClusterQueue ResourceFlavor",
    "storage.k8s.io/v1": "StorageClass",
    "trainer.kubeflow.org/v1alpha1": "ClusterTrainingRuntime",
}


def _plural(name: str) -> str:
    return name.lower() + ("es" if name.endswith("s") else "s")


KINDS: Final = {
    name: Kind(name, api_version, _plural(name), namespaced)
    for table, namespaced in ((_NAMESPACED, True), (_OF_THE_CLUSTER, False))
    for api_version, names in table.items()
    for name in names.split()
}


def find(name: str, api_version: str | None = None) -> Kind:
    """The kind called `name`, in `api_version` where a document gives one.

    Raises:
        UnknownKindError: cajajejo does not deal with it.
    """
    kind = KINDS.get(name)
    if kind is None or (api_version is not None and api_version.rpartition("/")[0] != kind.group):
        shown = f"{api_version} {name}" if api_version else name
        guess = closest(name, KINDS)
        facts = {"did you mean": guess} if guess and guess != name else {}
        raise UnknownKindError(f"not a kind that cajajejo deals with: {shown[:80]}", facts=facts)
    if api_version is None or api_version == kind.api_version:
        return kind
    return Kind(kind.name, api_version, kind.plural, kind.namespaced)
