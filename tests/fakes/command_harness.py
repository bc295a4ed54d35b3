"""A harness that somebody else wrote, as the `command` adapter starts it: quick, and it goes on after a kill.

    python -m tests.fakes.command_harness SCENARIO=N… [--pause SECONDS] [--silent] [--fail SCENARIO] [--exit CODE]
                                          [--results NAME] [--child]

Every item is a line of $OUTPUT_DIR/results.jsonl, written in pieces, so that a kill may tear it; lines that are there
are not written again. The file that NOTES names gets a line for each process and for each item that was worked on.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any


def main() -> int:
    """Acts as the harness; the exit code."""
    parser = argparse.ArgumentParser()
    parser.add_argument("scenarios", nargs="+")
    parser.add_argument("--pause", type=float, default=0.0)
    parser.add_argument("--silent", action="store_true")
    parser.add_argument("--fail", action="append", default=[])
    parser.add_argument("--exit", type=int, default=0)
    parser.add_argument("--results", default="results.jsonl")
    parser.add_argument("--child", action="store_true")
    options = parser.parse_args()
    note(pid=os.getpid())
    if options.child:
        child = subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"], start_new_session=True)
        note(pid=child.pid)
    path = Path(os.environ["OUTPUT_DIR"]) / options.results
    there = {(line["scenario"], line["id"]) for line in lines_of(path) if "id" in line}
    plan = {name: int(count) for name, _, count in (given.partition("=") for given in options.scenarios)}
    tell(options, event="runs", total=len(plan), names=list(plan))
    for scenario, count in plan.items():
        run_one(options, path, scenario, count, there)
    print("done", flush=True)  # noqa: T201  # a program, whose output is the point
    return int(options.exit)


def run_one(options: argparse.Namespace, path: Path, scenario: str, count: int, there: set[tuple[str, str]]) -> None:
    """One scenario, from the first item that is not there."""
    tell(options, event="start", run=scenario, done=0, total=count)
    if scenario in options.fail:
        tell(options, event="failed", run=scenario, error="no network")
        return
    for number in range(1, count + 1):
        name = f"q-{number:03}"
        if (scenario, name) not in there:
            time.sleep(options.pause)
            note(ran=f"{scenario} {name}")
            write(path, {"scenario": scenario, "id": name, "scores": {"accuracy": number % 2}})
        tell(options, event="progress", run=scenario, done=number, total=count)
    tell(options, event="done", run=scenario)


def lines_of(path: Path) -> list[dict[str, Any]]:
    """The lines that are there."""
    return list(map(json.loads, path.read_text("utf-8").splitlines())) if path.exists() else []


def write(path: Path, line: dict[str, Any]) -> None:
    """Adds `line`, in two pieces."""
    text = json.dumps(line) + "\n"
    with path.open("a", buffering=1, encoding="utf-8") as file:
        for piece in (text[:20], text[20:]):
            file.write(piece)
            file.flush()


def tell(options: argparse.Namespace, **event: object) -> None:
    """One progress event, and a line for the log."""
    print(json.dumps(event), flush=True)  # noqa: T201  # as above
    if not options.silent:
        append(Path(os.environ["CAJAJEJO_PROGRESS"]), event)


def note(**what: object) -> None:
    """One line for the test."""
    if "NOTES" in os.environ:
        append(Path(os.environ["NOTES"]), what)


def append(path: Path, fields: dict[str, Any]) -> None:
    """Adds a line of JSON at once: other processes may write there, too."""
    with path.open("ab", buffering=0) as file:
        file.write(json.dumps(fields).encode() + b"\n")


if __name__ == "__main__":
    sys.exit(main())
