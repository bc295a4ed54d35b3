"""The tasks that log in and push, against a real registry that asks for a password."""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from cajajejo import images
from tests.builders import ROOT
from tests.image import engine

if TYPE_CHECKING:
    from collections.abc import Iterator

PROGRAMS = Path(sys.executable).parent
KEY = base64.b64encode(json.dumps({"type": "service_account"}).encode()).decode()
SALT = "$2y$05$abcdefghijklmnopqrstuu"
CONFIG = """
version: 0.1
storage: {{filesystem: {{rootdirectory: {root}/images}}}}
http: {{addr: "127.0.0.1:{port}"}}
auth: {{htpasswd: {{realm: images, path: {root}/htpasswd}}}}
"""


class Registry:
    """A registry on this machine, and our tasks with its address in their settings."""

    def __init__(self, root: Path, port: int) -> None:
        self.root, self.host = root, f"localhost:{port}"
        settings = f'[gcp]\nproject="p"\nlocation="l"\ncluster="c"\nregistry = "{self.host}/team"\n'
        (root / "cajajejo.toml").write_text(settings)
        self.variables = {"CAJAJEJO_CONFIG": str(root / "cajajejo.toml"), images.SECRET: KEY}

    def invoke(self, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
        environ = {**os.environ, "PATH": f"{PROGRAMS}:{os.environ['PATH']}", **self.variables, **variables}
        command = [str(PROGRAMS / "invoke"), *words]
        return subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True, env=environ)

    def get(self, path: str) -> Any:
        user = base64.b64encode(f"{images.LOGIN_USER}:{KEY}".encode()).decode()
        request = urllib.request.Request(f"http://{self.host}{path}", headers={"Authorization": f"Basic {user}"})
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310  # this machine
            return json.load(answer)


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[Registry]:
    program = shutil.which("docker-registry")
    if program is None:
        pytest.skip("needs a registry on this machine: apt-get install docker-registry")
    crypted = subprocess.run(
        ["perl", "-e", "print crypt($ARGV[0], $ARGV[1])", KEY, SALT], check=True, capture_output=True, text=True
    ).stdout
    (tmp_path / "htpasswd").write_text(f"{images.LOGIN_USER}:{crypted}\n")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = int(free.getsockname()[1])
    (tmp_path / "config.yml").write_text(CONFIG.format(root=tmp_path, port=port))
    with (tmp_path / "log").open("w") as log:
        process = subprocess.Popen([program, "serve", tmp_path / "config.yml"], stdout=log, stderr=log)
        try:
            found = Registry(tmp_path, port)
            wait_until_it_answers(found, process)
            yield found
        finally:
            process.terminate()
            process.wait(timeout=60)


def wait_until_it_answers(registry: Registry, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + engine.PATIENCE_SECONDS
    while True:
        try:
            registry.get("/v2/")
        except urllib.error.URLError:
            assert process.poll() is None, (registry.root / "log").read_text()
            assert time.monotonic() < deadline
            time.sleep(0.1)
        else:
            return


def test_an_image_is_pushed_after_a_login_and_not_before(mlflow_image: str, registry: Registry) -> None:
    assert mlflow_image  # built once already, so that only its names are new
    assert registry.invoke("build-mlflow-image", "--allow-dirty-repo").returncode == 0
    refused = registry.invoke("push-mlflow-image", "--allow-dirty-repo")
    assert refused.returncode != 0
    assert "no basic auth credentials" in refused.stdout + refused.stderr
    wrong = base64.b64encode(b'{"type": "another"}').decode()
    assert registry.invoke("docker-login", **{images.SECRET: wrong}).returncode == 1
    assert registry.invoke("docker-login").returncode == 0
    pushed = registry.invoke("push-mlflow-image", "--allow-dirty-repo")
    assert pushed.returncode == 0, pushed.stdout + pushed.stderr
    printed = re.findall(r"^docker push \S+:(\S+)$", pushed.stdout, re.MULTILINE)
    assert re.fullmatch(r"[0-9a-f]{10}(-dirty)? latest", " ".join(printed))
    assert sorted(registry.get("/v2/team/mlflow-skinny-gcp/tags/list")["tags"]) == sorted(printed)
    names = [name for name in engine.inspect(mlflow_image)["RepoTags"] if name.startswith(registry.host)]
    engine.docker("image", "rm", *names)
