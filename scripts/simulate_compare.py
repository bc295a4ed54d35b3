"""Compares models whose true difference is known, thousands of times, and counts how often the comparison is wrong.

    .venv/bin/python scripts/simulate_compare.py [--trials N] [--seed N] [--only WORD]

Each row is a world: scores of one kind, a number of pairs, a true difference. Rates are in per cent with their Monte
Carlo error; one above what is stated for it, beyond chance, is marked, and the exit code is then 1.
`docs/reliability.md` says how often it was run, and with what result.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.comparison import simulations, worlds  # noqa: E402

if TYPE_CHECKING:
    from tests.comparison.simulations import Rate, World

COLUMNS = {
    "misses of 95 %": "misses 95",
    "misses of 90 %": "misses 90",
    "false findings": "false find",
    "false equal": "false equal",
    "false pass": "false pass",
    "found": "found",
    "found unpaired": "unpaired",
    "found without clusters": "no clusters",
}


def row(world: World, rates: list[Rate]) -> str:
    """What was counted in a world, as a line of the table."""
    by_name = {rate.name: rate for rate in rates}
    cells = [cell(by_name.get(name)) for name in COLUMNS]
    told = f"{world.truth:+.3g}" if world.truth else "0"
    return f"{world.name:<34}{world.pairs:>14}{told:>9}" + "".join(f"{text:>13}" for text in cells)


def cell(rate: Rate | None) -> str:
    """A rate in per cent with its error; marked where it is too high."""
    if rate is None:
        return ""
    return f"{100 * rate.share:.1f}±{100 * rate.error:.1f}" + ("!" if rate.too_high else "")


def main() -> int:
    """Simulates and prints; 1 where a rate is too high."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=2_000, help="in each world")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", help="only worlds whose name has this in it")
    given = parser.parse_args()
    began, wrong = time.monotonic(), []
    print(f"{'world':<34}{'pairs':>14}{'truth':>9}" + "".join(f"{title:>13}" for title in COLUMNS.values()))
    for place, world in enumerate(worlds.every()):
        if given.only in world.name:
            found = simulations.rates(world, given.trials, given.seed + place)
            wrong += [(world, rate) for rate in found if rate.too_high]
            print(row(world, found), flush=True)
    for world, rate in wrong:
        limit = 100 * (rate.limit or 0)
        print(f"too high: {rate.name} in {world.name}, {world.pairs}: {100 * rate.share:.2f} %, and not {limit:.3g} %")
    print(f"{given.trials:,} trials in each, {time.monotonic() - began:.0f} s, {len(wrong)} too high")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
