"""Sending 1,000 jobs: client CPU of ours against `create_from_dict` of the kubernetes package; peak memory of ours.

    .venv/bin/python benchmarks/submit.py [--jobs N] [--rounds N]

Both send the Job and the ConfigMap of each job to the same server, in another process, which says yes to everything.
Ours also looks for what is there, and gives each ConfigMap to its Job, a third request; the client of the package is
measured without that, as most people use it, and with it. The rounds take
turns, so that a machine that slows down slows both; medians and their ratio are printed, then the concurrency and the
peak memory of ours for a tenth of the jobs and for all.
"""

from __future__ import annotations

import argparse
import importlib
import statistics
import sys
import tempfile
import threading
import time
import tracemalloc
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.fakes import canned_api

from cajajejo import batches, cluster, evaluation, submission
from cajajejo.evaluation import Rendering
from tests import sending

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cajajejo.manifests import Manifests


def rendered(count: int, directory: Path) -> list[Manifests]:
    """So many jobs of one matrix, without a StorageClass, placed."""
    config = directory / "job_config.yml"
    suites = ", ".join(f"s{number}" for number in range(count))
    text = sending.CONFIG.read_text("utf-8")
    config.write_text(f"{text}\nmatrix: {{axes: {{helm.suite: [{suites}]}}}}\n", "utf-8")
    rendering = Rendering(profile="plain")
    jobs = evaluation.parse_job(config, sending.RUN_SPECS, config_version="v1", rendering=rendering).jobs
    return [submission.placed(job, None, "default") for job in jobs]


def send_ours(kubeconfig: Path, jobs: Sequence[Manifests], send: Any = submission.send) -> None:
    """Looks what is there, sends each job, gives it its ConfigMap."""
    with cluster.connect(environ={"KUBECONFIG": str(kubeconfig)}) as ours:
        batch = batches.send_all(ours, jobs, "default", send=send)
    assert len(batch.sent()) == len(jobs), batch.failed()[:1]


def send_theirs(kubeconfig: Path, jobs: Sequence[Manifests], *, adopt: bool = False) -> None:
    """One client, one object after the other, as its documentation shows; with `adopt` also the third request."""
    kubernetes: Any = importlib.import_module("kubernetes")
    client = kubernetes.config.new_client_from_config(str(kubeconfig))
    core = kubernetes.client.CoreV1Api(client)
    for job in jobs:
        kubernetes.utils.create_from_dict(client, job.document("ConfigMap"))
        (made,) = kubernetes.utils.create_from_dict(client, job.document("Job"))
        if adopt:
            owner = {"apiVersion": "batch/v1", "kind": "Job", "name": job.name, "uid": made.metadata.uid}
            core.patch_namespaced_config_map(job.name, "default", {"metadata": {"ownerReferences": [owner]}})
    client.close()


def cpu_seconds(send: Any, kubeconfig: Path, jobs: Sequence[Manifests]) -> tuple[float, float]:
    """User and system seconds of this process, and seconds on the clock."""
    cpu, clock = time.process_time(), time.monotonic()
    send(kubeconfig, jobs)
    return time.process_time() - cpu, time.monotonic() - clock


def peak(kubeconfig: Path, jobs: Sequence[Manifests]) -> tuple[int, int]:
    """Jobs on their way at one time, and bytes that sending takes beside the jobs themselves."""
    now, most, lock = 0, 0, threading.Lock()

    def counted(*arguments: Any, **options: Any) -> Any:
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)
        try:
            return submission.send(*arguments, **options)
        finally:
            with lock:
                now -= 1

    tracemalloc.start()
    send_ours(kubeconfig, jobs, counted)
    taken = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return most, taken


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description="Sending jobs: ours against create_from_dict.")
    parser.add_argument("--jobs", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    ways: dict[str, Any] = {
        "cajajejo": send_ours,
        "create_from_dict": send_theirs,
        "the same, adopting": partial(send_theirs, adopt=True),
    }
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
    with tempfile.TemporaryDirectory() as folder, canned_api.running(Path(folder)) as kubeconfig:
        jobs = rendered(arguments.jobs, Path(folder))
        for send in ways.values():
            send(kubeconfig, jobs[:10])  # warms up
        for _ in range(arguments.rounds):
            for name, send in ways.items():
                taken[name].append(cpu_seconds(send, kubeconfig, jobs))
        peaks = {count: peak(kubeconfig, jobs[:count]) for count in (arguments.jobs // 10, arguments.jobs)}
    medians = {
        name: [statistics.median(column) for column in zip(*rounds, strict=True)] for name, rounds in taken.items()
    }
    for name, (cpu, clock) in medians.items():
        print(f"{name:<20}{cpu:6.2f} s CPU{clock:8.2f} s on the clock   {arguments.jobs} jobs")
    for name in list(ways)[1:]:
        print(f"{medians[name][0] / medians['cajajejo'][0]:.2f} times the CPU of ours: {name}")
    for count, (most, size) in peaks.items():
        print(f"{count:>5} jobs: {most} at a time, {size / 2**20:.1f} MiB at most")


if __name__ == "__main__":
    main()
