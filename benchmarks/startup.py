"""Start-up: `cajajejo --help` against a bare Typer app and `mlflow --help`, CPU seconds of the whole process.

    .venv/bin/python benchmarks/startup.py [--runs N]

The commands take turns, so that a machine that slows down slows all of them; medians and their ratios are printed.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

BIN = Path(sys.executable).parent
BARE = """
import typer
app = typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False, add_completion=False)
@app.command()
def hello(name: str) -> None:
    print(name)
@app.command()
def bye(name: str) -> None:
    print(name)
app()
"""


def cpu_seconds(command: list[str], environment: dict[str, str]) -> float:
    """User and system seconds that one run of `command` took."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True, env=environment)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description="Start-up against a bare Typer app and mlflow.")
    parser.add_argument("--runs", type=int, default=15)
    runs = parser.parse_args().runs
    with tempfile.TemporaryDirectory() as folder:
        bare = Path(folder) / "bare.py"
        bare.write_text(BARE)
        commands = {
            "bare Typer app --help": [sys.executable, str(bare), "--help"],
            "cajajejo --help": [str(BIN / "cajajejo"), "--help"],
            "cajajejo --version": [str(BIN / "cajajejo"), "--version"],
            "mlflow --help": [str(BIN / "mlflow"), "--help"],
        }
        environment = {**os.environ, "MLFLOW_DISABLE_TELEMETRY": "true"}
        times: dict[str, list[float]] = {name: [] for name in commands}
        for turn in range(runs + 1):
            for name, command in commands.items():
                seconds = cpu_seconds(command, environment)
                if turn:  # the first turn warms the caches
                    times[name].append(seconds)
    base = statistics.median(times["bare Typer app --help"])
    for name, taken in times.items():
        median = statistics.median(taken)
        print(f"{name:<24}{median * 1000:8.0f} ms  {median / base:6.2f} x bare Typer")


if __name__ == "__main__":
    main()
