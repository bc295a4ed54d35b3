from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from cajajejo.cli import app, run
from cajajejo.metrics.baselines import Accepted
from cajajejo.metrics.history import History
from cajajejo.metrics.judgement.verdict import MetricVerdict
from cajajejo.metrics.runs import Run
from cajajejo.shift_outputs import Shifts
from tests.metrics.builders import H20

if TYPE_CHECKING:
    from collections.abc import Sequence

HISTORY = "sqlite:///.cajajejo/history.db"
DROP = (*H20, *(value - 0.02 for value in H20))
CONFIG = """\
regression_test_config:
  metric_success_conditions:
    acc_final: {comparison: greater, success_threshold: {level_shift: {}}}
"""


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TZ", "UTC")
    return tmp_path


@pytest.fixture
def shell(capsys: pytest.CaptureFixture[str]) -> Shell:
    return Shell(capsys)


class Shell:
    """Runs the command in this process, and keeps what it printed."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self.capsys = capsys
        self.err = ""

    def __call__(self, *arguments: str) -> tuple[int, list[str]]:
        code = run(app, ["metrics", "shifts", *arguments], prog_name="cajajejo")
        captured = self.capsys.readouterr()
        self.err = captured.err
        return code, captured.out.splitlines()

    def json(self, *arguments: str) -> Any:
        code, out = self(*arguments, "--json")
        assert code == 0
        return json.loads("\n".join(out))


def stored(values: Sequence[float], commits: Sequence[str] = (), metric: str = "acc_final") -> History:
    """A history of a run a day, from r00 on."""
    history = History.at(HISTORY)
    for place, value in enumerate(values):
        commit = commits[place] if commits else None
        one = Run("pythia", f"r{place:02d}", 1_792_454_400.0 + 86_400 * place, commit=commit)
        history.record(one, "pass", [MetricVerdict(metric, value, "no condition")])
    return history


def commits(count: int) -> list[str]:
    """The SHAs of so many commits of a repository here."""
    environ = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    author = ["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]
    made = []
    subprocess.run(["git", "init", "-q"], check=True, env=environ)
    for number in range(count):
        words = ["git", *author, "commit", "-q", "--allow-empty", "-m", str(number)]
        subprocess.run(words, check=True, env=environ)
        said = subprocess.run(["git", "rev-parse", "HEAD"], check=True, env=environ, capture_output=True, text=True)
        made.append(said.stdout.strip())
    return made


def test_a_shift_is_shown_with_the_commits_between_and_the_command_to_look_at_it(shell: Shell) -> None:
    old, _, new = commits(3)
    stored(DROP, [old] * 20 + [new] * 20)
    assert shell("pythia") == (
        0,
        [
            "pythia: 1 shift in acc_final, 40 runs",
            "",
            "  shift  metric     before  after  change    sd  began",
            "  down   acc_final   0.913  0.893  -2.2 %  -6.0  2026-11-09 00:00",
            "",
            "acc_final went down from 0.913 to 0.893",
            "  between   run r19 (2026-11-08 00:00) and run r20 (2026-11-09 00:00)",
            f"  commits   2 commits: git log --oneline {old[:7]}..{new[:7]}",
        ],
    )
    assert shell.err == "Next: cajajejo metrics history pythia acc_final\n"


def test_the_configuration_says_that_it_is_worse_and_how_to_accept_it(shell: Shell) -> None:
    stored(DROP)
    Path("m.yml").write_text(CONFIG)
    _, lines = shell("pythia", "acc_final", "--config", "m.yml")
    assert lines[3].startswith("  ✗ worse  acc_final")
    assert shell.err.splitlines() == [
        "Next: cajajejo metrics history pythia acc_final",
        "  or, if this is the new normal:",
        "      cajajejo metrics accept pythia acc_final \\",
        '          --from r20 --config m.yml --reason "why"',
    ]


@pytest.mark.parametrize("place", ["file", "history"])
def test_an_accepted_level_is_shown_as_such_wherever_it_was_noted(shell: Shell, place: str) -> None:
    history = stored(DROP)
    Path("m.yml").write_text(CONFIG)
    if place == "file":
        line = "{test: pythia, metric: acc_final, from: r20, reason: new tokenizer, by: jasper, date: 2026-11-21}"
        Path("m.baselines.yml").write_text(f"accepted:\n  - {line}\n")
    else:
        history.note(Accepted("pythia", "acc_final", "r20", "new tokenizer", "jasper", "2026-11-21"))
    _, lines = shell("pythia", *(["--config", "m.yml"] if place == "file" else []))
    assert lines[3].startswith("  ✓ accepted  acc_final")
    assert lines[-1] == "  accepted  from run r20: new tokenizer (jasper, 2026-11-21)"
    assert shell.err == ""


def test_the_document_is_that_of_its_schema(shell: Shell) -> None:
    stored(DROP)
    document = shell.json("pythia")
    assert Shifts.model_validate(document).as_json() == document
    assert document["metrics"] == [{"name": "acc_final", "runs": 40, "runs_needed": 13}]
    assert [shift["most_likely_first"]["run_id"] for shift in document["shifts"]] == ["r20"]
    assert shell.err == ""


def test_with_a_limit_only_the_newest_are_shown(shell: Shell) -> None:
    stored((*DROP, *H20))
    _, lines = shell("pythia", "--limit", "1")
    assert lines[0] == "pythia: 2 shifts in acc_final, 60 runs"
    assert lines[3].startswith("  up     acc_final")
    assert lines[4] == "  … 1 more; --limit 0 shows all"
    assert len(shell.json("pythia", "--limit", "1")["shifts"]) == 1
    assert len(shell.json("pythia", "--limit", "0")["shifts"]) == 2


def test_every_metric_of_the_test_is_looked_at_or_the_one_that_is_named(shell: Shell) -> None:
    history = stored(DROP)
    history.record(Run("other", "o", 1.0), "pass", [MetricVerdict("loss_final", 1.0, "no condition")])
    for place in range(40):
        one = Run("pythia", f"s{place:02d}", 1_792_454_400.0 + 86_400 * place + 60)
        history.record(one, "pass", [MetricVerdict("loss_final", 0.5 + 0.001 * (place % 3), "no condition")])
    assert [one["name"] for one in shell.json("pythia")["metrics"]] == ["acc_final", "loss_final"]
    assert [one["name"] for one in shell.json("pythia", "loss_final")["metrics"]] == ["loss_final"]
    assert shell("pythia", "loss_final") == (0, ["pythia: no shift in loss_final, 40 runs"])


def test_failed_runs_are_not_looked_at(shell: Shell) -> None:
    history = stored(H20)
    for place in range(20):
        one = Run("pythia", f"f{place}", 1_795_454_400.0 + place, "failure")
        history.record(one, "failed", [MetricVerdict("acc_final", 0.1, "not judged")])
    assert shell("pythia") == (0, ["pythia: no shift in acc_final, 20 runs"])


def test_a_short_history_says_how_much_is_missing(shell: Shell) -> None:
    stored(H20[:7])
    assert shell("pythia") == (0, ["pythia: no shift in acc_final, 7 runs; it takes 13 to tell one"])


def test_where_there_are_no_points_it_says_what_there_is(shell: Shell) -> None:
    stored(H20)
    assert shell("pythia", "nope") == (
        0,
        [f"pythia: no points of nope in this history: {HISTORY}", "  there are  acc_final"],
    )
    assert shell("other") == (0, [f"other: no points in this history: {HISTORY}", "  there are  pythia"])
    assert shell.json("other") == {"test": "other", "engine": "builtin", "metrics": [], "shifts": []}


@pytest.mark.parametrize(("engine", "module"), [("otava", "otava.analysis"), ("kernelcpd", "ruptures")])
def test_another_engine_is_a_second_opinion(shell: Shell, engine: str, module: str) -> None:
    pytest.importorskip(module)
    stored(DROP)
    _, lines = shell("pythia", "--engine", engine)
    assert lines[0] == f"pythia: 1 shift in acc_final, 40 runs, by {engine}"
    assert lines[3] == "  down   acc_final   0.913  0.893  -2.2 %  -6.0  2026-11-09 00:00"


def test_an_unknown_engine_is_a_usage_error(shell: Shell) -> None:
    code, lines = shell("pythia", "--engine", "prophet")
    assert (code, lines) == (2, [])
    assert "builtin" in shell.err


def test_the_history_may_be_elsewhere_and_the_hint_says_so(shell: Shell) -> None:
    stored(DROP)
    Path(".cajajejo/history.db").rename("other.db")
    shell("pythia", "--history", "sqlite:///other.db")
    assert shell.err == "Next: cajajejo metrics history pythia acc_final --history sqlite:///other.db\n"
