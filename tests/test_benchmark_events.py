"""`benchmarks/events.py` on small logs: all readers run, and find the same points."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from benchmarks import event_logs

from cajajejo.metrics import events
from tests.builders import ROOT

if TYPE_CHECKING:
    from pathlib import Path


def benchmark(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "benchmarks/events.py", "--rounds", "1", *arguments]
    environ = {**os.environ, "TMPDIR": str(folder)}
    return subprocess.run(command, cwd=ROOT, env=environ, check=False, capture_output=True, text=True, timeout=300)


def test_all_readers_find_the_same_points(tmp_path: Path) -> None:
    told = benchmark("--scalars", "400", "--logs", "tensors", "small", "irregular", folder=tmp_path)
    assert told.returncode == 0, told.stderr
    same = re.findall(r"^  (.+): the same (\d+) points of (\d+) series$", told.stdout, re.MULTILINE)
    assert [(name, int(points)) for name, points, _ in same[:4]] == [
        ("EventAccumulator", 400),
        ("data server", 400),
    ] * 2
    assert [(name, points == "400") for name, points, _ in same[4:]] == [
        ("EventAccumulator", True),
        ("data server", False),  # it knows no float64
    ]


def test_a_missed_bar_is_an_exit_code(tmp_path: Path) -> None:
    told = benchmark("--scalars", "40", "--logs", "simple", "--check", folder=tmp_path)
    assert (told.returncode, "missed: simple: data server" in told.stdout) == (1, True), told.stderr


@pytest.mark.parametrize("name", event_logs.LOGS)
def test_a_log_is_the_same_each_time_and_whole(name: str, tmp_path: Path) -> None:
    folders = [event_logs.made(name, 200, seed=3, below=tmp_path / place) for place in ("first", "second")]
    first, second = (events.read(folder) for folder in folders)
    assert first.digest() == second.digest()
    assert (first.warnings, sum(map(len, first.series.values()))) == ((), 20 if name == "mixed" else 200)
