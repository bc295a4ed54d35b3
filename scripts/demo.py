"""The main job, end to end: evaluate a real model, judge it; damage it, see that it is caught, and compare the two.

    .venv/bin/python scripts/demo.py [--recast DTYPE]

Every line between the headings comes from the commands themselves. It can be killed at any point and started again.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
import uuid
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

from cajajejo import config as configs
from cajajejo import tracking
from cajajejo.errors import ExitCode
from cajajejo.harness import run as harness
from cajajejo.harness import scratch
from cajajejo.moments import duration

ROOT = Path(__file__).resolve().parent.parent
HOME = Path(".cajajejo/demo")
STORE = f"sqlite:///{HOME}/mlflow.db"
HELM_PYTHON = Path(".cajajejo/envs/helm/bin/python")
CAJAJEJO = str(Path(sys.executable).parent / "cajajejo")
CONFIG = Path("jobs/evaluation/demo.job_config.yml")
RUN_SPECS = Path("jobs/evaluation/app/demo.conf")
METRICS = Path("jobs/evaluation/demo.metrics.yml")
TEST = "demo-smollm2"
RUN_NAME = "tracking_config.run_name"
COMPARED = "the two, compared pair by pair"
DAMAGE = "noise blended into the attention weights of 6 layers"
WIDTH = 96


@dataclass(frozen=True)
class Half:
    """One evaluation of the demo, and the exit code that its verdict must have."""

    heading: str
    model: str
    expected: ExitCode
    settings: tuple[str, ...] = ()


class DemoError(Exception):
    """The demo cannot go on, or did not do what it should; the message is for the screen."""


def main() -> int:
    """Runs the demo; 0 when every verdict is what it should be."""
    parser = argparse.ArgumentParser(description="Evaluate a real model, judge it, and catch a damaged one.")
    parser.add_argument("--recast", metavar="DTYPE", help="judge the same weights saved in another dtype as well")
    arguments = parser.parse_args()
    os.chdir(ROOT)
    try:
        demo(halves(arguments.recast))
    except DemoError as error:
        say("", f"Error: {error}")
        return ExitCode.FAILED
    except KeyboardInterrupt:
        say("", "Stopped. Run it again: it goes on from where it was.")
        return ExitCode.INTERRUPTED
    return ExitCode.DONE


def halves(recast: str | None) -> list[Half]:
    """What the demo evaluates, in order."""
    found = [
        Half("the model as published", "model", ExitCode.DONE, (f"{RUN_NAME}=published",)),
        Half(f"the same model, damaged ({DAMAGE})", "damaged", ExitCode.REGRESSION, settings("damaged")),
    ]
    if recast:
        name = f"recast-{recast}"
        again = Half(f"the model as published, saved again as {recast}", name, ExitCode.DONE, settings(name))
        found.insert(1, again)
    return found


def settings(name: str) -> tuple[str, ...]:
    """What is changed in the config for the derived model `name`."""
    return f"model_config.mlflow_artifact.run_id={run_id(name)}", f"{RUN_NAME}={name}"


def demo(parts: list[Half]) -> None:
    """Prepares the models, runs every half and compares the first with the last; each verdict must be as it should."""
    for part in parts:
        prepare(part)
    blocks = len(parts) + 1
    for number, part in enumerate(parts, 1):
        say("", f"{number} of {blocks}  {part.heading}")
        evaluate(part)
        must_be(part.expected, judge(part), part.heading, part)
    say("", f"{blocks} of {blocks}  {COMPARED}", "")
    must_be(ExitCode.REGRESSION, compare(parts[0], parts[-1]), COMPARED, parts[-1])
    say("", "The demo did what it should: the healthy model passes, the damaged one is caught.", *next_steps(parts))


def must_be(expected: ExitCode, code: int, heading: str, part: Half) -> None:
    """Returns where a verdict is what it should be.

    Raises:
        DemoError: it is another one.
    """
    if code != expected:
        wrong = f"{heading}: exit code {code}, should be {int(expected)}"
        raise DemoError(f"the demo did not do what it should: {wrong}\n  see         {place_of(part)}")


def next_steps(parts: list[Half]) -> list[str]:
    """Commands that go on from here."""
    runs = " ".join(run_of(part)[:8] for part in (parts[0], parts[-1]))
    return [
        "",
        "Next, in .venv/bin:",
        f"  mlflow ui --backend-store-uri {STORE}     both runs, side by side",
        f"  cajajejo metrics history {TEST}                                what the verdict was based on",
        f"  cajajejo jobs evaluation compare {runs} \\",
        f"      --tracking-uri {STORE} --flips 30     every item that changed",
        f"  cajajejo jobs evaluation parse-job {CONFIG} \\",
        f"      {RUN_SPECS} -                                  the same, as a Kubernetes job",
    ]


def prepare(part: Half) -> None:
    """Makes the model of `part` and logs it as an artifact of an MLflow run, unless both are there."""
    began = time.monotonic()
    config = configs.load(CONFIG, part.settings)
    artifact = config.model.mlflow_artifact
    assert artifact is not None  # noqa: S101  # the demo's own config
    directory = HOME / "models" / part.model / artifact.artifact_path / artifact.model_directory
    healthy = HOME / "models" / "model" / artifact.artifact_path / artifact.model_directory
    made = not directory.exists()
    if made:
        directory.parent.mkdir(parents=True, exist_ok=True)
        make_model(part.model, healthy, directory)
    uri = config.mlflow_config.tracking_uri
    logged = log_model(uri, artifact.run_id, directory.parent, part.model)
    size = sum(path.stat().st_size for path in directory.iterdir()) / 1e6
    how = "" if made or logged else " (reused)"
    name = "SmolLM2-135M-Instruct" + ("" if part.model == "model" else f", {part.model}")
    line = f"{name}, {size:.0f} MB, artifact {artifact.artifact_path} of mlflow run {artifact.run_id[:8]}{how}"
    say(f"{'Model':<15}{line}{duration(time.monotonic() - began):>{max(WIDTH - 15 - len(line), 10)}}")


def make_model(name: str, healthy: Path, target: Path) -> None:
    """Calls the program that converts, damages or recasts the model, in HELM's environment."""
    work = ["prepare"] if name == "model" else ["damage", healthy] if name == "damaged" else ["recast", healthy]
    dtype = ["--dtype", name.removeprefix("recast-")] if work[0] == "recast" else []
    done = subprocess.run([HELM_PYTHON, "scripts/demo_model.py", *work, target, *dtype], check=False)
    if done.returncode:
        raise DemoError(f"the model could not be made (exit code {done.returncode})")


