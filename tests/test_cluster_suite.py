"""The tests of a real cluster, run against the fake, so that they are known to work before there is a cluster.

A job that is called like a recorded life of a job leads that life; others complete, fail, or go on.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

from tests import sending
from tests.fakes.kubernetes import FakeKubernetes

if TYPE_CHECKING:
    from pathlib import Path

    from tests.fakes.kubernetes.lifecycle import Player, Step

LIVES = sending.ROOT / "tests/recordings/kubernetes-1.36/scenarios"
UNTIL_SOMEBODY_ACTS = {"pod-failure-policy-ignore-disruption": "/eviction", "delete-background": "/jobs/"}
"""Lives in which the client does something: they stop where a container runs, and go on when that has been asked."""


def lead_its_life(fake: FakeKubernetes, job: dict[str, Any]) -> None:
    """What the controllers make of a job."""
    name, namespace = job["metadata"]["name"], job["metadata"]["namespace"]
    if not (LIVES / name).is_dir():
        bring_to_its_end(fake, job)
        return
    with contextlib.suppress(KeyError):  # its test is over, and it is gone
        player = fake.scenario(LIVES / name, job=name, namespace=namespace)
        if name in UNTIL_SOMEBODY_ACTS:
            wait_for_the_client(fake, player, UNTIL_SOMEBODY_ACTS[name], namespace)
        if name != "delete-background":
            player.play(speed=20, until=lambda _: fake.get("Namespace", namespace) is None)


def wait_for_the_client(fake: FakeKubernetes, player: Player, path: str, namespace: str) -> None:
    """Plays until a container runs, and returns when the client has asked for what happens next."""
    player.play(speed=20, until=runs)
    until = time.monotonic() + 120
    while time.monotonic() < until:
        asked = [request for request in fake.requests if request.method in {"POST", "DELETE"}]
        if any(path in request.path and namespace in request.path for request in asked):
            return
        time.sleep(0.05)


def runs(step: Step) -> bool:
    """Whether the step is a pod whose container runs."""
    statuses = step.object.get("status", {}).get("containerStatuses", [{}])
    return step.object["kind"] == "Pod" and "running" in statuses[0].get("state", {})


def bring_to_its_end(fake: FakeKubernetes, job: dict[str, Any]) -> None:
    """A small job completes, fails, or goes on."""
    name, namespace = job["metadata"]["name"], job["metadata"]["namespace"]
    command = job["spec"]["template"]["spec"]["containers"][0]["command"][-1]
    if "sleep" in command:
        return
    time.sleep(0.1)
    failed = "exit 1" in command
    reason = "BackoffLimitExceeded" if failed else "CompletionsReached"
    condition = {"type": "Failed" if failed else "Complete", "status": "True", "reason": reason, "message": "done"}
    with contextlib.suppress(KeyError):  # its test is over, and it is gone
        fake.update("Job", name, {"status": {"conditions": [condition]}}, namespace=namespace)


def count_quota(fake: FakeKubernetes, quota: dict[str, Any]) -> None:
    """What the controller and the admission make of a quota; the one on pods is part of a recorded life."""
    namespace, hard = quota["metadata"]["namespace"], quota["spec"]["hard"]
    if "count/jobs.batch" in hard:
        fake.job_quota(quota["metadata"]["name"], int(hard["count/jobs.batch"]), namespace=namespace)
    status = {"status": {"hard": quota["spec"]["hard"]}}
    fake.update("ResourceQuota", quota["metadata"]["name"], status, namespace=namespace)


def test_they_pass_and_leave_nothing_behind(tmp_path: Path) -> None:
    with FakeKubernetes() as fake:
        fake.put(sending.placed().document("StorageClass"))
        fake.when_created("Job", lambda job: lead_its_life(fake, job))
        fake.when_created("ResourceQuota", lambda quota: count_quota(fake, quota))
        environ = {**os.environ, "KUBECONFIG": str(fake.kubeconfig(tmp_path / "kubeconfig"))}
        words = ["-q", "-n", "0", "-p", "no:cacheprovider", "--cluster", "--cluster-storage-class", "ssd"]
        words += ["-W", "ignore:unclosed:ResourceWarning"]  # of a watch that is given up while it is being opened
        command = [sys.executable, "-m", "pytest", "tests/cluster", *words]
        done = subprocess.run(
            command, cwd=sending.ROOT, env=environ, check=False, capture_output=True, text=True, timeout=900
        )
        assert done.returncode == 0, done.stdout
        assert " skipped" not in done.stdout
        made_by_the_cluster = ("ServiceAccount", "Pod", "Event", "PersistentVolumeClaim")
        left = {name for name in sending.stored(fake) if not name.startswith(made_by_the_cluster)}
        assert left == {"StorageClass/ssd"}
