"""`benchmarks/history.py` on small histories: both ways find the same bounds, and no writer loses a run."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

from benchmarks import history as benchmark
from benchmarks.history import Size, Writers

from cajajejo.metrics.history import History
from tests.builders import ROOT

if TYPE_CHECKING:
    from pathlib import Path

SMALL = ("--rows", "300", "1200", "--series", "20", "--writers", "2", "--runs", "3")


def run(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "benchmarks/history.py", *SMALL, *arguments]
    environ = {**os.environ, "TMPDIR": str(folder)}
    return subprocess.run(command, cwd=ROOT, env=environ, check=False, capture_output=True, text=True, timeout=120)


def test_a_small_run_measures_everything(tmp_path: Path) -> None:
    told = run(folder=tmp_path)
    assert (told.returncode, told.stderr) == (0, "")
    assert told.stdout.count(" bytes a row  ours ") == 2
    assert told.stdout.count(" 0 lost") == 2


def test_a_missed_bar_is_an_exit_code(tmp_path: Path) -> None:
    told = run("--check", folder=tmp_path)
    assert (told.returncode, "missed: 300 rows: more than 60 bytes a row" in told.stdout) == (1, True), told.stderr


def test_each_bar_is_held() -> None:
    good = [Size(1_000_000, 52.0, 0.2, 1.5), Size(10_000_000, 52.5, 0.29, 15.0)]
    bad = [Size(1_000_000, 60.1, 0.2, 1.5), Size(10_000_000, 52.5, 0.31, 15.0)]
    assert benchmark.missed(good, Writers(100.0, 1.0, 0)) == []
    assert benchmark.missed(bad, Writers(100.0, 1.0, 1)) == [
        "1,000,000 rows: more than 60 bytes a row",
        "bounds are more than 1.5 times as expensive in the largest history",
        "bounds are less than 50 times cheaper than the window function",
        "runs were lost",
    ]


def test_the_same_seed_makes_the_same_history() -> None:
    first, second = (list(benchmark.nights(3, 5, seed=4)) for _ in range(2))
    assert (first == second, len(first), len(first[0].metrics)) == (True, 3, 5)


def test_a_history_is_made_once_with_as_many_rows_as_asked_for(tmp_path: Path) -> None:
    path = benchmark.made(100, 10, seed=2, below=tmp_path)
    assert len(History.at(f"sqlite:///{path}").store.points(benchmark.TEST)) == 100
    written = path.stat().st_mtime_ns
    assert benchmark.made(100, 10, seed=2, below=tmp_path).stat().st_mtime_ns == written
