"""A pod that is told to end while harness and tracking server do not: in time, with what is finished kept."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest

from cajajejo import tracking
from cajajejo.errors import ExitCode, InterruptedRunError
from cajajejo.harness import run as harness
from cajajejo.harness.run import Reporter
from cajajejo.records import runs
from tests import builders
from tests.builders import ROOT, Evaluation
from tests.fakes import mlflow_server
from tests.harness.clocks import unhurried

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cajajejo.harness.progress import Progress
    from cajajejo.harness.run import Request

pytestmark = pytest.mark.filterwarnings(builders.MLFLOW_WARNINGS)

IDENTITY = {
    "CONFIG_PATH_GIT_REPO": "jobs/c.yml",
    "HELM_CONFIG_PATH_GIT_REPO": "jobs/r.conf",
    "JOB_NAME": "eval-neurips-x",
    "CONFIG_VERSION": "abc",
    "JOB_UID": "0f1c5d0e",
    "JOB_NAMESPACE": "team-a",
}
GRACE_SECONDS = 25


@pytest.fixture
def evaluation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Evaluation]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(runs, "SETTLE_SECONDS", 0.0)
    unhurried(monkeypatch)
    ready = Evaluation(tmp_path)
    yield ready
    ready.close()


def in_pod(evaluation: Evaluation, pod: str, **changes: Any) -> Request:
    environ = {**evaluation.environ, **IDENTITY, "POD_NAME": pod}
    return evaluation.request(**{"local": False, "mounted": True, "environ": environ, **changes})


def stopped(evaluation: Evaluation) -> list[str]:
    """What is said by a pod that is told to end in the middle of the second scenario."""
    sent: list[int] = []
    said: list[str] = []

    def watch(progress: Progress) -> None:
        if len(progress.done) == 2 and not sent:
            sent.append(signal.SIGTERM)
            os.kill(os.getpid(), signal.SIGTERM)

    evaluation.helm_will("hang biology")
    with pytest.raises(InterruptedRunError):
        harness.run(in_pod(evaluation, "first"), Reporter(progress=watch, step=said.append))
    return said


def artifacts(evaluation: Evaluation, run_id: str) -> list[str]:
    with tracking.client(evaluation.uri) as store:
        return [entry.path for entry in store.list_artifacts(run_id)]


@pytest.mark.parametrize("kept_in", ["run", "spool"])
def test_the_next_pod_goes_on_with_an_empty_scratch_and_nothing_is_left_of_the_checkpoint(
    evaluation: Evaluation, kept_in: str
) -> None:
    if kept_in == "spool":
        evaluation.configure(mlflow_config__spool_uri=str(evaluation.directory / "spool"))
    assert stopped(evaluation) == []
    assert evaluation.ran() == ["geography", "biology"]
    shutil.rmtree(evaluation.scratch)
    evaluation.helm_will("ok")
    said: list[str] = []
    outcome = harness.run(in_pod(evaluation, "second"), Reporter(step=said.append))
    assert said == ["an earlier attempt of this job left a checkpoint: it goes on from there"]
    assert evaluation.ran() == ["biology"]
    assert {score.scenario for score in outcome.results.scores} == {"geography", "biology"}
    assert "checkpoint" not in artifacts(evaluation, outcome.mlflow_run_id)
    if kept_in == "spool":
        assert [path for path in (evaluation.directory / "spool").rglob("*") if path.is_file()] == []


def test_other_weights_under_the_same_address_take_nothing_of_a_checkpoint(evaluation: Evaluation) -> None:
    stopped(evaluation)
    evaluation.ran()
    shutil.rmtree(evaluation.scratch)
    (evaluation.model / "model.safetensors").write_bytes(b"other weights")
    evaluation.helm_will("ok")
    said: list[str] = []
    harness.run(in_pod(evaluation, "second"), Reporter(step=said.append))
    assert said == ["the checkpoint of this job cannot be used: it is of other inputs or weights; it begins anew"]
    assert evaluation.ran() == ["geography", "biology"]


def test_a_pod_whose_harness_is_deaf_and_whose_server_hangs_ends_in_its_25_seconds(
    evaluation: Evaluation, tmp_path: Path
) -> None:
    """The kubelet kills a pod after that, and what was not kept by then is lost."""
    with mlflow_server.running(tmp_path / "server") as server:
        evaluation.configure(mlflow_config__tracking_uri=server.uri)
        evaluation.helm_will("deaf biology")
        environ = {
            **evaluation.environ,
            **IDENTITY,
            "POD_NAME": "first",
            "CAJAJEJO_EVAL_CONFIG": str(evaluation.config),
            "CAJAJEJO_RUN_SPECS": str(evaluation.run_specs),
            "CAJAJEJO_SCRATCH": str(evaluation.scratch),
        }
        command = [sys.executable, "-W", "ignore", str(ROOT / "jobs" / "evaluation" / "cli.py"), "evaluate"]
        with subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, text=True) as process:
            evaluation.wait_until_helm_hangs()
            server.pause()
            began = time.monotonic()
            process.terminate()
            out, _ = process.communicate(timeout=300)
            seconds = time.monotonic() - began
        server.resume()
    assert process.returncode == ExitCode.TERMINATED
    assert "exit code 143: stopped by SIGTERM; what is finished is kept" in out.splitlines()[-1]
    assert seconds < GRACE_SECONDS
    assert [builders.is_gone(pid) for pid in evaluation.calls("pid")] == [True]
    assert (evaluation.scratch / "evaluation" / "output" / "summary.json").exists()
