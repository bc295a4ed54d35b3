"""SIGKILL in the middle of a fetch: what has a name is whole, and the same again ends well."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.builders import ROOT
from tests.fakes.killed_fetch import SCENARIOS

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_a_kill_at_any_step_leaves_the_whole_model_or_none_and_is_made_good(scenario: str, tmp_path: Path) -> None:
    arguments = [str(tmp_path / "root"), scenario, "2", "4"]
    done = subprocess.run(
        [sys.executable, "-m", "tests.fakes.killed_fetch", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["kills"] >= 15
