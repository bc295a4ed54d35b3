"""The password of a history's URL is in nothing that a command prints or writes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from cajajejo.cli import app, run
from tests.fakes.postgresql import running
from tests.metrics.builders import write_simple

if TYPE_CHECKING:
    from collections.abc import Iterator

PASSWORD: Final = "hunter2"  # noqa: S105  # any; the server asks for none
CONFIG: Final = {
    "regression_test_config": {
        "metric_success_conditions": {"default": {"comparison": "less", "success_threshold": {"stddevs_from_mean": 4}}}
    }
}


@pytest.fixture
def url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.chdir(tmp_path)
    with running() as server:
        yield server.database().replace("@", f":{PASSWORD}@")


def test_no_command_shows_the_password_of_the_history(
    url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    summary = Path("summary.md")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    Path("m.yml").write_text(json.dumps(CONFIG))
    for number, loss in enumerate([1.0, 1.1, 0.9, 1.0, 1.1, 0.9, 1.0, 1.1, 0.9, 1.0, 1.1, 0.9, 9.0]):
        write_simple(Path(f"r{number}"), {"loss": [loss]})
        check = ["check", f"r{number}", "--test", "t", "--config", "m.yml", "--run-id", f"r{number}"]
        run(
            app,
            ["metrics", *check, "--start-time", str(number + 1), "--history", url, "-o", "check.md", "-o", "-"],
            prog_name="cajajejo",
        )
    for command in (
        ["history", "t", "nothing"],
        ["shifts", "t", "nothing"],
        ["shifts", "t", "--engine", "kernelcpd"],
        ["accept", "t", "loss_final", "--from", "r12", "--reason", "why", "--by", "me", "--config", "m.yml"],
        ["mute", "t", "--until", "+1d", "--reason", "why", "--by", "me", "--config", "m.yml"],
        ["report", "-o", "report.html"],
        ["alerts"],
        ["export", "-o", "rows.csv"],
        ["import", "rows.csv"],
        ["prune", "--before", "1d", "--dry-run"],
        ["sql", "SELECT * FROM nothing"],
    ):
        run(app, ["metrics", *command, "--history", url], prog_name="cajajejo")

    printed = capsys.readouterr()
    written = [path.read_text() for path in Path().iterdir() if path.is_file() and path.suffix != ".parquet"]
    assert "--history postgresql://owner@" in printed.err
    assert "--history postgresql://owner@" in Path("check.md").read_text()
    assert "postgresql://owner@" in summary.read_text()
    assert not [text for text in (printed.out, printed.err, *written) if PASSWORD in text]
