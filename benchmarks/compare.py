"""Comparing two evaluations of a million instances: ours, and a script with pandas, SciPy and statsmodels.

    .venv/bin/python benchmarks/compare.py [--pairs N] [--rounds N] [--seed N] [--check]

Half of the instances are of a scenario with right and wrong answers and graded scores, half of one whose instances
belong together in tens; B has its lines in another order. Both programs read the same two ``results.jsonl``, each in a
process of its own, and the numbers that both print must be equal: differences, standard errors (by cluster where there
are clusters), p-values of McNemar's exact test and of the paired t-test. Ours also finds intervals, sign-flip tests,
verdicts, gates and the instances that changed. Wall time, CPU seconds and the largest resident size are medians of
rounds that take turns. ``--check`` exits with 1 where ours takes more of one of them than the script.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from cajajejo import results
from cajajejo.results import Item, Results

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

DECIDED: Final = (0, 4, 5)
"""Exit codes of a comparison that was made."""
PER_CLUSTER: Final = 10
SCRIPT: Final = """
import json
import sys

import numpy as np
import pandas as pd
import statsmodels.api as sm
from scipy.stats import ttest_rel
from statsmodels.stats.contingency_tables import mcnemar

a, b = (pd.read_json(path, lines=True, dtype={"id": str}) for path in sys.argv[1:])
merged = a.merge(b, on=["scenario", "id", "repeat"], suffixes=("_a", "_b"), validate="one_to_one")
found = {}
for scenario, rows in merged.groupby("scenario"):
    scores_a, scores_b = (pd.DataFrame(rows[side].tolist()) for side in ("scores_a", "scores_b"))
    for metric in scores_a:
        x, y = scores_a[metric].to_numpy(), scores_b[metric].to_numpy()
        if rows["group_a"].notna().any():
            groups = pd.factorize(rows["group_a"])[0]
            fit = sm.OLS(y - x, np.ones(len(x))).fit(cov_type="cluster", cov_kwds={"groups": groups}, use_t=True)
            told = {"difference": fit.params[0], "std_err": fit.bse[0]}
        elif set(np.unique([x, y])) <= {0, 1}:
            table = pd.crosstab(x, y)
            told = {"difference": (y - x).mean(), "p_exact": mcnemar(table, exact=True).pvalue}
        else:
            test = ttest_rel(y, x)
            told = {"difference": (y - x).mean(), "std_err": (y - x).std(ddof=1) / len(x) ** 0.5, "p_t": test.pvalue}
        found[f"{scenario}/{metric}"] = {name: float(value) for name, value in told.items()}
