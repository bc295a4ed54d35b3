"""Kills evaluations at every step and at random moments, and sees that each result is there once all the same.

    .venv/bin/python scripts/kill_evaluation.py [--seed N] [--kills N] [--every-step] [--minutes N]

Real processes evaluate with a scripted harness of milliseconds and a real MLflow store. SIGKILL or SIGTERM ends them
before a step of theirs that lasts, or at a random moment; some are attempts of one Job, with a scratch directory of
their own each. Then the same command is run until it is left alone: it must exit 0, all results must be there, tracked
once, and no process of any harness may be left. `docs/reliability.md` says how often it was run, and with what result.
"""

from __future__ import annotations

import argparse
import random
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.harness.kills import ITEMS, Evaluation, Kill  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

SIGNALS = (signal.SIGKILL, signal.SIGTERM)
KINDS = {"laptop": (False, False), "job": (True, False), "job, new scratch": (True, True)}


def evaluation(directory: Path, kind: str) -> Evaluation:
    """A new evaluation of a kind: on a laptop, or by pods of a Job, which share a scratch directory or do not."""
    is_job, is_fresh = KINDS[kind]
    return Evaluation(directory, uid=directory.name if is_job else None, is_fresh=is_fresh)


def undisturbed(folder: Path) -> dict[str, tuple[int, float]]:
    """By kind, how many steps an evaluation takes that nobody disturbs, and how many seconds."""
    found = {}
    for kind in KINDS:
        evaluation(folder / f"warm {kind}", kind).run()  # the first one starts the server of processes
        one = evaluation(folder / f"undisturbed {kind}", kind)
        began = time.monotonic()
        if one.run() != 0 or one.problems():
            raise SystemExit(f"undisturbed: {one.problems()}\n{one.said()}")
        found[kind] = (one.steps(), time.monotonic() - began)
    return found


def plans(dice: random.Random, usual: dict[str, tuple[int, float]]) -> Iterator[tuple[str, list[Kill]]]:
    """Kinds of evaluations, each with what ends its attempts, at random and without end."""
    while True:
        kind = dice.choice(list(KINDS))
        steps, seconds = usual[kind]
        kills = []
        for _ in range(dice.choice([1, 1, 2, 3])):
            sign = dice.choice(SIGNALS)
            at = dice.randint(1, steps) if dice.random() < 0.5 else None  # noqa: PLR2004  # a coin
            kills.append(Kill(sign, at, dice.uniform(0.0, 1.1 * seconds)))
        yield kind, kills


def every_step(usual: dict[str, tuple[int, float]]) -> Iterator[tuple[str, list[Kill]]]:
    """Each step of each kind, with each signal."""
    for kind, (steps, _) in usual.items():
        for step in range(1, steps + 1):
            for sign in SIGNALS:
                yield kind, [Kill(sign, step)]


def put_through(one: Evaluation, kills: Sequence[Kill], happened: Counter[str]) -> list[str]:
    """What is wrong with one evaluation in the end: each attempt of it but the last one is ended by one of `kills`."""
    code: int | None = None
    for kill in kills:
        code = one.run(kill)
        if code == -signal.SIGKILL:
            happened["SIGKILL"] += 1
        elif kill.sign == signal.SIGTERM and code == 143:  # noqa: PLR2004  # 128 + SIGTERM
            happened["SIGTERM"] += 1
        elif code == -signal.SIGTERM:
            happened["SIGTERM before it was heard"] += 1
        elif code == 0:
            happened["over before the kill"] += 1
            break  # a Job starts no other pod then
        else:
            return [f"{kill}: exit code {code}"]
    if code != 0 or one.uid is None:
        code = one.run()
    if code != 0:
        return [f"exit code {code} in the end"]
    happened["evaluations"] += 1
    happened["items worked on again"] += one.worked_on() - ITEMS
    happened["MLflow runs without results"] += one.runs() - 1
    return one.problems()


def main() -> int:
    """Kills as often as asked; 0 when every result is there once."""
    parser = argparse.ArgumentParser(description="Kill evaluations at every step and at random moments.")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--every-step", action="store_true", help="each step once with each signal, not at random")
    parser.add_argument("--minutes", type=float, default=1e9, help="begin no other evaluation after so long")
    arguments = parser.parse_args()
    dice = random.Random(arguments.seed)  # noqa: S311  # moments, no secrets
    happened: Counter[str] = Counter()
    began = time.monotonic()
    folder = Path(tempfile.mkdtemp(prefix="kill-evaluation-"))  # kept where something is wrong
    usual = undisturbed(folder)
    kinds: Counter[str] = Counter()
    wrong = 0
    for number, (kind, kills) in enumerate(every_step(usual) if arguments.every_step else plans(dice, usual)):
        enough = not arguments.every_step and happened["SIGKILL"] + happened["SIGTERM"] >= arguments.kills
        if enough or time.monotonic() - began > 60 * arguments.minutes:
            break
        one = evaluation(folder / str(number), kind)
        kinds[kind] += 1
        problems = put_through(one, kills, happened)
        if problems:
            wrong += 1
            print(f"{one.directory} ({kind}): {', '.join(map(str, kills))}: {'; '.join(problems)}", flush=True)
        else:
            shutil.rmtree(one.directory)
    if not wrong:
        shutil.rmtree(folder)
    told = ", ".join(f"{count} {name}" for name, count in sorted(happened.items()))
    steps = ", ".join(f"{kind}: {kinds[kind]} (of {count} steps)" for kind, (count, _) in usual.items())
    verdict = f"{wrong} results are not there once" if wrong else "each result is there once"
    print(f"{verdict}: {told}; {steps}; {time.monotonic() - began:.0f} s")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