def run_id(name: str) -> str:
    """The id of the MLflow run that a derived model is logged under: the same on every machine."""
    return uuid.uuid5(uuid.NAMESPACE_URL, f"cajajejo:demo:{name}").hex


def log_model(uri: str, identifier: str, artifact: Path, name: str) -> bool:
    """Logs the directory `artifact` in the run `identifier`; returns whether there was anything to do.

    MLflow chooses the ids of runs at random. The demo's config is a committed file that must name one, so the
    generator is held still while this one run is made.
    """
    from mlflow import MlflowException

    tracking.check_reachable(uri, named_by=str(CONFIG))
    with tracking.client(uri) as client:
        try:
            run = client.get_run(identifier)
        except MlflowException:
            experiment = tracking.experiment(client, uri, "demo-models")
            with mock.patch("uuid.uuid4", return_value=uuid.UUID(identifier)):
                run = client.create_run(experiment, run_name=name)
        if run.info.status == "FINISHED":
            return False
        client.log_artifacts(identifier, str(artifact), artifact.name)
        client.set_terminated(identifier)
    return True


def evaluate(part: Half) -> None:
    """Runs the evaluation command; what it prints is what the user sees."""
    command = [CAJAJEJO, "jobs", "evaluation", "run", str(CONFIG), str(RUN_SPECS), "--local", *flags(part)]
    code = call(command)
    if code:
        raise DemoError(f"the evaluation ended with exit code {code}\n  see         {place_of(part)}")


def judge(part: Half) -> int:
    """Checks the metrics of `part` against the history."""
    events = scratch.Scratch(place_of(part)).events
    return verdict(
        ["metrics", "check", str(events), "--test", TEST, "--config", str(METRICS), "--run-id", run_of(part)]
    )


def compare(a: Half, b: Half) -> int:
    """Compares the answers of `b` with those of `a`, pair by pair."""
    return verdict(["jobs", "evaluation", "compare", run_of(a), run_of(b), "--tracking-uri", STORE])


def verdict(command: list[str]) -> int:
    """Runs a command that judges; shows its verdict with the exit code at the right."""
    color = "always" if sys.stdout.isatty() and not os.environ.get("NO_COLOR") else "auto"
    command = [CAJAJEJO, *command, "--color", color, "--quiet"]
    done = subprocess.run(command, stdout=subprocess.PIPE, encoding="utf-8", check=False)
    *lines, last = done.stdout.splitlines() or [""]
    code = f"exit {done.returncode}"
    say(*lines, f"{last}{code:>{max(WIDTH - len(last), len(code) + 2)}}")
    return done.returncode


def flags(part: Half) -> list[str]:
    """The settings of `part` as options."""
    return [item for setting in part.settings for item in ("--set", setting)]


def place_of(part: Half) -> Path:
    """The directory that the evaluation of `part` works in."""
    return harness.place_of(harness.Request(CONFIG, RUN_SPECS, part.settings)).root


def run_of(part: Half) -> str:
    """The MLflow run that holds the evaluation of `part`."""
    state = scratch.Scratch(place_of(part)).written()
    if state is None or state.mlflow_run_id is None:
        raise DemoError(f"the evaluation was not tracked\n  see         {place_of(part)}")
    return state.mlflow_run_id


def call(command: list[str]) -> int:
    """Runs a command that shares the terminal; Ctrl-C reaches it too, and it is waited for."""
    with subprocess.Popen(command) as process:
        try:
            return process.wait()
        except KeyboardInterrupt:
            process.wait()
            raise


def say(*lines: str) -> None:
    """Prints lines at once, so that they stand in order with those of the commands."""
    print("\n".join(lines), flush=True)


if __name__ == "__main__":
    sys.exit(main())
