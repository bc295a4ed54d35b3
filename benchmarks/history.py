"""The history in SQLite at a million and at ten million points: bounds, bytes, writers.

    .venv/bin/python benchmarks/history.py [--rows N ...] [--series N] [--writers N] [--seed N] [--check]

A history holds runs of one test that each measured as many metrics as there are series, with bounds and verdicts; it
is written run by run, by the program's own code, and kept in the temporary directory of this machine. Then:

* bytes a row: the size of the file over the rows of ``metric_history``;
* bounds of all series over their last 30 points, in seconds of CPU, the best of some rounds: ours is
  ``store.recent``, and means and standard deviations with numpy; the other is SQLite's window function on the same
  tables, which computes as much. Both must find the same bounds;
* writers: processes that store runs of ten metrics in one history, all at once, beside a plain script of ``sqlite3``
  that inserts the same numbers into two tables with an index, and waits for its turn as SQLite does it. Runs a second
  and, of both, the longest that one run took. Afterwards every run must be there once.

``--check`` exits with 1 where a bar is missed: 60 bytes a row; bounds at most 1.5 times as expensive in the largest
history as in the smallest, and at least 50 times cheaper than the window function in the largest; no run lost.
"""

from __future__ import annotations

import argparse
import json
import random
import sqlite3
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from cajajejo.metrics.history import History
from cajajejo.metrics.history.rows import StoredMetric, StoredRun
from cajajejo.metrics.runs import Run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    Bounds = NDArray[np.float64]

LAST: Final = 30
TEST: Final = "night"
ROUNDS: Final = 5
PER_RUN: Final = 10
RUNS_EACH: Final = 50

WINDOW: Final = f"""
SELECT s.metric, avg(value), avg(value * value) FROM (
    SELECT p.series, p.value, row_number() OVER (PARTITION BY p.series ORDER BY r.start_time DESC, r.uuid DESC) AS back
    FROM points p JOIN runs r ON r.id = p.run WHERE r.job_status = 'success'
) JOIN series s ON s.id = series WHERE back <= {LAST} GROUP BY s.metric
"""  # noqa: S608  # our own number

OURS: Final = """
import sys, time
from cajajejo.metrics.history import History
from cajajejo.metrics.history.rows import StoredMetric, StoredRun
from cajajejo.metrics.runs import Run
url, writer, runs, metrics = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
store, longest = History.at(url).store, 0.0
print("ready", flush=True)
sys.stdin.readline()
for number in range(runs):
    began = time.monotonic()
    measured = tuple(StoredMetric(f"metric{one}", number + one / 8, 0.0, 99.0, False, "pass") for one in range(metrics))
    store.record([StoredRun(Run("night", f"{writer}-{number}", 1.79e9 + number), "pass", measured)])
    longest = max(longest, time.monotonic() - began)
print(longest)
"""
PLAIN: Final = """
import sqlite3, sys, time
path, writer, runs, metrics = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
longest = 0.0
print("ready", flush=True)
sys.stdin.readline()
for number in range(runs):
    began = time.monotonic()
    with sqlite3.connect(path, timeout=120) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("BEGIN IMMEDIATE")
        run = ("night", f"{writer}-{number}", 1.79e9 + number, "pass")
        connection.execute("INSERT INTO job_history VALUES (?, ?, ?, ?)", run)
        connection.executemany(
            "INSERT INTO metric_history VALUES (?, ?, ?, ?, ?, ?, ?)",
            [("night", f"metric{one}", f"{writer}-{number}", number + one / 8, 0.0, 99.0, "pass")
             for one in range(metrics)],
        )
    connection.close()
    longest = max(longest, time.monotonic() - began)
print(longest)
"""
PLAIN_TABLES: Final = """
PRAGMA journal_mode = WAL;
CREATE TABLE job_history (test TEXT, uuid TEXT, start REAL, verdict TEXT, PRIMARY KEY (test, uuid));
CREATE TABLE metric_history (test TEXT, metric TEXT, uuid TEXT, value REAL, lower REAL, upper REAL, verdict TEXT,
    PRIMARY KEY (test, metric, uuid));
"""


@dataclass(frozen=True, slots=True)
class Size:
    """What was measured in a history of so many rows; seconds are of CPU."""

    rows: int
    bytes_a_row: float
    ours: float
    window: float

    def __str__(self) -> str:
        return (
            f"{self.rows:>12,} rows  {self.bytes_a_row:5.1f} bytes a row"
            f"  ours {self.ours:7.3f} s  window function {self.window:7.3f} s  {self.window / self.ours:6.1f} times"
        )


@dataclass(frozen=True, slots=True)
class Writers:
    """What came of processes that wrote at once: runs a second, the longest that one took, and how many were lost."""

    a_second: float
    longest: float
    lost: int

    def __str__(self) -> str:
        return f"{self.a_second:7.1f} runs a second, the longest took {self.longest:6.3f} s, {self.lost} lost"


