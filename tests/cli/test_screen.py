"""What stands on stderr beside a JSON document: warnings and errors, nothing else."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from cajajejo.cli import screen
from cajajejo.cli.progress import HarnessProgress
from cajajejo.harness.progress import Progress

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def as_json() -> Iterator[None]:
    screen.configure(as_json=True)
    yield
    screen.configure(as_json=False)


@pytest.mark.usefixtures("as_json")
def test_json_keeps_plans_progress_and_hints_off_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    screen.say("Next: something")
    with HarnessProgress() as progress:
        progress(Progress(scenarios=1, finished=frozenset({"a"})))
    screen.warn("take care")
    assert json.loads(capsys.readouterr().err) == {"warning": "take care"}
