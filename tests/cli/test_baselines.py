"""``cajajejo metrics accept`` and ``mute``: what they write where, and what they refuse."""

from __future__ import annotations

import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cajajejo.cli import app, run
from cajajejo.metrics import baseline_file, baselines
from cajajejo.metrics.baselines import Accepted, Baselines, Muted
from cajajejo.metrics.history import History
from cajajejo.metrics.judgement.verdict import MetricVerdict
from cajajejo.metrics.runs import JobStatus, Run
from tests.metrics.builders import write_simple
from tests.terminals import Terminal

URL = "sqlite:///.cajajejo/history.db"
FILE = Path("demo.baselines.yml")
TODAY = datetime.now(UTC).date().isoformat()
ACCEPT = ("accept", "t", "loss_final", "--from", "run08", "--reason", "new tokenizer")
MUTE = ("mute", "t", "--until", "2999-01-01", "--reason", "pool is replaced")
PROGRAM = ("-c", "from cajajejo import cli; cli.main()")
GIVEN = ("--config", "demo.metrics.json", "--by", "jasper")


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("demo.metrics.json").write_text(json.dumps({"regression_test_config": {"required_metrics": ["new_final"]}}))
    history = History.at(URL)
    for number in range(12):
        status: JobStatus = "failure" if number == 5 else "success"
        values = {"loss_final": 1.0, "loss_max": 2.0, "acc": 0.5}
        if number == 7:
            del values["acc"]
        metrics = [MetricVerdict(name, value, "") for name, value in values.items()]
        history.record(Run("t", f"run{number:02}", 1000.0 + number, status), "pass", metrics)
    return tmp_path


