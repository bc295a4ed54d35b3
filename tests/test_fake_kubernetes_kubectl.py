"""kubectl against the fake: it must find all it asks for, and print what it prints for a real cluster."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
from typing import TYPE_CHECKING

import pytest

from tests.fakes.kubernetes import FakeKubernetes
from tests.recordings import pods
from tests.recordings.exchange import RECORDINGS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl is not installed")
JOB = "eval-neurips-merciful-crocodile"
MANIFEST = str(RECORDINGS / "mission-example" / "job-spec.yaml")


class Kubectl:
    """kubectl with a home of its own; it sends a token over TLS only."""

    def __init__(self, cluster: FakeKubernetes, directory: Path) -> None:
        self.cluster = cluster
        self._cache = directory / "cache"
        config = cluster.kubeconfig(directory / "kubeconfig")
        self._environment = {"HOME": str(directory), "KUBECONFIG": str(config), "PATH": os.environ["PATH"]}

    def __call__(self, *words: str, code: int = 0) -> str:
        """What it prints; on its error output where it fails."""
        done = subprocess.run(
            ["kubectl", "--cache-dir", str(self._cache), *words],
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == code, done.stdout + done.stderr
        return done.stderr if code else done.stdout


@pytest.fixture
def kubectl(tmp_path: Path) -> Iterator[Kubectl]:
    with FakeKubernetes(tls=True) as cluster:
        yield Kubectl(cluster, tmp_path)


def applied(kubectl: Kubectl) -> None:
    kubectl("apply", "--server-side", "-f", MANIFEST)


def test_create_dry_run_stores_nothing(kubectl: Kubectl) -> None:
    assert kubectl("create", "--dry-run=server", "-f", MANIFEST) == (
        f"job.batch/{JOB} created (server dry run)\n"
        "configmap/eval-configs created (server dry run)\n"
        "storageclass.storage.k8s.io/ssd created (server dry run)\n"
    )
    assert kubectl.cluster.objects("Job") == []


def test_apply_server_side_creates_and_applies_again(kubectl: Kubectl) -> None:
    applied(kubectl)
    version = kubectl("get", "job", JOB, "-o", "jsonpath={.metadata.resourceVersion}")
    applied(kubectl)
    assert kubectl("get", "job", JOB, "-o", "jsonpath={.metadata.resourceVersion}") == version


def test_apply_of_the_client_side_creates_and_configures(kubectl: Kubectl, tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_text("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: {a: b}\n")
    assert kubectl("apply", "-f", str(file)) == "configmap/c created\n"
    file.write_text("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: {d: e}\n")
    assert kubectl("apply", "-f", str(file)) == "configmap/c configured\n"
    found = kubectl.cluster.get("ConfigMap", "c")
    assert found is not None
    assert found["data"] == {"d": "e"}


def test_get_prints_a_table(kubectl: Kubectl) -> None:
    applied(kubectl)
    kubectl.cluster.update("Job", JOB, {"metadata": {"creationTimestamp": "2020-01-01T00:00:00Z"}})
    head, row = kubectl("get", "jobs").splitlines()
    assert head.split() == ["NAME", "STATUS", "COMPLETIONS", "DURATION", "AGE"]
    assert row.split()[:3] == [JOB, "Running", "0/1"]
    assert kubectl("get", "tfjobs", code=0) == ""


def test_logs_of_a_pod_and_of_a_job(kubectl: Kubectl) -> None:
    applied(kubectl)
    job = kubectl.cluster.get("Job", JOB)
    assert job is not None
    labels = job["spec"]["selector"]["matchLabels"]
    kubectl.cluster.put(pods.pod("p", "default", {"eval": pods.ENDED}, metadata={"labels": labels}))
    kubectl.cluster.log("p", "one\ntwo\n")
    assert kubectl("logs", "p", "--tail=1") == "two\n"
    assert kubectl("logs", "-f", f"job/{JOB}") == "one\ntwo\n"


def test_wait_sees_the_condition_come(kubectl: Kubectl) -> None:
    applied(kubectl)
    status = {"status": {"conditions": [{"type": "Complete", "status": "True"}]}}
    timer = threading.Timer(0.5, kubectl.cluster.update, ("Job", JOB, status))
    timer.start()
    assert kubectl("wait", "--for=condition=complete", f"job/{JOB}", "--timeout=120s") == (
        f"job.batch/{JOB} condition met\n"
    )
    timer.join()


def test_wait_follows_a_recorded_life(kubectl: Kubectl) -> None:
    kubectl.cluster.namespace("gc-test")
    player = kubectl.cluster.scenario(RECORDINGS / "exchanges" / "gc" / "timeline.ndjson", namespace="gc-test")
    player.play(until=lambda step: step.object["kind"] == "Job")
    thread = player.start(speed=8)
    kubectl("wait", "--for=condition=complete", "job/eval-gc", "-n", "gc-test", "--timeout=120s")
    thread.join(20)
    assert kubectl("get", "pods", "-n", "gc-test") == ""


def test_delete_takes_the_pods_along(kubectl: Kubectl) -> None:
    applied(kubectl)
    job = kubectl.cluster.get("Job", JOB)
    assert job is not None
    owner = {"apiVersion": "batch/v1", "kind": "Job", "name": JOB, "uid": job["metadata"]["uid"]}
    kubectl.cluster.put(pods.pod("p", "default", {"eval": pods.RUNNING}, metadata={"ownerReferences": [owner]}))
    assert kubectl("delete", "job", JOB).startswith(f'job.batch "{JOB}" deleted')
    assert kubectl.cluster.objects("Pod") == []


def test_auth_can_i_answers_for_the_token(kubectl: Kubectl) -> None:
    assert kubectl("auth", "can-i", "create", "jobs.batch") == "yes\n"
    kubectl.cluster.deny("delete", "jobs")
    assert kubectl("auth", "can-i", "delete", "jobs.batch", code=1) == ""
    assert "tester" in kubectl("auth", "whoami")
    assert "*.*" in kubectl("auth", "can-i", "--list")


def test_namespaces_are_created_and_deleted(kubectl: Kubectl) -> None:
    kubectl("create", "namespace", "team")
    assert kubectl("get", "namespace", "team", "-o", "jsonpath={.status.phase}") == "Active"
    kubectl("delete", "namespace", "team")
    assert kubectl.cluster.get("Namespace", "team") is None


def test_refusals_come_in_the_words_of_kubectl(kubectl: Kubectl) -> None:
    assert kubectl("get", "jobs") == ""
    assert kubectl("get", "jobs", "--token=nope", code=1) == (
        "error: You must be logged in to the server (Unauthorized)\n"
    )
    assert kubectl("get", "job", "x", code=1) == 'Error from server (NotFound): jobs.batch "x" not found\n'
    assert kubectl("get", "nothing", code=1) == 'error: the server doesn\'t have a resource type "nothing"\n'
    kubectl.cluster.deny("list", "jobs")
    assert kubectl("get", "jobs", code=1) == (
        'Error from server (Forbidden): jobs.batch is forbidden: User "tester" cannot list resource "jobs" '
        'in API group "batch" in the namespace "default"\n'
    )
