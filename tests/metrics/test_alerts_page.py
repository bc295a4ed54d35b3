"""The page about alerts shows what the program does."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path
from typing import Any

import pytest

from cajajejo.alert_outputs import Alerts
from cajajejo.cli import app, run
from cajajejo.metrics.history import History
from tests.metrics.builders import double_value, write_values
from tests.metrics.sending.far_ends import mail_server
from tests.metrics.test_page import LOSSES
from tests.metrics.test_page import YAML as METRICS

PAGE = (Path(__file__).parents[2] / "docs" / "alerts.md").read_text("utf-8").partition("\n## Sinks\n")[0]
TOML = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
JSON = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)
COMMANDS = [
    (command, said)
    for block in re.findall(r"```console\n(.*?)```", PAGE, re.DOTALL)
    for command, said in re.findall(r"^\$ cajajejo ([^\n]*)\n((?:(?!\$ ).*\n?)*)", block, re.MULTILINE)
]
MOMENT = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d")
SAID = ("Alert", "Worse", "Recovered", "Accepted", "Warning")


@pytest.fixture
def start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> float:
    """The directory of the page; when its first run started."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TZ", "UTC0")
    Path("demo.metrics.yml").write_text(METRICS[0])
    for number, loss in enumerate((*LOSSES, 0.525, 0.409), 1):
        values = [(0, 1.0, double_value("accuracy", 0.7)), (0, 1.0, double_value("loss", loss))]
        write_values(Path("runs") / f"r{number}", values)
    return time.time() - 620


def shown(command: str, start: float, port: int, capsys: pytest.CaptureFixture[str]) -> str:
    """What a command prints while the mail server has that port; of a check, what it says behind its result."""
    Path("cajajejo.toml").write_text(TOML[0].replace("2525", str(port)))
    number = re.search(r"runs/r(\d+)", command)
    options = ["--start-time", str(start + int(number[1]))] if number else []
    run(app, [*command.split(), *options], prog_name="cajajejo")
    captured = capsys.readouterr()
    said = [line for line in captured.err.splitlines() if line.startswith(SAID) or " sent: " in line]
    printed = "\n".join(["…", *said, ""]) if number else captured.out
    return MOMENT.sub("2026-11-21 14:12", printed.replace(f"localhost:{port}", "localhost:2525"))


def test_the_quick_start_prints_what_the_page_shows(start: float, capsys: pytest.CaptureFixture[str]) -> None:
    with mail_server() as mail:
        down = mail.port
    for number in range(1, 7):
        shown(COMMANDS[0][0].replace("r7", f"r{number}"), start, down, capsys)
    printed = [(command, shown(command, start, down, capsys)) for command, _ in COMMANDS[:3]]
    store = History.at("sqlite:///.cajajejo/history.db").store
    store.settle(store.unsent(), now=time.time(), error="a minute has passed", again=time.time())
    with mail_server() as mail:
        printed += [(command, shown(command, start, mail.port, capsys)) for command, _ in COMMANDS[3:]]
        assert len(mail.letters) == 1
    assert printed == COMMANDS


def test_documents_on_the_page_are_what_the_schema_says() -> None:
    for text in JSON:
        document: Any = json.loads(text)
        assert Alerts.model_validate(document).as_json() == document
