"""``check --alert`` and ``metrics alerts``, from the command line to what a webhook is sent."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from cajajejo.alert_outputs import Alerts
from cajajejo.cli import app, run
from tests.metrics.builders import write_simple
from tests.metrics.sending.far_ends import Answer, web_server

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.metrics.sending.far_ends import Web

CONFIG = """\
regression_test_config:
  metric_success_conditions:
    loss_final: {comparison: less, success_threshold: {fixed_value: 0.45}}
"""
WORSE = "loss_final is 0.520; it must be less than 0.45 (fixed value)"
TABLE = [
    "  test  metric      age  since run  what",
    f"  demo  loss_final   3d  r1         {WORSE}",
    "",
    "1 open alert",
]


@pytest.fixture
def web(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Web]:
    """A webhook that the project file names."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TZ", "UTC0")
    time.tzset()
    Path("demo.metrics.yml").write_text(CONFIG)
    with web_server() as web:
        Path("cajajejo.toml").write_text(f'[[alerts]]\nkind = "webhook"\nurl = "{web.url}"\n')
        yield web


class Shell:
    """Runs the command in this process."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self.capsys = capsys

    def __call__(self, *arguments: str) -> tuple[int, list[str], list[str]]:
        code = run(app, ["metrics", *arguments], prog_name="cajajejo")
        captured = self.capsys.readouterr()
        return code, captured.out.splitlines(), captured.err.splitlines()

    def check(self, number: int, loss: float, *options: str) -> tuple[int, list[str]]:
        """The exit code of a check with alerts, and what it says beside its result."""
        write_simple(Path(f"runs/r{number}"), {"loss": [loss]})
        where = ("--test", "demo", "--config", "demo.metrics.yml", "--run-id", f"r{number}", "--alert")
        started = time.time() - 3 * 86_400 - 60 + number
        code, _, err = self("check", f"runs/r{number}", *where, "--start-time", str(started), *options)
        return code, [line for line in err if line.startswith(("Alert", "Recovered", "Warning", "1 alert", "Error"))]


@pytest.fixture
def shell(capsys: pytest.CaptureFixture[str]) -> Shell:
    return Shell(capsys)


def alerts_of(web: Web) -> list[str]:
    return [one["message"] for request in web.requests for one in request.json["alerts"]]


def test_a_regression_is_told_once_shown_until_it_is_over_and_its_end_is_told(web: Web, shell: Shell) -> None:
    said = [f"Alert: demo: {WORSE}", f"1 alert sent: webhook to {web.url}"]
    assert shell.check(1, 0.52) == (4, said)
    assert shell.check(1, 0.52) == (4, [])
    assert shell("alerts") == (0, TABLE, [])
    over = "loss_final is well again: 0.410, after 1 run (opened by run r1)"
    assert shell.check(2, 0.41) == (0, [f"Recovered: demo: {over}", f"1 alert sent: webhook to {web.url}"])
    assert shell("alerts", "demo") == (0, ["no open alert"], [])
    assert alerts_of(web) == [WORSE, over]


def test_a_sink_that_is_down_changes_no_exit_code_and_gets_it_later(web: Web, shell: Shell) -> None:
    web.answers = [Answer(503, b"away")]
    code, said = shell.check(1, 0.52)
    assert (code, said[0]) == (4, f"Alert: demo: {WORSE}")
    assert said[1].startswith(f"Warning: webhook to {web.url}: 1 alert not sent, kept, and tried again in 60 s at the")
    assert len(said) == 2
    code, out, _ = shell("alerts", "--send")
    assert (code, out[-1], len(web.requests)) == (0, "1 open alert, 1 not sent", 1)


def test_what_is_due_is_sent_by_hand(web: Web, shell: Shell) -> None:
    web.answers = [Answer(429, b"", {"Retry-After": "60"})]
    shell.check(1, 0.52)
    assert web.requests.pop().headers["idempotency-key"]
    settle_at_once()
    assert shell("alerts", "other", "--send")[:2] == (0, ["no open alert"])
    assert web.requests == []
    assert shell("alerts", "--send") == (0, TABLE, [f"1 alert sent: webhook to {web.url}"])
    assert alerts_of(web) == [WORSE]


def settle_at_once() -> None:
    """Lets the minute pass that the far end asked for."""
    from cajajejo.metrics.history import History

    store = History.at("sqlite:///.cajajejo/history.db").store
    store.settle(store.unsent(), now=time.time(), error="429", again=time.time())


def test_what_still_cannot_be_sent_is_a_warning(web: Web, shell: Shell) -> None:
    web.answers = [Answer(503, b"away"), Answer(503, b"away")]
    shell.check(1, 0.52)
    settle_at_once()
    code, out, err = shell("alerts", "--send")
    assert (code, out[-1], len(err)) == (0, "1 open alert, 1 not sent", 1)
    assert err[0].startswith(f"Warning: webhook to {web.url}: 1 alert not sent, kept, and tried again in 5 min at the")


def test_what_is_open_and_unsent_is_a_document(web: Web, shell: Shell) -> None:
    web.answers = [Answer(503, b"away")]
    shell.check(1, 0.52)
    code, out, err = shell("alerts", "--json")
    document: Any = json.loads("\n".join(out))
    assert (code, err) == (0, [])
    assert Alerts.model_validate(document).as_json() == document
    assert [(one["run_id"], one["message"]) for one in document["alerts"]] == [("r1", WORSE)]
    assert [(one["sink"], one["attempts"]) for one in document["unsent"]] == [(f"webhook to {web.url}", 1)]


def test_a_history_that_is_not_there_has_no_alerts_and_is_not_made(web: Web, shell: Shell) -> None:
    warning = "Warning: there are no runs in this history: sqlite:///.cajajejo/history.db"
    assert shell("alerts") == (0, ["no open alert"], [warning])
    assert shell("alerts", "--send") == (0, ["no open alert"], [warning])
    assert (not Path(".cajajejo").exists(), web.requests) == (True, [])


@pytest.mark.usefixtures("web")
def test_alerts_need_a_history(shell: Shell) -> None:
    code, said = shell.check(1, 0.52, "--no-store")
    assert (code, said[0]) == (
        2,
        "Error: --alert needs the history, which knows what was told: it cannot stand beside --no-store",
    )


def test_a_test_that_is_not_there_is_no_good_news(web: Web, shell: Shell) -> None:
    assert (shell.check(1, 0.41), web.requests) == ((0, []), [])
    unknown = "Warning: demmo: no such test in this history: sqlite:///.cajajejo/history.db; there are demo"
    assert shell("alerts", "demmo") == (0, ["no open alert"], [unknown])
    assert shell("alerts", "demo") == (0, ["no open alert"], [])