class Shell:
    """Runs the program in this process, and keeps what it printed."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self.capsys = capsys
        self.err: list[str] = []

    def __call__(self, *arguments: str) -> tuple[int, str]:
        code = run(app, ["metrics", *arguments], prog_name="cajajejo")
        captured = self.capsys.readouterr()
        self.err = captured.err.splitlines()
        return code, captured.out


@pytest.fixture
def shell(capsys: pytest.CaptureFixture[str]) -> Shell:
    return Shell(capsys)


def noted() -> Baselines:
    return History.at(URL).noted("t")


def test_an_accepted_level_is_a_line_in_the_file_and_a_note_in_the_history(shell: Shell) -> None:
    code, out = shell(*ACCEPT, *GIVEN)
    line = f"  - {{test: t, metric: loss_final, from: run08, reason: new tokenizer, by: jasper, date: {TODAY}}}\n"
    assert (code, out) == (0, line)
    assert shell.err == [
        f"wrote demo.baselines.yml (1 accepted level); noted in {URL}",
        "Next: git add demo.baselines.yml && git commit     when it has been reviewed",
    ]
    assert FILE.read_text() == f"accepted:\n{line}"
    entry = Accepted("t", "loss_final", "run08", "new tokenizer", "jasper", TODAY)
    assert baselines.load(FILE) == noted() == Baselines(accepted=(entry,))


def test_the_same_again_says_so_and_writes_nothing(shell: Shell) -> None:
    first = shell(*ACCEPT, *GIVEN)
    text, notes = FILE.read_text(), noted()
    assert shell(*ACCEPT, "--config", "demo.metrics.json", "--by", "somebody else") == first
    assert shell.err == [f"unchanged: demo.baselines.yml says so already; noted in {URL}"]
    assert (FILE.read_text(), noted()) == (text, notes)


def test_what_was_only_written_is_noted_when_it_is_tried_again(shell: Shell) -> None:
    FILE.write_text(
        "accepted: [{test: t, metric: loss_final, from: run08, reason: new tokenizer, by: b, date: 2026-11-20}]"
    )
    assert shell(*ACCEPT, *GIVEN)[0] == 0
    assert noted().accepted == (Accepted("t", "loss_final", "run08", "new tokenizer", "b", "2026-11-20"),)


def test_a_glob_accepts_each_metric_that_has_a_value_in_the_run(shell: Shell) -> None:
    code, out = shell("accept", "t", "*", "--from", "run07", "--reason", "why", *GIVEN, "--yes")
    assert (code, re.findall("metric: (\\w+)", out)) == (0, ["loss_final", "loss_max"])
    assert shell.err[0] == f"wrote demo.baselines.yml (2 accepted levels); noted in {URL}"


def test_several_metrics_are_not_accepted_without_a_yes(shell: Shell) -> None:
    assert shell("accept", "t", "loss*", "--from", "run08", "--reason", "why", *GIVEN) == (2, "")
    question = "Accept these 2 metrics of t from run run08?"
    answer = f"Error: {question} Nobody is there to answer; to mean yes: --yes"
    assert shell.err == ["  loss_final", "  loss_max", answer]
    assert not FILE.exists()


def test_a_glob_that_fits_one_metric_asks_nothing(shell: Shell) -> None:
    assert shell("accept", "t", "a*", "--from", "run08", "--reason", "why", *GIVEN)[0] == 0


@pytest.mark.parametrize(("answer", "code", "written"), [("y\n", 0, True), ("\n", 1, False)], ids=["yes", "no"])
def test_on_a_terminal_it_asks(answer: str, code: int, *, written: bool) -> None:
    environ = {name: value for name, value in os.environ.items() if name != "CI"}
    words = ["metrics", "accept", "t", "loss*", "--from", "run08", "--reason", "why", *GIVEN]
    terminal = Terminal([*PROGRAM, *words], environ)
    terminal.read(lambda written: written.endswith("[y/N] "))
    terminal.type(answer)
    assert terminal.close() == code
    assert FILE.exists() is written


def test_ctrl_c_while_it_asks_accepts_nothing() -> None:
    environ = {name: value for name, value in os.environ.items() if name != "CI"}
    words = ["metrics", "accept", "t", "loss*", "--from", "run08", "--reason", "why", *GIVEN]
    terminal = Terminal([*PROGRAM, *words], environ)
    terminal.read(lambda written: written.endswith("[y/N] "))
    terminal.process.send_signal(signal.SIGINT)
    assert terminal.close() == 130
    assert not FILE.exists()


MISSING: dict[str, tuple[tuple[str, ...], list[str]]] = {
    "test": (
        ("accept", "tt", "loss_final", "--from", "run08"),
        [f"Error: no points of tt in this history: {URL}", "  meant       t?", "  there are   t"],
    ),
    "metric": (
        ("accept", "t", "los_final", "--from", "run08"),
        ["Error: t has no metric called los_final", "  meant       loss_final?", "  there are   acc"],
    ),
    "run": (
        ("accept", "t", "acc", "--from", "nun08"),
        ["Error: t has no run called nun08", "  meant       run08?", "  newest      run11"],
    ),
    "ambiguous run": (
        ("accept", "t", "acc", "--from", "run1"),
        ["Error: 2 runs of t begin with run1: give more of the one that is meant", "  newest      run11"],
    ),
    "failed run": (
        ("accept", "t", "acc", "--from", "run05"),
        ["Error: no level of acc begins with run run05 of t: its job failed", "  newest      run11"],
    ),
    "run without the metric": (
        ("accept", "t", "acc", "--from", "run07"),
        ["Error: no level of acc begins with run run07 of t: it did not write it", "  newest      run11"],
    ),
    "no run": (("accept", "t", "acc", "--from", ""), ["Error: t has no run called ", "  newest      run11"]),
    "muted test": (
        ("mute", "tt", "--until", "+1d"),
        [f"Error: no points of tt in this history: {URL}", "  meant       t?", "  there are   t"],
    ),
    "muted metric": (
        ("mute", "t", "loss_fin", "--until", "+1d"),
        ["Error: t has no metric called loss_fin", "  meant       loss_final?", "  there are   acc"],
    ),
}


@pytest.mark.parametrize(("words", "lines"), MISSING.values(), ids=MISSING)
def test_what_is_not_there_is_told_with_what_is(shell: Shell, words: tuple[str, ...], lines: list[str]) -> None:
    assert shell(*words, "--reason", "why", *GIVEN) == (1, "")
    assert shell.err[: len(lines)] == lines
    assert not FILE.exists()


USAGE: dict[str, tuple[tuple[str, ...], str]] = {
    "no config": ((*ACCEPT, "--by", "b"), "Error: --config FILE is missing"),
    "no config to mute": ((*MUTE, "--by", "b"), "Error: --config FILE is missing"),
    "a config that is no file": (
        (*ACCEPT, "--by", "b", "--config", "/dev/null"),
        "Error: --config /dev/null: no file, so that there is no file beside it to write",
    ),
    "an empty reason": (("accept", "t", "acc", "--from", "r", "--reason", " ", *GIVEN), "Error: --reason is empty"),
    "a reason that is no text": (
        ("mute", "t", "--until", "+1d", "--reason", "\udcff", *GIVEN),
        "Error: --reason holds a lone surrogate, which is not a character",
    ),
    "a time that is over": (("mute", "t", "--until", "2h", "--reason", "why", *GIVEN), "Error: --until 2h is over"),
    "a day that is over": (
        ("mute", "t", "--until", TODAY, "--reason", "why", *GIVEN),
        f"Error: --until {TODAY} is over",
    ),
    "no day": (
        ("mute", "t", "--until", "2099-13-45", "--reason", "why", *GIVEN),
        "Error: --until 2099-13-45: no day of the calendar",
    ),
    "no time": (("mute", "t", "--until", "soon", "--reason", "why", *GIVEN), "Error: --until soon: not a time"),
}


@pytest.mark.parametrize(("words", "line"), USAGE.values(), ids=USAGE)
def test_a_line_that_cannot_be_meant_is_refused(shell: Shell, words: tuple[str, ...], line: str) -> None:
    assert shell(*words) == (2, "")
    assert shell.err[0].startswith(line)
    assert not FILE.exists()


@pytest.mark.parametrize("given", ["soon", "2h"])
def test_an_end_that_is_no_time_to_come_is_answered_with_one_that_is(shell: Shell, given: str) -> None:
    shell("mute", "t", "--until", given, "--reason", "why", *GIVEN)
    assert shell.err[1] == "  for example  +7d (from now), or a later date"


def test_without_a_config_it_says_why_it_needs_one(shell: Shell) -> None:
    shell(*ACCEPT)
    why = "the line goes into a file named after it: demo.baselines.yml for demo.metrics.yml"
    assert shell.err == ["Error: --config FILE is missing", f"  why         {why}"]


@pytest.mark.parametrize(("metric", "noun"), [("*", "muted test"), ("l*", "muted metric")], ids=["all", "some"])
def test_a_mute_is_a_line_in_the_file_and_a_note_in_the_history(shell: Shell, metric: str, noun: str) -> None:
    given = () if metric == "*" else (metric,)
    code, out = shell("mute", "t", *given, *MUTE[2:], *GIVEN)
    assert (code, shell.err[0]) == (0, f"wrote demo.baselines.yml (1 {noun}); noted in {URL}")
    entry = Muted("t", metric, "2999-01-01", "pool is replaced", "jasper", TODAY)
    assert out == f"{baseline_file.line(entry)}\n"
    assert baselines.load(FILE) == noted() == Baselines(muted=(entry,))


def test_a_time_from_now_is_written_as_the_time_that_it_is(shell: Shell) -> None:
    before = datetime.now(UTC)
    assert shell("mute", "t", "--until", "+7d", "--reason", "why", *GIVEN)[0] == 0
    (entry,) = baselines.load(FILE).muted
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", entry.until)
    assert abs(entry.ends - (before + timedelta(days=7)).timestamp()) < 60


def test_a_metric_that_the_configuration_names_may_be_muted_before_it_is_there(shell: Shell) -> None:
    assert shell("mute", "t", "new_*", *MUTE[2:], *GIVEN)[0] == 0


def test_a_test_that_the_configuration_names_may_be_muted_before_it_ran(shell: Shell) -> None:
    Path("demo.metrics.json").write_text(json.dumps({"test_name": "new"}))
    assert shell("mute", "new", *MUTE[2:], *GIVEN)[0] == 0


def test_a_file_that_is_wrong_is_told_and_left_alone(shell: Shell) -> None:
    FILE.write_text("accepted: {}\n")
    assert shell(*ACCEPT, *GIVEN) == (1, "")
    assert shell.err[0] == "demo.baselines.yml:1: accepted: must be a list, not a mapping"
    assert (FILE.read_text(), noted()) == ("accepted: {}\n", Baselines())


def test_what_a_history_does_not_take_is_in_the_file_and_noted_by_the_next_try(shell: Shell) -> None:
    with closing(sqlite3.connect(".cajajejo/history.db")) as connection:
        refuse = "SELECT RAISE(ABORT, 'database or disk is full')"
        connection.execute(f"CREATE TRIGGER full BEFORE INSERT ON baselines BEGIN {refuse}; END")
        assert shell(*ACCEPT, *GIVEN) == (1, "")
        assert shell.err[0] == f"Error: there is no space left for the metric history: {URL}"
        assert len(baselines.load(FILE).accepted) == 1
        connection.execute("DROP TRIGGER full")
    assert shell(*ACCEPT, *GIVEN)[0] == 0
    assert noted() == baselines.load(FILE)
    assert shell.err == [f"unchanged: demo.baselines.yml says so already; noted in {URL}"]


def test_who_decides_is_whom_git_knows(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "user.name")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", "Ada: #1")
    assert shell(*MUTE, "--config", "demo.metrics.json")[0] == 0
    assert baselines.load(FILE).muted[0].by == "Ada: #1"


def test_where_nobody_is_known_somebody_must_be_named(shell: Shell) -> None:
    assert shell(*MUTE, "--config", "demo.metrics.json", "--by", "") == (2, "")
    assert shell.err == ["Error: who decides that? Neither git nor the operating system knows a name: --by NAME"]


def test_a_closed_pipe_changes_nothing(tmp_path: Path) -> None:
    words = [sys.executable, *PROGRAM, "metrics", *ACCEPT, *GIVEN]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=tmp_path) as process:
        assert process.stdout is not None
        process.stdout.close()
        assert process.wait(60) == 0
    assert len(baselines.load(FILE).accepted) == 1


def test_an_accepted_level_judges_the_runs_from_then_on(shell: Shell) -> None:
    condition = {"comparison": "less", "success_threshold": {"stddevs_from_mean": 3.0}}
    tests = {"metric_success_conditions": {"default": condition}}
    Path("demo.metrics.json").write_text(json.dumps({"regression_test_config": tests}))
    write_simple(Path("logs"), {"loss": [1.5]})
    check = ("check", "logs", "--test", "t", "--config", "demo.metrics.json", "--run-id", "run99", "--no-store")
    assert shell(*check)[0] == 4
    assert shell("accept", "t", "loss_final", "--from", "run11", "--reason", "why", *GIVEN)[0] == 0
    assert shell(*check)[0] == 5
