"""`scripts/kill_history.py` with a few kills: a history is whole after each."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.builders import ROOT


@pytest.mark.skipif(sys.platform == "win32", reason="needs fork")
def test_a_history_is_whole_after_each_kill() -> None:
    command = [sys.executable, "scripts/kill_history.py", "--seed", "3", "--kills", "12"]
    told = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True, timeout=120)
    assert (told.returncode, told.stderr) == (0, "")
    assert told.stdout.startswith("whole each time: ")
