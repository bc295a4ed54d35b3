"""A program in a process of its own: watched while it works, stopped when it is time, and never left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from typing import TYPE_CHECKING, Any

import pytest

from cajajejo.errors import HarnessError
from cajajejo.harness import process, watchdog
from cajajejo.harness.adapter import Ended, Program
from cajajejo.harness.progress import Progress
from cajajejo.harness.scratch import Scratch
from cajajejo.results import FailedScenario
from tests import builders
from tests.harness.clocks import Clock

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from cajajejo.harness.progress import Listener, Watcher

SHELL = "/bin/sh"
FAMILY = """
import os, signal, subprocess, sys
sleeper = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); signal.pause()"
for session in (False, True):
    child = subprocess.Popen([sys.executable, "-c", sleeper], stdout=subprocess.PIPE, start_new_session=session)
    child.stdout.readline()
    print("child", child.pid, flush=True)
print("child", os.getpid(), flush=True)
"""
"""Starts two deaf children, one of them in a session of its own, and tells who they are, and who it is."""


def run(
    place: Path,
    *command: str,
    watch: Watcher = lambda _: None,
    said: Listener = lambda _: None,
    hide: Callable[[str], str] = str,
    **more: Any,
) -> Ended:
    program = Program(command, {"PATH": os.environ["PATH"], **more.pop("environ", {})}, **more)
    scratch = Scratch(place)
    with scratch.lock() as descriptor:
        return process.run(program, log=scratch.log, watch=watch, said=said, hide=hide, keep_open=descriptor)


def shell(script: str) -> tuple[str, ...]:
    return (SHELL, "-c", script)


def python(script: str) -> tuple[str, ...]:
    return (sys.executable, "-c", script)


def log_of(place: Path) -> str:
    return Scratch(place).log.read_text("utf-8")


def family_in(lines: list[str]) -> list[int]:
    return [int(line.split()[1]) for line in lines if line.startswith("child")]


# --- how it ends -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("script", "code", "why"),
    [
        ("exit 0", 0, "exit code 0"),
        ("exit 7", 7, "exit code 7"),
        ("kill -9 $$", -9, "signal SIGKILL, often for memory"),
        ("exit 137", 137, "exit code 137, often for memory"),
        ("kill -SEGV $$", -11, "signal SIGSEGV"),
        ("kill -40 $$", -40, "signal 40"),
    ],
)
def test_how_it_ended_is_told_by_its_code(tmp_path: Path, script: str, code: int, why: str) -> None:
    ended = run(tmp_path, *shell(script))
    assert (ended.code, ended.why, ended.timed_out, ended.is_complete) == (code, why, False, code == 0)


def test_what_cannot_be_started_is_told(tmp_path: Path) -> None:
    with pytest.raises(HarnessError) as caught:
        run(tmp_path, "/no/such/program", "x")
    assert caught.value.message == "the harness cannot be started: /no/such/program"
    assert caught.value.facts == {"says": "No such file or directory"}
    with pytest.raises(HarnessError, match="cannot be started"):
        run(tmp_path, SHELL, "nul\0")


def test_it_has_the_environment_and_the_directory_of_the_program_and_reads_nothing(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    said: list[str] = []
    script = "echo $A; pwd -P; cat; test -t 0 || echo no terminal; echo $HOME:"
    run(tmp_path, *shell(script), environ={"A": "1"}, directory=tmp_path / "there", said=said.append)
    assert said == ["1", str((tmp_path / "there").resolve()), "no terminal", ":"]


def test_it_is_a_session_of_its_own(tmp_path: Path) -> None:
    said: list[str] = []
    run(tmp_path, *python("import os; print(os.getsid(0) == os.getpid() == os.getpgrp())"), said=said.append)
    assert said == ["True"]


# --- what it says ------------------------------------------------------------------------------------------------


def test_what_it_prints_is_told_line_by_line_and_added_to_the_log(tmp_path: Path) -> None:
    Scratch(tmp_path).work.mkdir()
    Scratch(tmp_path).log.write_text("of an earlier run\n")
    said: list[str] = []
    ended = run(tmp_path, *shell("echo one; echo two >&2; printf '\\033[31mred\\033[0m, no end'"), said=said.append)
    assert said == ["one", "two", "\x1b[31mred\x1b[0m, no end"]
    assert log_of(tmp_path).splitlines() == ["of an earlier run", *said]
    assert ended.last_lines == ("one", "two", "red, no end")
    assert [path.name for path in Scratch(tmp_path).work.iterdir()] == ["harness.log"]


def test_the_last_lines_are_few_and_short(tmp_path: Path) -> None:
    ended = run(tmp_path, *shell("seq 30; printf 'x%.0s' $(seq 2000)"))
    assert ended.last_lines == (*map(str, range(12, 31)), "x" * 1000)


def test_secrets_stand_in_no_line_event_or_error(tmp_path: Path) -> None:
    events = tmp_path / "events.jsonl"
    event = '{"event": "failed", "run": "a", "error": "401 for hunter2"}'
    said: list[str] = []
    ended = run(
        tmp_path,
        *shell(f"echo it is hunter2; printf hun; sleep 0.2; echo ter2; echo '{event}' > {events}"),
        events=events,
        hear=lambda line: [{"event": "failed", "run": "b", "error": line}],
        hide=lambda text: text.replace("hunter2", "(hidden)"),
        said=said.append,
    )
    assert said == ["it is (hidden)", "(hidden)"]
    assert log_of(tmp_path) == "it is (hidden)\n(hidden)\n"
    assert ended.last_lines == ("it is (hidden)", "(hidden)")
    assert ended.progress.failed == {"a": "401 for (hidden)", "b": "(hidden)"}


# --- how far it is -----------------------------------------------------------------------------------------------


def test_events_come_from_its_file_and_from_its_lines(tmp_path: Path) -> None:
    events = tmp_path / "events.jsonl"
    events.write_text('{"event": "done", "run": "of an earlier run"}\n')
    lines = [
        '{"event": "start", "run": "a", "done": 0, "total": 2}',
        "not JSON",
        "[7]",
        '{"event": "done", "run": "a"}',
    ]
    script = "".join(f"echo '{line}' >> {events}; " for line in lines) + "echo heard"
    seen: list[Progress] = []
    ended = run(
        tmp_path,
        *shell(script),
        events=events,
        hear=lambda line: [{"event": "done", "run": line}],
        watch=seen.append,
    )
    expected = Progress(current="a", done={"a": 0}, totals={"a": 2}, finished=frozenset({"a", "heard"}))
    assert (ended.progress, seen[-1]) == (expected, expected)


# --- when it is stopped ------------------------------------------------------------------------------------------


def test_after_its_time_it_is_stopped_and_has_time_to_say_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch)
    script = """
