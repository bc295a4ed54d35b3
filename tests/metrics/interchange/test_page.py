"""The section about rows in and out of the page about the history shows what the program does."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from cajajejo.cli import app, run
from cajajejo.metrics.interchange.columns import NAMES
from tests.metrics.test_page import bench

__all__ = ["bench"]

PAGE = (Path(__file__).parents[3] / "docs" / "history.md").read_text("utf-8")
SECTION = PAGE.partition("## In and out\n")[2].partition("\n## ")[0]
CONSOLE = re.findall(r"```console\n\$ cajajejo ([^\n]*)\n(.*?)```", SECTION, re.DOTALL)
OLD = """uuid,test_name,timestamp,job_status,metric_name,metric_value
r1,demo,2026-11-21 14:01:41 UTC,success,accuracy_final,0.7
r2,demo,2026-11-21 14:01:42 UTC,OK,accuracy_final,0.7
r3,demo,2026-11-21 14:01:43 UTC,success,accuracy_final,"0,71"
r4,demo,1795269731000,success,accuracy_final,0.7
"""


@pytest.mark.usefixtures("bench")
def test_every_command_of_the_section_prints_what_it_shows(capfd: pytest.CaptureFixture[str]) -> None:
    check = "metrics check runs/{0} --test demo --config demo.metrics.yml --run-id {0}"
    for number in range(1, 8):
        start = str(1_795_269_700 + number)
        run(app, [*check.format(f"r{number}").split(), "--start-time", start], prog_name="cajajejo")
    Path("old.csv").write_text(OLD)
    capfd.readouterr()
    printed: list[Any] = []
    for command, _ in CONSOLE:
        run(app, command.split(), prog_name="cajajejo")
        captured = capfd.readouterr()
        printed.append((command, captured.out + captured.err))
    assert len(CONSOLE) == 4
    assert printed == CONSOLE


def test_the_columns_are_those_of_the_page_in_their_order() -> None:
    table = SECTION.partition("| columns | |\n")[2].partition("\n\n")[0]
    named = [name for row in table.splitlines()[1:] for name in re.findall(r"`(\w+)`", row.split("|")[1])]
    assert [name for name in NAMES if name in named] == named
    assert {"uuid", "kubernetes_workload_link", "out_of_bounds"} <= set(named)
    assert named[2:] == list(NAMES[NAMES.index("start_time") :])
