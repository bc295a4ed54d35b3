"""What `cajajejo jobs evaluation run` costs beside the harness that it runs, on the demo's model and questions.

    make demo
    .venv/bin/python benchmarks/overhead.py [--rounds N] [--max-instances N]

Three take turns, each in a directory of its own, with the same arguments for HELM: bare `helm-run`; `helm-run` and then
`helm-summarize`, as one does by hand; and ours, which also checks, summarizes, collects and tracks. Wall time and CPU
seconds of all processes together are printed as medians, and ours as a ratio to both.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cajajejo import config as configs
from cajajejo.harness.adapter import Task
from cajajejo.harness.helm import Helm
from cajajejo.harness.scratch import Scratch
from cajajejo.models.model import Model

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parent.parent
CONFIG = Path("jobs/evaluation/demo.job_config.yml")
RUN_SPECS = Path("jobs/evaluation/app/demo.conf")
DEMO = Path(".cajajejo/demo")
MODEL = DEMO / "models" / "model" / "model" / "model"
RUNNER = "--runner-class-name"


@dataclass(frozen=True)
class Cost:
    """What some commands took, in seconds."""

    wall: float
    cpu: float


def cost(*commands: list[str], environ: dict[str, str], log: Path) -> Cost:
    """What the commands, one after the other, take; they must succeed."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    for command in commands:
        with log.open("ab") as output:
            done = subprocess.run(command, env=environ, stdout=output, stderr=subprocess.STDOUT, check=False)
        if done.returncode != 0:
            sys.exit(f"{command[0]}: exit code {done.returncode}\n{log.read_text('utf-8', 'replace')[-2000:]}")
    wall, after = time.monotonic() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    return Cost(wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


def by_hand(directory: Path, max_instances: int | None, *, summarized: bool) -> Cost:
    """HELM without us: no runner of ours that tells progress, and its own program to summarize."""
    place = Scratch(directory)
    place.run_specs.parent.mkdir(parents=True)
    shutil.copy(RUN_SPECS, place.run_specs)
    config = configs.load(CONFIG)
    model = Model(MODEL.absolute(), str(MODEL.absolute()))
    program = Helm().program(Task(config, model, place, dict(os.environ), max_instances))
    command = list(program.command)
    at = command.index(RUNNER)
    command[at : at + 2] = []
    suite = config.helm.suite if config.helm else ""
    summarize = [str(Path(command[0]).with_name("helm-summarize")), "--suite", suite]
    summarize += ["--output-path", str(place.output), "--local-path", command[command.index("--local-path") + 1]]
    commands = [command, summarize] if summarized else [command]
    return cost(*commands, environ=dict(program.environ), log=directory / "log.txt")


def ours(directory: Path, max_instances: int | None) -> Cost:
    """The same evaluation from its config to its results in MLflow."""
    directory.mkdir()
    shutil.copy(DEMO / "mlflow.db", directory / "mlflow.db")
    command = [str(Path(sys.executable).parent / "cajajejo"), "jobs", "evaluation", "run", str(CONFIG), str(RUN_SPECS)]
    command += ["--local", "--scratch", str(directory / "scratch")]
    command += ["--set", f"model_config={{path: '{MODEL.absolute()}'}}"]
    command += ["--set", f"mlflow_config.tracking_uri=sqlite:///{directory.absolute()}/mlflow.db"]
    command += ["--max-instances", str(max_instances)] if max_instances else []
    return cost(command, environ=dict(os.environ), log=directory / "log.txt")


def measured(place: Path, max_instances: int | None) -> Iterator[tuple[str, Cost]]:
    """The three, one after the other."""
    yield "helm-run", by_hand(place / "bare", max_instances, summarized=False)
    yield "helm-run, helm-summarize", by_hand(place / "both", max_instances, summarized=True)
    yield "cajajejo", ours(place / "ours", max_instances)


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description="Our overhead around HELM, on the demo's model and questions.")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--max-instances", type=int, help="at most so many questions a scenario")
    arguments = parser.parse_args()
    os.chdir(ROOT)
    if not MODEL.is_dir() or not (DEMO / "mlflow.db").is_file():
        sys.exit("The demo's model is not there. Run: make demo")
    most = arguments.max_instances
    taken: dict[str, list[Cost]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for turn in range(arguments.rounds):
            place = Path(folder) / str(turn)
            place.mkdir()
            for name, one in measured(place, most):
                taken.setdefault(name, []).append(one)
                print(f"round {turn + 1}  {name:<26}{one.wall:8.1f} s  {one.cpu:8.1f} s of CPU", flush=True)
    medians = {
        name: Cost(statistics.median(one.wall for one in costs), statistics.median(one.cpu for one in costs))
        for name, costs in taken.items()
    }
    us = medians["cajajejo"]
    for name, median in medians.items():
        ratio = f"ours is {us.wall / median.wall:.3f} x in wall time, {us.cpu / median.cpu:.3f} x in CPU"
        print(f"median   {name:<26}{median.wall:8.1f} s  {median.cpu:8.1f} s of CPU  {ratio}")


if __name__ == "__main__":
    main()
