"""A namespace of its own on the cluster that the kubeconfig names, and small jobs for it."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pytest

from cajajejo import cluster, job_spec, sameness, submission
from cajajejo.cluster.errors import ClusterError
from tests.conftest import REAL_ENVIRON

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from cajajejo.cluster import Cluster
    from cajajejo.manifests import Manifests
    from cajajejo.submission import Outcome

PATIENCE_SECONDS = 180
"""For a small image to be pulled, and a pod to run on a node that is there."""
SPEC = """\
apiVersion: batch/v1
kind: Job
metadata:
  name: {name}
spec:
  backoffLimit: 0
  ttlSecondsAfterFinished: 600
  activeDeadlineSeconds: 300
  template:
    spec:
      restartPolicy: Never
      automountServiceAccountToken: false
      terminationGracePeriodSeconds: 1
      securityContext:
        runAsNonRoot: true
        runAsUser: 1000
        seccompProfile: {{type: RuntimeDefault}}
      containers:
      - name: eval
        image: {image}
        command: ["sh", "-c", "cat /etc/configs/eval_config.yml && {command}"]
        env:
        - {{name: JOB_NAME, value: {name}}}
        - {{name: CONFIG_VERSION, value: "1"}}
        resources:
          requests: {{cpu: 10m, memory: 16Mi}}
          limits: {{memory: 64Mi}}
        securityContext:
          allowPrivilegeEscalation: false
          capabilities: {{drop: [ALL]}}
        volumeMounts:
        - {{name: configs-volume, mountPath: /etc/configs}}
      volumes:
      - name: configs-volume
        configMap: {{name: {name}}}
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: {name}
data:
  eval_config.yml: "version: v4\\n"
immutable: true
"""


def wait_until(what: str, true: Callable[[], object], seconds: float = PATIENCE_SECONDS) -> None:
    """Returns when it is true; fails with `what` when it does not become so."""
    until = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < until, f"after {seconds:.0f} s: not {what}"
        time.sleep(0.2)


@dataclass(frozen=True)
class Place:
    """A namespace of a real cluster."""

    ours: Cluster
    namespace: str
    image: str
    directory: Path

    def spec(self, name: str, command: str = "true", **text: str) -> Manifests:
        """A small job that runs a command of the shell; `text` replaces words of the spec."""
        written = SPEC.format(name=name, image=self.image, command=command)
        for old, new in text.items():
            assert old in written
            written = written.replace(old, new)
        path = self.directory / f"{name}.yml"
        path.write_text(written, "utf-8")
        return job_spec.read(path)

    def send(self, spec: Manifests, ours: Cluster | None = None) -> Outcome:
        """Sends it."""
        return submission.send(ours or self.ours, submission.placed(spec, self.namespace, ""), self.namespace)

    def rehearse(self, spec: Manifests) -> Outcome:
        """Lets the server check it."""
        return submission.rehearse(self.ours, submission.placed(spec, self.namespace, ""), self.namespace)

    def get(self, kind: str, name: str) -> dict[str, Any]:
        """An object that is there."""
        found = self.ours.get(kind, name, self.namespace)
        assert found is not None, f"{kind} {name} is not there"
        return found

    def names(self, kind: str) -> list[str]:
        """The names of the objects of a kind, less what the cluster puts into every namespace."""
        found = (str(value["metadata"]["name"]) for value in self.ours.list(kind, self.namespace))
        return sorted(name for name in found if name != "kube-root-ca.crt")

    def wait_for_end(self, name: str) -> str:
        """How the Job ended."""
        wait_until(f"{name} has ended", lambda: sameness.state(self.get("Job", name)).kind != "active")
        return sameness.state(self.get("Job", name)).kind

    def assert_owned(self, name: str) -> None:
        """There is one Job and one ConfigMap of this name, and the one owns the other."""
        job = self.get("Job", name)
        owner = {"apiVersion": "batch/v1", "kind": "Job", "name": name, "uid": job["metadata"]["uid"]}
        assert self.get("ConfigMap", name)["metadata"].get("ownerReferences") == [owner]

    def evict(self, pod: str) -> None:
        """Asks for the pod to be moved away, as an administrator does who empties a node."""
        eviction = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": pod}}
        path = f"/api/v1/namespaces/{self.namespace}/pods/{pod}/eviction"
        self.ours.request("POST", path, body=eviction)

    def delete_job(self, name: str) -> None:
        """Deletes the Job, and waits until it is gone."""
        self.ours.delete("Job", name, self.namespace)
        wait_until(f"{name} is gone", lambda: self.ours.get("Job", name, self.namespace) is None)


def connect() -> Cluster:
    """One more connection, as another user has it."""
    return cluster.connect(environ=REAL_ENVIRON)


@pytest.fixture
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    """A new namespace; it is removed with all that is in it."""
    if not request.config.getoption("--cluster"):
        pytest.skip("needs a cluster: pytest -m cluster --cluster --cluster-image IMAGE")
    namespace = f"cajajejo-test-{secrets.token_hex(4)}"
    labels = {"pod-security.kubernetes.io/enforce": "baseline"}
    with connect() as ours:
        ours.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace, "labels": labels}})
        try:
            yield Place(ours, namespace, request.config.getoption("--cluster-image"), tmp_path)
        finally:
            ours.delete("Namespace", namespace)


@pytest.fixture
def storage_class(request: pytest.FixtureRequest, place: Place) -> dict[str, Any]:
    """The StorageClass that is there, as a job would bring it: without what the server adds."""
    name = request.config.getoption("--cluster-storage-class")
    if not name:
        pytest.skip("needs a StorageClass that is there: --cluster-storage-class NAME")
    found = place.ours.get("StorageClass", name)
    if found is None:
        raise ClusterError(f"the cluster has no StorageClass {name}")
    kept = {key: value for key, value in found.items() if key not in {"metadata", "reclaimPolicy"}}
    return {**kept, "metadata": {"name": name}}


def with_document(spec: Manifests, document: dict[str, Any]) -> Manifests:
    """`spec` and one more object."""
    return replace(spec, documents=(*spec.documents, document))
