"""The page about metrics shows what the program does."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any

import pytest

from cajajejo.cli import app, run
from cajajejo.metrics import config
from tests.metrics.builders import double_value, write_values

PAGE = (Path(__file__).parents[2] / "docs" / "metrics.md").read_text("utf-8")
YAML = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
CONSOLE = re.findall(r"```console\n\$ cajajejo ([^\n]*)\n(.*?)```", PAGE, re.DOTALL)
DATA = Path(__file__).parent / "data"
LOSSES = (0.412, 0.405, 0.419, 0.408, 0.415, 0.411, 0.52)


@pytest.mark.parametrize("text", YAML, ids=range(len(YAML)))
def test_every_configuration_on_the_page_loads(tmp_path: Path, text: str) -> None:
    (tmp_path / "m.yml").write_text(text)
    config.load(tmp_path / "m.yml")


def test_the_recipes_are_those_of_the_old_documentation(tmp_path: Path) -> None:
    recipes = YAML[-5:]
    names = ("record_without_alerts", "alert_on_crash_only", "any_spike", "spike_or_constant", "known_value")
    for name, text in zip(names, recipes, strict=True):
        (tmp_path / "m.yml").write_text(text)
        assert config.load(tmp_path / "m.yml") == config.load(DATA / f"recipe_{name}.json.txt")


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TZ", "UTC0")
    time.tzset()
    Path("demo.metrics.yml").write_text(YAML[0])
    for number, loss in enumerate(LOSSES, 1):
        values = [(0, 1.0, double_value("accuracy", 0.7)), (0, 1.0, double_value("loss", loss))]
        write_values(Path("runs") / f"r{number}", values)


@pytest.mark.usefixtures("bench")
def test_the_quick_start_prints_what_the_page_shows(capsys: pytest.CaptureFixture[str]) -> None:
    check = "metrics check runs/{0} --test demo --config demo.metrics.yml --run-id {0}"
    printed = {}
    for number in range(1, len(LOSSES) + 1):
        command = check.format(f"r{number}")
        run(app, [*command.split(), "--start-time", str(1795269700 + number)], prog_name="cajajejo")
        printed[command] = capsys.readouterr().out
    for command, _ in CONSOLE:
        if command not in printed:
            run(app, command.split(), prog_name="cajajejo")
            printed[command] = capsys.readouterr().out
    assert [(command, printed[command]) for command, _ in CONSOLE] == CONSOLE
