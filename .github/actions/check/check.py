"""Runs ``cajajejo metrics check`` with the inputs of the action, and hands its verdict on as outputs.

What it prints may hold names that others chose: while it runs, GitHub takes no line of it for a command.
"""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import tempfile
from pathlib import Path

OPTIONS = {
    "CHECK_TEST": "--test",
    "CHECK_CONFIG": "--config",
    "CHECK_RUN_ID": "--run-id",
    "CHECK_JOB_STATUS": "--job-status",
    "CHECK_START_TIME": "--start-time",
    "CHECK_STOP_TIME": "--stop-time",
    "CHECK_CONFIG_VERSION": "--config-version",
    "CHECK_LOGS_LINK": "--logs-link",
}
SWITCHES = {"CHECK_ALERT": "--alert", "CHECK_STRICT": "--strict"}


def arguments(markdown: Path, document: Path) -> list[str]:
    """The command line: each value in one word with its option, so that none can be taken for another option."""
    given = os.environ
    options = [f"{option}={given[name]}" for name, option in OPTIONS.items() if given[name]]
    switches = [option for name, option in SWITCHES.items() if given[name] == "true"]
    kept = [] if given["CHECK_STORE"] == "true" else ["--no-store"]
    files = ["-", str(markdown), str(document), *([given["CHECK_JUNIT"]] if given["CHECK_JUNIT"] else [])]
    outputs = [f"--output={path}" for path in files]
    return ["metrics", "check", *options, *switches, *kept, *outputs, "--", given["CHECK_LOGDIR"]]


def main() -> None:
    """Runs the check; its exit code is an output, and fails a later step."""
    place = Path(tempfile.mkdtemp(prefix="cajajejo-check-", dir=os.environ["RUNNER_TEMP"]))
    markdown, document = place / "check.md", place / "check.json"
    history = os.environ["CHECK_HISTORY"]
    environ = {**os.environ, **({"CAJAJEJO_HISTORY": history} if history else {})}
    command = [os.environ["CHECK_PROGRAM"], *arguments(markdown, document)]
    mark = secrets.token_hex(16)
    print(f"::stop-commands::{mark}", flush=True)
    code = subprocess.run(command, env=environ, stderr=subprocess.STDOUT, check=False).returncode
    print(f"::{mark}::", flush=True)
    found = json.loads(document.read_text("utf-8")) if document.exists() else {"verdict": "error", "alerts": []}
    outputs = {
        "verdict": found["verdict"],
        "exit-code": code,
        "alerts": len(found["alerts"]),
        "markdown": markdown,
        "json": document,
    }
    with Path(os.environ["GITHUB_OUTPUT"]).open("a", encoding="utf-8") as file:
        file.writelines(f"{name}={value}\n" for name, value in outputs.items())


if __name__ == "__main__":
    main()
