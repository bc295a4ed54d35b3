"""helm-run as cajajejo sees it: the same arguments, progress events and files, without a model.

The file that FAKE_HELM names holds the mode, so that the same job config meets another behaviour when it runs again:

    ok                 every run of the conf is complete
    fail RUN           this one fails, the others are complete, exit code 1
    crash              a traceback, exit code 1, before the first run
    nothing            no run at all, exit code 0
    tear RUN           killed in the middle of writing the last file of this run
    hang RUN           stops in the middle of this run, for ever; SIGTERM ends it
    deaf RUN           the same, and SIGTERM does not
    child RUN          the same as hang, with a child that ignores SIGTERM

Beside it ``<FAKE_HELM>.calls`` gets a line of JSON for every call, and for every run that was really evaluated; the
named pipe ``<FAKE_HELM>.waits`` gets a byte when one stops.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

from tests import builders

RIGHT, QUESTIONS = 11, 20


def main(arguments: list[str]) -> int:
    """Acts as helm-run; the exit code."""
    parser = argparse.ArgumentParser()
    for option in ("conf-paths", "suite", "output-path", "local-path", "runner-class-name", "max-eval-instances"):
        parser.add_argument(f"--{option}", required=True)
    parser.add_argument("--plugins", nargs="+", required=True)
    parser.add_argument("--skip-completed-runs", action="store_true")
    options, _ = parser.parse_known_args(arguments)
    mode, _, target = Path(os.environ["FAKE_HELM"]).read_text().strip().partition(" ")
    note(call=arguments, pid=os.getpid(), mode=mode)
    runs = re.findall(r'description: "([^"]+)"', Path(options.conf_paths).read_text("utf-8"))
    suite = Path(options.output_path) / "runs" / options.suite
    (suite / "eval_cache").mkdir(parents=True, exist_ok=True)
    if mode == "crash":
        print("Traceback (most recent call last):\n  …\n\x1b[31mValueError: no such run spec\x1b[0m", file=sys.stderr)  # noqa: T201
        return 1
    names = [run.replace("/", "_") for run in runs] if mode != "nothing" else []
    tell("runs", total=len(names), names=names)
    failed = [name for name in names if not run_one(suite, name, mode if name.startswith(f"{target}:") else "ok")]
    if failed:
        print(f"helm.benchmark.runner.RunnerError: Failed runs: {json.dumps(failed)}", file=sys.stderr)  # noqa: T201
    return 1 if failed else 0


def run_one(suite: Path, name: str, mode: str) -> bool:
    """One run; False when it failed."""
    last = suite / name / "per_instance_stats.json"
    if is_whole(last):
        tell("skipped", run=name)
        return True
    (suite / name).mkdir(exist_ok=True)
    if mode == "fail":
        tell("failed", run=name, error="URLError: <urlopen error [Errno -2] Name or service not known>")
        return False
    note(ran=name)
    tell("start", run=name, done=0, total=QUESTIONS)
    tell("progress", run=name, done=1, total=QUESTIONS)
    if mode in {"hang", "deaf", "child"}:
        wait_for_ever(mode)
    tell("progress", run=name, done=QUESTIONS, total=QUESTIONS)
    builders.write_helm_run(suite, name, builders.answers(RIGHT, QUESTIONS))
    if mode == "tear":
        last.write_bytes(last.read_bytes()[:1000])
        os.kill(os.getpid(), signal.SIGKILL)
    tell("done", run=name)
    return True


def is_whole(path: Path) -> bool:
    """Whether the file holds JSON: a run of which it does not is repeated, as the plugin's runner does."""
    try:
        json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return False
    return True


def wait_for_ever(mode: str) -> None:
    """Says that it waits, then does."""
    if mode == "deaf":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if mode == "child":
        code = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); signal.pause()"
        child = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
        if child.stdout is not None:
            child.stdout.readline()
        note(child=child.pid)
    note(waits=os.getpid())
    with Path(os.environ["FAKE_HELM"] + ".waits").open("w", encoding="utf-8") as pipe:
        pipe.write(".")
    while True:
        signal.pause()


def tell(event: str, **fields: object) -> None:
    """One progress event."""
    with Path(os.environ["CAJAJEJO_PROGRESS"]).open("a", encoding="utf-8") as file:
        file.write(json.dumps({"event": event, **fields}) + "\n")


def note(**what: object) -> None:
    """One line for the test."""
    with Path(os.environ["FAKE_HELM"] + ".calls").open("a", encoding="utf-8") as file:
        file.write(json.dumps(what) + "\n")
