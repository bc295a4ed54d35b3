"""Kills checks with alerts at every step, and sees that each alert is told once all the same.

    .venv/bin/python scripts/kill_alerts.py [--seed N] [--kills N] [--postgresql]

Real processes judge runs, store them and send alerts to a webhook that throttles, a mail server and stderr. SIGKILL
ends them at a call or return of a function of the history or of sending, after a while, or while a far end has heard
them, before it takes what it is sent or after that. Then the same is done again, until nothing is left to be sent. The
history, in SQLite or in PostgreSQL, and what was told must be what they are without kills; only what a far end took
from a sender that was killed before it noted that comes once more, under the same key. `docs/reliability.md` says how
often it was run, and with what result.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.alert_kills import Killing, far_ends  # noqa: E402
from tests.fakes import postgresql  # noqa: E402


def main() -> int:
    """Kills as often as asked; 0 when each alert was told once."""
    parser = argparse.ArgumentParser(description="Kill checks that send alerts.")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--postgresql", action="store_true", help="keep the history in a server of its own")
    arguments = parser.parse_args()
    began = time.monotonic()
    with ExitStack() as open_, tempfile.TemporaryDirectory() as folder, far_ends() as ends:
        server = open_.enter_context(postgresql.running()) if arguments.postgresql else None
        url = f"sqlite:///{folder}/history.db" if server is None else server.database()
        killing = Killing(Path(folder), ends, random.Random(arguments.seed), url)  # noqa: S311  # moments, no secrets
        while killing.kills < arguments.kills:
            killing.go_through()
        killing.assert_each_told_once()
    told = ", ".join(f"{count} {name}" for name, count in sorted(killing.happened.items()))
    print(f"{len(killing.nights)} runs, each alert told once: {told}; {time.monotonic() - began:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
