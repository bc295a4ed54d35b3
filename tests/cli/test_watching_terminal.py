"""``jobs watch`` on a terminal: the lines that are drawn again and again, and Ctrl-C."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import pytest

from tests import sending, shows
from tests.shows import Show, showing
from tests.terminals import Terminal, seen

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

WAITING = "HH:MM:SS  Pending     waiting for a node"
RUNNING = "HH:MM:SS  Running     attempt 1 on node-1"
PROGRESS = '{{"message": "helm", "progress": {{"done": {}, "total": 135, "unit": "instance", "what": "anatomy"}}}}\n'


@pytest.fixture
def show(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Show]:
    with showing(tmp_path, monkeypatch) as found:
        yield found


COMMAND = ["-c", "from cajajejo.cli import main; main()", "jobs", "watch", "eval-a"]


def environ(show: Show) -> dict[str, str]:
    return {**os.environ, "KUBECONFIG": str(show.talk.kubeconfig), "PYTHONPATH": str(sending.ROOT / "src")}


def test_ctrl_c_says_that_the_job_goes_on(show: Show) -> None:
    show.put_job()
    terminal = Terminal(COMMAND, environ(show))
    terminal.read(lambda text: "Pending" in text)
    os.killpg(terminal.process.pid, signal.SIGINT)
    terminal.read(lambda text: "cancel eval-a" in text)
    assert terminal.close() == 130
    assert shows.clocked("\n".join(seen(terminal.written))).splitlines() == [
        WAITING,
        "Stopped waiting. The job goes on.",
        "Next: cajajejo jobs watch eval-a",
        "      cajajejo jobs cancel eval-a",
    ]


def test_a_terminal_has_a_live_region_that_leaves_nothing(show: Show) -> None:
    show.put_job()
    terminal = Terminal([*COMMAND, "--logs"], environ(show))
    terminal.read(lambda text: "for " in text)
    show.runs()
    terminal.read(lambda text: "Running" in text)
    for number, done in enumerate((10, 64)):
        show.talk.fake.log("eval-a-00001", f"line {number}\n" + PROGRESS.format(done))
    terminal.read(lambda text: "64/135" in text and "line 1" in text)
    region = seen(terminal.written)[2:]
    assert region[0].split() == ["anatomy", "━" * 14, "64/135"]
    assert [line[10:11] for line in region[1:]] == ["│"] * 4
    assert region[1].endswith(" eval  line 0")
    show.ends()
    terminal.read(lambda text: "Succeeded" in text)
    assert terminal.close() == 0
    lines = shows.clocked("\n".join(seen(terminal.written))).splitlines()
    assert [line for line in lines if "is not on record" not in line and line.strip()] == [
        WAITING,
        RUNNING,
        "HH:MM:SS  Succeeded   after 6 s: 3 s waiting",
    ]
