"""Kills submissions at every request, cuts their answers, and sees that each job is on the cluster once all the same.

    .venv/bin/python scripts/kill_submit.py [--seed N] [--kills N]

Real processes send jobs to a fake API server over HTTP, SIGKILL ends them before or after a request of theirs took
effect, and answers are lost or cut. Then the same command is run until it exits 0: the cluster must hold each Job once,
with its ConfigMap, which it owns, one StorageClass, and nothing else. `docs/reliability.md` says how often it was run,
and with what result.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.fakes.kubernetes import FakeKubernetes  # noqa: E402
from tests.kills import Submissions  # noqa: E402

from tests import sending  # noqa: E402

REQUESTS = 10  # a submission has nine
KILLED = -9


def disturb(fake: FakeKubernetes, dice: random.Random) -> str:
    """Loses or cuts one of the next answers; says which."""
    fault = fake.faults.on(dice.choice(["GET", "POST", "PATCH", ".*"]), skip=dice.randint(0, 4))
    accident = dice.choice(["drop_before", "drop_after", "half_body", "proxy_page", "busy", "503"])
    if accident == "busy":
        fault.too_many_requests(retry_after=0)
    elif accident == "503":
        fault.answer(503, retry_after=0)
    else:
        getattr(fault, accident)()
    return accident


def send_through_kills(
    submissions: Submissions, fake: FakeKubernetes, dice: random.Random, version: str, happened: Counter[str]
) -> None:
    """One job: killed a few times, sometimes while others send it as well, then sent to the end."""
    for _ in range(dice.randint(1, 4)):
        if dice.random() < 0.5:  # noqa: PLR2004  # a coin
            happened[disturb(fake, dice)] += 1
        at, after = dice.randint(1, REQUESTS), dice.choice([True, False])
        others = [submissions.start("--config-version", version) for _ in range(dice.choice([0, 0, 0, 1, 2]))]
        code = submissions.run_and_kill(at, "--config-version", version, after=after)
        happened["killed after" if after else "killed before"] += code == KILLED
        happened["beside others"] += bool(others)
        for other in others:
            other.join()
    fake.faults.clear()
    code = submissions.run("--config-version", version)
    if code != 0:
        raise SystemExit(f"{version}: exit code {code} in the end")


def main() -> int:
    """Kills as often as asked; 0 when every job is there once."""
    parser = argparse.ArgumentParser(description="Kill submissions at every request.")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--kills", type=int, default=200)
    arguments = parser.parse_args()
    dice = random.Random(arguments.seed)  # noqa: S311  # moments, no secrets
    happened: Counter[str] = Counter()
    names: list[str] = []
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder, FakeKubernetes() as fake:
        submissions = Submissions(fake, fake.kubeconfig(Path(folder) / "kubeconfig"))
        while happened["killed before"] + happened["killed after"] < arguments.kills:
            version = f"seed-{arguments.seed}-job-{len(names)}"
            send_through_kills(submissions, fake, dice, version, happened)
            names.append(sending.spec(version).name)
            sending.assert_sent_once(fake, *names)
    told = ", ".join(f"{count} {name}" for name, count in sorted(happened.items()))
    print(f"{len(names)} jobs, each there once: {told}; {time.monotonic() - began:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
