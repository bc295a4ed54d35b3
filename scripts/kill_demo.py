"""Kills `make demo` at random moments, with everything that it started, and sees that it ends well all the same.

    python3 scripts/kill_demo.py [--seed N] [--kills N]

Run it in a clone whose environments are there. It takes away what the demo made, then kills and starts again; at the
end the demo must exit 0 and no HELM may be left. `docs/reliability.md` says how often it was run, and with what result.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SPANS = ((0.2, 6), (5, 40), (30, 120))  # seconds: start and model; evaluation; second half
ORPHAN_SECONDS = 3.0  # HELM notices within one that its parent is gone


def kill_once(dice: random.Random) -> str:
    """Starts the demo and kills its process group after a while; says what happened."""
    seconds = dice.uniform(*dice.choice(SPANS))
    chosen = dice.choice((signal.SIGKILL, signal.SIGKILL, signal.SIGTERM, signal.SIGINT))
    process = subprocess.Popen(
        ["make", "demo"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    try:
        return f"ended by itself, exit code {process.wait(seconds)}"
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, chosen)
        return f"{chosen.name} after {seconds:.1f} s, exit code {process.wait()}"


def main() -> int:
    """Kills as often as asked; 0 when the demo then ends well."""
    parser = argparse.ArgumentParser(description="Kill make demo at random moments.")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--kills", type=int, default=8)
    arguments = parser.parse_args()
    dice = random.Random(arguments.seed)  # noqa: S311  # moments, no secrets
    os.chdir(ROOT)
    for place in (".cajajejo/scratch", ".cajajejo/demo"):
        shutil.rmtree(place, ignore_errors=True)
    for number in range(1, arguments.kills + 1):
        print(f"{number} of {arguments.kills}  {kill_once(dice)}", flush=True)
    code = subprocess.run(
        ["make", "demo"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False
    ).returncode
    time.sleep(ORPHAN_SECONDS)
    left = subprocess.run(["pgrep", "-fc", "helm-run"], capture_output=True, text=True, check=False).stdout.strip()
    print(f"at the end: exit code {code}, {left} HELM left")
    return code or int(left)


if __name__ == "__main__":
    sys.exit(main())
