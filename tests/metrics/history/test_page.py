"""The page about the history shows what the program does."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest

from cajajejo.cli import app, run
from cajajejo.metrics.history import History, sqlite_schema
from tests.metrics.test_page import bench

__all__ = ["bench"]

PAGE = (Path(__file__).parents[3] / "docs" / "history.md").read_text("utf-8")
OURS = PAGE.partition("## In and out\n")[0]
CONSOLE = re.findall(r"```console\n\$ cajajejo ([^\n]*)\n(.*?)```", OURS, re.DOTALL)


@pytest.mark.usefixtures("bench")
def test_every_command_of_the_page_prints_what_it_shows(capfd: pytest.CaptureFixture[str]) -> None:
    check = "metrics check runs/{0} --test demo --config demo.metrics.yml --run-id {0}"
    for number in range(1, 8):
        start = str(1_795_269_700 + number)
        run(app, [*check.format(f"r{number}").split(), "--start-time", start], prog_name="cajajejo")
    capfd.readouterr()
    printed: list[Any] = []
    for command, _ in CONSOLE:
        run(app, shlex.split(command), prog_name="cajajejo")
        captured = capfd.readouterr()
        printed.append((command, captured.out + captured.err))
    assert len(CONSOLE) == 3
    assert printed == CONSOLE


@pytest.mark.parametrize("view", ["job_history", "metric_history"])
def test_the_columns_are_those_of_the_page_in_their_order(tmp_path: Path, view: str) -> None:
    store = History.at(f"sqlite:///{tmp_path}/history.db").store
    with store.select(f"SELECT * FROM {view}") as found:  # noqa: S608  # our own name
        columns = found.columns
    told = PAGE.partition(f"* `{view}`: ")[2].partition("\n* ")[0].partition("\n\n")[0]
    assert tuple(name for name in re.findall(r"`(\w+)`", told)) == columns


def test_every_table_is_on_the_page() -> None:
    statements = [statement for step in sqlite_schema.STEPS[-1:] for statement in step]
    made = {found[1] for found in (re.match(r"CREATE TABLE (\w+)", one) for one in statements) if found}
    listed = PAGE.partition("| table | what it holds |")[2].partition("\n\n")[0]
    assert set(re.findall(r"`(\w+)`", "".join(row.split("|")[1] for row in listed.splitlines()[2:]))) == made
