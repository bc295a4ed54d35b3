"""What fetches a model before the evaluation: the init container's image, and `cajajejo model fetch` in ours.

A real MLflow server runs in a container of the evaluation image, and both meet it over a network of the engine's.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
import yaml

from tests import builders
from tests.image import engine

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NETWORK = "cajajejo-image-tests"
SERVER = "mlflow-of-image-tests"
URI = f"http://{SERVER}:5000"
MODEL = "/opt/models/tiny-random/model"
# As the manifest runs an init container.
RESTRICTED = ["--cap-drop=ALL", "--security-opt=no-new-privileges", "--user=1000:1000", "-e", "HOME=/scratch"]
LOG_MODEL = f"""
import mlflow
mlflow.set_tracking_uri("http://127.0.0.1:5000")
with mlflow.start_run() as run:
    mlflow.log_artifacts({MODEL!r}, "model/model")
print(run.info.run_id)
"""


@pytest.fixture(scope="module")
def run_id(image: str) -> Iterator[str]:
    """A run with a model, on a server that containers of the network reach by its name."""
    engine.docker("network", "create", NETWORK)
    server = ["--backend-store-uri=sqlite:////scratch/server.db", "--artifacts-destination=/scratch/artifacts"]
    server += ["--serve-artifacts", "--workers=1", "--host=0.0.0.0", "--allowed-hosts=*"]
    variables = ["-e", "MLFLOW_SERVER_ENABLE_JOB_EXECUTION=false"]
    names = ["--detach", f"--name={SERVER}", f"--network={NETWORK}", "--entrypoint=mlflow", *variables]
    try:
        engine.docker("run", *names, image, "server", *server)
        wait_for_server()
        yield engine.docker("exec", SERVER, "python3", "-c", LOG_MODEL).stdout.split()[-1]
    finally:
        engine.docker("rm", "--force", "--volumes", SERVER, check=False)
        engine.docker("network", "rm", NETWORK, check=False)


def wait_for_server() -> None:
    code = f"import urllib.request as r; r.urlopen('{URI.replace(SERVER, '127.0.0.1')}/health', timeout=5)"
    deadline = time.monotonic() + engine.PATIENCE_SECONDS
    while engine.docker("exec", SERVER, "python3", "-c", code, check=False).returncode:
        said = engine.docker("logs", SERVER)
        assert engine.inspect(SERVER)["State"]["Running"], said.stdout + said.stderr
        assert time.monotonic() < deadline, said.stdout + said.stderr
        time.sleep(0.5)


@pytest.fixture
def scratch(tmp_path: Path) -> list[str]:
    """An empty directory at /scratch that every user can write."""
    tmp_path.chmod(0o777)
    return ["--mount", f"type=bind,src={tmp_path},target=/scratch"]


def contents(image: str, directory: str, *options: str) -> list[str]:
    """The files in a directory as a container sees them, with what they hold as sha256; links are followed."""
    code = (
        "import hashlib, pathlib, sys; print(*sorted(f'{p.name} {hashlib.sha256(p.read_bytes()).hexdigest()}' "
        "for p in pathlib.Path(sys.argv[1]).iterdir() if p.name[0] != '.'), sep='\\n')"
    )
    done = engine.docker("run", "--rm", *options, "--entrypoint=python3", image, "-c", code, directory)
    return done.stdout.splitlines()


def test_the_init_container_fetches_the_model(image: str, mlflow_image: str, run_id: str, scratch: list[str]) -> None:
    command = ["--entrypoint", "mlflow", mlflow_image, "artifacts", "download", "-r", run_id, "-a", "model"]
    where = [f"--network={NETWORK}", "-e", f"MLFLOW_TRACKING_URI={URI}", *scratch]
    done = engine.docker("run", "--rm", *RESTRICTED, *where, *command, "-d", "/scratch", check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert contents(image, "/scratch/model/model", *scratch) == contents(image, MODEL)


def test_a_run_that_is_not_there_fails(image: str, mlflow_image: str, run_id: str, scratch: list[str]) -> None:
    assert image
    nowhere = run_id[::-1]
    command = [mlflow_image, "artifacts", "download", "-r", nowhere, "-a", "model", "-d", "/scratch"]
    where = [f"--network={NETWORK}", "-e", f"MLFLOW_TRACKING_URI={URI}", *scratch]
    done = engine.docker("run", "--rm", *RESTRICTED, *where, *command, check=False)
    assert done.returncode != 0
    assert nowhere in done.stdout + done.stderr


def test_our_own_command_fetches_the_same(image: str, run_id: str, scratch: list[str], tmp_path: Path) -> None:
    artifact = {"run_id": run_id, "artifact_path": "model", "model_directory": "model"}
    config = builders.job_config(model_config={"mlflow_artifact": artifact}, mlflow_config={"tracking_uri": URI})
    file = tmp_path / "eval_config.yml"
    file.write_text(yaml.safe_dump(config))
    mount = ["--mount", f"type=bind,src={file},target=/etc/configs/eval_config.yml"]
    command = ["--entrypoint=cajajejo", image, "model", "fetch", "/etc/configs/eval_config.yml", "--output", "/scratch"]
    done = engine.docker("run", "--rm", *RESTRICTED, f"--network={NETWORK}", *mount, *scratch, *command, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert contents(image, "/scratch/model/model", *scratch) == contents(image, MODEL)


def test_google_cloud_storage_can_be_read(mlflow_image: str) -> None:
    code = "import google.cloud.storage, mlflow.store.artifact.gcs_artifact_repo, os; print(os.getuid())"
    done = engine.docker("run", "--rm", "--entrypoint=python3", mlflow_image, "-c", code)
    assert done.stdout.strip() == "1000"
