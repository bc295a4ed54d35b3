"""Kills programs in the middle of writing a history, and sees that it is whole afterwards.

    .venv/bin/python scripts/kill_history.py [--seed N] [--kills N] [--writers N]

Several processes write into one SQLite file at once: they store runs, store them again with other values, decide who is
told of them, and prune. SIGKILL ends all of them at a random moment, also while a file of version 2 is brought to
the newest version. Each time SQLite must find the file sound; each run that was said to be stored is there once, with
the values that were stored last, and what was decided of it, too; the one that was being written is there whole or not
at all. `docs/reliability.md` says how often it was run, and with what result.
"""

from __future__ import annotations

import argparse
import itertools
import os
import random
import signal
import sqlite3
import sys
import tempfile
import time
from collections import Counter
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NoReturn

from cajajejo.metrics.history import History, sqlite_schema
from cajajejo.metrics.history.rows import StoredMetric, StoredRun
from cajajejo.metrics.history.store import Telling
from cajajejo.metrics.judgement.incidents import Event, Incident, Told
from cajajejo.metrics.runs import Run

IDS: Final = 12
"""So many runs each writer stores, again and again."""
PRUNE_EVERY: Final = 8
OLD_RUNS: Final = 60
OLD_METRICS: Final = 40


class NotWholeError(Exception):
    """Something that must not be."""


@dataclass(frozen=True, slots=True)
class Writer:
    """A process that writes for ever, and says how far it has come."""

    number: int
    process: int
    said: int

    @classmethod
    def start(cls, url: str, number: int, begin: int) -> Writer:
        """Begins with the write of that number."""
        read, write = os.pipe()
        process = os.fork()
        if process == 0:
            os.close(read)
            write_for_ever(url, number, begin, write)
        os.close(write)
        return cls(number, process, read)

    def kill(self) -> int:
        """Ends it; how many writes it said were done."""
        os.kill(self.process, signal.SIGKILL)
        _, status = os.waitpid(self.process, 0)
        with os.fdopen(self.said, "rb") as told:
            done = len(told.read())
        if os.waitstatus_to_exitcode(status) != -signal.SIGKILL:
            raise NotWholeError(f"writer {self.number} ended by itself")
        return done


def write_for_ever(url: str, number: int, begin: int, said: int) -> NoReturn:
    """What a writer does, until it is killed; each write that is done is a byte."""
    try:
        store = History.at(url).store
        for place in itertools.count(begin):
            store.record([run_of(number, place)], telling_of(number, place))
            os.write(said, b".")
            if place % PRUNE_EVERY == 0:
                store.record([pruned_run(number, place, one) for one in range(4)])
                store.prune(f"pruned{number}", before=float("inf"), keep=1)
    except BaseException as error:  # noqa: BLE001  # a fork must not go on with what its parent was doing
        print(f"writer {number}: {type(error).__name__}: {error}", file=sys.stderr, flush=True)
        os._exit(1)
    os._exit(0)


def run_of(number: int, place: int) -> StoredRun:
    """The run that a writer stores with the write `place`; all its values say so, and so does how many they are."""
    run = Run("kept", f"w{number}-{place % IDS}", float(place), commit=str(place))
    return StoredRun(run, "pass", tuple(StoredMetric(f"m{one}", float(place)) for one in range(metrics_of(place))))


def metrics_of(place: int) -> int:
    """How many metrics the write `place` has."""
    return 1 + place * 37 % 300


def pruned_run(number: int, place: int, one: int) -> StoredRun:
    """A run that is there to be pruned."""
    metrics = tuple(StoredMetric(f"m{metric}", 1.0) for metric in range(OLD_METRICS))
    return StoredRun(Run(f"pruned{number}", f"{place}-{one}", float(place)), "pass", metrics)


def telling_of(number: int, place: int) -> Telling:
    """Somebody is told of each write."""
    run = Run("kept", f"w{number}-{place % IDS}", float(place))
    incident = Incident("kept", "failed", f"w{number}", f"{number}/{place}", float(place), "it is so")
    told = Told((Event(incident, "opened", run, "it is so"),))
    return Telling("kept", ("a sink",), lambda *_: told, float(place))


