"""Kills `cajajejo model fetch` at random moments, and sees that the model is whole in the end, and never half there.

    .venv/bin/python scripts/kill_fetch.py [--seed N] [--kills N] [--megabytes N]

Real processes fetch a model of a few files from a real `mlflow server --serve-artifacts`, through a proxy that cuts,
shortens and refuses some answers. SIGKILL ends them (now and then SIGTERM or SIGINT) at a random moment; sometimes two
fetch to the same place. After each, what has the model's name must be the whole model, byte for byte. A fetch that came
to its end is checked, taken away, and begun anew. `docs/reliability.md` says how often it was run, with what result.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.fakes import faults, mlflow_server  # noqa: E402
from tests.fakes.faulty_proxy import FaultyProxy  # noqa: E402

from cajajejo import tracking  # noqa: E402

if TYPE_CHECKING:
    from tests.fakes.mlflow_server import MlflowServer

SHARES = {"model-00001.safetensors": 0.7, "model-00002.safetensors": 0.25, "adapter.bin": 0.05}
SIGNS = [signal.SIGKILL] * 8 + [signal.SIGTERM, signal.SIGINT]
MEGABYTE = 1_000_000


@dataclass(frozen=True)
class Model:
    """A model on a server, and what its files must be."""

    run_id: str
    sha256: dict[str, str]
    size: int


def log_model(server: MlflowServer, megabytes: int) -> Model:
    """A model that a run has logged, put where the server keeps its files."""
    with tracking.client(server.uri) as store:
        experiment = tracking.experiment(store, server.uri, "models")
        run_id = str(store.create_run(experiment).info.run_id)
    directory = server.root / "artifacts" / experiment / run_id / "artifacts" / "model"
    directory.mkdir(parents=True)
    (directory / "config.json").write_text("{}")
    for name, share in SHARES.items():
        (directory / name).write_bytes(os.urandom(round(megabytes * share * MEGABYTE)))
    return Model(run_id, hashes(directory), sum(path.stat().st_size for path in directory.iterdir()))


def hashes(directory: Path) -> dict[str, str]:
    """The SHA-256 of every file of a model, by its name."""
    below = (path for path in directory.iterdir() if not path.name.startswith(".cajajejo"))
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in below}


def _on_disk(directory: Path) -> int:
    """Bytes that files below `directory` take; what comes and goes meanwhile does not count."""
    total = 0
    for path in directory.rglob("*"):
        with suppress(FileNotFoundError):
            total += path.stat().st_blocks * 512
    return total


class Fetches:
    """Fetches of `model` through `proxy` into `target`."""

    def __init__(self, model: Model, proxy: FaultyProxy, root: Path) -> None:
        self.model, self.proxy, self.root = model, proxy, root
        self.target = root / "model"

    def start(self) -> subprocess.Popen[str]:
        """One of them."""
        program = [sys.executable, "-c", "from cajajejo.cli import main; main()", "model", "fetch", "--json"]
        environ = {**os.environ, "MLFLOW_TRACKING_URI": self.proxy.url, "CAJAJEJO_CACHE_DIR": ""}
        command = [*program, "--uri", f"runs:/{self.model.run_id}/model", "-o", str(self.root)]
        return subprocess.Popen(command, env=environ, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def disturb(self, dice: random.Random) -> str:
        """Cuts, shortens or refuses one of the next answers; says which."""
        after = dice.randrange(10 * MEGABYTE)
        cuts: list[faults.Fault] = [faults.Cut(after), faults.Cut(after, reset=True), faults.Shorten(after)]
        fault = dice.choice([*cuts, faults.Answer(503)])
        self.proxy.will(fault, on="GET .*safetensors", skip=dice.randrange(6))
        return type(fault).__name__.lower()

    def wait_for(self, size: int, process: subprocess.Popen[str]) -> None:
        """Returns when so many bytes are on the disk, or the process has ended."""
        while process.poll() is None and _on_disk(self.root) < size:
            time.sleep(0.01)

    def demand_whole_or_absent(self) -> bool:
        """Whether the model is there.

        Raises:
            SystemExit: a part of it has its name.
        """
        if not self.target.exists():
            return False
        if hashes(self.target) != self.model.sha256:
            raise SystemExit(f"{self.target} is not what was logged")
        return True

    def finish(self) -> int:
        """Fetches to the end; the bytes that still had to come.

        Raises:
            SystemExit: it does not end well.
        """
        self.proxy.heal()
        process = self.start()
        out, err = process.communicate(timeout=600)
        if process.returncode != 0 or not self.demand_whole_or_absent():
            raise SystemExit(f"exit code {process.returncode} in the end: {err}")
        return int(json.loads(out)["fetched_bytes"])


def main() -> int:
    """Kills as often as asked; 0 when every model was whole."""
    parser = argparse.ArgumentParser(description="Kill fetches at random moments.")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--megabytes", type=int, default=150)
    arguments = parser.parse_args()
    dice = random.Random(arguments.seed)  # noqa: S311  # moments, no secrets
    happened: Counter[str] = Counter()
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder, mlflow_server.running(Path(folder)) as server:
        model = log_model(server, arguments.megabytes)
        with FaultyProxy(server.uri) as proxy:
            fetches = Fetches(model, proxy, Path(folder) / "target")
            kill_them(fetches, dice, happened, arguments.kills)
    told = ", ".join(f"{count} {name}" for name, count in sorted(happened.items()))
    print(f"every model whole: {told}; {time.monotonic() - began:.0f} s")
    return 0


def kill_them(fetches: Fetches, dice: random.Random, happened: Counter[str], kills: int) -> None:
    """Kills fetches of one model after the other."""
    while sum(count for name, count in happened.items() if name.startswith("SIG")) < kills:
        shutil.rmtree(fetches.root, ignore_errors=True)
        for _ in range(dice.randint(1, 5)):
            kill_one(fetches, dice, happened)
            if fetches.demand_whole_or_absent():
                break
        came = fetches.finish()
        happened["models"] += 1
        happened["MB that still had to come"] += came // MEGABYTE
        happened["MB of all models"] += fetches.model.size // MEGABYTE


def kill_one(fetches: Fetches, dice: random.Random, happened: Counter[str]) -> None:
    """Starts one, or two at once, and ends them at a random moment."""
    for _ in range(dice.choice([0, 1, 1, 2])):
        happened[fetches.disturb(dice)] += 1
    processes = [fetches.start() for _ in range(dice.choice([1, 1, 1, 2]))]
    if dice.random() < 0.25:  # noqa: PLR2004  # also before anything has come
        time.sleep(dice.uniform(0.3, 4.0))
    else:
        fetches.wait_for(dice.randrange(fetches.model.size), processes[0])
    for process in processes:
        sign = dice.choice(SIGNS)
        process.send_signal(sign)
        code = process.wait(60)
        killed = code == -sign or code in {130, 143}
        happened[signal.Signals(sign).name if killed else "ended before"] += 1
        if not killed and code != 0:
            raise SystemExit(f"exit code {code}: {process.stderr.read() if process.stderr else ''}")


if __name__ == "__main__":
    sys.exit(main())
