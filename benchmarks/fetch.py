"""A model of 1 GB from a local tracking server: seconds and memory of `cajajejo model fetch`, beside MLflow's download.

    .venv/bin/python benchmarks/fetch.py [--megabytes N] [--rounds N]

The server is a real `mlflow server --serve-artifacts` with files of its own. The peer is `mlflow artifacts download`,
which checks nothing; ours compares sizes, takes the SHA-256 of every file and puts all of it on the disk before the
model has its name. The rounds take turns; medians and their ratios are printed. Memory is that of a tenth of the model
and of all of it: where the two are equal, it does not grow with the model.

Then both are killed (SIGKILL) when half of the model is there and started again: what counts is how many bytes come
over the wire the second time, as a relay before the server counts them.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.fakes import mlflow_server

from cajajejo import tracking

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.fakes.mlflow_server import MlflowServer

BIN: Final = Path(sys.executable).parent
SHARES: Final = {"model-00001.safetensors": 0.45, "model-00002.safetensors": 0.35, "optimizer.bin": 0.2}


LAUNCHER: Final = """
import json, os, subprocess, sys, time
began = time.monotonic()
process = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
_, status, used = os.wait4(process.pid, 0)
taken = [time.monotonic() - began, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024]
print(json.dumps({"code": os.waitstatus_to_exitcode(status), "taken": taken}))
"""
"""Starts a program from a small process: the peak memory of a child counts from that of its parent on."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What one run took."""

    clock: float
    cpu: float
    mebibytes: float


class Relay:
    """Passes everything on to `port`, and counts what comes back."""

    def __init__(self, port: int) -> None:
        self._upstream = port
        self._ready = threading.Event()
        self.came = 0
        self.port = 0
        threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True).start()
        self._ready.wait()

    async def _serve(self) -> None:
        server = await asyncio.start_server(self._pass_on, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await server.serve_forever()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", self._upstream)
        await asyncio.gather(self._pump(reader, back, counts=False), self._pump(there, writer, counts=True))

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, counts: bool) -> None:
        with suppress(OSError):
            while data := await reader.read(256 * 1024):
                self.came += len(data) * counts
                writer.write(data)
                await writer.drain()
        writer.close()


def log_model(server: MlflowServer, megabytes: int) -> str:
    """The id of a run with a model of so many megabytes, put where the server keeps its files."""
    with tracking.client(server.uri) as store:
        experiment = tracking.experiment(store, server.uri, "models")
        run_id = str(store.create_run(experiment).info.run_id)
    directory = server.root / "artifacts" / experiment / run_id / "artifacts" / "model"
    directory.mkdir(parents=True)
    (directory / "config.json").write_text("{}")
    for name, share in SHARES.items():
        with (directory / name).open("wb") as file:
            for _ in range(round(megabytes * share)):
                file.write(os.urandom(10**6))
    return run_id


def ours(run_id: str, target: Path) -> list[str]:
    """Our command."""
    return [str(BIN / "cajajejo"), "--quiet", "model", "fetch", "--uri", f"runs:/{run_id}/model", "-o", str(target)]


def theirs(run_id: str, target: Path) -> list[str]:
    """MLflow's command."""
    return [str(BIN / "mlflow"), "artifacts", "download", "-r", run_id, "-a", "model", "-d", str(target)]


WAYS: Final = {"cajajejo": ours, "mlflow": theirs}


def environment(uri: str) -> dict[str, str]:
    """The environment of a program that asks the server at `uri`; nothing of what it fetches is kept in a cache."""
    asked = {"MLFLOW_TRACKING_URI": uri, "CAJAJEJO_CACHE_DIR": ""}
    return {**os.environ, **asked, "MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false"}


def start(command: Sequence[str], uri: str) -> subprocess.Popen[bytes]:
    """The program, asking the server at `uri`."""
    return subprocess.Popen(command, env=environment(uri), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def run(command: Sequence[str], uri: str, target: Path) -> Taken:
    """Runs a program to its end, into an empty directory."""
    shutil.rmtree(target, ignore_errors=True)
    os.sync()
    launcher = [sys.executable, "-S", "-c", LAUNCHER, *command]
    told = json.loads(subprocess.run(launcher, env=environment(uri), stdout=subprocess.PIPE, check=True).stdout)
    assert told["code"] == 0, f"{command}: {told['code']}"
    return Taken(*told["taken"])


def fetched_again(way: Callable[[str, Path], list[str]], run_id: str, port: int, target: Path, half: int) -> int:
    """Bytes over the wire after a kill when half of the model had come."""
    shutil.rmtree(target, ignore_errors=True)
    relay = Relay(port)
    process = start(way(run_id, target), f"http://127.0.0.1:{relay.port}")
    while relay.came < half:
        assert process.poll() is None, "it ended before it was killed"
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    process.wait()
    again = Relay(port)
    process = start(way(run_id, target), f"http://127.0.0.1:{again.port}")
    assert process.wait() == 0
    return again.came


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description="Fetching a model: ours against mlflow artifacts download.")
    parser.add_argument("--megabytes", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, mlflow_server.running(Path(folder)) as server:
        target = Path(folder) / "target"
        large, small = log_model(server, arguments.megabytes), log_model(server, arguments.megabytes // 10)
        memory = {name: run(way(small, target), server.uri, target).mebibytes for name, way in WAYS.items()}
        taken: dict[str, list[Taken]] = {name: [] for name in WAYS}
        for _ in range(arguments.rounds):
            for name, way in WAYS.items():
                taken[name].append(run(way(large, target), server.uri, target))
        medians = {}
        for name, rounds in taken.items():
            clock, cpu, peak = (statistics.median(getattr(one, field) for one in rounds) for field in Taken.__slots__)
            medians[name] = clock
            told = f"{clock:.2f} s, {cpu:.2f} s of CPU, {peak:.0f} MiB ({memory[name]:.0f} MiB for a tenth)"
            print(f"{name:<9} {arguments.megabytes} MB: {told}")
        print(f"mlflow takes {medians['mlflow'] / medians['cajajejo']:.2f} times as long as ours")
        half = arguments.megabytes * 10**6 // 2
        for name, way in WAYS.items():
            again = fetched_again(way, large, server.port, target, half)
            print(
                f"{name:<9} killed after {half / 1e6:.0f} MB: {again / 1e6:.0f} MB come over the wire the second time"
            )


if __name__ == "__main__":
    main()