def old_file(path: Path) -> None:
    """A file as version 2 wrote it."""
    with closing(sqlite3.connect(path)) as connection:
        for statement in itertools.chain(*sqlite_schema.STEPS[:2]):
            connection.execute(statement)
        runs = [(f"o{run}", "old", "success", "2026-11-21 14:00:00", float(run), "pass") for run in range(OLD_RUNS)]
        columns = "uuid, test_name, job_status, timestamp, start_time, verdict"
        connection.executemany(f"INSERT INTO job_history ({columns}) VALUES (?, ?, ?, ?, ?, ?)", runs)  # noqa: S608  # ours
        connection.executemany(
            "INSERT INTO metric_history VALUES (?, 'old', '2026-11-21 14:00:00', ?, ?, NULL, NULL, 0, NULL, 0)",
            [(run[0], f"m{metric}", run[4]) for run in runs for metric in range(OLD_METRICS)],
        )
        connection.execute("PRAGMA user_version = 2")
        connection.commit()


def check(path: Path, done: Counter[int]) -> set[int]:
    """Sees that all is as it must be; which writers' last writes were stored, but not said to be.

    Raises:
        NotWholeError: it is not.
    """
    with closing(sqlite3.connect(path)) as connection:
        (sound,) = connection.execute("PRAGMA integrity_check").fetchone()
    if sound != "ok":
        raise NotWholeError(sound)
    store = History.at(f"sqlite:///{path}").store
    alerts = Counter(delivery.event.incident.run_id for delivery in store.unsent())
    unsaid = {number for number in done if f"{number}/{done[number]}" in alerts}
    stored = {number: count + (number in unsaid) for number, count in done.items()}
    told = Counter(f"{number}/{place}" for number, count in stored.items() for place in range(count))
    if alerts != told:
        raise NotWholeError(f"somebody is told twice, or nobody: {alerts - told} {told - alerts}")
    last = {
        expected.run.run_id: expected
        for number, count in stored.items()
        for expected in (run_of(number, place) for place in range(max(0, count - IDS), count))
    }
    found = {one.run.run_id: one for one in store.stored("kept")}
    if found.keys() != last.keys() or any(not same(found[name], last[name]) for name in last):
        raise NotWholeError(f"not what was stored last: {[name for name in last if found.get(name) != last[name]]}")
    others = [len(one.metrics) for test in store.tests() if test != "kept" for one in store.stored(test)]
    if set(others) != {OLD_METRICS} or len(store.runs("old")) != OLD_RUNS:
        raise NotWholeError("a run of version 2 is gone, or one that is pruned is there in part")
    return unsaid


def same(one: StoredRun, other: StoredRun) -> bool:
    """Whether two runs are equal, whatever the order of their metrics."""
    return one.run == other.run and Counter(one.metrics) == Counter(other.metrics)


def kill_one_file(dice: random.Random, kills: int, most: int, happened: Counter[str]) -> None:
    """Writes one file through so many kills."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "history.db")
        old_file(path)
        done = Counter(dict.fromkeys(range(most), 0))
        for kill in range(kills):
            writers = [
                Writer.start(f"sqlite:///{path}", number, done[number])
                for number in dice.sample(range(most), dice.randint(1, most))
            ]
            time.sleep(dice.uniform(0.0, 0.06 if kill == 0 else 0.25))
            for writer in dice.sample(writers, len(writers)):
                done[writer.number] += writer.kill()
            unsaid = check(path, done)
            done.update(unsaid)
            happened["kills"] += len(writers)
            happened["stored, but killed before it was said"] += len(unsaid)
        happened["writes"] += done.total()
        happened["files"] += 1


def main() -> int:
    """Kills as often as asked; 0 when the history was whole each time."""
    parser = argparse.ArgumentParser(description="Kill programs in the middle of writing a history.")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--kills", type=int, default=300)
    parser.add_argument("--writers", type=int, default=4)
    arguments = parser.parse_args()
    dice = random.Random(arguments.seed)  # noqa: S311  # moments, no secrets
    happened: Counter[str] = Counter()
    began = time.monotonic()
    while happened["kills"] < arguments.kills:
        kill_one_file(dice, dice.randint(2, 12), arguments.writers, happened)
    told = ", ".join(f"{count} {name}" for name, count in sorted(happened.items()))
    print(f"whole each time: {told}; {time.monotonic() - began:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
