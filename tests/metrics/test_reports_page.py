"""The page about reports shows what the program does."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest

from cajajejo.cli import app, run
from tests.metrics.builders import double_value, write_values
from tests.metrics.test_page import LOSSES, YAML

PAGE = (Path(__file__).parents[2] / "docs" / "reports.md").read_text("utf-8").partition("\n## The HTML report")[0]
CONSOLE = re.findall(r"```console\n\$ cajajejo ([^\n]*)\n(.*?)```", PAGE, re.DOTALL)
FILES = {name: re.findall(rf"```{name}\n(.*?)```", PAGE, re.DOTALL) for name in ("xml", "markdown")}


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """The first six runs of the quick start are judged, the seventh is there."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TZ", "UTC0")
    time.tzset()
    Path("demo.metrics.yml").write_text(YAML[0])
    for number, loss in enumerate(LOSSES, 1):
        name = f"r{number}"
        values = [(0, 1.0, double_value("accuracy", 0.7)), (0, 1.0, double_value("loss", loss))]
        write_values(Path("runs") / name, values)
        words = ["metrics", "check", f"runs/{name}", "--test", "demo", "--config", "demo.metrics.yml", "--run-id", name]
        run(app, [*words, "--start-time", str(1795269700 + number)], prog_name="cajajejo")
    capsys.readouterr()


@pytest.mark.usefixtures("bench")
def test_every_command_prints_what_the_page_shows_and_writes_the_files_that_it_shows(
    capsys: pytest.CaptureFixture[str],
) -> None:
    printed = []
    for command, _ in CONSOLE:
        run(app, command.split(), prog_name="cajajejo")
        printed.append((command, capsys.readouterr().out))
    assert printed == CONSOLE
    assert [Path("check.xml").read_text("utf-8")] == FILES["xml"]
    assert [Path("check.md").read_text("utf-8")] == FILES["markdown"]