import os, signal
def end(*_):
    print("ending", flush=True)
    os._exit(0)
signal.signal(signal.SIGTERM, end)
print("up", flush=True)
signal.pause()
"""
    ended = run(tmp_path, *python(script), timeout_seconds=50, said=lambda line: clock.pass_by(50 * (line == "up")))
    assert (ended.code, ended.timed_out, ended.why, ended.is_complete) == (0, True, "stopped after 50 s", False)
    assert ended.last_lines == ("up", "ending")


def test_a_program_that_ends_in_time_is_not_stopped(tmp_path: Path) -> None:
    assert run(tmp_path, *shell("exit 3"), timeout_seconds=60).why == "exit code 3"


def test_clocks_that_jump_stop_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.time", iter(range(0, 10**9, 10**6)).__next__)
    assert not run(tmp_path, *shell("sleep 0.3"), timeout_seconds=60).timed_out


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError])
def test_an_interruption_ends_it_and_all_that_it_started(
    tmp_path: Path, error: type[BaseException], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "GRACE_SECONDS", 0.2)
    said: list[str] = []

    def watch(_: Progress) -> None:
        if len(family_in(said)) == 3:
            raise error

    with pytest.raises(error):
        run(tmp_path, *python(FAMILY + "signal.pause()"), said=said.append, watch=watch)
    assert [builders.is_gone(pid) for pid in family_in(said)] == [True] * 3


def test_an_error_while_a_line_is_told_ends_it(tmp_path: Path) -> None:
    pids: list[int] = []

    def said(line: str) -> None:
        pids.append(int(line))
        raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        run(tmp_path, *shell("echo $$; exec sleep 1000"), said=said)
    assert builders.is_gone(pids[0])


def test_what_it_leaves_behind_is_ended_with_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "GRACE_SECONDS", 0.2)
    said: list[str] = []
    ended = run(tmp_path, *python(FAMILY), said=said.append)
    assert ended.code == 0
    assert [builders.is_gone(pid) for pid in family_in(said)] == [True] * 3


def test_stopping_what_has_ended_does_nothing() -> None:
    with subprocess.Popen([sys.executable, "-c", ""], start_new_session=True) as ended:
        ended.wait()
        process.stop(ended)
    assert ended.returncode == 0


OURS = f"""
import os, sys
from pathlib import Path
from cajajejo.harness import process
from cajajejo.harness.adapter import Program
from cajajejo.harness.scratch import Scratch