print(json.dumps(found))
"""
"""What one writes for this."""


@dataclass(frozen=True)
class Cost:
    """What a process took: seconds by the clock, seconds of CPU, and the most memory that it had, in MiB."""

    wall: float
    cpu: float
    memory: float


@dataclass(frozen=True, eq=False)
class Drawn:
    """The scores of both evaluations, in two rows: right or wrong of the first half of the instances, graded of all."""

    right: np.ndarray[Any, np.dtype[np.bool_]]
    graded: np.ndarray[Any, np.dtype[np.float64]]

    def item(self, side: int, place: int) -> Item:
        """One instance as A (0) or B (1) answered it."""
        reading = place >= self.right.shape[1]
        asked = f"Which of these statements about subject {place * 7919 % 10007} is right? This is question {place}."
        scores = {"f1": float(self.graded[side, place])}
        return Item(
            suite="benchmark",
            scenario="reading" if reading else "quiz",
            subject=None,
            id=f"id{place:07d}",
            repeat=0,
            group=f"passage-{place // PER_CLUSTER}" if reading else None,
            prompt_sha256=results.hash_of(asked),
            reference="ABCD"[place % 4],
            prediction="ABCD"[(place + side) % 4],
            scores=scores if reading else {"exact_match": float(self.right[side, place]), **scores},
            prompt=asked,
        )


def drawn(pairs: int, random: np.random.Generator) -> Drawn:
    """Scores of which most are alike in A and B."""
    a = random.random(pairs // 2) < 0.62  # noqa: PLR2004  # on so many A is right
    other = random.random(pairs // 2)
    b = np.where(other < 0.03, True, np.where(other > 0.969, False, a))  # noqa: FBT003, PLR2004  # and so many differ
    passage = np.repeat(random.normal(0, 0.05, -(-pairs // PER_CLUSTER)), PER_CLUSTER)[:pairs]
    graded = random.beta(2, 2, pairs) + random.normal(0, 0.1, (2, pairs))
    graded[1] += passage - 0.0003
    return Drawn(np.stack((a, b)), np.round(graded, 6))


def write(run: Iterator[Item], directory: Path) -> None:
    """The evaluation as ours writes it, a line at a time."""
    first = next(run)
    results.write(Results("benchmark", "command", (), (first,)), directory)
    file = directory / results.RESULTS_FILE
    assert file.read_text("utf-8") == as_line(first)
    with file.open("a", encoding="utf-8") as lines:
        lines.writelines(map(as_line, run))


def as_line(item: Item) -> str:
    """An instance as a line of results."""
    return json.dumps(asdict(item), ensure_ascii=False, allow_nan=False) + "\n"


def measured(command: Sequence[str], output: Path) -> Cost:
    """What a command takes that prints to a file."""
    began = time.monotonic()
    with output.open("wb") as stream:
        process = subprocess.Popen(command, stdout=stream)
        _, status, usage = os.wait4(process.pid, 0)
    wall = time.monotonic() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in DECIDED:
        sys.exit(f"{command[0]}: exit code {process.returncode}")
    return Cost(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def assert_same(ours: Path, script: Path) -> Iterator[str]:
    """The numbers that both found; fails where they are not equal."""
    metrics: dict[str, dict[str, Any]] = {one["name"]: one for one in json.loads(ours.read_text("utf-8"))["metrics"]}
    theirs: dict[str, dict[str, float]] = json.loads(script.read_text("utf-8"))
    assert metrics.keys() == theirs.keys(), (metrics.keys(), theirs.keys())
    for name, told in sorted(theirs.items()):
        for number, value in told.items():
            assert math.isclose(metrics[name][number], value, rel_tol=1e-9), (
                name,
                number,
                metrics[name][number],
                value,
            )
        yield f"{name}: {metrics[name]['verdict']}, " + ", ".join(f"{key} {value:.6g}" for key, value in told.items())


def compared(folder: Path, rounds: int) -> dict[str, list[Cost]]:
    """What each takes, round by round."""
    script = folder / "script.py"
    script.write_text(SCRIPT, "utf-8")
    program = str(Path(sys.executable).parent / "cajajejo")
    runs = [str(folder / name) for name in "ab"]
    files = [str(folder / name / results.RESULTS_FILE) for name in "ab"]
    ways = {
        "cajajejo": [program, "jobs", "evaluation", "compare", *runs, "--json"],
        "pandas, scipy, statsmodels": [sys.executable, str(script), *files],
    }
    taken: dict[str, list[Cost]] = {name: [] for name in ways}
    for turn in range(rounds):
        for name, command in ways.items():
            cost = measured(command, folder / f"{name}.json")
            taken[name].append(cost)
            print(f"round {turn + 1}  {line(name, cost)}", flush=True)
    for told in assert_same(*(folder / f"{name}.json" for name in ways)):
        print(f"both: {told}")
    return taken


def line(name: str, cost: Cost) -> str:
    """What one took, for people."""
    return f"{name:<28}{cost.wall:8.1f} s {cost.cpu:8.1f} s of CPU {cost.memory:8.0f} MiB"


def middle(costs: Sequence[Cost]) -> Cost:
    """The median of each."""
    return Cost(*(statistics.median(asdict(cost)[field] for cost in costs) for field in ("wall", "cpu", "memory")))


def main() -> int:
    """Measures, prints, and with ``--check`` judges."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--check", action="store_true", help="exit 1 where ours takes more than the script")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        random = np.random.default_rng(options.seed)
        scores = drawn(options.pairs, random)
        write((scores.item(0, place) for place in range(options.pairs)), Path(folder, "a"))
        write((scores.item(1, place) for place in random.permutation(options.pairs).tolist()), Path(folder, "b"))
        size = sum(file.stat().st_size for file in Path(folder).glob("*/results.jsonl"))
        print(f"{options.pairs:,} pairs, {size / 1e6:,.0f} MB in two files")
        taken = compared(Path(folder), options.rounds)
    ours, other = (middle(costs) for costs in taken.values())
    for name, cost in zip(taken, (ours, other), strict=True):
        print(f"median   {line(name, cost)}")
    ratios = [theirs / mine for mine, theirs in zip(asdict(ours).values(), asdict(other).values(), strict=True)]
    print("the script takes {:.2f} times as long, {:.2f} times the CPU, {:.2f} times the memory".format(*ratios))
    return 1 if options.check and min(ratios) < 1 else 0


if __name__ == "__main__":
    sys.exit(main())