def made(rows: int, series: int, seed: int, below: Path | None = None) -> Path:
    """The file of a history of so many rows; it is written where it is not there yet."""
    folder = (below or Path(tempfile.gettempdir())) / "cajajejo-histories"
    path = folder / f"v3-{rows}-{series}-{seed}.db"
    if not path.exists():
        folder.mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder) as unfinished:
            file = Path(unfinished, "history.db")
            began = time.process_time()
            history = History.at(f"sqlite:///{file}")
            for run in nights(rows // series, series, seed):
                history.store.record([run])
            print(f"{rows:>12,} rows written in {time.process_time() - began:.1f} s of CPU", flush=True)
            file.rename(path)
    return path


def nights(runs: int, series: int, seed: int) -> Iterator[StoredRun]:
    """Runs an hour apart, a few seconds late each; one bound or both, and four verdicts."""
    dice = random.Random(seed)  # noqa: S311  # numbers, no secrets
    verdicts = ("pass", "pass", "pass", "pass", "regression", "inconclusive", "improvement", None)
    for number in range(runs):
        metrics = tuple(
            StoredMetric(
                f"metric{one:05}",
                value := dice.gauss(one, 1.0),
                value - 4.0,
                value + 4.0,
                verdict=dice.choice(verdicts),
            )
            for one in range(series)
        )
        run = Run(TEST, f"{seed}-{number:08x}", 1.7e9 + 3600 * number + dice.random(), commit="10abfb1bf8a0")
        yield StoredRun(run, "pass", metrics)


def by_recent(path: Path) -> Bounds:
    """The upper bounds, mean + 4 standard deviations of the last points, by name of the metric."""
    values = History.at(f"sqlite:///{path}").store.recent(TEST, LAST)
    last = np.array([values[name] for name in sorted(values)])
    return np.asarray(last.mean(axis=1) + 4 * last.std(axis=1))


def by_window(path: Path) -> Bounds:
    """The same, from SQLite's window function."""
    with closing(sqlite3.connect(path)) as connection:
        found = np.array([row[1:] for row in sorted(connection.execute(WINDOW).fetchall())])
    mean, square = found.T
    return np.asarray(mean + 4 * np.sqrt(np.maximum(square - mean**2, 0)))


def cost(work: Callable[[Path], Bounds], path: Path, rounds: int) -> tuple[float, Bounds]:
    """The least seconds of CPU that `work` took, and what it found."""
    least = float("inf")
    for _ in range(rounds):
        began = time.process_time()
        found = work(path)
        least = min(least, time.process_time() - began)
    return least, found


def measured(path: Path, rows: int) -> Size:
    """What bounds cost in a history, both ways."""
    ours, bounds = cost(by_recent, path, ROUNDS)
    window, same = cost(by_window, path, 1)
    np.testing.assert_allclose(bounds, same, rtol=1e-6)
    return Size(rows, path.stat().st_size / rows, ours, window)


def writers(program: str, folder: Path, count: int, runs: int) -> Writers:
    """What comes of `count` processes that each write so many runs."""
    path = folder / "history.db"
    if program is PLAIN:
        with closing(sqlite3.connect(path)) as connection:
            connection.executescript(PLAIN_TABLES)
    place = str(path) if program is PLAIN else f"sqlite:///{path}"
    started = [
        subprocess.Popen(
            [sys.executable, "-c", program, place, str(number), str(runs), str(PER_RUN)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for number in range(count)
    ]
    for process in started:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    began = time.monotonic()
    for process in started:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    told = [process.communicate()[0] for process in started]
    seconds = time.monotonic() - began
    with closing(sqlite3.connect(path)) as connection:
        there = connection.execute("SELECT count(DISTINCT uuid), count(*) FROM metric_history").fetchone()
    longest = max((json.loads(one) for one in told if one), default=float("inf"))
    return Writers(count * runs / seconds, longest, count * runs - there[0] if there[1] == there[0] * PER_RUN else -1)


def missed(sizes: Sequence[Size], ours: Writers) -> list[str]:
    """The bars that are not reached, in words."""
    short = [f"{size.rows:,} rows: more than 60 bytes a row" for size in sizes if size.bytes_a_row > 60]  # noqa: PLR2004  # the bar
    if sizes[-1].ours > 1.5 * sizes[0].ours:
        short.append("bounds are more than 1.5 times as expensive in the largest history")
    if sizes[-1].window < 50 * sizes[-1].ours:
        short.append("bounds are less than 50 times cheaper than the window function")
    return short + ["runs were lost"] * (ours.lost != 0)


def main() -> int:
    """Measures, prints, and with ``--check`` judges."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, nargs="+", default=[1_000_000, 10_000_000], metavar="N")
    parser.add_argument("--series", type=int, default=10_000)
    parser.add_argument("--writers", type=int, default=8)
    parser.add_argument("--runs", type=int, default=RUNS_EACH, help="of each writer")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--check", action="store_true", help="exit 1 where a bar is missed")
    options = parser.parse_args()
    sizes = []
    for rows in sorted(options.rows):
        sizes.append(measured(made(rows, options.series, options.seed), rows))
        print(sizes[-1], flush=True)
    found = {}
    for name, program in (("ours", OURS), ("plain sqlite3", PLAIN)):
        with tempfile.TemporaryDirectory() as folder:
            found[name] = writers(program, Path(folder), options.writers, options.runs)
        print(f"{options.writers} writers, {name:<13} {found[name]}", flush=True)
    failures = missed(sizes, found["ours"])
    for failure in failures:
        print(f"missed: {failure}")
    return 1 if options.check and failures else 0


if __name__ == "__main__":
    sys.exit(main())
