"""Follows recorded lives of Jobs while connections break and the API server fails and restarts, and judges the ends.

    .venv/bin/python scripts/follow_faults.py [--seed N] [--runs N]

Each run plays one to three recorded scenarios through a fake API server over HTTP, at speed, with accidents drawn from
the seed. Each end must be told exactly once, as the recording says, and in a bounded number of requests.
`docs/reliability.md` says how often it was run, and with what result.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.jobs import ordeals  # noqa: E402


def main() -> int:
    """Runs all; 1 where something went wrong."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1, help="of the first run; the next ones count on")
    parser.add_argument("--runs", type=int, default=500)
    given = parser.parse_args()
    accidents: Counter[str] = Counter()
    outcomes, wrong, started = [], 0, time.monotonic()
    for seed in range(given.seed, given.seed + given.runs):
        with tempfile.TemporaryDirectory() as directory:
            outcome = ordeals.run(seed, Path(directory))
        outcomes.append(outcome)
        accidents.update(outcome.accidents)
        wrong += bool(outcome.problems)
        for problem in outcome.problems:
            print(f"seed {seed} ({', '.join(outcome.names)}): {problem}", flush=True)
    jobs = sum(len(outcome.names) for outcome in outcomes)
    late = [outcome.seconds for outcome in outcomes]
    print(f"{given.runs} runs, {jobs} jobs, {sum(accidents.values())} accidents in {time.monotonic() - started:.0f} s")
    print("  " + ", ".join(f"{kind} {count}" for kind, count in accidents.most_common()))
    asked = [outcome.requests for outcome in outcomes]
    middle = statistics.median(asked)
    share = max(outcome.requests / outcome.allowed for outcome in outcomes)
    print(f"  requests a run: median {middle:.0f}, most {max(asked)}; at most {share:.0%} of the allowed")
    print(f"  the last end was told in: median {statistics.median(late):.2f} s, most {max(late):.2f} s")
    print(f"  ends without a detail that only a pod could tell that was gone: {sum(each.vague for each in outcomes)}")
    print(f"  wrong: {wrong}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
