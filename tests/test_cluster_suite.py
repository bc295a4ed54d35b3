"""The tests of a real cluster, run against the fake, so that they are known to work before there is a cluster."""

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


def bring_to_its_end(fake: FakeKubernetes, job: dict[str, Any]) -> None:
    """What the controllers make of a small job: it completes, fails, or goes on."""
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
    """What the controller and the admission make of a quota."""
    namespace = quota["metadata"]["namespace"]
    fake.job_quota(quota["metadata"]["name"], int(quota["spec"]["hard"]["count/jobs.batch"]), namespace=namespace)
    status = {"status": {"hard": quota["spec"]["hard"]}}
    fake.update("ResourceQuota", quota["metadata"]["name"], status, namespace=namespace)


def test_they_pass_and_leave_nothing_behind(tmp_path: Path) -> None:
    with FakeKubernetes() as fake:
        fake.put(sending.placed().document("StorageClass"))
        fake.when_created("Job", lambda job: bring_to_its_end(fake, job))
        fake.when_created("ResourceQuota", lambda quota: count_quota(fake, quota))
        environ = {**os.environ, "KUBECONFIG": str(fake.kubeconfig(tmp_path / "kubeconfig"))}
        words = ["-q", "-n", "0", "-p", "no:cacheprovider", "--cluster", "--cluster-storage-class", "ssd"]
        command = [sys.executable, "-m", "pytest", "tests/cluster", *words]
        done = subprocess.run(
            command, cwd=sending.ROOT, env=environ, check=False, capture_output=True, text=True, timeout=120
        )
        assert done.returncode == 0, done.stdout
        assert " skipped" not in done.stdout
        left = {name for name in sending.stored(fake) if not name.startswith("ServiceAccount")}
        assert left == {"StorageClass/ssd"}
