"""What all tests share: an environment without home, and the flag that makes the examples again."""

from __future__ import annotations

import os
import signal
from typing import Final

import pytest
from hypothesis import HealthCheck, settings

signal.signal(signal.SIGINT, signal.default_int_handler)  # which a shell makes what it runs in the background ignore
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")  # searches take as long as they take: this machine may be busy

REAL_ENVIRON: Final = dict(os.environ)
"""The environment as pytest was started in it: what the tests marked ``cluster`` find their cluster by."""

HIDDEN = (
    *("CAJAJEJO_", "MLFLOW_", "SENDGRID_"),  # ours
    *("AWS_", "CLOUDSDK_", "CLOUD_LOGGING_", "GOOGLE_", "KUBE", "XDG_"),  # clusters, clouds, home
    *("CI", "GITHUB_", "GITLAB_", "COLUMNS", "FORCE_COLOR", "NO_COLOR"),  # where and how this runs
)
"""Beginnings of the names of variables."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--readme-commands", action="store_true", help="run the README's evaluation, a minute")
    parser.addoption("--regenerate-examples", action="store_true", help="write examples/*/manifest.yml anew")
    parser.addoption("--image", help="the evaluation image that tests/image run, as neurips/evaluation")
    parser.addoption("--mlflow-image", help="the init container's image for tests/image, as neurips/mlflow-skinny-gcp")
    parser.addoption("--cluster", action="store_true", help="run the tests marked cluster against the kubeconfig's")
    parser.addoption("--cluster-image", metavar="IMAGE", default="busybox:1.37", help="small, with sh, for --cluster")
    parser.addoption("--cluster-storage-class", metavar="NAME", help="one that is there, for --cluster")


@pytest.fixture(autouse=True)
def hermetic_environment(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """No test sees the home directory, credentials, clusters, tracking servers or the CI of this machine."""
    for name in os.environ:
        if name.startswith(HIDDEN):
            monkeypatch.delenv(name)
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("KUBECONFIG", str(home / "no-kubeconfig"))