def said(line):
    print(line, flush=True)
    if line == sys.argv[2]:
        os.kill(os.getpid(), 9)

scratch = Scratch(Path(sys.argv[1]))
with scratch.lock() as descriptor:
    program = Program((sys.executable, "-c", {FAMILY!r} + sys.argv[3]), dict(os.environ))
    process.run(program, log=scratch.log, watch=lambda _: None, said=said, hide=lambda t: t.replace("child", "kid"),
        keep_open=descriptor)
"""


def killed(place: Path, *, at: str, script: str) -> list[str]:
    """What is printed by one of us that SIGKILL ends when it tells the line `at`, while its program goes on."""
    done = subprocess.run(
        [sys.executable, "-c", OURS, place, at, script], stdout=subprocess.PIPE, check=False, text=True
    )
    assert done.returncode == -signal.SIGKILL
    return done.stdout.splitlines()


def test_where_we_are_killed_nothing_of_it_is_left_and_the_place_is_free_only_then(tmp_path: Path) -> None:
    lines = killed(tmp_path, at="go", script="print('go', flush=True); signal.pause()")
    with Scratch(tmp_path).lock(60):
        pids = [int(line.split()[1]) for line in lines if line.startswith("kid")]
        assert (len(pids), [pid for pid in pids if builders.is_alive(pid)]) == (3, [])


def test_where_we_are_killed_all_that_it_printed_is_in_the_log_of_the_next_once(tmp_path: Path) -> None:
    script = "print('one\\ntwo\\nthree, a child', flush=True); signal.pause()"
    lines = killed(tmp_path, at="two", script=script)
    run(tmp_path, *shell("echo after"), hide=lambda text: text.replace("child", "kid"))
    assert log_of(tmp_path).splitlines() == [*lines, "three, a kid", "after"]
    run(tmp_path, *shell("echo again"))
    assert log_of(tmp_path).splitlines()[-2:] == ["after", "again"]


def test_the_mark_finds_the_processes_that_inherited_it() -> None:
    environ = {watchdog.MARK: "this one"}
    with subprocess.Popen([SHELL, "-c", "sleep 1000 & echo; wait"], env=environ, stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        parent.stdout.readline()
        found = watchdog.marked("this one")
        for pid in found:
            os.kill(pid, signal.SIGKILL)
    assert (parent.pid in found, len(found), watchdog.marked("this")) == (True, 2, [])


# --- what is raised where nothing can be kept --------------------------------------------------------------------


def test_a_failure_says_how_it_ended_and_what_it_said_last(tmp_path: Path) -> None:
    lines = [*map(str, range(10)), "x" * 300]
    ended = Ended(7, Progress(), last_lines=lines)
    error = process.failure("HELM", ended, tmp_path / "a log", [FailedScenario("boolq", "no network")])
    assert textwrap.dedent("\n".join(error.lines())).splitlines() == [
        "Error: HELM failed before any scenario was complete (exit code 7)",
        "  scenario 1  boolq: no network",
        *(f"  {'says' if n == 5 else '':<10}  {n}" for n in range(5, 10)),
        f"  {'':<10}  {'x' * 200}",
        f"  log         {tmp_path}/a log",
        f"Run: less '{tmp_path}/a log'",
    ]


def test_a_time_out_without_its_length_is_told_all_the_same() -> None:
    assert Ended(-15, Progress(), timed_out=True).why == "stopped by its time-out"
