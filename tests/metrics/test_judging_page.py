"""The page about judging shows what the program does."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any

import pytest

from cajajejo import event_writer, validation, yamlfile
from cajajejo.cli import app, run
from cajajejo.metrics import baselines, config
from cajajejo.metrics.config.conditions import SuccessCondition
from tests.metrics.builders import H20

PAGE = (Path(__file__).parents[2] / "docs" / "judging.md").read_text("utf-8")
QUICK_START, OF_LEVELS, LINES = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
CONSOLE = re.findall(r"```console\n\$ cajajejo ([^\n]*)\n(.*?)```", PAGE, re.DOTALL)
(PYTHON,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
ACCURACIES = (*H20, 0.903, 0.901, 0.900, 0.902)
DAY = 86_400
CHECK = "metrics check runs/r{0} --test demo --config demo.metrics.yml --run-id r{0}"


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Twenty-four nights, of which all but the last are judged."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TZ", "UTC0")
    time.tzset()
    Path("demo.metrics.yml").write_text(QUICK_START)
    for number, accuracy in enumerate(ACCURACIES, 1):
        numbers = {"accuracy": accuracy, "epoch_seconds": 310.0 + number % 5}
        event_writer.write_scalars(Path("runs") / f"r{number}", numbers, wall_time=1.0)


def printed(command: str, capsys: pytest.CaptureFixture[str]) -> str:
    """What the command prints; what the page leaves out is given to it as well."""
    night = re.fullmatch(r".*--run-id r(\d+)", command)
    start = f" --start-time {1795000000 + int(night[1]) * DAY}" if night else ""
    commit = f" --config-version {int(night[1]):02x}c0ffee" if night else ""
    words = [word.strip('"') for word in re.findall(r'"[^"]*"|\S+', command + start + commit)]
    run(app, words, prog_name="cajajejo")
    return re.sub(r"date: \d{4}-\d\d-\d\d", "date: 2026-11-22", capsys.readouterr().out)


@pytest.mark.usefixtures("bench")
def test_the_quick_start_prints_what_the_page_shows(capsys: pytest.CaptureFixture[str]) -> None:
    for number in range(1, len(ACCURACIES)):
        printed(CHECK.format(number), capsys)
    assert [(command, printed(command, capsys)) for command, _ in CONSOLE] == CONSOLE


def test_the_fields_of_a_level_shift_stand_there_with_their_defaults() -> None:
    document = yamlfile.parse(OF_LEVELS, "the page")
    shift = validation.validate(SuccessCondition, document).success_threshold.level_shift
    plain = SuccessCondition.model_validate({"success_threshold": {"level_shift": {}}}).success_threshold.level_shift
    assert shift == plain
    assert shift is not None
    assert set(re.findall(r"^    (\w+):", OF_LEVELS, re.MULTILINE)) == set(type(shift).model_fields)


def test_every_field_of_a_condition_is_in_its_table() -> None:
    table = PAGE.partition("## A condition\n")[2].partition("\n## ")[0]
    assert set(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)) == set(SuccessCondition.model_fields)


def test_the_lines_of_the_reviewed_file_are_such(tmp_path: Path) -> None:
    (tmp_path / "demo.baselines.yml").write_text(LINES)
    found = baselines.load(tmp_path / "demo.baselines.yml")
    assert (len(found.accepted), len(found.muted)) == (1, 1)


def test_the_configuration_has_nothing_to_warn_of(tmp_path: Path) -> None:
    (tmp_path / "m.yml").write_text(QUICK_START)
    assert config.warnings(config.load(tmp_path / "m.yml")) == ()


def test_the_python_of_the_page_finds_the_shift(capsys: pytest.CaptureFixture[str]) -> None:
    exec(PYTHON, {})  # noqa: S102  # it is our own page
    out = capsys.readouterr().out
    assert "REGRESSION" in out
    assert "worse" in out
