"""A real MLflow server in a process of its own, which can be killed, paused and started again."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from tests import builders
from tests.fakes import ports

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_SECONDS = 300.0


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def no_server() -> Iterator[str]:
    """The address of nobody, also while other tests take ports."""
    held = ports.reserved()
    try:
        yield f"http://127.0.0.1:{held.getsockname()[1] if held else free_port()}"
    finally:
        if held is not None:
            held.close()


class MlflowServer:
    """A server with a store and artifacts below `root`; its address stays when it is started again."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.store = builders.copy_empty_store(root / "mlflow.db")
        self._held = ports.reserved()  # until it listens, and while it is killed, nobody else gets the port
        self.port = self._held.getsockname()[1] if self._held else free_port()
        self.uri = f"http://127.0.0.1:{self.port}"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Starts the server, which answers some seconds later."""
        assert self._process is None, "it runs"
        command = [
            *(sys.executable, "-W", "ignore", "-m", "mlflow", "server"),
            *("--host", "127.0.0.1", "--port", str(self.port)),
            *("--backend-store-uri", self.store, "--artifacts-destination", str(self.root / "artifacts")),
            *("--serve-artifacts", "--workers", "1"),
        ]
        environ = {**os.environ, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", "MLFLOW_DISABLE_TELEMETRY": "true"}
        with (self.root / "log").open("ab") as log:
            self._process = subprocess.Popen(
                command, env=environ, stdout=log, stderr=subprocess.STDOUT, start_new_session=True, cwd=self.root
            )

    def wait(self) -> None:
        """Returns when it answers."""
        until = time.monotonic() + _SECONDS
        while not self.answers():
            assert self._process is not None, "it was never started"
            assert self._process.poll() is None, f"it did not come up:\n{(self.root / 'log').read_text()[-2000:]}"
            assert time.monotonic() < until, f"it did not come up in time:\n{(self.root / 'log').read_text()[-2000:]}"
            time.sleep(0.1)

    def answers(self) -> bool:
        """Whether it says that it is well."""
        try:
            with urllib.request.urlopen(f"{self.uri}/health", timeout=10) as answer:  # noqa: S310  # our own server
                return bool(answer.status == 200)
        except OSError:
            return False

    def kill(self) -> None:
        """Ends it at once, in the middle of whatever it does."""
        if self._process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None

    def close(self) -> None:
        """Ends it for good."""
        self.kill()
        if self._held is not None:
            self._held.close()

    def pause(self) -> None:
        """Makes it hang: connections are taken, and never answered."""
        assert self._process is not None
        os.killpg(self._process.pid, signal.SIGSTOP)

    def resume(self) -> None:
        """Lets it go on."""
        assert self._process is not None
        os.killpg(self._process.pid, signal.SIGCONT)


@contextmanager
def running(root: Path) -> Iterator[MlflowServer]:
    """A server that answers."""
    server = MlflowServer(root)
    server.start()
    try:
        server.wait()
        yield server
    finally:
        server.close()
