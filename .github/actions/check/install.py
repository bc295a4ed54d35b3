"""Installs cajajejo into an environment of its own, beside what the job has, and hands its program on as an output."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

NEEDED = (3, 11)


def main() -> str:
    """The path of the program, installed where it is not there yet.

    Raises:
        SystemExit: this Python is too old, there is no such program, or it cannot be installed.
    """
    version, extras = os.environ["CHECK_VERSION"].strip(), os.environ["CHECK_EXTRAS"].strip()
    if version == "none":
        return shutil.which("cajajejo") or sys.exit("version: none, and there is no program cajajejo on the PATH")
    if sys.version_info < NEEDED:
        found = ".".join(map(str, sys.version_info[:3]))
        sys.exit(
            f"cajajejo needs Python 3.11 or later, and this is {found}: set it up first, as actions/setup-python does"
        )
    optional = f"[{extras}]" if extras else ""
    wanted = f"cajajejo{optional}=={version}" if version else f"{Path(__file__).resolve().parents[3]}{optional}"
    key = hashlib.sha256(f"{sys.version}\0{wanted}".encode()).hexdigest()[:12]
    place = Path(os.environ["RUNNER_TEMP"]) / f"cajajejo-{key}"
    program = place / "bin" / "cajajejo"
    if not program.exists():
        subprocess.run([sys.executable, "-m", "venv", str(place)], check=True)
        subprocess.run([str(place / "bin" / "pip"), "install", "--quiet", wanted], check=True)
    return str(program)


if __name__ == "__main__":
    chosen = main()
    with Path(os.environ["GITHUB_OUTPUT"]).open("a", encoding="utf-8") as outputs:
        outputs.write(f"program={chosen}\n")
